/* signal.c - signals: sent, kept, and seen at the border of a call.
 *
 * The first process of a pid namespace gets only what it has a handler for - and from
 * further out SIGKILL and SIGSTOP, which always work there.  That is why `kill -9 1`
 * inside of a container does nothing.
 */
#include "sim/task.h"

#include <errno.h>

#define BIT(sig) (1ull << ((sig) - 1))
#define STOPS (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))
#define IGNORED (BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH) | BIT(SIGCONT))
#define NEVER_HELD (BIT(SIGKILL) | BIT(SIGSTOP))

bool signal_pending(const struct task *t)
{
	return !t->exiting && !t->external && (t->pending & ~t->blocked) != 0;
}

static bool is_init(const struct task *t)
{
	return t->pid->n[t->pid->level].ns->pid.init == t;
}

/* Is `from` further out than the namespace that `to` is the first process of? */
static bool from_outside(const struct task *to, const struct task *from)
{
	return !from || !pid_in(from->pid, to->pid->n[to->pid->level].ns);
}

static bool is_dropped(const struct task *to, int sig, const struct task *from)
{
	sim_handler *h = to->handler[sig];
	bool forced = BIT(sig) & NEVER_HELD && from_outside(to, from);

	if (is_init(to) && h == SIM_DFL && !forced)
		return true;
	if (h == SIM_IGN && !(BIT(sig) & NEVER_HELD))
		return true;
	return h == SIM_DFL && BIT(sig) & IGNORED;
}

static void go_on(struct task *t)
{
	if (t->state != T_STOPPED)
		return;
	sched_ready(t);
	sched_kick(t->sim);
}

int signal_send(struct task *to, int sig, struct task *from)
{
	if (sig == 0 || to->external || to->state == T_ZOMBIE || to->exiting)
		return 0;
	if (sig == SIGCONT)
		to->pending &= ~STOPS;
	if (BIT(sig) & STOPS)
		to->pending &= ~BIT(SIGCONT);
	if (sig == SIGCONT) {
		to->stopped = false;
		go_on(to);
	}
	if (is_dropped(to, sig, from))
		return 0;
	to->pending |= BIT(sig);
	if (sig == SIGKILL) {
		to->stopped = false;
		go_on(to);
	}
	if (signal_pending(to))
		task_wake(to);
	return 0;
}

int signal_group(struct sim *s, struct pid *group, int sig, struct task *from)
{
	int n = 0;

	for (struct task *t = s->all; t; t = t->all_next) {
		if (t->group != group || t->external || t->state == T_ZOMBIE)
			continue;
		signal_send(t, sig, from);
		n++;
	}
	return n ? 0 : -ESRCH;
}

void signal_forget(struct task *t)
{
	for (int sig = 1; sig < SIM_NSIG; sig++)
		if (t->handler[sig] != SIM_IGN)
			t->handler[sig] = SIM_DFL;
}

/* Stands still until SIGCONT; its parent may want to know. */
static void stop(struct task *t, int sig)
{
	t->stopped = true;
	t->stop_sig = sig;
	t->stop_told = false;
	signal_send(t->parent, SIGCHLD, t);
	queue_wake(&t->parent->child_news);
	while (t->stopped)
		sched_stop(t);
}

/* Acts on one signal; true if a handler has run. */
static bool deliver(struct task *t, int sig)
{
	sim_handler *h = t->handler[sig];

	t->pending &= ~BIT(sig);
	if (sig == SIGKILL)
		task_exit(t, sig);
	if (h != SIM_DFL && h != SIM_IGN && sig != SIGSTOP) {
		h(t, sig);
		return true;
	}
	if (BIT(sig) & STOPS)
		stop(t, sig);
	else if (h == SIM_DFL && !(BIT(sig) & IGNORED))
		task_exit(t, sig);
	return false;
}

static bool deliver_all(struct task *t)
{
	bool handled = false;

	while (signal_pending(t)) {
		uint64_t now = t->pending & ~t->blocked;
		int sig = now & BIT(SIGKILL) ? SIGKILL : __builtin_ctzll(now) + 1;
		handled |= deliver(t, sig);
	}
	return handled;
}

long sys_leave(struct task *t, long result)
{
	if (signal_pending(t))
		deliver_all(t);
	return result;
}

bool sys_again(struct task *t, long result)
{
	if (!signal_pending(t))
		return false;
	return !deliver_all(t) && result == -EINTR;
}

long sys_signal(struct task *t, int sig, sim_handler *handler)
{
	if (sig < 1 || sig >= SIM_NSIG || BIT(sig) & NEVER_HELD)
		return -EINVAL;
	sim_handler *old = t->handler[sig];

	t->handler[sig] = handler;
	if (is_dropped(t, sig, NULL))
		t->pending &= ~BIT(sig);
	return sys_leave(t, (long)(intptr_t)old);
}

static bool may_signal(const struct task *t, const struct task *to, int sig)
{
	const struct cred *a = &t->cred, *b = &to->cred;

	return a->euid == b->uid || a->uid == b->uid || sys_capable((struct task *)t, 5) ||
	       (sig == SIGCONT && t->session == to->session);
}

/* One target; counts how many there were and how many were allowed. */
static void kill_one(struct task *t, struct task *to, int sig, int *seen, int *done)
{
	++*seen;
	if (!may_signal(t, to, sig))
		return;
	++*done;
	signal_send(to, sig, t);
}

static bool is_target(const struct task *t, const struct task *to, pid_t pid)
{
	const struct ns *ns = t->pid->n[t->pid->level].ns;

	if (to->external || to->state == T_ZOMBIE || !pid_in(to->pid, ns))
		return false;
	if (pid == -1)
		return to != t && !is_init(to);
	return pid == 0 ? to->group == t->group : pid_in(to->group, ns) == -pid;
}

static long do_kill(struct task *t, pid_t pid, int sig)
{
	int seen = 0, done = 0;

	if (sig < 0 || sig >= SIM_NSIG)
		return -EINVAL;
	if (pid > 0) {
		struct task *to = task_find(t->sim, t->pid->n[t->pid->level].ns, pid);
		if (to)
			kill_one(t, to, sig, &seen, &done);
	} else {
		for (struct task *to = t->sim->all; to; to = to->all_next)
			if (is_target(t, to, pid))
				kill_one(t, to, sig, &seen, &done);
	}
	return !seen ? -ESRCH : !done ? -EPERM : 0;
}

long sys_kill(struct task *t, pid_t pid, int sig)
{
	return sys_leave(t, do_kill(t, pid, sig));
}

long sys_pause(struct task *t)
{
	long r;

	do
		r = task_wait(t, NULL, SIM_NEVER);
	while (sys_again(t, r));
	return r;
}
