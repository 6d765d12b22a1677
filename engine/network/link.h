/* link.h - links, addresses and routes: the few things we ask rtnetlink(7) for.
 *
 * A function makes one k_rtnetlink() exchange on `sock`, a socket of nl_open():
 * it acts on the network namespace the socket was made in, whichever one the
 * calling thread stands in later.  Listings use a socket of their own.
 *
 * All return 0 or -errno, with the operation and its object in e.
 */
#ifndef DRYDOCK_NETWORK_LINK_H
#define DRYDOCK_NETWORK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/netlink.h"
#include "network/address.h"
#include "network/address6.h"

#define LO_INDEX 1	/* a namespace's first link, always */

/* An address of either family, as rtnetlink carries it. */
struct ip {
	int family;		/* AF_INET, AF_INET6; 0: none */
	int prefix;
	uint8_t bytes[16];	/* network order */
};
struct ip ip_of(const struct subnet *s);	/* its own address */
struct ip ip_of6(const struct subnet6 *s);

struct link {
	int index;
	int peer;		/* a veth's other end: its index in the other namespace; or 0 */
	char name[IF_NAMESIZE];
	char kind[16];		/* "bridge", "veth", "" */
	uint8_t mac[6];
};

int link_find(struct kernel *k, int sock, const char *name, struct link *out, struct err *e);
int link_add_bridge(struct kernel *k, int sock, const char *name, const uint8_t mac[6],
		    struct err *e);
/* A cable: `name` here, in the bridge; `inside` with `mac` in the namespace netns_fd. */
struct link_pair {
	const char *name, *inside;
	int bridge, netns_fd;	/* bridge 0: none yet */
	int mtu;		/* bytes; 0: the kernel's 1500 */
	const uint8_t *mac;	/* 6 bytes; NULL: the kernel's choice */
};
int link_add_veth(struct kernel *k, int sock, const struct link_pair *pair, struct err *e);
/* A link that was made ahead gets its name and MTU and becomes a port of the bridge. */
int link_enslave(struct kernel *k, int sock, int index, const struct link_pair *as, struct err *e);
/* Ports of a bridge that are isolated reach the bridge itself, but not one another. */
int link_isolate(struct kernel *k, int sock, int index, struct err *e);
int link_set_mtu(struct kernel *k, int sock, int index, int mtu, struct err *e);
/* quiet: the host has IPv6, and the link must be told to do without. */
int link_up(struct kernel *k, int sock, int index, bool quiet, struct err *e);
int link_delete(struct kernel *k, int sock, const char *name, struct err *e);
/* Many at once: each deletion waits for all processors to let go of the link
 * (some 30 ms), all of one group's links wait together.  A link that is gone
 * already is no error. */
#define LINK_BATCH 16
int link_delete_many(struct kernel *k, int sock, const int *indexes, int n, uint32_t group,
		     struct err *e);
/* One that is there already is no error. */
int link_add_address(struct kernel *k, int sock, int index, const struct ip *address,
		     struct err *e);
/* A namespace's inside in one exchange: lo and the link up, its addresses, and
 * the default routes by way of the gateways.  Of either what is none is left out. */
struct link_inside {
	int index;
	const char *name;		/* NULL: it has its name, MTU and hardware address */
	int mtu;
	const uint8_t *mac;
	bool quiet;			/* as for link_up() */
	struct ip address[2], gateway[2];
};
int link_settle(struct kernel *k, int sock, const struct link_inside *in, struct err *e);
/* The default route of the gateway's family, in place of one that is there. */
int link_lead(struct kernel *k, int sock, const struct ip *gateway, struct err *e);

/* The links in a bridge; the first IPv4 address of a link (ENOENT if it has none). */
int link_each_port(struct kernel *k, int bridge, void (*fn)(void *arg, const struct link *l),
		   void *arg, struct err *e);
int link_address(struct kernel *k, int index, struct subnet *out, struct err *e);
/* Does a route of this host lead into `net`?  Default routes don't count, nor
 * do those by way of link `except`. */
int link_route_taken(struct kernel *k, const struct ip *net, int except, bool *taken,
		     struct err *e);

#endif
