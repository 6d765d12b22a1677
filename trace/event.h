/* event.h - one traced call, as it lies in a ring (256 bytes, no pointers).
 *
 * Written by the tracing decorator in whatever process makes the call, read by
 * the daemon's collector.  All times are CLOCK_MONOTONIC nanoseconds, so that
 * events and facts of all processes share one order. */
#ifndef DRYDOCK_TRACE_EVENT_H
#define DRYDOCK_TRACE_EVENT_H

#include <stdint.h>

enum trace_stage { STAGE_DAEMON, STAGE_SUPERVISOR, STAGE_CHILD, STAGE_INIT, STAGE_EXEC };
enum trace_kind {
	EV_CALL,
	EV_REGION_OPEN,
	EV_REGION_CLOSE,	/* from when it was opened to when it was closed */
	EV_DROPPED,		/* made by the collector: `result` events were lost here */
	EV_SUBJECT,		/* for the collector: text is the container that follows */
};
enum trace_backend { BACKEND_LINUX, BACKEND_ROOTLESS, BACKEND_SIM };

#define TRACE_TEXT 160

struct trace_event {
	uint64_t commit;	/* written last, with release: index + 1 of this slot's record */
	uint64_t start_ns;	/* CLOCK_MONOTONIC */
	uint64_t end_ns;
	int64_t result;		/* >= 0, or -errno; EV_DROPPED: how many were lost */
	int64_t arg[6];		/* numbers as passed; text: 0 if NULL, else 1; vectors: length */
	int32_t pid;		/* the thread's number, as the host sees it */
	uint16_t op;		/* enum k_op */
	uint16_t why;		/* enum why (why.def); 0: the row's own why */
	uint16_t region;	/* enum region (region.def): the phase of the outline */
	uint8_t stage, kind, backend, truncated;
	uint8_t pad[2];
	char text[TRACE_TEXT];	/* text and structures in order of arguments, each NUL-terminated */
};

_Static_assert(sizeof(struct trace_event) == 256, "events fill their slots");

/* "daemon", "supervisor", "child", "init", "exec"; "linux", "rootless", "sim". */
extern const char *const trace_stage_names[];
extern const char *const trace_backend_names[];

#endif
