/* fact.h - what the engine saw happen: the journal's entries.
 *
 * A fact is typed (fact.def lists the types, their data fields and who writes
 * them), carries its actor, the container and image it is about, both clocks,
 * and the hash of the fact before.  Only the engine writes engine facts; the
 * lab kit may append those that fact.def marks `learner`.
 */
#ifndef DRYDOCK_TRACE_FACT_H
#define DRYDOCK_TRACE_FACT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

enum actor { ACTOR_STUDENT, ACTOR_ENGINE, ACTOR_SEED, ACTOR_GRADER, ACTOR_DEMO };

/* Who asks for what is going on right now; one per request, kept per container
 * for what happens later on its own.  Text is borrowed, "" if unknown. */
struct origin {
	enum actor actor;
	const char *session;	/* lab session id, from X-Drydock-Session */
	const char *step;	/* "1" … "6", "p1" … from X-Drydock-Step */
};

/* A copy whose text is owned; *to must hold one already, or zeroes. */
void origin_keep(struct origin *to, const struct origin *from);
void origin_free(struct origin *o);

struct journal;

/* Opens (and where needed repairs) the journal in the state database at path. */
int journal_open(const char *path, struct journal **out, struct err *e);
void journal_close(struct journal *j);

/* Appends one fact; thread-safe; `data` is consumed (NULL = {}).  type must be a
 * row of fact.def.  cid and image may be NULL.  Returns the sequence number. */
int64_t journal_add(struct journal *j, const struct origin *by, const char *type,
		    const char *cid, const char *image, cJSON *data, struct err *e);

/* Calls fn with each fact after `since`, as a compact JSON line:
 *   {"seq":1,"mono":ns,"wall":"RFC3339","actor":"student","session":"","step":"3",
 *    "type":"ctr.create","cid":"…","image":"sha256:…","data":{…},"prev":"hex","hash":"hex"}
 * fn returns non-zero to stop.  With follow, waits for more until fn says stop
 * (fn is also called with NULL twice a second, so that it can notice a hang-up). */
int journal_read(struct journal *j, int64_t since, bool follow,
		 int (*fn)(void *arg, const char *line), void *arg, struct err *e);

/* 0, or -EBADMSG with the first broken link's sequence number in e. */
int journal_verify(struct journal *j, struct err *e);

/* The number of the newest fact; 0: none. */
int64_t journal_last(struct journal *j);
/* True if fact.def has this type; *learner: the lab kit may write it. */
bool journal_type(const char *type, bool *learner);

const char *actor_name(enum actor a);
int actor_parse(const char *name, enum actor *out);	/* -EINVAL */

#endif
