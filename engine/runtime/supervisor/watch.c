/* watch.c - the exec watch: which programs start and end inside.
 *
 * The filter stops execve, execveat and exit_group and tells us.  The process
 * waits while we look (look.c).  Our answer is always "go on".
 *
 * What a signal ends makes no exit_group.  So each program seen to start is held
 * by a pidfd until it has ended one way or another; how is told by its exit status
 * while it is a zombie, or by the pidfd itself once it is reaped (Linux 6.15).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os.h"

#define ANSWER_TRIES 3

/* What an entry of the epoll is about: its low bits, below the descriptor. */
enum { ABOUT_EXEC = 1, ABOUT_END = 2, ABOUT_BITS = 2 };

static struct msg *const note = &scratch.note;

/* ---- what a signal ends ---- */

static struct live *live_find(struct super *s, int pid)
{
	for (int i = 0; i < MAX_LIVE; i++)
		if (s->live[i].pid == pid)
			return &s->live[i];
	return NULL;
}

static bool watch_fd(struct super *s, int fd, int about)
{
	struct epoll_event ev = {
		.events = EPOLLIN, .data.u64 = (uint64_t)fd << ABOUT_BITS | (uint64_t)about,
	};

	if (s->watches < 0)
		s->watches = epoll_create1(EPOLL_CLOEXEC);
	return epoll_ctl(s->watches, EPOLL_CTL_ADD, fd, &ev) == 0;
}

/* A child on its way to execve may hold a copy: closing ours isn't enough. */
static void unwatch_fd(struct super *s, int fd)
{
	epoll_ctl(s->watches, EPOLL_CTL_DEL, fd, NULL);
	close(fd);
}

/* PID 1 isn't among them: its end is the container's. */
static void live_begin(struct super *s, const struct msg_proc *p)
{
	struct live *l = live_find(s, 0);

	if (!l || p->pid == s->main.pid || live_find(s, p->pid))
		return;
	trace_why(s->k, WHY_WATCH_END);
	int fd = (int)k_pidfd_open(s->k, p->pid, 0);
	trace_why(s->k, WHY_TABLE);
	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (!watch_fd(s, fd, ABOUT_END)) {
		close(fd);
		return;
	}
	*l = (struct live){ p->pid, fd, p->nspid, p->tty, p->from_exec };
}

static void live_over(struct super *s, struct live *l)
{
	unwatch_fd(s, l->pidfd);
	l->pid = 0;
}

static void say(struct super *s);

static void say_ended(struct super *s, struct live *l, int code, int signal)
{
	*note = (struct msg){ .type = MSG_PROC, .proc = {
		.ended = 1, .pid = l->pid, .nspid = l->nspid, .tty = l->tty,
		.from_exec = l->from_exec, .code = code, .signal = signal } };
	live_over(s, l);
	say(s);
}

static void on_end(struct super *s, int pidfd)
{
	for (int i = 0; i < MAX_LIVE; i++) {
		struct live *l = &s->live[i];
		if (l->pid == 0 || l->pidfd != pidfd)
			continue;
		int status = look_status(l);
		if (status < 0)
			say_ended(s, l, -1, -1);
		else
			say_ended(s, l, WEXITSTATUS(status), WTERMSIG(status));
		return;
	}
}

void watch_ended(struct super *s, int pid, const struct k_exit *end)
{
	struct live *l = live_find(s, pid);

	if (l)
		say_ended(s, l, end->code, end->signal);
}

/* Its own exit_group was seen. */
static void live_exited(struct super *s, int pid)
{
	struct live *l = live_find(s, pid);

	if (l)
		live_over(s, l);
}

/* ---- the watch ---- */

/* PID 1's program has begun only when STARTED is said. */
static void say(struct super *s)
{
	if (s->main.state == P_RUNNING || s->main.state == P_ENDED) {
		control_say(s, note, NULL);
		return;
	}
	scratch.held = *note;
	s->holding = true;
}

/* Whoever waits must not wait for ever because an answer went wrong. */
static void let_go_on(struct super *s, int listener, struct k_notify *n)
{
	long r = -1;

	for (int i = 0; i < ANSWER_TRIES && r < 0 && r != -ENOENT; i++)
		r = k_notify_send(s->k, listener, n);
}

static void on_notify(struct super *s, int fd, bool from_exec)
{
	struct k_notify n;

	if (k_notify_recv(s->k, fd, &n) < 0)
		return;		/* killed while it waited */
	*note = (struct msg){ .type = MSG_PROC };
	note->proc.from_exec = from_exec;
	bool worth = look_at(s, fd, &n, note), ends = n.nr == SYS_exit_group;
	if (ends)
		live_exited(s, note->proc.pid);
	else if (worth)
		live_begin(s, &note->proc);
	let_go_on(s, fd, &n);
	if (worth)
		say(s);
}

/* The last process under this filter is gone. */
static void watch_over(struct super *s, int fd)
{
	unwatch_fd(s, fd);
	s->n_watches--;
}

/* One at a time: what it does may close the next one's descriptor. */
static void on_watches(struct super *s, void *obj, int fd, short events)
{
	struct epoll_event ev;

	if (epoll_wait(fd, &ev, 1, 0) != 1)
		return;
	int about = (int)(ev.data.u64 >> ABOUT_BITS);
	if (ev.data.u64 & ABOUT_END)
		on_end(s, about);
	else if (ev.events & EPOLLIN)
		on_notify(s, about, ev.data.u64 & ABOUT_EXEC);
	else
		watch_over(s, about);
}

bool watch_room(const struct super *s)
{
	return s->n_watches < MAX_WATCHES;
}

/* An epoll and not the loop's own list: each exec that leaves a program behind
 * leaves its listener, too. */
void watch_add(struct super *s, int fd, bool from_exec)
{
	if (watch_fd(s, fd, from_exec ? ABOUT_EXEC : 0))
		s->n_watches++;
	else
		close(fd);
}

void watch_poll(struct super *s)
{
	poll_add(s, s->watches, POLLIN, on_watches, NULL);
}
