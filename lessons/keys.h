/* keys.h - the speaker's keyboard, and the time that passes between two keys.
 *
 * From keys_begin() to keys_end() a terminal at standard input gives single keys, and
 * Ctrl-C, a hang-up and SIGTERM only set a flag: everything below then returns at once.
 */
#ifndef DRYDOCK_LESSONS_KEYS_H
#define DRYDOCK_LESSONS_KEYS_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "core/str.h"

struct keys {
	struct termios was;
	struct sigaction old[3];
	bool raw;		/* the terminal was changed */
};

void keys_begin(struct keys *k, bool raw);
void keys_end(struct keys *k);
/* Has it been stopped? */
bool keys_stopped(void);
void keys_stop(void);

/* Waits: for a key (0 if none came, or it was stopped), for fd (-1: none) to be readable
 * (then -1), and for ms at most (-1: as long as it takes). */
int keys_wait(bool key, int fd, int ms);
/* A line, as it is typed; Enter ends it. */
void keys_line(struct str *out);

#endif
