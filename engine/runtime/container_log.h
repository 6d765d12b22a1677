/* container_log.h - LogConfig: which driver, how large, what else stands on each line.
 *
 * json-file and local are one here: the supervisor's file (supervisor/log.c), which it
 * turns over at max-size and keeps max-file of.  local has limits where none are given;
 * none keeps nothing.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_LOG_H
#define DRYDOCK_RUNTIME_CONTAINER_LOG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

#define LOG_ATTRS_MAX 1000	/* bytes that a supervisor has room for */

struct log_limits { int64_t max_size; int max_file; };	/* bytes, 0: no limit; files, all */

/* The driver and its options, in docker's words. */
int log_check(const cJSON *log_config, struct err *e);
void log_limits(const cJSON *log_config, struct log_limits *out);
bool log_is_kept(const cJSON *log_config);
/* What labels=, env= and tag= put on each line: {"key":"value"}; owned, NULL: nothing. */
cJSON *log_attrs(const cJSON *log_config, const cJSON *config, const char *id, const char *name);

#endif
