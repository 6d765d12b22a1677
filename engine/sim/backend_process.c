#include "sim/backend.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "sim/token.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif
#define NEW_FLAGS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
		   CLONE_NEWCGROUP | CLONE_NEWUSER)

/* The engine's function, on the child's own stack: it ends with what that returns. */
struct engine_start { int (*fn)(void *arg); void *arg; };

static int run_engine(struct task *t, void *arg)
{
	struct engine_start start = *(struct engine_start *)arg;	/* the caller goes on */

	return start.fn(start.arg);
}

/* The child runs at once: what it needs of its parent's stack is there until it waits
 * for the first time or becomes a program, which is all that vfork promises, too. */
long row_spawn(struct task *t, const struct k_call *c)
{
	const struct k_spawn *how = c->a[0].p;
	struct engine_start start = { how->fn, how->arg };
	struct spawn s = { .flags = how->flags & (NEW_FLAGS | SIM_CLONE_NEWTIME), .fn = run_engine,
			   .arg = &start, .engine = true };
	int pidfd = -1;

	if (how->flags & CLONE_INTO_CGROUP) {
		return -EBADF;
	}
	s.pidfd = how->pidfd ? &pidfd : NULL;
	long pid = task_spawn(t, &s, NULL);
	if (pid > 0 && how->pidfd)
		*how->pidfd = pidfd;
	return pid;
}

long row_wait(struct task *t, const struct k_call *c)
{
	struct k_exit *out = c->a[2].out;
	int status = 0;
	long pid = task_wait_child(t, (pid_t)c->a[0].i, &status, (int)c->a[1].i & WNOHANG);

	if (pid < 0)
		return pid;
	*out = (struct k_exit){ .pid = (int)pid };
	if (pid > 0 && WIFSIGNALED(status))
		out->signal = WTERMSIG(status);
	else if (pid > 0)
		out->code = WEXITSTATUS(status);
	return 0;
}

long row_unshare(struct task *t, const struct k_call *c)
{
	return task_unshare(t, (uint64_t)c->a[0].i);
}

long row_setns(struct task *t, const struct k_call *c)
{
	int fd = (int)c->a[0].i;
	uint64_t type = (uint64_t)c->a[1].i;
	struct task *of = token_find(t->sim, fd, TOKEN_TASK);
	struct ns *n = ns_from_file(engine_file(t, fd));

	if (!n)
		n = token_find(t->sim, fd, TOKEN_NS);
	if (of)
		return of->state == T_ZOMBIE ? -ESRCH : ns_enter_all(t, of, type);
	if (!n)
		return fd_file(t, fd) || fd < K_SIM_FD_BASE ? -EINVAL : -EBADF;
	if (type && type != ns_kinds[n->type].flag)
		return -EINVAL;
	return ns_enter(t, n);
}

long row_execve(struct task *t, const struct k_call *c)
{
	return task_exec(t, c->a[0].s, (char *const *)c->a[1].p, (char *const *)c->a[2].p);
}

long row_pidfd_open(struct task *t, const struct k_call *c)
{
	int pid = (int)c->a[0].i;
	struct task *of = pid > 0 ? task_find(t->sim, ns_of(t, NS_PID), pid) : NULL;

	return pid <= 0 ? -EINVAL : !of ? -ESRCH : token_pidfd(of);
}

long row_kill(struct task *t, const struct k_call *c)
{
	struct task *of = token_find(t->sim, (int)c->a[0].i, TOKEN_TASK);
	int sig = (int)c->a[1].i;

	if (sig < 0 || sig >= SIM_NSIG)
		return -EINVAL;
	if (!of)
		return token_was_process((int)c->a[0].i) ? -ESRCH : -EBADF;
	return of->state == T_ZOMBIE ? 0 : signal_send(of, sig, t);
}

long row_setsid(struct task *t, const struct k_call *c) { return sys_setsid(t); }

long row_sethostname(struct task *t, const struct k_call *c)
{
	return task_sethostname(t, c->a[0].s);
}

long row_setdomainname(struct task *t, const struct k_call *c)
{
	return task_setdomainname(t, c->a[0].s);
}
