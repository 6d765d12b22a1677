/* record_json.h - one record as a JSON line: docs/lecture-7.4/trace-format.md. */
#ifndef DRYDOCK_TRACE_RECORD_JSON_H
#define DRYDOCK_TRACE_RECORD_JSON_H

#include "core/str.h"
#include "trace/log.h"

void record_json(struct str *out, const struct trace_record *r);

#endif
