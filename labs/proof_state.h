/* proof_state.h - what a container or a port is now, folded from the journal. */
#ifndef DRYDOCK_LABS_PROOF_STATE_H
#define DRYDOCK_LABS_PROOF_STATE_H

#include "labs/proof_ast.h"

/* about: a container's id, or for STATE_FREE a port number.  Facts at position
 * `limit` and later are left out. */
bool state_holds(const struct facts *f, size_t limit, const struct world *w, enum state s,
		 const struct value *about);
/* "running", "exited", "created", "removed"; NULL: the journal knows no such container. */
const char *state_name(const struct facts *f, const char *cid);

#endif
