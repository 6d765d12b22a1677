#include "labs/shell/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"

#define READY_MS 20000	/* a first start may repair a damaged store */
#define STOP_MS 15000

char *engine_path(void)
{
	static const char *const places[] = { "drydock-engine", "../libexec/drydock/drydock-engine" };
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = str_printf("%s/%s", exe, places[i]);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static void child(const char *path, const char *backend, int ready, int log)
{
	char number[16];
	int null = open("/dev/null", O_RDONLY);
	/* Its own session: the terminal's Ctrl-C and hang-up are not for it. */
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	fcntl(ready, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", ready);
	if (backend)
		execl(path, path, "daemon", "--ready-fd", number, "--backend", backend, NULL);
	else
		execl(path, path, "daemon", "--ready-fd", number, NULL);
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
	err_set(e, EIO, "start the engine: %s", *text ? (line ? line + 1 : text) : "it ended without a word");
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

int engine_start(const char *backend, pid_t *pid, struct err *e)
{
	int ready[2];
	autofree char *path = engine_path();
	if (!path) {
		err_set(e, ENOENT, "start the engine: drydock-engine is not beside this program");
		return err_hint(e, "run make, or give --host for an engine elsewhere");
	}
	autofd int log = memfd_create("engine-log", MFD_CLOEXEC);
	if (log < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, errno, "start the engine");
	pid_t p = fork();
	if (p == 0)
		child(path, backend, ready[1], log);
	close(ready[1]);
	autofd int readable = ready[0];
	if (p < 0)
		return err_sys(e, errno, "start the engine");
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
