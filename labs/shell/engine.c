#include "labs/shell/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "core/str.h"

#define READY_MS 20000	/* a first start may repair a damaged store */
#define STOP_MS 15000

static void child(const char *backend, bool keep, int ready, int log)
{
	char number[16];
	/* Survives execve, and comes even if the shell is killed outright. */
	if (!keep)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	int null = open("/dev/null", O_RDONLY);
	/* Its own session: the terminal's Ctrl-C and hang-up are not for it. */
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	fcntl(ready, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", ready);
	/* `drydock daemon` knows where the engine's program is. */
	execl("/proc/self/exe", "drydock", "daemon", "--ready-fd", number,
	      backend ? "--backend" : NULL, backend, NULL);
	_exit(127);
}

/* The last line that the daemon wrote, as the reason. */
static int failed(int log, struct err *e)
{
	char text[4096];
	ssize_t n = pread(log, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	char *hint = strstr(text, "\nhint: ");
	if (hint)
		*hint = '\0';
	for (size_t len = strlen(text); len && text[len - 1] == '\n'; len--)
		text[len - 1] = '\0';
	char *line = strrchr(text, '\n');
	err_set(e, EIO, _("start the engine: %s"),
		*text ? (line ? line + 1 : text) : _("it ended without a word"));
	return hint ? err_hint(e, "%s", hint + 7) : -EIO;
}

static int wait_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	if (poll(&p, 1, READY_MS) <= 0)
		return -ETIMEDOUT;
	return read(fd, &byte, 1) == 1 ? 0 : -EIO;
}

int engine_start(const char *backend, bool keep, pid_t *pid, struct err *e)
{
	int ready[2];
	autofd int log = memfd_create("engine-log", MFD_CLOEXEC);
	if (log < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, errno, _("start the engine"));
	pid_t p = fork();
	if (p == 0)
		child(backend, keep, ready[1], log);
	close(ready[1]);
	autofd int readable = ready[0];
	if (p < 0)
		return err_sys(e, errno, _("start the engine"));
	if (wait_ready(readable) < 0) {
		kill(p, SIGKILL);
		waitpid(p, NULL, 0);
		return failed(log, e);
	}
	*pid = p;
	return 0;
}

void engine_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	for (int ms = 0; ms < STOP_MS; ms += 10) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
