/* run.c - the few programs of others that an ordinary user can't do without:
 * newuidmap and newgidmap (set-uid root), pasta or slirp4netns. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "rootless/internal.h"

/* Daemons are started with odd search paths: where distributions put them is added. */
#define MORE_PATHS ":/usr/bin:/usr/sbin:/usr/local/bin"

struct program { struct kernel *k; const char *path; char *const *argv; int null; };

bool run_there(const char *name, char path[256])
{
	const char *own = getenv("PATH");
	autofree char *all = str_printf("%s" MORE_PATHS, own ? own : "");
	char *save = NULL;

	for (char *dir = strtok_r(all, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		snprintf(path, 256, "%s/%s", dir, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Gone when we are, so that none is left behind by a kill -9. */
static int become(void *arg)
{
	struct program *p = arg;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);	/* ignored, it would stay so */
	k_prctl(p->k, PR_SET_PDEATHSIG, SIGKILL, 0);
	for (int fd = 0; fd < 3; fd++)
		k_dup3(p->k, p->null, fd, 0);
	k_execve(p->k, p->path, p->argv, environ);
	return 127;
}

int run_background(struct kernel *k, char *const *argv)
{
	char path[256];

	if (!run_there(argv[0], path))
		return -ENOENT;
	autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct program p = { k, path, argv, null };
	struct k_spawn how = { .fn = become, .arg = &p, .cgroup_fd = -1 };
	return null < 0 ? -errno : (int)k_spawn(k, &how);
}

int run_program(struct kernel *k, char *const *argv)
{
	struct k_exit end = { 0 };
	int pid = run_background(k, argv);

	if (pid < 0)
		return pid;
	long r = k_wait(k, pid, 0, &end);
	return r < 0 ? (int)r : end.signal ? 128 + end.signal : end.code;
}
