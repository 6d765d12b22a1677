/* A child gets the terminal, the shell waits beside it.
 *
 * The child is a process group of its own and the terminal's foreground group,
 * so that Ctrl-C is for it alone.  While it runs, the shell reads the trace; it
 * prints only when the child is quiet for sure (live.h).  Ctrl-Z is switched off
 * for children: there is no job control here that could bring one back.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "client/docker.h"
#include "core/cleanup.h"
#include "core/lang.h"
#include "core/clock.h"
#include "labs/shell/shell.h"

#define LATE_MS 300	/* how long the last lines of a trace are waited for */
#define LONG_MS 700	/* a command that runs longer gets its trace while it runs */

static void each_trace(void *arg, const char *line, size_t n)
{
	struct shell *sh = arg;
	live_line(&sh->live, &sh->screen, line, n);
}

static void drain_trace(struct shell *sh)
{
	if (sh->trace.fd >= 0 && !follow_read(&sh->trace, each_trace, sh))
		follow_stop(&sh->trace);
}

/* A program may end without a newline.  A mark and blanks to the right margin
 * bring the cursor to a new line if it was not at the start of one; if it was,
 * all is wiped again. */
static void fresh_line(const struct shell *sh)
{
	if (!sh->interactive || sh->screen.plain)
		return;
	printf("%s~%s%*s\r\033[K", screen_on(&sh->screen, TONE_DIM), screen_off(&sh->screen),
	       sh->screen.width - 1, "");
	fflush(stdout);
}

/* Waits for the child and shows what may be shown meanwhile. */
static int wait_for(struct shell *sh, pid_t pid, bool holds_terminal)
{
	autofd int watch = (int)syscall(SYS_pidfd_open, pid, 0);
	int status, waited = 0;
	for (;;) {
		struct pollfd p[2] = { { .fd = watch, .events = POLLIN },
				       { .fd = sh->trace.fd, .events = POLLIN } };
		int n = poll(p, 2, 100);
		drain_trace(sh);
		waited += n == 0 ? 100 : 0;
		if (!holds_terminal && sh->live.started && waited >= LONG_MS)
			live_flush(&sh->live, &sh->screen);
		if (watch < 0 || p[0].revents)
			break;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void take_terminal(bool tty, pid_t shell)
{
	/* When the shell is killed outright, nobody is left to give the terminal back:
	 * the child sees the line hang up, and sets the terminal right itself. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() != shell)
		_exit(128 + SIGHUP);
	setpgid(0, 0);
	if (tty)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGWINCH, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGTSTP, SIG_IGN);
}

/* The engine knows the number of the last call; and an end that has begun (taking
 * stock of the container's files takes time) is waited for, too. */
void foreground_settle(struct shell *sh)
{
	struct pollfd p = { .events = POLLIN };
	if (!sh->live.on || !sh->course.http)
		return;
	int64_t last = trace_last_event(sh->course.http), late = LATE_MS * 1000000LL;
	uint64_t began = clock_mono_ns();
	while ((p.fd = sh->trace.fd) >= 0 && clock_mono_ns() - began < (uint64_t)late &&
	       (sh->live.seen < last || show_busy(&sh->live.show, late)) &&
	       poll(&p, 1, LATE_MS) >= 0)
		drain_trace(sh);
	live_flush(&sh->live, &sh->screen);
}

static int run(struct shell *sh, int (*program)(void *arg), void *arg, bool holds_terminal)
{
	struct termios saved;
	bool tty = sh->interactive && tcgetattr(STDIN_FILENO, &saved) == 0;
	fflush(stdout);
	fflush(stderr);
	pid_t shell = getpid(), pid = fork();
	if (pid == 0) {
		take_terminal(tty, shell);
		exit(program(arg));
	}
	if (pid < 0)
		return 125;
	setpgid(pid, pid);
	if (tty)
		tcsetpgrp(STDIN_FILENO, pid);
	int status = wait_for(sh, pid, holds_terminal);
	if (tty) {
		tcsetpgrp(STDIN_FILENO, getpgrp());
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	}
	fresh_line(sh);
	return status;
}

static int call_docker(void *arg)
{
	char **words = arg;
	lang_off();	/* docker speaks as docker does */
	return docker_main((int)strv_len(words), words);
}

static int call_shell(void *arg)
{
	const char *shell = getenv("SHELL");
	if (!shell || access(shell, X_OK) < 0)
		shell = "/bin/sh";
	execl(shell, shell, "-c", (char *)arg, NULL);
	return 127;
}

static int call_self(void *arg)
{
	execv("/proc/self/exe", arg);
	return 127;
}

int foreground_docker(struct shell *sh, char **words, bool terminal)
{
	return run(sh, call_docker, words, terminal);
}

int foreground_shell(struct shell *sh, const char *line)
{
	return run(sh, call_shell, (void *)line, false);
}

int foreground_self(struct shell *sh, char *const *words)
{
	return run(sh, call_self, (void *)words, false);
}
