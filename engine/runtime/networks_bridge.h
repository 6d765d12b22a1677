/* networks_bridge.h - the bridge of a user's network: from its document, and back into it.
 *
 * All with nets_lock held.
 */
#ifndef DRYDOCK_RUNTIME_NETWORKS_BRIDGE_H
#define DRYDOCK_RUNTIME_NETWORKS_BRIDGE_H

#include "runtime/networks.h"

/* Makes the bridge the document asks for, or takes over the one that is there; what it
 * was given that nobody chose goes into the document.  403 for a subnet that another
 * network has; again: it was made before, and nobody asks. */
int network_make_bridge(struct containers *cs, struct net *n, bool again, struct err *e);
/* The subnets and gateways that a bridge has, into the document's IPAM. */
void network_note_subnets(struct net *n);

#endif
