#include "labs/shell/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/http.h"
#include "core/cleanup.h"
#include "core/file.h"

static int pass_on(void *arg, const char *data, size_t n)
{
	return write_all(*(int *)arg, data, n) < 0;
}

static void child(int out, const char *host, const char *path, pid_t shell)
{
	struct http *h;
	struct err e;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "drydock-follow");
	/* Ctrl-C at the prompt is for the line, not for us. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (getppid() != shell)
		_exit(0);
	if (http_open(host, &h, &e) < 0)
		_exit(1);
	http_header(h, "X-Drydock-Actor", "engine");
	http_stream(h, "GET", path, NULL, pass_on, &out, &e);
	_exit(0);
}

int follow_start(struct follow *f, const char *host, const char *path)
{
	int fd[2];
	pid_t shell = getpid();
	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		close(fd[0]);
		child(fd[1], host, path, shell);
	}
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return -errno;
	}
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	f->pid = pid;
	f->fd = fd[0];
	return 0;
}

static void each_line(struct str *part, void (*fn)(void *, const char *, size_t), void *arg)
{
	char *s = part->s, *nl;
	while (s && (nl = memchr(s, '\n', part->len - (size_t)(s - part->s)))) {
		if (nl > s)
			fn(arg, s, (size_t)(nl - s));
		s = nl + 1;
	}
	size_t rest = s ? part->len - (size_t)(s - part->s) : 0;
	if (rest)
		memmove(part->s, s, rest);
	part->len = rest;
}

bool follow_read(struct follow *f, void (*fn)(void *arg, const char *line, size_t n), void *arg)
{
	char buf[65536];
	ssize_t n;
	if (f->fd < 0)
		return false;
	while ((n = read(f->fd, buf, sizeof(buf))) > 0) {
		str_addn(&f->part, buf, (size_t)n);
		each_line(&f->part, fn, arg);
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

void follow_stop(struct follow *f)
{
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	if (f->fd >= 0)
		close(f->fd);
	str_free(&f->part);
	*f = (struct follow)FOLLOW_NONE;
}
