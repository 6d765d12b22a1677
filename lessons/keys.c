#include "lessons/keys.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

void keys_begin(struct keys *k, bool raw)
{
	/* Without SA_RESTART: what waits has to return. */
	struct sigaction a = { .sa_handler = on_signal };
	stopped = 0;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &a, &k->old[i]);
	k->raw = raw && tcgetattr(STDIN_FILENO, &k->was) == 0;
	if (!k->raw)
		return;
	struct termios t = k->was;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

void keys_end(struct keys *k)
{
	if (k->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &k->was);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &k->old[i], NULL);
}

bool keys_stopped(void) { return stopped; }
void keys_stop(void) { stopped = 1; }

static int read_key(void)
{
	unsigned char c;
	ssize_t n = read(STDIN_FILENO, &c, 1);
	if (n == 1)
		return c;
	if (n == 0 || errno != EINTR)
		stopped = 1;	/* the terminal went away */
	return 0;
}

int keys_wait(bool key, int fd, int ms)
{
	struct pollfd p[] = { { .fd = key ? STDIN_FILENO : -1, .events = POLLIN },
			      { .fd = fd, .events = POLLIN } };
	if (stopped || poll(p, 2, ms) <= 0)
		return 0;
	if (p[1].revents)
		return -1;
	return read_key();
}

void keys_line(struct str *out)
{
	for (int c = read_key(); !stopped && c != '\n' && c != '\r'; c = read_key()) {
		char text = (char)c;
		if ((c == 0x7f || c == '\b') && out->len) {
			out->s[--out->len] = '\0';
			write_all(STDOUT_FILENO, "\b \b", 3);
		} else if (c >= ' ' && c < 0x7f) {
			str_addn(out, &text, 1);
			write_all(STDOUT_FILENO, &text, 1);
		}
	}
	write_all(STDOUT_FILENO, "\n", 1);
}
