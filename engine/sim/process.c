/* process.c - tasks come and go: fork, exit, wait, orphans. */
#include "sim/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "sim/token.h"
#include "sim/tty.h"

/* ---- coming ---- */

static void link_all(struct task *t)
{
	struct sim *s = t->sim;

	t->all_prev = s->all_end;
	if (s->all_end)
		s->all_end->all_next = t;
	else
		s->all = t;
	s->all_end = t;
	s->n_tasks++;
}

static void unlink_all(struct task *t)
{
	struct sim *s = t->sim;

	if (t->all_prev)
		t->all_prev->all_next = t->all_next;
	else
		s->all = t->all_next;
	if (t->all_next)
		t->all_next->all_prev = t->all_prev;
	else
		s->all_end = t->all_prev;
	s->n_tasks--;
}

void task_adopt(struct task *parent, struct task *child)
{
	child->parent = parent;
	child->sibling_prev = parent->children_end;
	child->sibling = NULL;
	if (parent->children_end)
		parent->children_end->sibling = child;
	else
		parent->children = child;
	parent->children_end = child;
}

static void leave_parent(struct task *t)
{
	struct task *p = t->parent;

	if (!p)
		return;
	if (t->sibling_prev)
		t->sibling_prev->sibling = t->sibling;
	else
		p->children = t->sibling;
	if (t->sibling)
		t->sibling->sibling_prev = t->sibling_prev;
	else
		p->children_end = t->sibling_prev;
	t->parent = t->sibling = t->sibling_prev = NULL;
}

static char **copy_strings(char *const *v)
{
	size_t n = 0, bytes = 0;

	while (v && v[n])
		bytes += strlen(v[n++]) + 1;
	char **out = mem_alloc((n + 1) * sizeof(*out) + bytes), *at = (char *)(out + n + 1);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(v[i]) + 1;
		out[i] = memcpy(at, v[i], size);
		at += size;
	}
	return out;
}

void task_set_args(struct task *t, char *const *argv, char *const *envp)
{
	char **a = copy_strings(argv), **e = copy_strings(envp);	/* may be the old ones */

	free(t->argv);
	free(t->envp);
	t->argv = a;
	t->envp = e;
	for (t->argc = 0; a[t->argc];)
		t->argc++;
}

/* Everything that fork copies. */
static void inherit(struct task *t, const struct task *from)
{
	memcpy(t->handler, from->handler, sizeof(t->handler));
	memcpy(t->limit, from->limit, sizeof(t->limit));
	memcpy(t->comm, from->comm, sizeof(t->comm));
	t->blocked = from->blocked;
	t->cred = from->cred;
	t->oom_adj = from->oom_adj;
	t->exe = str_dup(from->exe);
	t->program = from->program;
	task_set_args(t, from->argv, from->envp);
	vfs_view_copy(&t->view, &from->view);
	for (int i = 0; i < NS_TYPES; i++)
		t->ns[i] = from->ns[i] ? ns_get(from->ns[i]) : NULL;
	t->pid_ns = ns_get(from->pid_ns);
	t->tty = from->tty;
	watch_inherit(t, from);
}

/* Who it belongs to; a first process of a new pid namespace has nobody inside. */
static int number(struct task *t, const struct task *from, struct ns *ns)
{
	int error = 0;

	t->pid = pid_new(t->sim, ns, &error);
	if (!t->pid)
		return error;
	t->pid->task = t;
	t->group = pid_get(from ? from->group : t->pid);
	t->session = pid_get(from ? from->session : t->pid);
	if (!ns->pid.init)
		ns->pid.init = t;
	for (; ns; ns = ns->parent)
		ns->pid.tasks++;
	return 0;
}

struct task *task_new(struct sim *s, struct task *from, struct ns *pid_ns)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->sim = s;
	t->pidfd = t->pidfd_end = -1;
	t->start_ns = sched_now(s);
	t->view.cred = &t->vfs_cred;
	if (from)
		inherit(t, from);
	task_cred_changed(t);
	if (number(t, from, pid_ns) < 0) {
		task_free(t);
		return NULL;
	}
	link_all(t);
	return t;
}

/* The files' half wants its own form of who asks. */
void task_cred_changed(struct task *t)
{
	t->vfs_cred = (struct vfs_cred){
		.uid = t->cred.euid, .gid = t->cred.egid, .groups = t->cred.groups,
		.n_groups = t->cred.n_groups, .caps = t->cred.effective,
	};
	t->view.cred = &t->vfs_cred;
}

static void drop_namespaces(struct task *t)
{
	if (t->view.ns)
		vfs_view_drop(&t->view);
	t->view.ns = NULL;
	for (int i = 0; i < NS_TYPES; i++) {
		if (t->ns[i])
			ns_put(t->ns[i]);
		t->ns[i] = NULL;
	}
	if (t->pid_ns)
		ns_put(t->pid_ns);
	t->pid_ns = NULL;
}

void task_free(struct task *t)
{
	struct sim *s = t->sim;

	drop_namespaces(t);
	if (t->pid) {
		t->pid->task = NULL;
		pid_put(s, t->group);
		pid_put(s, t->session);
		pid_put(s, t->pid);
	}
	if (t->context.stack)
		stack_give(&s->stacks, t->context.stack);
	free(t->exe);
	free(t->argv);
	free(t->envp);
	free(t);
}

static struct task *process_of(struct task *t) { return t->external ? t->sim->init : t; }

static int set_up_child(struct task *t, struct task *child, const struct spawn *how)
{
	struct cgroup *g = how->cgroup ? how->cgroup : t->cgroup;
	int r = cgroup_attach(g, child);

	if (r == 0)
		r = ns_enter_new(child, how->flags, true);
	if (r < 0)
		return r;
	child->fds = fds_copy(t->fds);
	child->engine = t->engine && how->engine;
	child->orphan = how->kernel;
	child->fn = how->fn;
	child->arg = how->arg;
	return 0;
}

/* Never ran: nobody shall hear of it. */
static void unmake(struct task *child)
{
	struct ns *ns = child->pid->n[child->pid->level].ns;

	cgroup_detach(child);
	fds_put(child->fds);
	watch_drop(child);
	if (ns->pid.init == child)
		ns->pid.init = NULL;
	for (; ns; ns = ns->parent)
		ns->pid.tasks--;
	unlink_all(child);
	task_free(child);
}

static struct ns *pid_ns_for_child(struct task *t, uint64_t flags, int *error)
{
	if (!(flags & CLONE_NEWPID))
		return ns_get(t->pid_ns);
	return ns_new_pid(t, flags, error);
}

static long spawn_in(struct task *t, const struct spawn *how, struct ns *ns, struct task **out)
{
	if (ns->pid.dead)
		return -ENOMEM;		/* as the kernel says it: its first process is gone */
	struct task *child = task_new(t->sim, t, ns);
	if (!child)
		return -EAGAIN;
	int r = set_up_child(t, child, how);
	if (r < 0) {
		unmake(child);
		return r;
	}
	task_adopt(process_of(t), child);
	*out = child;
	return 0;
}

long task_spawn(struct task *t, const struct spawn *how, struct task **out)
{
	int error = 0;
	struct ns *ns = pid_ns_for_child(t, how->flags, &error);
	struct task *child = NULL;

	if (!ns)
		return error;
	long r = spawn_in(t, how, ns, &child);
	ns_put(ns);
	if (r < 0)
		return r;
	r = pid_in(child->pid, t->pid->n[t->pid->level].ns);
	if (how->pidfd)
		*how->pidfd = (int)token_pidfd(child);
	if (out)
		*out = child;
	sched_let_run(t, child);
	return r;
}

long sys_clone(struct task *t, uint64_t flags, int (*fn)(struct task *t, void *arg), void *arg)
{
	struct spawn how = { .flags = flags, .fn = fn, .arg = arg };

	return sys_leave(t, task_spawn(t, &how, NULL));
}

long sys_fork(struct task *t, int (*fn)(struct task *t, void *arg), void *arg)
{
	return sys_clone(t, 0, fn, arg);
}

/* ---- going ---- */

void task_reap(struct task *t)
{
	leave_parent(t);
	unlink_all(t);
	token_process_over(t);
	task_free(t);
}

/* Its children go to the first process of its namespace, or of the machine. */
static void leave_orphans(struct task *t)
{
	struct ns *ns = t->pid->n[t->pid->level].ns;
	struct task *to = ns->pid.init && ns->pid.init != t ? ns->pid.init : t->sim->init;

	while (t->children) {
		struct task *c = t->children;
		leave_parent(c);
		task_adopt(to, c);
		if (c->death_sig)
			signal_send(c, c->death_sig, NULL);
		c->orphan = to == t->sim->init;
		if (c->state == T_ZOMBIE && c->orphan)
			task_reap(c);
		else if (c->state == T_ZOMBIE)
			queue_wake(&to->child_news);
	}
}

static struct task *other_in(const struct task *t, const struct ns *ns)
{
	for (struct task *o = t->sim->all; o; o = o->all_next)
		if (o != t && !o->external && o->state != T_ZOMBIE && pid_in(o->pid, ns))
			return o;
	return NULL;
}

/* The first process of a namespace takes all others with it. */
static void end_namespace(struct task *t)
{
	struct ns *ns = t->pid->n[t->pid->level].ns;

	if (ns->pid.init != t)
		return;
	ns->pid.dead = true;
	if (ns->pid.tasks > 1)
		for (struct task *o = t->sim->all; o; o = o->all_next)
			if (o != t && pid_in(o->pid, ns))
				signal_send(o, SIGKILL, NULL);
	while (ns->pid.tasks > 1 && other_in(t, ns))
		task_wait(t, &ns->pid.news, SIM_NEVER);
	ns->pid.init = NULL;
}

static void tell_parent(struct task *t)
{
	struct task *p = t->parent;

	if (p->handler[SIGCHLD] == SIM_IGN && !p->external)
		t->orphan = true;
	signal_send(p, SIGCHLD, t);
	queue_wake(&p->child_news);
}

static void leave_namespace(struct task *t)
{
	struct ns *ns = t->pid->n[t->pid->level].ns;

	for (; ns; ns = ns->parent) {
		ns->pid.tasks--;
		queue_wake(&ns->pid.news);
	}
}

void task_exit(struct task *t, int status)
{
	t->exiting = true;
	t->exit_status = status;
	watch_exit(t);
	if (t->at_end)
		t->at_end(t->at_end_arg);
	tty_session_ends(t);
	fds_put(t->fds);
	t->fds = NULL;
	memory_free_all(t);
	end_namespace(t);
	leave_orphans(t);
	cgroup_detach(t);
	leave_namespace(t);
	drop_namespaces(t);
	t->state = T_ZOMBIE;
	if (t->pidfd_end >= 0)
		close(t->pidfd_end);
	t->pidfd_end = -1;
	sched_not_fresh(t);
	tell_parent(t);
	sched_gone(t);
}

void sys_exit(struct task *t, int code)
{
	task_exit(t, (code & 0xff) << 8);
}

/* ---- waiting for children ---- */

static bool is_wanted(const struct task *t, const struct task *c, pid_t pid)
{
	const struct ns *ns = t->pid->n[t->pid->level].ns;

	if (pid > 0)
		return pid_in(c->pid, ns) == pid;
	if (pid == -1)
		return true;
	return pid == 0 ? c->group == t->group : pid_in(c->group, ns) == -pid;
}

static long take_child(struct task *t, struct task *c, int *status)
{
	long nr = pid_in(c->pid, t->pid->n[t->pid->level].ns);

	if (c->state != T_ZOMBIE) {
		c->stop_told = true;
		*status = c->stop_sig << 8 | 0x7f;
		return nr;
	}
	*status = c->exit_status;
	t->children_cpu_ns += c->cpu_ns + c->children_cpu_ns;
	task_reap(c);
	return nr;
}

/* The pid of one that is ready; 0: none yet; -ECHILD: there is none at all. */
static long look_for_child(struct task *t, pid_t pid, int *status, int options)
{
	struct task *p = process_of(t);
	bool any = false;

	for (struct task *c = p->children; c; c = c->sibling) {
		if (!is_wanted(t, c, pid))
			continue;
		any = true;
		bool stopped = options & WUNTRACED && c->stopped && !c->stop_told;
		if ((c->state == T_ZOMBIE && c != t->sim->last_dead) || stopped)
			return take_child(p, c, status);
	}
	return any ? 0 : -ECHILD;
}

long task_wait_child(struct task *t, pid_t pid, int *status, int options)
{
	for (;;) {
		long r = look_for_child(t, pid, status, options);
		if (r != 0 || options & WNOHANG)
			return r;
		r = task_wait(t, &process_of(t)->child_news, SIM_NEVER);
		if (r < 0)
			return r;
	}
}

long sys_wait(struct task *t, pid_t pid, int *status, int options)
{
	int ignored;
	long r;

	do
		r = task_wait_child(t, pid, status ? status : &ignored, options);
	while (sys_again(t, r));
	return r;
}

/* ---- groups and sessions ---- */

pid_t sys_getpid(struct task *t) { return pid_in(t->pid, t->pid->n[t->pid->level].ns); }

pid_t sys_getppid(struct task *t)
{
	return t->parent ? pid_in(t->parent->pid, t->pid->n[t->pid->level].ns) : 0;
}

pid_t sys_getpgid(struct task *t, pid_t pid)
{
	const struct ns *ns = t->pid->n[t->pid->level].ns;
	struct task *of = pid ? task_find(t->sim, ns, pid) : t;

	return of ? pid_in(of->group, ns) : -ESRCH;
}

static void join(struct task *t, struct pid **place, struct pid *to)
{
	struct pid *old = *place;

	*place = pid_get(to);
	pid_put(t->sim, old);
}

static struct pid *group_in_session(struct task *of, pid_t group, const struct ns *ns)
{
	for (struct task *t = of->sim->all; t; t = t->all_next)
		if (t->session == of->session && pid_in(t->group, ns) == group)
			return t->group;
	return NULL;
}

static long do_setpgid(struct task *t, pid_t pid, pid_t group)
{
	const struct ns *ns = t->pid->n[t->pid->level].ns;
	struct task *of = pid ? task_find(t->sim, ns, pid) : t;

	if (group < 0)
		return -EINVAL;
	if (!of || (of != t && of->parent != t))
		return -ESRCH;
	if (of->session != t->session || of->session == of->pid)
		return -EPERM;
	bool own = !group || group == pid_in(of->pid, ns);
	struct pid *to = own ? of->pid : group_in_session(of, group, ns);
	if (!to)
		return -EPERM;
	join(of, &of->group, to);
	return 0;
}

long sys_setpgid(struct task *t, pid_t pid, pid_t group)
{
	return sys_leave(t, do_setpgid(t, pid, group));
}

long sys_setsid(struct task *t)
{
	if (t->group == t->pid && !t->external)
		return sys_leave(t, -EPERM);
	join(t, &t->group, t->pid);
	join(t, &t->session, t->pid);
	t->tty = NULL;
	return sys_leave(t, sys_getpid(t));
}
