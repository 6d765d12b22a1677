/* os.c - a supervisor that is a process: what it asks of the kernel for itself. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK (128 << 10)	/* bytes below here: more than was ever in use */

int os_poll(struct super *s, struct pollfd *p, nfds_t n, int timeout_ms)
{
	int r = poll(p, n, timeout_ms);
	return r < 0 ? -errno : r;
}

/* Of 300 containers side by side nearly all wait: what a start or a message has dirtied
 * and nobody needs goes back, the scratch, the stack below here and the events that the
 * daemon has read.  (The range may reach below the stack's mapping: madvise(2) then says
 * ENOMEM, and has done its work.) */
void os_rest(const struct super *s)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	madvise(&scratch, sizeof(scratch), MADV_DONTNEED);
	madvise((void *)(here - page - STACK), STACK, MADV_DONTNEED);
	if (s->tracer.ring)
		trace_ring_rest(s->tracer.ring);
	if (s->child_tracer.ring)
		trace_ring_rest(s->child_tracer.ring);
}

/* ---- namespaces ---- */

void os_namespaces(struct super *s, int pid, uint64_t out[MSG_NAMESPACES])
{
	static const char *const names[MSG_NAMESPACES] = {
		"mnt", "pid", "net", "ipc", "uts", "cgroup", "user",
	};
	char path[64], number[16];
	struct stat st;

	snprintf(number, sizeof(number), "%d", pid);
	for (int i = 0; i < MSG_NAMESPACES; i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid ? number : "self", names[i]);
		out[i] = stat(path, &st) < 0 ? 0 : st.st_ino;
	}
}

int os_hold_mounts(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* ---- in the child ---- */

/* Whatever we ignore, the program must not inherit. */
void os_child_begin(int *end)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

long os_receive(int fd, void *buf, size_t n)
{
	ssize_t r = recv(fd, buf, n, 0);
	return r < 0 ? -errno : r;
}

int os_check_cwd(void)
{
	static char path[PATH_MAX];

	return getcwd(path, sizeof(path)) && path[0] == '/' ? 0 : -ENOENT;
}

void os_own_group(bool tty)
{
	int group = getpid();
	sigset_t stop, old;

	setpgid(0, 0);
	if (!tty)
		return;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &old);
	ioctl(0, TIOCSPGRP, &group);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Ends with the program's own status, 128+signal as shells count. */
static void reap(struct kernel *k, int program)
{
	struct k_exit end;

	while (k_wait(k, -1, 1 /* WNOHANG */, &end) == 0 && end.pid > 0)
		if (end.pid == program)
			_exit(end.signal ? 128 + end.signal : end.code);
}

void os_be_init(struct kernel *k, int program)
{
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
