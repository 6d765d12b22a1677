/* calls.h - the kernel calls of one run of a container, in a form in which two runs can be
 * compared: what differs anyway (ids, descriptors, process numbers) is taken out. */
#ifndef DRYDOCK_LABS_LOOK_CALLS_H
#define DRYDOCK_LABS_LOOK_CALLS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "core/error.h"

struct call {
	char *key;			/* compared */
	char *text, *why, *region;	/* shown */
};

struct calls { struct call *v; size_t n; };

/* Takes the calls of start `number` (from 1) out of a container's trace: JSON objects as
 * GET /drydock/trace has them, in order.  A start ends when its program has, and what is
 * tidied up after that belongs to it, too. */
void calls_take(const cJSON *trace, int number, struct calls *out);
void calls_free(struct calls *c);

/* A longest common subsequence: same[i] becomes the position in b of a's call i, or -1. */
void calls_match(const struct calls *a, const struct calls *b, long *same);

#endif
