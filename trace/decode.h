/* decode.h - events as text: names for numbers, the way man pages write calls. */
#ifndef DRYDOCK_TRACE_DECODE_H
#define DRYDOCK_TRACE_DECODE_H

#include "core/str.h"
#include "trace/event.h"

/* Argument i (from 0): "MS_NOSUID|MS_NODEV", "\"/proc\"", "AT_FDCWD", "0755" … */
void decode_arg(struct str *out, const struct trace_event *ev, int i);
/* "mount("proc", "/proc", "proc", MS_NOSUID, NULL)": the system call's name and
 * arguments; for a row of several system calls, the row's. */
void decode_call(struct str *out, const struct trace_event *ev);
/* "0", "3", "-1 ENOENT (No such file or directory)". */
void decode_result(struct str *out, const struct trace_event *ev);
/* The lines strace would show, separated by newlines, results included. */
void decode_strace(struct str *out, const struct trace_event *ev);
/* The reason beside the call: of the plan's step, or else of the row. */
const char *decode_why(const struct trace_event *ev);

#endif
