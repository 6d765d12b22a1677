#include "kernel/namespace.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Not traced: it has the memory of a thread that goes on, and no ring of its own. */
static int stay(void *arg)
{
	k_prctl(kernel_linux(), PR_SET_PDEATHSIG, SIGKILL, 0);
	poll(NULL, 0, -1);
	return 0;
}

static long write_map(struct kernel *k, int pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return text ? k_write_file(k, path, text) : 0;
}

static long open_it(struct kernel *k, int pid, const struct namespace_want *w)
{
	char path[64];
	long r = write_map(k, pid, "uid_map", w->uid_map);

	if (r >= 0)
		r = write_map(k, pid, "gid_map", w->gid_map);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, w->file);
	return k_open(k, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

int namespace_make(struct kernel *k, const struct namespace_want *w)
{
	int pidfd = -1;
	struct k_exit end;
	struct k_spawn how = { .flags = w->flag, .fn = stay, .cgroup_fd = -1,
			       .userns_fd = w->userns, .pidfd = &pidfd };
	long pid = k_spawn(k, &how);

	if (pid < 0)
		return (int)pid;
	long fd = open_it(k, (int)pid, w);
	k_kill(k, pidfd, SIGKILL);
	k_wait(k, (int)pid, 0, &end);
	close(pidfd);
	return (int)fd;
}
