/* template.h - the everyday part of Go's text/template, over JSON values: what
 * docker's --format understands.
 *
 * Actions: {{.A.B}}, {{$x := …}}, pipelines, if/else if/else, range (with one or
 * two variables, else), with, comments, trim markers.  Functions: and, or, not,
 * eq, ne, lt, le, gt, ge, len, index, slice, print, printf, println, json, join,
 * split, lower, upper, title, pad, truncate.
 *
 * A template is parsed once and run for each row.  Errors are Go's words
 * ("template: :1: unclosed action"); callers put their own before them.
 */
#ifndef DRYDOCK_CLIENT_TEMPLATE_H
#define DRYDOCK_CLIENT_TEMPLATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"

struct template;

int template_parse(const char *text, struct template **out, struct err *e);
void template_free(struct template *t);
/* type: what Go would call the value's type, for the error about an unknown
 * field; NULL: the value is a map ("map has no entry for key"). */
int template_run(const struct template *t, const cJSON *value, const char *type,
		 struct str *out, struct err *e);
/* The row of a table's head: unknown fields are shown as nothing, functions that
 * change their argument leave it alone. */
int template_head(const struct template *t, const cJSON *heads, struct str *out);

/* An object's fields whose names begin with this are helpers: used, never printed. */
#define FIELD_HIDDEN '\001'
#define FIELD_LABELS "\001labels"

/* A value as Go's {{.}} prints it, and as its encoding/json writes it. */
void go_print(const cJSON *v, struct str *out);
void go_json(const cJSON *v, struct str *out);
/* Is it an object whose keys are data and not fields (Labels …)?  Go has a map there. */
bool go_is_map(const cJSON *v);
/* JSON text laid out anew with `unit` for each level, as json.Indent does; the numbers
 * and strings stay as they are. */
void json_indent(const char *text, size_t n, const char *unit, struct str *out);

#endif
