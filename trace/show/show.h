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

enum show_level { SHOW_STORY, SHOW_MECHANISM, SHOW_RAW, SHOW_STRACE, SHOW_JSON };

#define SHOW_PHASES 32

/* What story gathers about a phase until it closes. */
struct show_phase {
	int pid, calls, failed;		/* pid 0: a free place */
	char region[24], last_failure[64];
};

struct show {
	enum show_level level;
	bool colour;
	char container[16];	/* of the line before: a change gets a headline */
	char region[24];
	uint64_t first_ns;	/* start of the first call shown */
	int64_t wall_offset;	/* CLOCK_REALTIME - CLOCK_MONOTONIC, for strace's times */
	struct show_phase phase[SHOW_PHASES];
};

int show_level(const char *name);	/* "story" …; -1: no such level */
void show_init(struct show *s, enum show_level level, bool colour);
/* Takes one line of GET /drydock/trace; adds what it is worth at this level to out:
 * nothing, or some lines, each ended by a newline.  -EINVAL: not such a line. */
int show_line(struct show *s, const char *json, size_t n, struct str *out);

/* The commands, with their own argv[0] ("trace", "explain").  Exit codes 0, 1, 2. */
int cmd_trace(int argc, char **argv);
int cmd_explain(int argc, char **argv);

#endif
