/* state.h - what must survive the daemon: one JSON document for each container.
 *
 * Table `state` of the state database, keyed by kind ("container") and id.  A
 * document is replaced as a whole in one transaction, so that a killed daemon
 * leaves the one from before or the one from after.  Thread-safe.
 */
#ifndef DRYDOCK_RUNTIME_STATE_H
#define DRYDOCK_RUNTIME_STATE_H

#include <cjson/cJSON.h>

#include "core/error.h"

struct state;

int state_open(const char *path, struct state **out, struct err *e);
void state_close(struct state *s);
int state_put(struct state *s, const char *kind, const char *id, const cJSON *doc, struct err *e);
int state_delete(struct state *s, const char *kind, const char *id, struct err *e);
/* fn gets each document of a kind (borrowed), oldest first; non-zero stops. */
int state_each(struct state *s, const char *kind,
	       int (*fn)(void *arg, const char *id, const cJSON *doc), void *arg, struct err *e);

#endif
