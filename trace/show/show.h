/* show.h - the trace for people: JSON lines in, lines of text out.
 *
 *	story      one line a phase of a container's life, with milliseconds
 *	mechanism  one line a call, with the reason beside it
 *	raw        one line a call, with everything a record has
 *	strace     as strace -f would have printed it
 *	json       the lines as they came
 *
 * Plain output is ASCII and one line after the other; colour only repeats what
 * a word says already.  Lines are never cut: wrap them to taste.
 */
#ifndef DRYDOCK_TRACE_SHOW_H
#define DRYDOCK_TRACE_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

struct http;

enum show_level { SHOW_STORY, SHOW_MECHANISM, SHOW_RAW, SHOW_STRACE, SHOW_JSON };

#define SHOW_PHASES 32
#define SHOW_HELD 12

/* What story gathers about a phase until it closes. */
struct show_phase {
	int pid, calls, failed;		/* pid 0: a free place */
	bool is_program;		/* an execve was among the calls */
	int64_t start, ns;		/* CLOCK_MONOTONIC; how long, once closed */
	char region[24], text[80], last_failure[64];
};

struct show {
	enum show_level level;
	bool colour;
	char container[16];	/* of the line before: a change gets a headline */
	char region[24];
	uint64_t first_ns;	/* start of the first call shown */
	int64_t wall_offset;	/* CLOCK_REALTIME - CLOCK_MONOTONIC, for strace's times */
	struct show_phase phase[SHOW_PHASES];
	struct show_phase held[SHOW_HELD];	/* closed, in order; not told yet */
	size_t n_held;
	bool ended;		/* what comes now is tidying up, not the way to a program */
};

int show_level(const char *name);	/* "story" …; -1: no such level */
void show_init(struct show *s, enum show_level level, bool colour);
/* Takes one line of GET /drydock/trace; adds what it is worth at this level to out:
 * nothing, or some lines, each ended by a newline.  -EINVAL: not such a line. */
int show_line(struct show *s, const char *json, size_t n, struct str *out);
/* Adds what was held back: story tells a start as a whole, once the program runs. */
void show_flush(struct show *s, struct str *out);

/* Story: is there a phase that began within these last nanoseconds and goes on? */
bool show_busy(const struct show *s, int64_t within_ns);

/* The number of the last event that has happened by now; 0 if nobody says. */
int64_t trace_last_event(struct http *h);

/* The commands, with their own argv[0] ("trace", "explain").  Exit codes 0, 1, 2. */
int cmd_trace(int argc, char **argv);
int cmd_explain(int argc, char **argv);

#endif
