/* visit.c - into a user namespace and back, and the gate that all pass who go there. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/idmap.h"
#include "rootless/internal.h"
#include "rootless/switches.h"

int users_await(const int go[2], enum rights *rights)
{
	unsigned char byte;

	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		return -EPIPE;
	*rights = (enum rights)byte;
	return 0;
}

int users_come(const int go[2], enum rights rights)
{
	unsigned char byte = (unsigned char)rights;

	return write_all(go[1], &byte, 1);
}

long users_become_root(struct kernel *k)
{
	long r = k_setgid(k, 0);

	return r < 0 ? r : k_setuid(k, 0);
}

struct visit {
	struct kernel *k;
	int (*fn)(void *arg);
	void *arg;
	unsigned user;
	int go[2];
};

static int arrive(void *arg)
{
	struct visit *v = arg;
	enum rights rights;

	k_prctl(v->k, PR_SET_PDEATHSIG, SIGKILL, 0);
	if (users_await(v->go, &rights) < 0 || users_become_root(v->k) < 0)
		return 255;
	/* The numbers that newuidmap was told are the namespace's, not a mapping within. */
	idmap_choose("", "", NULL);
	rights_set(rights, v->user);
	return v->fn(v->arg);
}

static int await_end(struct kernel *k, int pid, struct err *e)
{
	struct k_exit end = { 0 };
	long r = k_wait(k, pid, 0, &end);

	if (r < 0)
		return err_sys(e, (int)-r, "wait for what runs in a user namespace");
	return end.signal ? 128 + end.signal : end.code;
}

int rootless_visit(struct kernel *k, uint64_t flags, int (*fn)(void *arg), void *arg,
		   struct err *e)
{
	struct visit v = { k, fn, arg, getuid(), { -1, -1 } };
	struct k_spawn how = { .fn = arrive, .arg = &v, .cgroup_fd = -1,
			       .flags = CLONE_NEWUSER | flags };
	enum rights rights;

	if (pipe2(v.go, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	autofd int in = v.go[0], out = v.go[1];
	long pid = k_spawn(k, &how);
	if (pid < 0)
		return switch_refused(k, (int)-pid, e);
	close(steal_fd(&in));
	int r = maps_write(k, (int)pid, &rights, e);
	idmap_choose("", "", NULL);
	r = r < 0 ? r : users_come(v.go, rights);
	close(steal_fd(&out));	/* without the byte it ends by itself */
	int code = await_end(k, (int)pid, r < 0 ? NULL : e);
	return r < 0 ? r : code;
}
