/* plan.h - a container's start as data: a list of kernel calls.
 *
 * The daemon compiles a spec into a plan (plan_start.c), a supervisor carries
 * it out (plan_run.c), `--dry-run` prints it (plan_text.c), and on any error
 * the undo calls of the steps that were done are made in reverse.
 *
 * A step is one call of the waist, with operands that are numbers, text and
 * structures (kept in the plan's heap), or *slots*: places that hold the result
 * of an earlier step, say the descriptor that fsopen gave.  What a step does
 * when its call fails is data, too: fail, go on, or go on elsewhere - that is
 * how an older kernel gets the overlay mounted another way.
 *
 * Few things a start needs are no kernel call that we teach: handing a
 * descriptor to the supervisor, or waiting for the word to go.  They are
 * *acts*; the runner leaves them to its owner.
 *
 * A finished plan is one flat buffer without pointers.  It travels in a memfd;
 * plan_load() turns heap offsets into pointers, in place, once.
 *
 * Ownership: a builder owns its memory until plan_finish(); a loaded plan
 * borrows the buffer.
 */
#ifndef DRYDOCK_RUNTIME_PLAN_H
#define DRYDOCK_RUNTIME_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "trace/event.h"

#define PLAN_SLOTS 80
#define PLAN_ANY_ERRNO 4096	/* as an expected errno: whatever went wrong */

/* Slots that exist before the first step: what the supervisor brings along. */
enum plan_slot {
	SLOT_NONE = -1,
	SLOT_STDIN, SLOT_STDOUT, SLOT_STDERR,	/* the container's ends of the pipes */
	SLOT_CHILD,				/* pid of the process spawned */
	SLOT_PIDFD,				/* its pidfd */
	SLOT_INIT,				/* for an exec: pidfd of PID 1 */
	SLOT_TTY_MASTER, SLOT_TTY_SLAVE,
	SLOT_NS_NET, SLOT_NS_PID, SLOT_NS_IPC, SLOT_NS_UTS,	/* handed in by the daemon */
	SLOT_NS_USER,
	SLOT_FIRST_FREE,
};

/* Steps whose op isn't a kernel call. */
enum plan_act {
	ACT_CHECK_CWD = -5,	/* the working directory is one of the container's own */
	ACT_HAND_TTY,	/* give the slot's descriptor to the supervisor: terminal */
	ACT_HAND_WATCH,		/* … the seccomp listener of the exec watch */
	ACT_WAIT_GO,		/* everything is set up: wait for the word */
	ACT_INIT,		/* stay behind as a tiny init; go on in a child */
};

#define STAGE_UNDO 255		/* never run in order: only as another step's undo */

enum plan_kind { ARG_INT, ARG_PTR, ARG_SLOT, ARG_CHILD, ARG_TTY };

struct plan_step {
	int16_t op;		/* enum k_op, or enum plan_act */
	uint8_t stage;		/* enum trace_stage, or STAGE_UNDO */
	uint8_t program;	/* 1: a failure means the program can't be run */
	uint16_t why, region;
	int16_t into;		/* slot that takes the result, or SLOT_NONE */
	int16_t undo;		/* the step that takes this one back, or -1 */
	int16_t expected[3];	/* errnos that don't end the start */
	int16_t otherwise;	/* where to go on after those; -1: at the next step */
	int16_t then;		/* where to go on after success; -1: at the next step */
	uint8_t kind[6];	/* enum plan_kind */
	int64_t arg[6];		/* number, slot, or pointer (heap offset before loading) */
};

/* The head of the flat buffer; steps, relocations and heap follow. */
struct plan_head {
	_Alignas(8) uint32_t magic;	/* what follows the head is aligned, too */
	uint32_t size;
	uint32_t n_steps, n_relocs;
	uint32_t steps, relocs, heap;	/* offsets from the head */
	uint32_t slot_name[PLAN_SLOTS];	/* heap offsets, for people */
};

struct plan {
	const struct plan_step *step;
	int n_steps;
	const char *slot_name[PLAN_SLOTS];
};

/* 0, or -EBADMSG if the buffer is no plan.  Changes the buffer: load once. */
int plan_load(void *buffer, size_t size, struct plan *out);

/* ---- carrying it out (plan_run.c) ---- */

struct plan_run {
	struct kernel *k;
	const struct plan *plan;
	int64_t slot[PLAN_SLOTS];
	int failed;		/* the step a failure came from, or -1 */
	int ignored;		/* steps that failed as expected and were passed over */
	uint8_t done[64];	/* bit n: step n was done and has an undo */
	struct k_spawn spawn;	/* fn, arg, vfork and stack for the spawn step */
	/* What isn't a kernel call: 0 or -errno.  child_stage() tells ACT_INIT apart. */
	int (*act)(struct plan_run *r, const struct plan_step *s);
	/* Told before each step: why and region for the tracer.  May be NULL. */
	void (*enter)(struct plan_run *r, const struct plan_step *s);
	void *owner;
};

void plan_run_init(struct plan_run *r, struct kernel *k, const struct plan *p);
/* Makes the calls of one stage in order.  0, or -errno with r->failed set. */
int plan_run_stage(struct plan_run *r, int stage);
/* The same, from the step with this index on. */
int plan_run_from(struct plan_run *r, int stage, int first);
/* Makes the undo calls of all steps done, last first; errors are passed over. */
void plan_undo(struct plan_run *r);

/* The undo calls alone, once the plan has served: they are made when the
 * container ends, and a plan is large. */
#define PLAN_KEPT 16
struct plan_kept {
	struct plan_step step[PLAN_KEPT];
	int n;
	char text[3072];
	size_t used;
};
/* Takes over the undo calls of all steps done; their operands are numbers and
 * text.  -ENOSPC: too many, the plan must be kept. */
int plan_keep_undo(struct plan_run *r, struct plan_kept *kept);
void plan_undo_kept(struct plan_run *r, struct plan_kept *kept);

/* Fills in the call a step makes, given the slots; for running and for printing. */
void plan_call_of(const struct plan_run *r, const struct plan_step *s, struct k_call *call);

#endif
