/* watch.h - the exec watch: who installed a filter with a listener hears of each program
 * that starts or ends below.
 *
 * The real kernel stops the process and lets us look at it; here what there is to see is
 * noted at that moment, and nobody waits. */
#ifndef DRYDOCK_SIM_WATCH_H
#define DRYDOCK_SIM_WATCH_H

#include "sim/task.h"

struct watch;

/* A program's start or end, as /proc would have shown it. */
struct watch_note {
	struct watch_note *next;
	bool ended;
	int pid, nspid, code, signal;
	bool tty;
	uint32_t uid;
	uint64_t caps;
	char *exe, *cwd;
	char **argv;
};

/* The caller and all its children are watched from here on: a real descriptor, readable
 * when there is news; hung up when the last of them is gone. */
long watch_new(struct task *t);
/* Takes the oldest note's pid and number (execve or exit_group); -ENOENT: none. */
long watch_next(struct sim *s, int fd, struct k_notify *out);
/* The whole note that watch_next() told of last; the caller frees it. */
struct watch_note *watch_take(struct sim *s, int fd);
void watch_note_free(struct watch_note *n);

#endif
