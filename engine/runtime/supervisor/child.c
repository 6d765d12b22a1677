/* child.c - what runs between clone and exec, and the tiny init.
 *
 * The child carries out its stage of the plan and tells its parent, in records
 * of fixed size over a socket, what the parent must know: the terminal's master,
 * the watch's listener, "ready", or which step failed and how.  A successful
 * execve closes the socket, which is how the parent learns of it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "super.h"

int channel_send(int fd, const struct child_report *r, int with_fd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int))]; } space;
	struct iovec iov = { (void *)r, sizeof(*r) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (with_fd >= 0) {
		memset(&space, 0, sizeof(space));
		h.msg_control = space.buf;
		h.msg_controllen = sizeof(space.buf);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &with_fd, sizeof(int));
	}
	return sendmsg(fd, &h, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int channel_recv(int fd, struct child_report *r, int *with_fd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int))]; } space;
	struct iovec iov = { r, sizeof(*r) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.buf,
			    .msg_controllen = sizeof(space.buf) };
	ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);

	*with_fd = -1;
	if (n != sizeof(*r))
		return n < 0 ? -errno : 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(with_fd, CMSG_DATA(c), sizeof(int));
	return 1;
}

static int tell(struct process *p, enum child_word word, int with_fd)
{
	struct child_report r = { .word = (int32_t)word };
	return channel_send(p->child_end, &r, with_fd);
}

static int wait_go(struct process *p)
{
	char go;
	int r = tell(p, CHILD_READY, -1);

	if (r < 0)
		return r;
	return recv(p->child_end, &go, 1, 0) == 1 ? 0 : -ECANCELED;
}

/* ---- docker run --init ---- */

/* Ends with the program's own status, 128+signal as shells count. */
static void reap(struct kernel *k, int program)
{
	struct k_exit end;

	while (k_wait(k, -1, 1 /* WNOHANG */, &end) == 0 && end.pid > 0)
		if (end.pid == program)
			_exit(end.signal ? 128 + end.signal : end.code);
}

/* PID 1: adopts orphans and reaps them, and passes signals on to the program.  It
 * isn't traced: the ring now belongs to the program's side. */
static void be_init(int program)
{
	struct kernel *k = kernel_linux();
	sigset_t all;

	k_close_range(k, 3, INT_MAX, 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		int sig = sigwaitinfo(&all, NULL);
		if (sig == SIGCHLD)
			reap(k, program);
		else if (sig > 0)
			syscall(SYS_kill, program, sig);
	}
}

static void report_failure(struct process *p, int error);

/* The rest of the plan, in a child of PID 1.  It gets a process group of its own,
 * in the foreground, so that ctrl-c reaches it once and not twice. */
static int rest_of_plan(void *process)
{
	struct process *p = process;
	int next = p->run.failed + 1;

	setpgid(0, 0);
	if (p->io.tty) {
		int group = getpid();
		sigset_t stop, old;
		sigemptyset(&stop);
		sigaddset(&stop, SIGTTOU);
		sigprocmask(SIG_BLOCK, &stop, &old);
		ioctl(0, TIOCSPGRP, &group);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	p->run.failed = -1;
	int r = plan_run_from(&p->run, STAGE_CHILD, next);
	report_failure(p, -r);
	return 127;
}

static int split_init(struct plan_run *r, const struct plan_step *s, struct process *p)
{
	struct k_spawn how = { .fn = rest_of_plan, .arg = p, .cgroup_fd = -1 };

	r->failed = (int)(s - r->plan->step);	/* where the child goes on */
	long pid = k_spawn(r->k, &how);
	if (pid < 0)
		return (int)pid;
	be_init((int)pid);
	return 0;
}

/* ---- the stage ---- */

/* A working directory that led out through a descriptor of ours (/proc/self/fd/N)
 * has no path below the container's root: the kernel says so (CVE-2024-21626). */
static int check_cwd(void)
{
	static char path[PATH_MAX];

	return getcwd(path, sizeof(path)) && path[0] == '/' ? 0 : -ENOENT;
}

static int act(struct plan_run *r, const struct plan_step *s)
{
	struct process *p = r->owner;
	int fd = s->kind[0] == ARG_SLOT ? (int)r->slot[s->arg[0]] : -1;

	switch (s->op) {
	case ACT_CHECK_CWD: return check_cwd();
	case ACT_HAND_TTY: return tell(p, CHILD_TTY, fd);
	case ACT_HAND_WATCH: return tell(p, CHILD_WATCH, fd);
	case ACT_WAIT_GO: return wait_go(p);
	case ACT_INIT: return split_init(r, s, p);
	}
	return -ENOSYS;
}

static void report_failure(struct process *p, int error)
{
	struct child_report r = { CHILD_FAILED, p->run.failed, error };
	channel_send(p->child_end, &r, -1);
}

/* Whatever we ignore, the program must not inherit. */
static void default_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_main(void *process)
{
	struct process *p = process;

	default_signals();
	p->run.k = the_super.child_k;
	k_close(p->run.k, p->channel);	/* else we would never see our parent end */
	p->run.act = act;
	int r = plan_run_stage(&p->run, p->is_exec ? STAGE_EXEC : STAGE_CHILD);
	report_failure(p, -r);
	return 127;
}
