/* decorator.h - the tracing decorator: an event for every call.
 *
 * A tracer stands on top of the other decorators (trace(fault(linux))), so that
 * injected failures are seen.  It copies what the call's pointers point to into
 * the event: text is cut at TRACE_TEXT bytes and marked; an environment is only
 * counted, since it may hold secrets.  No allocation, no lock: it works between
 * clone and exec.  Its cost is two clock readings and a copy, 0.1-0.2 us a call.
 *
 * The setters take any kernel: they look for the tracer in its chain and do
 * nothing if there is none.  Plan runners set why and region for each step.
 */
#ifndef DRYDOCK_TRACE_DECORATOR_H
#define DRYDOCK_TRACE_DECORATOR_H

#include "kernel/kernel.h"
#include "trace/ring.h"

/* Why a call is made, where the table's own reason isn't the best: why.def. */
enum why {
	WHY_TABLE,		/* the row's own */
#define WHY(name, text) WHY_##name,
#include "trace/why.def"
#undef WHY
	WHY_COUNT
};

/* The phases of a container's life, as the outline shows them: region.def. */
enum region {
	REGION_NONE,
#define REGION(name, word, title) REGION_##name,
#include "trace/region.def"
#undef REGION
	REGION_COUNT
};

extern const char *const trace_why_text[WHY_COUNT];		/* [WHY_TABLE] is "" */
extern const char *const trace_region_names[REGION_COUNT];	/* one word; "" for none */
extern const char *const trace_region_titles[REGION_COUNT];

struct tracer {
	struct k_hook hook;	/* first: kernel.priv points here */
	struct kernel kernel;	/* make calls through &tracer.kernel */
	/* Which tracer counts in this thread; NULL: this one (threads.h has another). */
	struct tracer *(*mine)(struct tracer *t);
	struct trace_ring *ring;	/* borrowed; NULL: calls pass untraced */
	int32_t pid;		/* 0: look it up at the next event (a child's first) */
	uint16_t why, region;
	uint8_t stage, backend;
	const char *subject;	/* the container that calls are about; borrowed; NULL: none */
};

/* Returns &t->kernel.  A tracer for a child is made before the spawn, with a
 * ring of its own; the child's first event finds out its number on the host. */
struct kernel *tracer_init(struct tracer *t, struct kernel *next, struct trace_ring *ring,
			   enum trace_stage stage, enum trace_backend backend);
/* The parent has learnt that the child's execve worked: shows its event. */
void tracer_exec_done(struct tracer *t);
/* The tracer in k's chain in this thread, or NULL. */
struct tracer *tracer_of(struct kernel *k);

void trace_why(struct kernel *k, enum why why);		/* until set again; WHY_TABLE resets */
/* Closes the region that is open, and opens this one unless REGION_NONE. */
void trace_region(struct kernel *k, enum region region);
/* What follows in this thread is about that container (NULL: none); whose it was
 * before, for the caller to set again.  The id is borrowed until then. */
const char *trace_subject(struct kernel *k, const char *container);

#endif
