/* terminal.h - the user's terminal, borrowed: raw mode, size, signals.
 *
 * While a session has the terminal, the signals it deals with are blocked and
 * read from a descriptor, so that nothing can end the process between raw mode
 * and its restoration; terminal_end() puts everything back. */
#ifndef DRYDOCK_CLIENT_TERMINAL_H
#define DRYDOCK_CLIENT_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "core/error.h"

struct terminal {
	int signals;		/* signalfd, -1: none */
	sigset_t mask;		/* as it was */
	bool raw;
	struct termios saved;
};

int terminal_begin(struct terminal *t, struct err *e);
/* Raw mode on standard input, if that is a terminal. */
void terminal_raw(struct terminal *t);
void terminal_end(struct terminal *t);
/* The next signal that came, 0 if none is waiting. */
int terminal_signal(struct terminal *t);
/* Size of standard output's terminal; false if it is none. */
bool terminal_size(unsigned *rows, unsigned *cols);
/* May what was shown on fd be drawn over?  Not off a terminal, not where TERM is
 * "dumb" or ACCESSIBLE is set. */
bool terminal_redraws(int fd);
/* "TERM" for SIGTERM. */
const char *terminal_signal_name(int sig);

#endif
