/* ring.h - events on their way from one producer to one consumer.
 *
 * One ring for each thread of the daemon that makes calls, and two for each
 * supervisor (its own and its child's), in a memfd that daemon and producer map.
 * The rules that keep it truthful when a producer is killed at any instruction:
 *
 *   - `head` and `tail` only grow; slot = index % slots.  Only the producer moves
 *     head, only the consumer moves tail.  Space is checked before a slot is
 *     touched, and head moves (release) after the slot is complete: an event is
 *     seen whole or not at all.
 *   - Full: the event is counted in `lost`, nothing else changes.  The consumer
 *     turns a grown count into an EV_DROPPED event.
 *   - The ring's own memory says where it stands: a producer that takes over
 *     (the next exec in a container) goes on where the last one stopped.
 *   - execve doesn't return when it works.  Its event is written before the call
 *     and left *pending*: complete, but head not yet moved.  Failing, the caller
 *     overwrites and publishes it; else the parent, which learns of the success,
 *     calls trace_ring_settle().
 *
 * The memfd is close-on-exec and a mapping ends with exec: no container can
 * write an event.  Nothing here allocates or locks.
 */
#ifndef DRYDOCK_TRACE_RING_H
#define DRYDOCK_TRACE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/event.h"

/* Sizes: a start makes about 160 calls in 3 ms, the collector looks every 4 ms.  A
 * ring's memory is used up to its size in the long run, 64 KiB here: a supervisor with
 * nothing to do gives it back.  A thread of the daemon whose ring fills up empties it
 * itself; a supervisor can't. */
#define RING_SLOTS_DAEMON 256
#define RING_SLOTS_SUPERVISOR 256

struct trace_ring {		/* the mapping itself */
	uint32_t magic, slots;
	uint64_t head, tail, lost;
	uint64_t told;		/* by the consumer: how many of `lost` it knows of */
	uint64_t opened_ns;	/* by the producer: since when its region is open */
	uint64_t pad[26];	/* events start on a slot boundary */
	struct trace_event slot[];
};

/* A new ring in a memfd: its mapping, and in *fd (may be NULL: no descriptor is
 * kept) what another process passes to trace_ring_map().  0 or -errno. */
int trace_ring_create(uint32_t slots, struct trace_ring **out, int *fd);
int trace_ring_map(int fd, struct trace_ring **out);	/* -EINVAL: not a ring */
void trace_ring_unmap(struct trace_ring *r);

/* Producer: how many events fit now. */
uint64_t trace_ring_room(const struct trace_ring *r);
/* Producer: the next slot to fill in, or NULL if the ring is full (counted). */
struct trace_event *trace_ring_claim(struct trace_ring *r);
void trace_ring_publish(struct trace_ring *r);	/* the claimed slot is complete */
void trace_ring_pend(struct trace_ring *r);	/* complete, visible once settled */
/* Publishes a pending event and gives it, valid until the next claim; NULL: none. */
const struct trace_event *trace_ring_settle(struct trace_ring *r);
/* Producer: gives the pages of events that have been read back to the kernel, if all
 * have; they come again when they are needed.  Nobody may be writing. */
void trace_ring_rest(struct trace_ring *r);

/* Consumer: up to max events, in order; how many. */
size_t trace_ring_read(struct trace_ring *r, struct trace_event *out, size_t max);
/* Consumer: how many were lost since this was last asked, by whatever consumer. */
uint64_t trace_ring_lost(struct trace_ring *r);

#endif
