/* fault.h - failures on purpose: a decorator that fails or kills at one call.
 *
 * What fails is told as text, usually from DRYDOCK_FAULT; rules are separated by
 * commas:
 *
 *	mount:2=ENOSPC      the second mount fails with ENOSPC and is not made
 *	mount=EPERM         the first one
 *	mount:*=EPERM       every one
 *	#17=kill            SIGKILL just before the 17th call of any name
 *	execve=exit         _exit(1) there, as a crash would
 *	child/#3=EIO        only where the stage is `child` (trace/event.h's stages)
 *
 * Calls are counted from 1 by each struct fault: give supervisor and child one
 * each and "#N" means the Nth of that process.  A test that walks N upward until
 * a run succeeds has failed every call once.  No allocation, no lock.
 */
#ifndef DRYDOCK_KERNEL_FAULT_H
#define DRYDOCK_KERNEL_FAULT_H

#include "kernel/kernel.h"

#define FAULT_RULES 8

enum fault_action { FAULT_ERRNO, FAULT_KILL, FAULT_EXIT };

struct fault_rule {
	int op;			/* enum k_op, or -1: any */
	unsigned int nth;	/* 0: every one */
	enum fault_action action;
	int error;		/* positive errno, of FAULT_ERRNO */
};

struct fault {
	struct k_hook hook;	/* first: kernel.priv points here */
	struct kernel kernel;	/* make calls through &fault.kernel */
	struct fault_rule rule[FAULT_RULES];
	size_t n_rules;
	unsigned int calls;	/* so far, of any name */
	unsigned int seen[K_COUNT];
	unsigned int struck;	/* how often a rule applied */
};

/* Returns &f->kernel.  text NULL or "": a decorator that only counts.  Rules for
 * another stage are left out.  NULL if a rule can't be read: *bad (may be NULL)
 * points at it. */
struct kernel *fault_init(struct fault *f, struct kernel *next, const char *text,
			  const char *stage, const char **bad);

#endif
