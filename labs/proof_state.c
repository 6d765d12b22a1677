#include "labs/proof_state.h"

#include <stdlib.h>

#include "core/json.h"
#include "core/lang.h"
#include "labs/vocabulary.h"

/* The last fact of each kind decides; every actor's facts change the world. */
static const struct change { const char *type; enum state state; } changes[] = {
	{ "ctr.create", STATE_CREATED },
	{ "ctr.start", STATE_RUNNING },
	{ "proc.exit", STATE_EXITED },		/* only of PID 1 */
	{ "ctr.rm", STATE_REMOVED },
};

/* Position of the last such fact about the container, -1 if none. */
static int64_t last_of(const struct facts *f, size_t limit, const struct change *c,
		       const char *cid)
{
	struct fact_list l = facts_of(f, vocabulary_find(c->type), cid);
	for (size_t i = fact_list_below(l, limit); i-- > 0;)
		if (c->state != STATE_EXITED ||
		    json_int(facts_at(f, l.at[i])->data, "nspid", 0) == 1)
			return l.at[i];
	return -1;
}

/* -1: never heard of it. */
static int state_of(const struct facts *f, size_t limit, const char *cid)
{
	int64_t latest = -1;
	int state = -1;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		int64_t at = last_of(f, limit, &changes[i], cid);
		if (at > latest) {
			latest = at;
			state = (int)changes[i].state;
		}
	}
	return state;
}

const char *state_name(const struct facts *f, const char *cid)
{
	switch (state_of(f, facts_count(f), cid)) {
	case STATE_CREATED: return N_("created");
	case STATE_RUNNING: return N_("running");
	case STATE_EXITED: return N_("exited");
	case STATE_REMOVED: return N_("removed");
	default: return NULL;
	}
}

static int64_t last_about_port(const struct facts *f, size_t limit, const char *type, int port)
{
	struct fact_list l = facts_of(f, vocabulary_find(type), NULL);
	for (size_t i = fact_list_below(l, limit); i-- > 0;)
		if (json_int(facts_at(f, l.at[i])->data, "host", -1) == port)
			return l.at[i];
	return -1;
}

static bool port_free(const struct facts *f, size_t limit, const struct world *w, int port)
{
	if (last_about_port(f, limit, "net.publish", port) >
	    last_about_port(f, limit, "net.release", port))
		return false;
	return !w || !w->port_free || w->port_free(w->arg, port);
}

bool state_holds(const struct facts *f, size_t limit, const struct world *w, enum state s,
		 const struct value *about)
{
	if (s == STATE_FREE)
		return port_free(f, limit, w, about->s ? atoi(about->s) : (int)about->n);
	if (!about->s)
		return false;
	int now = state_of(f, limit, about->s);
	return s == STATE_PRESENT ? now >= 0 && now != STATE_REMOVED : now == (int)s;
}
