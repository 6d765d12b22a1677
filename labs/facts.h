/* facts.h - the journal as the labs read it: an array in memory, indexed.
 *
 * Proofs ask "is there a fact of this type, about this container, later than
 * that one?".  So facts are kept in journal order, and beside the array lie the
 * positions of each type, and of each type for each container, in rising order.
 * A question costs a binary search; a journal of 100,000 facts costs about
 * 120 bytes a fact on top of its JSON.
 *
 * Everything a fact points to belongs to the store and lives until facts_free().
 */
#ifndef DRYDOCK_LABS_FACTS_H
#define DRYDOCK_LABS_FACTS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "core/error.h"

struct fact {
	int64_t seq;		/* the journal's number; rises, gaps are possible */
	int type;		/* row of fact.def, or -1: written by a newer engine */
	const char *actor;	/* "student", "engine", "seed", "grader", "demo" */
	const char *session, *step, *cid, *image;	/* "" where there is none */
	const char *wall;	/* RFC 3339 */
	const cJSON *data;
};

struct facts;

struct facts *facts_new(void);
void facts_free(struct facts *f);

/* Takes one journal line (trace/fact.h has the form); line is consumed.  A fact
 * that is here already (seq not above the last) is dropped silently: following
 * and asking may overlap.  EBADMSG: not a fact. */
int facts_add(struct facts *f, cJSON *line, struct err *e);
int facts_add_text(struct facts *f, const char *line, size_t len, struct err *e);
/* JSON lines from a file: recorded runs, bundles. */
int facts_load(struct facts *f, const char *path, struct err *e);

size_t facts_count(const struct facts *f);
int64_t facts_last_seq(const struct facts *f);
const struct fact *facts_at(const struct facts *f, size_t i);

/* Positions of the facts of one type; with cid, only of that container. */
struct fact_list { const uint32_t *at; size_t n; };
struct fact_list facts_of(const struct facts *f, int type, const char *cid);
/* How many of the list lie before position `limit`. */
size_t fact_list_below(struct fact_list l, size_t limit);

#endif
