/* watch.c - the exec watch: which programs start and end inside.
 *
 * The filter stops execve, execveat and exit_group and tells us.  The process
 * waits while we look, so what we read of it is true: at exit its own /proc
 * files; at exec its memory, since the new program isn't there yet.  (Another
 * thread of it could change the memory after we looked: this is for the journal,
 * never for security.)  Our answer is always "go on".
 *
 * An execve of a file that isn't there tells nothing: shells try every directory
 * of PATH that way.  So the path is looked up as the kernel will, beneath the
 * process's own root.
 *
 * What a signal ends makes no exit_group.  So each program seen to start is held
 * by a pidfd until it has ended one way or another; how is told by its exit status
 * while it is a zombie, or by the pidfd itself once it is reaped (Linux 6.15).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "super.h"

#define ARGV_MAX 64	/* arguments noted at most; text is cut at the message's end */

#define ANSWER_TRIES 3

/* What an entry of the epoll is about: its low bits, below the descriptor. */
enum { ABOUT_EXEC = 1, ABOUT_END = 2, ABOUT_BITS = 2 };

/* linux/pidfd.h of Linux 6.15; older ones answer ENOTTY, or without this bit. */
#define INFO_EXIT (1u << 3)
struct info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define GET_INFO _IOWR(0xff, 11, struct info)

static struct msg *const note = &scratch.note;
static char *const text = scratch.text;

static int open_proc(int pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static size_t read_proc(int pid, const char *file, char *out, size_t cap)
{
	int fd = open_proc(pid, file, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, out, cap - 1) : -1;

	close_fd(&fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void link_proc(int pid, const char *file, char *out, size_t cap)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	ssize_t n = readlink(path, out, cap - 1);
	out[n > 0 ? n : 0] = '\0';
}

/* ---- who it is ---- */

static unsigned long long status_value(const char *key, int base, bool last)
{
	const char *at = strstr(text, key);
	const char *end = at ? strchr(at + 1, '\n') : NULL;

	if (!end)
		return 0;
	if (last)	/* NSpid: one number for each namespace, the innermost last */
		for (at = end; at[-1] != '\t' && at[-1] != ' '; at--)
			;
	else
		at += strlen(key);
	return strtoull(at, NULL, base);
}

/* A field of /proc/PID/stat by its number in proc(5), from 4 on; the second may
 * hold spaces.  *alive: it is no zombie. */
static long stat_field(int pid, int number, bool *alive)
{
	read_proc(pid, "stat", text, sizeof(scratch.text));
	const char *at = strrchr(text, ')');

	if (!at || at[1] != ' ')
		return -1;
	*alive = at[2] != 'Z';
	for (int field = 2; at && field < number; field++)
		at = strchr(at + 1, ' ');
	return at ? strtol(at, NULL, 10) : -1;
}

static bool has_terminal(int pid)
{
	bool alive;
	return stat_field(pid, 7, &alive) > 0;
}

static bool is_ours(const struct super *s, int pid)
{
	for (int i = 0; i < MAX_EXECS; i++)
		if (s->exec[i].state != P_FREE && s->exec[i].pid == pid)
			return true;
	return s->main.pid == pid;
}

static void describe(struct super *s, int pid, struct msg_proc *p)
{
	read_proc(pid, "status", text, sizeof(scratch.text));
	p->pid = (int32_t)status_value("\nTgid:", 10, false);
	p->uid = (uint32_t)status_value("\nUid:", 10, false);
	p->caps = status_value("\nCapEff:", 16, false);
	p->nspid = (int32_t)status_value("\nNSpid:", 10, true);
	p->tty = !is_ours(s, p->pid) && has_terminal(pid);
}

/* ---- what it is about to run ---- */

/* Text in another process's memory, up to cap; 0 if it can't be read. */
static size_t peek_text(int mem, uint64_t at, char *out, size_t cap)
{
	ssize_t n = pread(mem, out, cap - 1, (off_t)at);

	if (n <= 0)
		return 0;
	out[n] = '\0';
	return strlen(out);
}

/* The file's path in the container if it is a program that can be run, else "". */
static bool find_program(int pid, const char *path, char *out, size_t cap)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int root = open_proc(pid, "root", O_PATH | O_DIRECTORY);
	char whole[1024], cwd[512] = "", self[64];
	struct stat st;

	if (*path != '/')
		link_proc(pid, "cwd", cwd, sizeof(cwd));
	snprintf(whole, sizeof(whole), "%s/%s", cwd, path);
	int fd = root >= 0 ? (int)syscall(SYS_openat2, root, whole, &how, sizeof(how)) : -1;
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ssize_t n = ok ? readlink(self, out, cap - 1) : 0;
	out[n > 0 ? n : 0] = '\0';
	close_fd(&fd);
	close_fd(&root);
	return ok;
}

static void add_argv(int mem, uint64_t argv)
{
	uint64_t at[ARGV_MAX] = { 0 };

	if (pread(mem, at, sizeof(at), (off_t)argv) <= 0)
		return;
	for (int i = 0; i < ARGV_MAX - 1 && at[i]; i++) {
		peek_text(mem, at[i], text, sizeof(scratch.text));
		if (msg_add_text(note, text) < 0)
			return;
	}
}

static bool note_exec(const struct k_notify *n)
{
	bool at_form = n->nr == SYS_execveat;
	uint64_t file = n->args[at_form ? 1 : 0], argv = n->args[at_form ? 2 : 1];
	int mem = open_proc(n->pid, "mem", O_RDONLY);
	char path[512] = "", exe[512] = "";

	if (mem < 0)
		return false;
	peek_text(mem, file, path, sizeof(path));
	if (at_form && !*path) {	/* fexecve: the program is a descriptor */
		snprintf(path, sizeof(path), "fd/%d", (int)n->args[0]);
		link_proc(n->pid, path, exe, sizeof(exe));
	} else if (!find_program(n->pid, path, exe, sizeof(exe))) {
		close(mem);
		return false;
	}
	msg_add_text(note, exe);
	link_proc(n->pid, "cwd", path, sizeof(path));
	msg_add_text(note, path);
	add_argv(mem, argv);
	close(mem);
	return true;
}

/* ---- what ends ---- */

static bool note_exit(const struct k_notify *n)
{
	char path[512];

	note->proc.ended = 1;
	note->proc.code = (int32_t)(n->args[0] & 0xff);
	link_proc(n->pid, "exe", path, sizeof(path));
	msg_add_text(note, path);
	link_proc(n->pid, "cwd", path, sizeof(path));
	msg_add_text(note, path);
	size_t left = read_proc(n->pid, "cmdline", text, sizeof(scratch.text));
	for (char *arg = text; left > 0;) {
		size_t size = strlen(arg) + 1;
		if (msg_add_text(note, arg) < 0 || size >= left)
			break;
		arg += size;
		left -= size;
	}
	return true;
}

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

/* A wait status, or -1: its parent was faster, and the kernel is an older one. */
static int status_of(const struct live *l)
{
	struct info info = { .mask = INFO_EXIT };
	bool alive = true;
	long status = stat_field(l->pid, 52, &alive);

	if (!alive)
		return (int)status;
	if (ioctl(l->pidfd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT)
		return info.exit_code;
	return -1;
}

static void on_end(struct super *s, int pidfd)
{
	for (int i = 0; i < MAX_LIVE; i++) {
		struct live *l = &s->live[i];
		if (l->pid == 0 || l->pidfd != pidfd)
			continue;
		int status = status_of(l);
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
	describe(s, n.pid, &note->proc);
	bool ends = n.nr == SYS_exit_group, worth = ends ? note_exit(&n) : note_exec(&n);
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
	poll_add(s->watches, POLLIN, on_watches, NULL);
}
