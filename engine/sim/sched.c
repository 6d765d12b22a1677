/* sched.c - whose turn it is: one queue, one heap of sleepers, one clock.
 *
 * Who becomes ready goes to the end of the queue, except a new task: it goes first,
 * its parent right behind it.  Nobody is interrupted.  So the order depends on nothing
 * but what the tasks do - and, in the daemon, on when the world outside says something.
 */
#include "sim/task.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "sim/host_file.h"

/* Which machine's scheduler this thread is inside of. */
static __thread struct sim *runs_here;

uint64_t sched_now(struct sim *s)
{
	if (s->options.paced)
		s->now_ns = clock_mono_ns() - s->base_ns;
	return s->now_ns;
}

uint64_t sim_clock(const struct sim *s) { return s->now_ns; }

struct task *sched_running_here(void) { return runs_here ? runs_here->running : NULL; }
bool sched_inside(const struct sim *s) { return runs_here == s && s->running; }

struct task *sim_current(struct sim *s)
{
	return sched_inside(s) ? s->running : sim_self(s);
}

/* ---- the queue ---- */

void sched_ready(struct task *t)
{
	struct sim *s = t->sim;

	t->state = T_READY;
	t->ready_next = NULL;
	*s->ready_end = t;
	s->ready_end = &t->ready_next;
}

void sched_first(struct task *t)
{
	struct sim *s = t->sim;

	t->state = T_READY;
	t->ready_next = s->ready;
	if (!s->ready)
		s->ready_end = &t->ready_next;
	s->ready = t;
}

static struct task *take_ready(struct sim *s)
{
	struct task *t = s->ready;

	if (t && !(s->ready = t->ready_next))
		s->ready_end = &s->ready;
	return t;
}

/* ---- sleepers: a heap by deadline, then by number ---- */

static bool sooner(const struct task *a, const struct task *b)
{
	if (a->deadline != b->deadline)
		return a->deadline < b->deadline;
	return a->pid->n[0].nr < b->pid->n[0].nr;
}

static void place(struct sim *s, size_t i, struct task *t)
{
	s->sleepers[i] = t;
	t->heap = i;
}

static void sift_up(struct sim *s, size_t i, struct task *t)
{
	for (; i > 1 && sooner(t, s->sleepers[i / 2]); i /= 2)
		place(s, i, s->sleepers[i / 2]);
	place(s, i, t);
}

static void sift_down(struct sim *s, size_t i, struct task *t)
{
	for (size_t c; (c = 2 * i) <= s->n_sleepers; i = c) {
		if (c < s->n_sleepers && sooner(s->sleepers[c + 1], s->sleepers[c]))
			c++;
		if (!sooner(s->sleepers[c], t))
			break;
		place(s, i, s->sleepers[c]);
	}
	place(s, i, t);
}

static void sleep_add(struct task *t, uint64_t deadline)
{
	struct sim *s = t->sim;

	if (s->n_sleepers + 2 > s->cap_sleepers) {
		s->cap_sleepers = s->cap_sleepers ? 2 * s->cap_sleepers : 64;
		s->sleepers = mem_grow(s->sleepers, s->cap_sleepers * sizeof(*s->sleepers));
	}
	t->deadline = deadline;
	sift_up(s, ++s->n_sleepers, t);
}

void sched_sleep_remove(struct task *t)
{
	struct sim *s = t->sim;
	size_t i = t->heap;

	if (!i)
		return;
	t->heap = 0;
	struct task *last = s->sleepers[s->n_sleepers--];
	if (last == t)
		return;
	if (i > 1 && sooner(last, s->sleepers[i / 2]))
		sift_up(s, i, last);
	else
		sift_down(s, i, last);
}

/* True if somebody's time had come. */
static bool wake_due(struct sim *s)
{
	bool any = false;

	if (!s->n_sleepers)
		return false;
	for (uint64_t now = sched_now(s); s->n_sleepers && s->sleepers[1]->deadline <= now;) {
		struct task *t = s->sleepers[1];
		sched_sleep_remove(t);
		task_wake(t);
		any = true;
	}
	return any;
}

/* ---- waiting ---- */

void sched_kick(struct sim *s)
{
	uint64_t one = 1;

	if (s->threaded && runs_here != s && write(s->wake, &one, sizeof(one)) < 0)
		return;		/* it is awake anyway */
}

void task_wake(struct task *t)
{
	if (t->external) {
		t->woken = true;
		pthread_cond_broadcast(&t->sim->changed);
	} else if (t->state == T_WAITING) {
		sched_ready(t);
		sched_kick(t->sim);
	}
}

void queue_wake(struct sim_queue *q)
{
	for (struct waiter *w = q->first; w; w = w->next)
		task_wake(w->task);
}

static void queue_add(struct sim_queue *q, struct waiter *w)
{
	struct waiter **at = &q->first;

	while (*at)
		at = &(*at)->next;
	w->next = NULL;
	*at = w;
}

static void queue_remove(struct sim_queue *q, struct waiter *w)
{
	struct waiter **at = &q->first;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
}

/* Off this stack, to the scheduler; somebody has seen to it that we come back. */
static void switch_away(struct task *t)
{
	context_switch(&t->context, &t->sim->scheduler, 0);
}

void sched_gone(struct task *t)
{
	t->sim->last_dead = t;
	context_switch(&t->context, &t->sim->scheduler, 1);
	__builtin_unreachable();
}

void sched_stop(struct task *t)
{
	t->state = T_STOPPED;
	context_switch(&t->context, &t->sim->scheduler, 0);
}

/* It has waited for the first time, or become a program: whoever made it goes on. */
void sched_not_fresh(struct task *t)
{
	if (!t->fresh)
		return;
	t->fresh = false;
	queue_wake(&t->own_news);
}

void sched_restart(struct task *t)
{
	sched_not_fresh(t);
	t->in_exec = true;
	sched_ready(t);
	context_switch(&t->context, &t->sim->scheduler, 1);
}

void sched_let_run(struct task *t, struct task *child)
{
	struct sim *s = t->sim;
	int nr = child->pid->n[0].nr;

	child->fresh = true;
	if (!t->external) {
		sched_first(t);
		sched_first(child);
		switch_away(t);
		return;
	}
	sched_first(child);
	while ((child = task_find(s, s->initial[NS_PID], nr)) && child->fresh && !s->stop)
		task_wait(t, &child->own_news, SIM_NEVER);
}

/* A thread of the daemon: the machine goes on without it. */
static void wait_outside(struct task *t)
{
	struct sim *s = t->sim;

	t->woken = false;
	while (!t->woken && !s->stop) {
		if (s->threaded) {
			sched_kick(s);
			pthread_cond_wait(&s->changed, &s->lock);
		} else if (!sched_step(s, true) && host_poll(s, 100) == 0 && !s->host_waits) {
			break;		/* nobody will ever wake it */
		}
	}
}

int task_wait_any(struct task *t, struct sim_queue *const *q, size_t n, uint64_t deadline)
{
	struct waiter w[n ? n : 1];

	bool alarm = t->alarm && t->alarm < deadline;

	if (signal_pending(t))
		return -EINTR;
	deadline = alarm ? t->alarm : deadline;
	for (size_t i = 0; i < n; i++) {
		w[i].task = t;
		queue_add(q[i], &w[i]);
	}
	t->state = T_WAITING;
	if (deadline != SIM_NEVER)
		sleep_add(t, deadline);
	if (t->external) {
		wait_outside(t);
	} else {
		sched_not_fresh(t);
		switch_away(t);
	}
	bool in_time = deadline == SIM_NEVER || t->heap;
	sched_sleep_remove(t);
	t->state = T_READY;
	for (size_t i = 0; i < n; i++)
		queue_remove(q[i], &w[i]);
	if (alarm)
		task_ring(t);
	return signal_pending(t) ? -EINTR : in_time || alarm ? 0 : -ETIMEDOUT;
}

int task_wait(struct task *t, struct sim_queue *q, uint64_t deadline)
{
	return task_wait_any(t, &q, q ? 1 : 0, deadline);
}

/* ---- turns ---- */

static void run(struct sim *s, struct task *t)
{
	if (!t->context.stack || t->in_exec) {
		void *stack = t->context.stack ? t->context.stack : stack_take(&s->stacks);
		t->in_exec = false;
		context_make(&t->context, stack, task_begin, t);
	}
	s->running = t;
	context_switch(&s->scheduler, &t->context, 0);
	s->running = NULL;
	t = s->last_dead;
	if (!t)
		return;
	s->last_dead = NULL;
	stack_give(&s->stacks, t->context.stack);
	t->context.stack = NULL;
	if (t->orphan)
		task_reap(t);
}

bool sched_step(struct sim *s, bool may_jump)
{
	struct sim *outer = runs_here;

	if (s->options.paced)
		wake_due(s);
	struct task *t = take_ready(s);
	if (t) {
		runs_here = s;
		run(s, t);
		runs_here = outer;
		return true;
	}
	if (wake_due(s))
		return true;
	if (s->options.paced || !may_jump || !s->n_sleepers)
		return false;
	s->now_ns = s->sleepers[1]->deadline;
	return wake_due(s);
}

static int sleep_ms(struct sim *s)
{
	uint64_t now = sched_now(s);

	if (!s->n_sleepers)
		return -1;
	uint64_t left = s->sleepers[1]->deadline > now ? s->sleepers[1]->deadline - now : 0;
	return left > 3600ull * 1000000000 ? 3600 * 1000 : (int)((left + 999999) / 1000000);
}

static void *run_thread(void *arg)
{
	struct sim *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (sched_step(s, true)) {
			/* Others who need the machine get it between two turns. */
			if (__atomic_load_n(&s->outside, __ATOMIC_RELAXED)) {
				pthread_mutex_unlock(&s->lock);
				pthread_mutex_lock(&s->turn);
				pthread_mutex_unlock(&s->turn);
				pthread_mutex_lock(&s->lock);
			}
			continue;
		}
		host_poll(s, sleep_ms(s));
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int sim_start(struct sim *s, struct err *e)
{
	sigset_t all, old;

	host_epoll_open(s);
	s->threaded = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = pthread_create(&s->thread, NULL, run_thread, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r) {
		s->threaded = false;
		return err_sys(e, r, "start the simulated kernel's thread");
	}
	return 0;
}

void sim_run(struct sim *s)
{
	pthread_mutex_lock(&s->lock);
	while (sched_step(s, true) || (s->host_waits && host_poll(s, 1000) > 0))
		;
	pthread_mutex_unlock(&s->lock);
}
