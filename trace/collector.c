#include "trace/collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/str.h"
#include "trace/decorator.h"
#include "trace/log.h"
#include "trace/record_json.h"

#define BUSY_NS 4000000		/* between looks while calls are being made; then */
#define IDLE_NS 100000000	/* twice as long after each look in vain, up to this */
#define HANGUP_NS 500000000	/* how often a follower is asked whether it is still there */
#define BATCH 64
#define ROOM 8		/* free slots with which a call and its region still fit */

/* A ring and whose events are in it. */
struct source {
	struct source *next;
	struct trace_ring *ring;
	bool in_use;		/* false: a thread's, waiting for the next thread */
	char container[LOG_ID];
};

struct collector {
	pthread_mutex_t lock;
	pthread_cond_t wake;	/* for the thread: look now */
	pthread_cond_t news;	/* for readers: the log has grown */
	pthread_t thread;
	bool stop;
	struct source *sources;
	struct trace_log log;
	struct trace_record *pending;	/* read from rings, not yet in the log */
	size_t n_pending, cap_pending;
	uint64_t horizon;	/* everything that ended before is in the log */
	uint64_t pause;		/* until the next look */
	uint64_t events, dropped;
	uint64_t arrivals;	/* orders events that ended in the same instant */
	struct tracer tracer;	/* the daemon's: its `mine` finds the thread's own */
	struct trace_thread *threads;
};

/* A tracer of one of the daemon's threads. */
struct trace_thread {
	struct trace_thread *next;
	struct collector *c;
	struct tracer tracer;
	struct source *source;
	bool in_use;
};

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;

/* ---- from rings to the log; all with the lock held ---- */

static void set_container(struct source *s, const char *id)
{
	size_t n = id ? strnlen(id, LOG_ID - 1) : 0;

	if (n)
		memcpy(s->container, id, n);
	s->container[n] = '\0';
}

static struct trace_record *new_pending(struct collector *c)
{
	if (c->n_pending == c->cap_pending) {
		c->cap_pending = c->cap_pending ? c->cap_pending * 2 : BATCH;
		c->pending = mem_grow(c->pending, c->cap_pending * sizeof(*c->pending));
	}
	return &c->pending[c->n_pending++];
}

static void take_event(struct collector *c, struct source *s, const struct trace_event *ev)
{
	bool sane = ev->op < K_COUNT && ev->kind <= EV_SUBJECT && ev->region < REGION_COUNT &&
		    ev->stage <= STAGE_EXEC && ev->backend <= BACKEND_SIM;

	if (!sane)
		return;		/* a supervisor's memory gone wrong can't take us along */
	if (ev->kind == EV_SUBJECT) {
		set_container(s, ev->text);
		return;
	}
	struct trace_record *r = new_pending(c);
	r->seq = ++c->arrivals;		/* until the log gives it its own */
	memcpy(r->container, s->container, sizeof(r->container));
	r->ev = *ev;
	r->ev.text[sizeof(r->ev.text) - 1] = '\0';
}

static void take_lost(struct collector *c, struct source *s, uint64_t at)
{
	uint64_t lost = trace_ring_lost(s->ring);
	struct trace_event ev = {
		.kind = EV_DROPPED, .start_ns = at, .end_ns = at,
		.result = (int64_t)lost,
	};

	if (lost == 0)
		return;
	c->dropped += lost;
	take_event(c, s, &ev);
}

static void drain(struct collector *c, struct source *s, uint64_t now)
{
	struct trace_event batch[BATCH];
	uint64_t last = now - COLLECTOR_SLACK_NS;
	size_t n;

	do {
		n = trace_ring_read(s->ring, batch, BATCH);
		for (size_t i = 0; i < n; i++)
			take_event(c, s, &batch[i]);
		if (n)
			last = batch[n - 1].end_ns;
	} while (n == BATCH);
	take_lost(c, s, last);
}

/* In the order in which calls ended; events of the same instant as they came. */
static int by_end(const void *a, const void *b)
{
	const struct trace_record *x = a, *y = b;

	if (x->ev.end_ns != y->ev.end_ns)
		return x->ev.end_ns < y->ev.end_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static void settle(struct collector *c, uint64_t horizon)
{
	size_t n = 0;

	c->horizon = horizon;
	if (c->n_pending == 0)
		return;
	qsort(c->pending, c->n_pending, sizeof(*c->pending), by_end);
	while (n < c->n_pending && c->pending[n].ev.end_ns <= horizon)
		n++;
	if (n == 0)
		return;
	c->pause = BUSY_NS;
	if (trace_log_append(&c->log, c->pending, n) < 0)
		c->dropped += n;	/* a full disk: the calls were made all the same */
	c->events += n;
	c->n_pending -= n;
	memmove(c->pending, c->pending + n, c->n_pending * sizeof(*c->pending));
	pthread_cond_broadcast(&c->news);
}

static void look(struct collector *c)
{
	uint64_t now = clock_mono_ns();

	for (struct source *s = c->sources; s; s = s->next)
		drain(c, s, now);
	settle(c, now - COLLECTOR_SLACK_NS);
}

/* Waits on a condition for so many nanoseconds, or until told. */
static void wait_for(struct collector *c, pthread_cond_t *cond, uint64_t ns)
{
	uint64_t until = clock_mono_ns() + ns;
	struct timespec t = { .tv_sec = (time_t)(until / 1000000000u),
			      .tv_nsec = (long)(until % 1000000000u) };

	pthread_cond_timedwait(cond, &c->lock, &t);
}

static void wake(struct collector *c)
{
	c->pause = BUSY_NS;
	pthread_cond_signal(&c->wake);
}

static void *run(void *arg)
{
	struct collector *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		look(c);
		uint64_t pause = c->n_pending ? BUSY_NS : c->pause;
		c->pause = pause * 2 < IDLE_NS ? pause * 2 : IDLE_NS;
		wait_for(c, &c->wake, pause);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- rings ---- */

static struct source *add_source(struct collector *c, struct trace_ring *ring,
				 const char *container)
{
	struct source *s = mem_alloc(sizeof(*s));

	s->ring = ring;
	s->in_use = true;
	set_container(s, container);
	s->next = c->sources;
	c->sources = s;
	return s;
}

void collector_adopt(struct collector *c, struct trace_ring *ring, const char *container)
{
	pthread_mutex_lock(&c->lock);
	add_source(c, ring, container);
	wake(c);
	pthread_mutex_unlock(&c->lock);
}

int collector_ring(struct collector *c, uint32_t slots, const char *container,
		   struct trace_ring **out, int *fd)
{
	int r = trace_ring_create(slots, out, fd);

	if (r == 0)
		collector_adopt(c, *out, container);
	return r;
}

static struct source **find_source(struct collector *c, const struct trace_ring *ring)
{
	struct source **at = &c->sources;

	while (*at && (*at)->ring != ring)
		at = &(*at)->next;
	return at;
}

void collector_label(struct collector *c, struct trace_ring *ring, const char *container)
{
	pthread_mutex_lock(&c->lock);
	struct source *s = *find_source(c, ring);
	if (s) {	/* what is in it so far was its birth, for no container yet */
		drain(c, s, clock_mono_ns());
		set_container(s, container);
	}
	wake(c);		/* calls are about to be made */
	pthread_mutex_unlock(&c->lock);
}

void collector_drop(struct collector *c, struct trace_ring *ring)
{
	pthread_mutex_lock(&c->lock);
	struct source **at = find_source(c, ring), *s = *at;
	if (s) {
		trace_ring_settle(ring);
		drain(c, s, clock_mono_ns());
		*at = s->next;
		trace_ring_unmap(ring);
		free(s);
	}
	pthread_mutex_unlock(&c->lock);
}

/* ---- the daemon's own threads ---- */

static void thread_ends(void *arg)
{
	struct trace_thread *t = arg;

	if (!t->c) {		/* it outlived the collector */
		free(t);
		return;
	}
	pthread_mutex_lock(&t->c->lock);
	drain(t->c, t->source, clock_mono_ns());
	t->source->container[0] = '\0';
	t->in_use = false;
	pthread_mutex_unlock(&t->c->lock);
}

static void make_key(void)
{
	pthread_key_create(&thread_key, thread_ends);
}

static struct trace_thread *new_thread(struct collector *c)
{
	struct trace_ring *ring;
	struct trace_thread *t;

	if (trace_ring_create(RING_SLOTS_DAEMON, &ring, NULL) < 0)
		return NULL;
	t = mem_alloc(sizeof(*t));
	tracer_init(&t->tracer, NULL, ring, STAGE_DAEMON, c->tracer.backend);
	t->c = c;
	t->source = add_source(c, ring, NULL);
	t->next = c->threads;
	c->threads = t;
	return t;
}

/* Nothing of the daemon's own is ever dropped: a thread that makes calls faster
 * than the collector looks (unpacking a layer) looks itself. */
static void make_room(struct collector *c, struct trace_ring *ring)
{
	if (trace_ring_room(ring) > ROOM)
		return;
	pthread_mutex_lock(&c->lock);
	look(c);
	pthread_mutex_unlock(&c->lock);
}

static struct trace_thread *take_thread(struct collector *c)
{
	struct trace_thread *t;

	pthread_mutex_lock(&c->lock);
	for (t = c->threads; t && t->in_use; t = t->next)
		;
	if (!t)
		t = new_thread(c);
	if (t) {
		t->in_use = true;
		t->tracer.pid = 0;		/* another thread's by now */
		t->tracer.why = t->tracer.region = 0;
		t->tracer.subject = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	pthread_setspecific(thread_key, t);
	return t;
}

static struct tracer *this_thread(struct tracer *shared)
{
	struct collector *c = (void *)((char *)shared - offsetof(struct collector, tracer));
	struct trace_thread *t = pthread_getspecific(thread_key);

	if (!t)
		t = take_thread(c);
	if (!t)
		return NULL;
	make_room(c, t->tracer.ring);
	return &t->tracer;
}

struct kernel *collector_kernel(struct collector *c, struct kernel *next,
				enum trace_backend backend)
{
	tracer_init(&c->tracer, next, NULL, STAGE_DAEMON, backend);
	c->tracer.mine = this_thread;
	return &c->tracer.kernel;
}

/* ---- opening, closing, reading ---- */

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int collector_open(const char *dir, struct collector **out, struct err *e)
{
	pthread_once(&thread_once, make_key);
	struct collector *c = mem_alloc(sizeof(*c));
	c->pause = BUSY_NS;
	int r = trace_log_open(&c->log, dir, e);

	if (r == 0) {
		pthread_mutex_init(&c->lock, NULL);
		init_cond(&c->wake);
		init_cond(&c->news);
		r = -pthread_create(&c->thread, NULL, run, c);
		if (r < 0) {
			trace_log_close(&c->log);
			err_sys(e, -r, "start the trace's thread");
		}
	}
	if (r < 0)
		free(c);
	else
		*out = c;
	return r;
}

static void free_sources(struct collector *c)
{
	while (c->sources) {
		struct source *s = c->sources;
		c->sources = s->next;
		trace_ring_unmap(s->ring);
		free(s);
	}
}

/* A thread that still lives frees its own when it ends. */
static void free_threads(struct collector *c)
{
	if (pthread_getspecific(thread_key)) {
		((struct trace_thread *)pthread_getspecific(thread_key))->in_use = false;
		pthread_setspecific(thread_key, NULL);
	}
	while (c->threads) {
		struct trace_thread *t = c->threads;
		c->threads = t->next;
		t->c = NULL;
		t->tracer.ring = NULL;
		if (!t->in_use)
			free(t);
	}
}

void collector_close(struct collector *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	look(c);
	settle(c, UINT64_MAX);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	free_threads(c);
	free_sources(c);
	trace_log_close(&c->log);
	free(c->pending);
	free(c);
}

void collector_stats(struct collector *c, uint64_t *events, uint64_t *dropped)
{
	pthread_mutex_lock(&c->lock);
	*events = c->events;
	*dropped = c->dropped;
	pthread_mutex_unlock(&c->lock);
}

/* Lets everything that has happened by now reach the log. */
static void catch_up(struct collector *c)
{
	uint64_t now = clock_mono_ns();

	while (c->horizon < now) {
		look(c);
		if (c->horizon < now)
			wait_for(c, &c->news, COLLECTOR_SLACK_NS / 2);
	}
}

uint64_t collector_last(struct collector *c)
{
	pthread_mutex_lock(&c->lock);
	catch_up(c);
	uint64_t last = trace_log_last(&c->log);
	pthread_mutex_unlock(&c->lock);
	return last;
}

static bool wanted(const struct trace_record *r, const char *container)
{
	return !container || !*container ||
	       strncmp(r->container, container, strnlen(container, sizeof(r->container))) == 0;
}

/* Gives a batch to fn; the sequence number reached, or 0 if fn says stop. */
static uint64_t give(const struct trace_record *r, size_t n, const char *container,
		     int (*fn)(void *, const char *), void *arg)
{
	struct str line = { 0 };
	int stop = 0;

	for (size_t i = 0; i < n && !stop; i++) {
		if (!wanted(&r[i], container))
			continue;
		str_clear(&line);
		record_json(&line, &r[i]);
		stop = fn(arg, line.s);
	}
	str_free(&line);
	return stop ? 0 : r[n - 1].seq;
}

/* The next batch, waiting for one if need be. */
static size_t next_batch(struct collector *c, uint64_t since, bool wait,
			 struct trace_record *batch)
{
	pthread_mutex_lock(&c->lock);
	size_t n = trace_log_read(&c->log, since, batch, BATCH);
	if (n == 0 && wait) {
		wait_for(c, &c->news, HANGUP_NS);
		n = trace_log_read(&c->log, since, batch, BATCH);
	}
	pthread_mutex_unlock(&c->lock);
	return n;
}

int collector_read(struct collector *c, uint64_t since, const char *container, bool follow,
		   int (*fn)(void *arg, const char *line), void *arg, struct err *e)
{
	autofree struct trace_record *batch = mem_alloc(BATCH * sizeof(*batch));

	collector_last(c);
	for (;;) {
		size_t n = next_batch(c, since, follow, batch);
		if (n == 0 && !follow)
			return 0;
		if (n == 0) {
			if (fn(arg, NULL))
				return 0;
			continue;
		}
		since = give(batch, n, container, fn, arg);
		if (since == 0)
			return 0;
	}
}
