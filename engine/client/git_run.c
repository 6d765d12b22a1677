/* git_run.c - see git_run.h.  Passwords are asked for at the terminal, past the pipe. */
#include "client/git_run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"

static int run(void *arg, char *const *argv, char *const *env, struct str *said)
{
	posix_spawn_file_actions_t acts;
	char buf[4096];
	ssize_t n;
	pid_t pid;
	int ends[2], status = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&acts, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&acts, ends[1], STDERR_FILENO);
	int r = posix_spawn(&pid, argv[0], &acts, NULL, argv, env);
	posix_spawn_file_actions_destroy(&acts);
	close(ends[1]);
	while (!r && ((n = read(ends[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR)))
		str_addn(said, buf, n > 0 ? (size_t)n : 0);
	close(ends[0]);
	if (r)
		return -r;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const struct git_runner git_run_user = { .run = run };
