/* spare.h - namespaces ready for users' own networks, but for the network: spare.c.
 *
 * Made and thrown away by the keeper (pool.c) of the default bridge's network, which holds
 * them for all; taken by any thread.
 */
#ifndef DRYDOCK_NETWORK_SPARE_H
#define DRYDOCK_NETWORK_SPARE_H

#include "network/internal.h"

/* Ready at a time, while there is a user's network at all. */
#define SPARES 4

struct spare {
	struct spare *next;
	int netns;		/* keeps the namespace alive */
	int inside;		/* an rtnetlink socket that acts in there */
	int here, there;	/* the cable's ends: their indexes */
	struct name_sockets names;
};

/* In the keeper's thread, which stands elsewhere meanwhile. */
int spare_make(struct network *host, struct spare **out, struct err *e);
/* All of a list: their cables and namespaces go, too. */
void spares_free(struct network *host, struct spare *list, uint32_t group);
/* Makes it the endpoint's, plugged into n; the spare is used up in any case. */
int spare_use(struct network *n, struct spare *s, struct endpoint *ep, bool lead, struct err *e);

#endif
