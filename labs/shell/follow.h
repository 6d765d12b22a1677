/* follow.h - a stream of JSON lines from the engine, read beside the typing.
 *
 * A small child process holds the connection and writes whole lines to a pipe,
 * so that the shell needs neither threads nor a second event loop, and a stream
 * that hangs never stops the shell.
 */
#ifndef DRYDOCK_LABS_SHELL_FOLLOW_H
#define DRYDOCK_LABS_SHELL_FOLLOW_H

#include <sys/types.h>

#include "core/str.h"

struct follow {
	pid_t pid;	/* 0: not running */
	int fd;		/* -1, or the readable end: non-blocking */
	struct str part;	/* a line that has not arrived whole */
};
#define FOLLOW_NONE { .fd = -1 }

int follow_start(struct follow *f, const char *host, const char *path);
/* Calls fn with each whole line that is there.  False: the stream has ended. */
bool follow_read(struct follow *f, void (*fn)(void *arg, const char *line, size_t n), void *arg);
void follow_stop(struct follow *f);

#endif
