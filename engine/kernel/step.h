/* step.h - one call at a time: a decorator that waits for a go-ahead.
 *
 * Before each call it writes a struct step_ask to `ask` and reads one byte from
 * `answer`:
 *
 *	'g'  go on with this call, ask again before the next
 *	'r'  run: go on and don't ask any more
 *	'q'  refuse: this call and all that follow fail with ECANCELED
 *
 * End of file on either is 'r', so that a screen that went away leaves no
 * container hanging.  The step decorator stands outside the tracer: waiting isn't
 * part of a call's time.
 */
#ifndef DRYDOCK_KERNEL_STEP_H
#define DRYDOCK_KERNEL_STEP_H

#include "kernel/kernel.h"

struct step_ask {
	uint32_t number;	/* from 1, by this decorator */
	uint16_t op;		/* enum k_op */
	uint16_t stage;		/* enum trace_stage */
};

struct step {
	struct k_hook hook;	/* first: kernel.priv points here */
	struct kernel kernel;	/* make calls through &step.kernel */
	int ask, answer;	/* borrowed; may be the two ends of one socket */
	uint16_t stage;
	uint32_t number;
	char mode;		/* 'g', 'r' or 'q' as above */
};

/* Returns &s->kernel. */
struct kernel *step_init(struct step *s, struct kernel *next, int ask, int answer, int stage);

#endif
