/* visit.h - tells about visits from a thread of its own, in order.
 *
 * Whoever listens writes to a database and may be slow; the proxy may not.  So
 * visits wait in a queue.  It has no hard end - nothing that happened is lost -
 * but when visits_behind() says so, the proxy accepts nobody new until it has
 * shrunk.
 */
#ifndef DRYDOCK_NETWORK_VISIT_H
#define DRYDOCK_NETWORK_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "network/internal.h"
#include "network/sniff.h"

#define PEER_TEXT 56	/* "[" 45 characters of IPv6 "]:65535" */

/* A visit with its text inside: what a struct net_visit borrows from. */
struct visit {
	struct visit *next;
	struct net_visit told;
	char cid[CID_SIZE], peer[PEER_TEXT], request[SNIFF_LINE], body[65];
};

struct visits;

int visits_open(void (*fn)(void *arg, const struct net_visit *v), void *arg,
		struct visits **out, struct err *e);
void visits_add(struct visits *v, struct visit *one);	/* takes it */
bool visits_behind(struct visits *v);
void visits_close(struct visits *v);	/* after the last one was told */

#endif
