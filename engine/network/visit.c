/* visit.c - see visit.h: a list, a lock, and the teller thread. */
#include "network/visit.h"

#include <errno.h>
#include <stdlib.h>

#include "core/str.h"

#define BEHIND 4096	/* visits: some 5 MiB of them */

struct visits {
	void (*fn)(void *arg, const struct net_visit *v);
	void *arg;
	pthread_t teller;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct visit *first, **end;
	int count;
	bool stop;
};

static void *tell(void *arg)
{
	struct visits *v = arg;

	pthread_mutex_lock(&v->lock);
	while (v->first || !v->stop) {
		struct visit *one = v->first;
		if (!one) {
			pthread_cond_wait(&v->changed, &v->lock);
			continue;
		}
		v->first = one->next;
		if (!v->first)
			v->end = &v->first;
		v->count--;
		pthread_mutex_unlock(&v->lock);
		v->fn(v->arg, &one->told);
		free(one);
		pthread_mutex_lock(&v->lock);
	}
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

int visits_open(void (*fn)(void *arg, const struct net_visit *v), void *arg,
		struct visits **out, struct err *e)
{
	struct visits *v = mem_alloc(sizeof(*v));

	v->fn = fn;
	v->arg = arg;
	v->end = &v->first;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->changed, NULL);
	int r = network_thread(&v->teller, tell, v, "net-teller");
	if (r < 0) {
		free(v);
		return err_sys(e, -r, "start the thread that tells about visits");
	}
	*out = v;
	return 0;
}

void visits_add(struct visits *v, struct visit *one)
{
	one->next = NULL;
	pthread_mutex_lock(&v->lock);
	*v->end = one;
	v->end = &one->next;
	v->count++;
	pthread_cond_signal(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

bool visits_behind(struct visits *v)
{
	pthread_mutex_lock(&v->lock);
	bool behind = v->count > BEHIND;
	pthread_mutex_unlock(&v->lock);
	return behind;
}

void visits_close(struct visits *v)
{
	pthread_mutex_lock(&v->lock);
	v->stop = true;
	pthread_cond_signal(&v->changed);
	pthread_mutex_unlock(&v->lock);
	pthread_join(v->teller, NULL);
	pthread_mutex_destroy(&v->lock);
	pthread_cond_destroy(&v->changed);
	free(v);
}
