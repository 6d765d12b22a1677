/* sim.c - a machine's birth and end, and the engine's threads as its tasks. */
#include "sim/sim.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "sim/backend.h"
#include "sim/host_file.h"
#include "sim/machine_files.h"
#include "sim/token.h"

/* ---- the lock ---- */

void sim_enter(struct sim *s)
{
	__atomic_add_fetch(&s->outside, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&s->turn);
	pthread_mutex_lock(&s->lock);
	pthread_mutex_unlock(&s->turn);
	__atomic_sub_fetch(&s->outside, 1, __ATOMIC_RELAXED);
}

void sim_leave(struct sim *s) { pthread_mutex_unlock(&s->lock); }

/* ---- threads of the engine ---- */

/* What a thread is in a machine; one for each thread is enough, as nobody works on two
 * machines in turn but tests, which pay with a new task each time. */
struct self { struct sim *sim; uint64_t machine; struct task *task; };

static pthread_key_t self_key;
static pthread_once_t self_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t alive_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim *alive;		/* all machines of this process */
static uint64_t machines;

static bool is_alive(const struct sim *s, uint64_t number)
{
	bool found = false;

	pthread_mutex_lock(&alive_lock);
	for (struct sim *a = alive; a && !found; a = a->next_alive)
		found = a == s && a->number == number;
	pthread_mutex_unlock(&alive_lock);
	return found;
}

static void outside_end(struct task *t)
{
	fds_put(t->fds);
	task_reap(t);
}

static void thread_ends(void *arg)
{
	struct self *self = arg;

	if (is_alive(self->sim, self->machine)) {
		sim_enter(self->sim);
		if (self->task != self->sim->init)
			outside_end(self->task);
		sim_leave(self->sim);
	}
	free(self);
}

static void make_key(void) { pthread_key_create(&self_key, thread_ends); }

static void share_descriptors(struct task *t, const struct task *with)
{
	t->fds = with->fds;
	t->fds->refs++;
}

static struct task *new_outsider(struct sim *s)
{
	struct task *t = task_new(s, s->init, s->initial[NS_PID]);

	t->external = t->engine = t->owner = true;
	share_descriptors(t, s->init);
	return t;
}

struct task *sim_self(struct sim *s)
{
	pthread_once(&self_once, make_key);
	struct self *self = pthread_getspecific(self_key);

	if (self && self->sim == s && self->machine == s->number)
		return self->task;
	if (!self) {
		self = mem_alloc(sizeof(*self));
		pthread_setspecific(self_key, self);
	} else if (is_alive(self->sim, self->machine) && self->task != self->sim->init) {
		outside_end(self->task);
	}
	bool first = !s->init_taken;
	s->init_taken = true;
	*self = (struct self){ s, s->number, first ? s->init : new_outsider(s) };
	return self->task;
}

/* ---- the machine ---- */

static void root_rights(struct cred *c)
{
	c->effective = c->permitted = c->bounding = SIM_CAPS_ALL;
}

static void set_limits(struct task *t)
{
	for (size_t i = 0; i < 16; i++)
		t->limit[i].soft = t->limit[i].hard = UINT64_MAX;
	t->limit[RLIMIT_NOFILE].soft = 1024;
	t->limit[RLIMIT_NOFILE].hard = 1048576;
	t->limit[RLIMIT_STACK].soft = 8 << 20;
	t->limit[RLIMIT_CORE].soft = 0;
}

/* The engine itself: number 1, with all rights. */
static void make_init(struct sim *s)
{
	struct task *t;

	s->init = t = task_new(s, NULL, s->initial[NS_PID]);
	t->external = t->engine = t->owner = true;
	t->handler[SIGCHLD] = SIM_DFL;
	strcpy(t->comm, "drydock-engine");
	t->exe = str_dup("/usr/bin/drydock-engine");
	task_set_args(t, (char *[]){ (char *)"drydock-engine", (char *)"daemon", NULL },
		      (char *[]){ NULL });
	root_rights(&t->cred);
	set_limits(t);
	for (int i = 0; i < NS_TYPES; i++)
		t->ns[i] = ns_get(s->initial[i]);
	t->pid_ns = ns_get(s->initial[NS_PID]);
	t->fds = fds_new();
	task_cred_changed(t);
	vfs_view_init(&t->view, s->fs, &t->vfs_cred);
	t->view.umask = 022;
	cgroup_attach(cgroup_root(s->cgroups), t);
}

static void enlist(struct sim *s)
{
	pthread_mutex_lock(&alive_lock);
	s->number = ++machines;
	s->next_alive = alive;
	alive = s;
	pthread_mutex_unlock(&alive_lock);
}

static void delist(struct sim *s)
{
	pthread_mutex_lock(&alive_lock);
	struct sim **at = &alive;
	while (*at != s)
		at = &(*at)->next_alive;
	*at = s->next_alive;
	pthread_mutex_unlock(&alive_lock);
}

struct sim *sim_create(const struct sim_options *o)
{
	struct sim *s = mem_alloc(sizeof(*s));

	s->options = *o;
	s->random = o->seed;
	s->base_ns = o->paced ? clock_mono_ns() : 0;
	s->epoch_ns = o->epoch_ns ? o->epoch_ns : clock_wall_ns();
	s->epoll = s->wake = -1;
	s->ready_end = &s->ready;
	pthread_mutex_init(&s->turn, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	backend_init(s);
	enlist(s);
	s->cgroups = cgroup_tree_new(s);
	s->fs = machine_files_new(s);
	ns_init(s);
	make_init(s);
	return s;
}

static void stop_thread(struct sim *s)
{
	if (!s->threaded)
		return;
	sim_enter(s);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	sched_kick(s);
	sim_leave(s);
	pthread_join(s->thread, NULL);
	s->threaded = false;
}

/* Everybody is killed and seen out, the newest first; nobody of the host's is waited for. */
static void end_tasks(struct sim *s)
{
	s->stop = false;
	for (struct task *t = s->all_end; t; t = t->all_prev) {
		t->orphan |= t->parent == s->init;
		signal_send(t, SIGKILL, NULL);
	}
	while (sched_step(s, true))
		;
	for (struct task *t = s->all_end, *prev; t; t = prev) {
		prev = t->all_prev;
		if (t == s->init)
			continue;
		cgroup_detach(t);
		fds_put(t->fds);
		memory_free_all(t);
		task_reap(t);
	}
	cgroup_detach(s->init);
	fds_put(s->init->fds);
	task_reap(s->init);
}

void sim_destroy(struct sim *s)
{
	stop_thread(s);
	delist(s);
	end_tasks(s);
	ns_fini(s);
	machine_files_free(s);
	cgroup_tree_free(s->cgroups);
	host_epoll_close(s);
	token_free_all(s);
	stack_pool_free(&s->stacks);
	free(s->sleepers);
	free(s->numbers);
	free(s->programs);
	free(s);
}
