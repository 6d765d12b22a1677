/* values.h - what options' values mean: the notations that docker's users write
 * (sizes as in go-units, durations as in Go's time package), as numbers.
 * All return 0, or -EINVAL with docker's words for it. */
#ifndef DRYDOCK_CLIENT_VALUES_H
#define DRYDOCK_CLIENT_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

int value_bool(const char *text, bool *out, struct err *e);	/* "true", "1", "f" … */
int value_int(const char *text, int64_t *out, struct err *e);
int value_bytes(const char *text, int64_t *out, struct err *e);	/* "64m" = 64 MiB; "-1" */
int value_duration(const char *text, int64_t *ns, struct err *e);	/* "1m30s" */
int value_nano(const char *text, int64_t *out, struct err *e);	/* "0.5" = 500000000 */
/* --since, --until: a time, or how long ago, as the API takes it. Caller frees. */
int value_timestamp(const char *text, char **out, struct err *e);

#endif
