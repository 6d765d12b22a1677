/* log_line.h - a line of a container's log, as the supervisor wrote it:
 *
 *	{"log":"text\n","stream":"stdout","time":"2026-01-31T09:00:00.123456789Z"}
 *
 * Read here and not by cJSON, whose strings end at the first NUL byte: what a program
 * prints may hold any.
 */
#ifndef DRYDOCK_RUNTIME_LOG_LINE_H
#define DRYDOCK_RUNTIME_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct log_line {
	struct str text;	/* may hold NUL bytes; reused from line to line */
	bool is_err;
	char stamp[40];		/* RFC 3339, or "" */
};

/* line: without its newline.  0, or -EBADMSG for what is no such line. */
int log_line_parse(const char *line, size_t len, struct log_line *out);

#endif
