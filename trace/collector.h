/* collector.h - the daemon's end of the trace: rings in, one ordered history out.
 *
 * A thread looks into every ring: each 4 ms while calls are being made, ten times
 * a second when all is quiet.  Events are put into the order in which calls ended; since a
 * producer may be held up between stamping an event and publishing it, events
 * younger than COLLECTOR_SLACK_NS wait for the next look.  They are then numbered
 * and written to the log (log.h), from which every reader is served.
 *
 * The daemon's own threads trace through collector_kernel(): each gets a ring at
 * its first call and gives it back when it ends.  Supervisors get theirs from
 * collector_ring(): its memfd is passed on, the mapping stays here.
 */
#ifndef DRYDOCK_TRACE_COLLECTOR_H
#define DRYDOCK_TRACE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"
#include "trace/event.h"
#include "trace/ring.h"

#define COLLECTOR_SLACK_NS 1000000

struct collector;

/* dir: DATA_ROOT/trace.  Starts the thread. */
int collector_open(const char *dir, struct collector **out, struct err *e);
void collector_close(struct collector *c);	/* after the last traced call */

/* A ring for a producer in another process: its events carry this container's
 * id.  *fd (may be NULL) is the caller's, to pass on and close.  0 or -errno. */
int collector_ring(struct collector *c, uint32_t slots, const char *container,
		   struct trace_ring **out, int *fd);
/* A ring that exists (after a daemon's restart: the supervisor sends its memfd).
 * The mapping is the collector's from here on. */
void collector_adopt(struct collector *c, struct trace_ring *ring, const char *container);
/* Gives a ring whose first user was unknown a container: spare supervisors. */
void collector_label(struct collector *c, struct trace_ring *ring, const char *container);
/* Takes what is left in the ring, then unmaps it. */
void collector_drop(struct collector *c, struct trace_ring *ring);

/* Traces the calls of all the daemon's threads; NULL stays untraced.  The kernel
 * lives as long as the collector.  trace_subject() labels a thread's events. */
struct kernel *collector_kernel(struct collector *c, struct kernel *next,
				enum trace_backend backend);

void collector_stats(struct collector *c, uint64_t *events, uint64_t *dropped);

/* Calls fn with each event after `since` as a JSON line (docs/lecture-7.4/
 * trace-format.md), of one container if `container` isn't NULL or "" (the full id,
 * or a prefix of it).  Everything that had happened when this was called is
 * included.  fn returns non-zero to stop.  With follow, waits for more; fn is then
 * also called with NULL twice a second, so that it can notice a hang-up. */
int collector_read(struct collector *c, uint64_t since, const char *container, bool follow,
		   int (*fn)(void *arg, const char *line), void *arg, struct err *e);
/* The number of the last event so far: where to begin a live view. */
uint64_t collector_last(struct collector *c);

#endif
