/* container_exit.c - what happens by itself: the launcher's events, in order.
 *
 * The launcher calls from its own thread and must not be kept waiting; a start
 * holds the container's lock while the first events arrive.  So the callbacks
 * only copy and queue, and one worker takes the events one by one.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "runtime/container_internal.h"

enum work_kind { WORK_EXITED, WORK_EXEC_EXITED, WORK_PROC, WORK_DETACHED, WORK_LOST };

struct work {
	struct work *next;
	enum work_kind kind;
	char *id, *text;		/* text: exec id, or how a client left */
	int code;			/* … or how many records were lost */
	struct launch_exit exit;
	struct launch_proc proc;	/* its text is owned here */
};

static void queue(struct containers *cs, struct work *w)
{
	pthread_mutex_lock(&cs->work_lock);
	*cs->last = w;
	cs->last = &w->next;
	cs->queued++;
	pthread_cond_signal(&cs->work_more);
	pthread_mutex_unlock(&cs->work_lock);
}

static struct work *new_work(enum work_kind kind, const char *id, const char *text)
{
	struct work *w = mem_alloc(sizeof(*w));
	w->kind = kind;
	w->id = str_dup(id);
	w->text = str_dup(text);
	return w;
}

static void free_work(struct work *w)
{
	strv_free((char **)w->proc.argv);
	free((char *)w->proc.exe);
	free((char *)w->proc.cwd);
	free((char *)w->proc.initiator);
	free(w->id);
	free(w->text);
	free(w);
}

static void on_exited(void *arg, const char *id, const struct launch_exit *x)
{
	struct work *w = new_work(WORK_EXITED, id, NULL);
	w->exit = *x;
	queue(arg, w);
}

static void on_exec_exited(void *arg, const char *id, const char *exec_id, int code)
{
	struct work *w = new_work(WORK_EXEC_EXITED, id, exec_id);
	w->code = code;
	queue(arg, w);
}

static void on_proc(void *arg, const char *id, const struct launch_proc *p)
{
	struct work *w = new_work(WORK_PROC, id, NULL);
	w->proc = *p;
	w->proc.argv = strv_dup(p->argv);
	w->proc.exe = str_dup(p->exe);
	w->proc.cwd = str_dup(p->cwd);
	w->proc.initiator = str_dup(p->initiator);
	queue(arg, w);
}

static void on_detached(void *arg, const char *id, const char *how)
{
	queue(arg, new_work(WORK_DETACHED, id, how));
}

static void on_lost(void *arg, const char *id, int n)
{
	struct work *w = new_work(WORK_LOST, id, NULL);
	w->code = n;
	queue(arg, w);
}

const struct launch_events container_launch_events = {
	.exited = on_exited, .exec_exited = on_exec_exited, .proc = on_proc, .detached = on_detached,
	.lost = on_lost,
};

/* -- threads that look after one container ------------------------------------------- */

#define HELPER_STACK (256 * 1024)

bool container_helper(struct container *c, void *(*fn)(void *c))
{
	pthread_attr_t small;
	pthread_t t;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, HELPER_STACK);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&c->all->helpers, 1, __ATOMIC_RELAXED);
	bool runs = pthread_create(&t, &small, fn, c) == 0;
	pthread_attr_destroy(&small);
	if (!runs) {
		__atomic_sub_fetch(&c->all->helpers, 1, __ATOMIC_RELAXED);
		container_put(c);
	}
	return runs;
}

/* -- the worker -------------------------------------------------------------------- */

/* --rm.  On a full disk room comes a moment later, when the kernel has let go of what the
 * container had open.  One that can't be removed at all is dead: nobody waits for it. */
static void remove_itself(struct container *c)
{
	const struct timespec moment = { .tv_nsec = 100000000 };
	int r = remove_locked(c, &c->by, false, true, NULL);
	for (int i = 0; i < 20 && r == -ENOSPC; i++) {
		container_unlock(c);
		nanosleep(&moment, NULL);
		container_lock(c);
		r = c->gone ? 0 : remove_locked(c, &c->by, false, true, NULL);
	}
	if (r == 0 || c->gone || c->status == CTR_REMOVING || container_is_up(c))
		return;
	c->status = CTR_DEAD;
	pthread_cond_broadcast(&c->changed);
}

/* The client that waits is told first; what the layer gained is looked at after. */
static void exited(struct container *c, const struct launch_exit *x)
{
	if (!container_is_up(c))
		return;
	int pid = c->pid;
	container_ended(c, x);
	c->pid = pid;
	facts_exit(c, x);
	c->pid = 0;
	execs_end(c);
	if (host_flag(c, "AutoRemove") && !c->restarting) {	/* which looks for itself what was written */
		remove_itself(c);
		return;
	}
	changes_look(c);
	if (restart_wanted(c))
		restart_later(c);
}

static void detached(struct container *c, const char *how)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "how", how);
	container_fact(c, &c->by, "tty.detach", d);
	if (str_eq(how, "keys"))
		container_event(c, "detach", NULL);
}

static void proc(struct container *c, const struct launch_proc *p)
{
	/* What a program leaves behind is told before the next one is. */
	changes_look_soon(c);
	facts_proc(c, p);
}

static void lost(struct container *c, int n)
{
	cJSON *d = cJSON_CreateObject();
	json_put_int(d, "n", n);
	container_fact(c, &c->by, "proc.lost", d);
}

static void carry_out(struct containers *cs, struct work *w)
{
	autocontainer struct container *c = table_find_id(cs, w->id);
	if (!c)
		return;
	container_lock(c);
	const char *was = trace_subject(cs->kernel, c->id);
	switch (w->kind) {
	case WORK_EXITED:
		exited(c, &w->exit);
		break;
	case WORK_EXEC_EXITED:
		exec_finished(c, w->text, w->code);
		break;
	case WORK_PROC:
		proc(c, &w->proc);
		break;
	case WORK_DETACHED:
		detached(c, w->text);
		break;
	case WORK_LOST:
		lost(c, w->code);
		break;
	}
	trace_subject(cs->kernel, was);
	container_unlock(c);
}

static void *worker(void *arg)
{
	struct containers *cs = arg;
	pthread_mutex_lock(&cs->work_lock);
	while (cs->first || !cs->stopping) {
		struct work *w = cs->first;
		if (!w) {
			pthread_cond_wait(&cs->work_more, &cs->work_lock);
			continue;
		}
		cs->first = w->next;
		if (!cs->first)
			cs->last = &cs->first;
		pthread_mutex_unlock(&cs->work_lock);
		carry_out(cs, w);
		free_work(w);
		pthread_mutex_lock(&cs->work_lock);
		cs->finished++;
		pthread_cond_broadcast(&cs->work_done);
	}
	pthread_mutex_unlock(&cs->work_lock);
	return NULL;
}

int worker_start(struct containers *cs, struct err *e)
{
	int r;
	if ((r = pthread_create(&cs->worker, NULL, worker, cs)))
		return err_sys(e, r, "start the worker");
	cs->threads++;
	if ((r = pthread_create(&cs->reaper, NULL, reaper_run, cs)))
		return err_sys(e, r, "start the reaper");
	cs->threads++;
	return 0;
}

/* They see cs->stopping as soon as they look. */
static void wake_helpers(struct containers *cs)
{
	size_t n;
	struct container **v = containers_list(cs, &n);
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		pthread_cond_broadcast(&v[i]->changed);
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
}

void worker_stop(struct containers *cs)
{
	const struct timespec slice = { .tv_nsec = 10000000 };
	pthread_mutex_lock(&cs->work_lock);
	cs->stopping = true;
	pthread_cond_signal(&cs->work_more);
	pthread_mutex_unlock(&cs->work_lock);
	if (cs->threads > 0)
		pthread_join(cs->worker, NULL);
	reaper_wake();
	if (cs->threads > 1)
		pthread_join(cs->reaper, NULL);
	wake_helpers(cs);
	while (__atomic_load_n(&cs->helpers, __ATOMIC_ACQUIRE) > 0)
		nanosleep(&slice, NULL);
}

void worker_settle(struct containers *cs)
{
	pthread_mutex_lock(&cs->work_lock);
	uint64_t want = cs->queued;
	for (int i = 0; i < 6 && cs->finished < want; i++)
		clock_wait_ms(&cs->work_done, &cs->work_lock, 500);
	pthread_mutex_unlock(&cs->work_lock);
}

void containers_settle(struct containers *cs)
{
	size_t n;
	worker_settle(cs);
	/* A shell writes files without starting a program. */
	struct container **v = containers_list(cs, &n);
	for (size_t i = 0; i < n; i++) {
		container_lock(v[i]);
		if (container_is_up(v[i]))
			changes_look_soon(v[i]);
		container_unlock(v[i]);
	}
	containers_list_free(v, n);
}
