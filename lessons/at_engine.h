/* at_engine.h - for a demonstration: an engine, found or started for as long as it runs. */
#ifndef DRYDOCK_LESSONS_AT_ENGINE_H
#define DRYDOCK_LESSONS_AT_ENGINE_H

#include <sys/types.h>

#include "core/error.h"
#include "labs/shell/screen.h"

struct at_engine { pid_t own; };	/* 0: it was running already */

/* host NULL: DOCKER_HOST, else the usual socket; where nothing was named and nothing
 * runs, an engine is started, and the screen says so.  DOCKER_HOST is set. */
int at_engine_begin(struct at_engine *a, const char *host, const struct screen *s, struct err *e);
void at_engine_end(struct at_engine *a);

#endif
