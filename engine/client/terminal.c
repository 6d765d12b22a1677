/* terminal.c - see terminal.h. */
#include "client/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/cleanup.h"

static const struct { int sig; const char *name; } caught[] = {
	{ SIGHUP, "HUP" }, { SIGINT, "INT" }, { SIGQUIT, "QUIT" }, { SIGTERM, "TERM" },
	{ SIGUSR1, "USR1" }, { SIGUSR2, "USR2" }, { SIGALRM, "ALRM" }, { SIGWINCH, "WINCH" },
};

int terminal_begin(struct terminal *t, struct err *e)
{
	sigset_t set;

	*t = (struct terminal){ .signals = -1 };
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i].sig);
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals >= 0)
		return 0;
	int code = errno;
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
	return err_sys(e, code, "signalfd");
}

void terminal_raw(struct terminal *t)
{
	struct termios raw;

	if (t->raw || tcgetattr(STDIN_FILENO, &t->saved))
		return;
	raw = t->saved;
	cfmakeraw(&raw);
	t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

/* Also when somebody else has the terminal by now, as after our shell was killed:
 * SIGTTOU would stop us, and the terminal would stay raw. */
static void make_cooked(const struct terminal *t)
{
	sigset_t background, before;

	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	sigprocmask(SIG_BLOCK, &background, &before);
	tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_end(struct terminal *t)
{
	if (t->raw)
		make_cooked(t);
	t->raw = false;
	if (t->signals < 0)
		return;
	while (terminal_signal(t))
		;
	close(t->signals);
	t->signals = -1;
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

int terminal_signal(struct terminal *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

bool terminal_size(unsigned *rows, unsigned *cols)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		return false;
	*rows = w.ws_row;
	*cols = w.ws_col;
	return true;
}

bool terminal_redraws(int fd)
{
	const char *term = getenv("TERM"), *accessible = getenv("ACCESSIBLE");

	return isatty(fd) && !(accessible && *accessible) && !(term && strcmp(term, "dumb") == 0);
}

const char *terminal_signal_name(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		if (caught[i].sig == sig)
			return caught[i].name;
	return "";
}
