/* filters.h - ?filters= of lists and prunes, in both of Docker's forms. */
#ifndef DRYDOCK_API_FILTERS_H
#define DRYDOCK_API_FILTERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct request;

/* {"k":["v"]} and {"k":{"v":true}}; owned object of arrays of strings, never NULL on
 * success.  EINVAL for anything else. */
int query_filters(const struct request *r, cJSON **out, struct err *e);
/* 400 naming the first filter that is none of the words (NULL at the end). */
int filter_check(const cJSON *filters, const char *const *words, struct err *e);

/* True if there is no such filter, or one of its values is `value`, begins it, or is
 * an extended regular expression that it matches. */
bool filter_has(const cJSON *filters, const char *key, const char *value);
bool filter_prefix(const cJSON *filters, const char *key, const char *value);
bool filter_match(const cJSON *filters, const char *key, const char *value);
/* label: "key" or "key=value", all of which must be there; label!: not all of these. */
bool filter_labels(const cJSON *filters, const cJSON *labels);

/* *out stays as it is where there is no such filter. */
int filter_bool(const cJSON *filters, const char *key, bool *out, struct err *e);
/* The same for a time: "10m" (ago), Unix seconds, RFC 3339 or its beginning. */
int filter_time(const cJSON *filters, const char *key, uint64_t *ns, struct err *e);

#endif
