/* container_attach.c - clients at a container's streams.
 *
 * The daemon only hands the client's socket on: the supervisor copies, frames and
 * sees the detach keys, so that a client stays attached when the daemon is
 * replaced.  `docker run` attaches before it starts: such a client is kept here
 * and handed over before the program's first instruction.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/container_internal.h"

struct attach_waiting {
	struct attach_waiting *next;
	struct attach_options o;	/* its text is owned here */
};

static void attached_facts(struct container *c, const struct origin *by,
			   const struct attach_options *o)
{
	cJSON *d = cJSON_CreateObject();
	json_put_bool(d, "stdin", o->in);
	json_put_str(d, "stream", o->framed ? "pipe" : "tty");
	container_fact(c, by, "tty.attach", d);
	container_event(c, "attach", NULL);
}

static void keep_waiting(struct container *c, const struct attach_options *o)
{
	struct attach_waiting *w = mem_alloc(sizeof(*w)), **p = &c->waiting;
	void *early = mem_alloc(o->early_len);
	if (o->early_len)
		memcpy(early, o->early, o->early_len);
	w->o = *o;
	w->o.detach_keys = str_dup(o->detach_keys);
	w->o.early = early;
	while (*p)
		p = &(*p)->next;
	*p = w;
}

/* Takes the list off the container; hands each over, or closes it. */
static void empty_waiting(struct container *c, bool hand_over)
{
	struct attach_waiting *w = c->waiting, *next;
	c->waiting = NULL;
	for (; w; w = next) {
		next = w->next;
		if (!hand_over)
			close(w->o.fd);
		else
			launch_attach(c->run, &w->o, NULL);
		free((char *)w->o.detach_keys);
		free((void *)w->o.early);
		free(w);
	}
}

void attach_waiting_to(struct container *c) { empty_waiting(c, true); }
void attach_drop(struct container *c) { empty_waiting(c, false); }

void container_expect(struct container *c)
{
	container_lock(c);
	c->expected++;
	container_unlock(c);
}

/* One that hung up in between never comes: hence the limit. */
void attach_await(struct container *c)
{
	uint64_t until = clock_mono_ns() + 1000000000u;

	while (c->expected > 0 && clock_mono_ns() < until)
		clock_wait_ms(&c->changed, &c->mutex, 100);
	c->expected = 0;
}

int container_attach(struct container *c, const struct origin *by, struct attach_options *o,
		     struct err *e)
{
	int r = 0;
	container_lock(c);
	if (c->expected > 0 && --c->expected == 0)
		pthread_cond_broadcast(&c->changed);
	o->framed = !json_bool(c->config, "Tty");
	o->in = o->in && json_bool(c->config, "OpenStdin");
	if (c->gone) {
		close(o->fd);
		r = err_http(e, 404, ENOENT, "No such container: %s", c->id);
	} else {
		attached_facts(c, by, o);
		if (container_is_up(c) && c->run)
			r = launch_attach(c->run, o, e);
		else
			keep_waiting(c, o);
	}
	container_unlock(c);
	return r;
}
