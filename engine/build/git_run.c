/* git_run.c - see git_run.h.
 *
 * Straight by the waist's backend, past the trace: a trace tells what a container is made
 * of, and this is no part of one.
 */
#include "build/git_run.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "kernel/linux.h"

struct child { char *const *argv, *const *env; int in, out; };

/* Between clone and exec: prepared values and kernel calls only. */
static int child_main(void *arg)
{
	const struct child *c = arg;
	struct kernel *k = kernel_linux();

	k_dup3(k, c->in, STDIN_FILENO, 0);
	k_dup3(k, c->out, STDOUT_FILENO, 0);
	k_dup3(k, c->out, STDERR_FILENO, 0);
	k_execve(k, c->argv[0], c->argv, c->env);
	return 127;
}

static int run(void *arg, char *const *argv, char *const *env, struct str *said)
{
	autofd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int ends[2];
	char buf[4096];
	ssize_t n;
	struct k_exit end = { 0 };

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	struct child c = { argv, env, null, ends[1] };
	struct k_spawn how = { .fn = child_main, .arg = &c, .cgroup_fd = -1 };
	long pid = k_spawn(kernel_linux(), &how);
	close(ends[1]);
	while (pid > 0 && ((n = read(ends[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)))
		str_addn(said, buf, n > 0 ? (size_t)n : 0);
	close(ends[0]);
	if (pid < 0)
		return (int)pid;
	k_wait(kernel_linux(), pid, 0, &end);
	return end.signal ? 128 + end.signal : end.code;
}

const struct git_runner git_run_alone = { .run = run, .alone = true };
