/* address6.h - IPv6 subnets and who has which address in one: what address.h is for IPv4.
 *
 * Addresses are numbers of 128 bits in host order, so that they can be compared and
 * counted as those of IPv4 are.  Nothing here makes a kernel call or takes a lock:
 * network.c's lock covers it.
 */
#ifndef DRYDOCK_NETWORK_ADDRESS6_H
#define DRYDOCK_NETWORK_ADDRESS6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

__extension__ typedef unsigned __int128 address6;

struct subnet6 {
	address6 own;	/* the bridge's own address: the containers' gateway */
	int prefix;	/* 1 to 126 */
};

#define ADDRESS6_TEXT 46	/* INET6_ADDRSTRLEN */
#define SUBNET6_TEXT (ADDRESS6_TEXT + 4)

bool address6_read(const char *text, address6 *out);
char *address6_text(address6 address, char *buf);		/* the short form of RFC 5952 */
address6 address6_from(const void *bytes);			/* 16 of them, network order */
void address6_bytes(address6 address, uint8_t out[16]);

/* "fd00::1/64" with any host part, 0 to 128 bits; false for anything else. */
bool subnet6_read(const char *cidr, struct subnet6 *out);
address6 subnet6_mask(const struct subnet6 *s);
bool subnet6_contains(const struct subnet6 *s, address6 address);
bool subnet6_overlaps(const struct subnet6 *a, const struct subnet6 *b);
char *subnet6_text(const struct subnet6 *s, char *buf);		/* without the host part */

/* Where subnets nobody asked for come from: `count` of them, one after the other. */
struct subnet6_pool { address6 first; int prefix; address6 count; };
/* "base=fd00:1::/48,size=64", docker's notation; EINVAL for anything else. */
int subnet6_pool_read(const char *text, struct subnet6_pool *out, struct err *e);
/* The nth subnet of the pools; false past the last. */
bool subnet6_spare(const struct subnet6_pool *pools, size_t n_pools, unsigned int n,
		   struct subnet6 *out);
/* A unique local /48 that goes with `seed`, in /64s (RFC 4193: fd and 40 bits that nobody
 * else is likely to have; ours are a digest's, so that the same host has the same). */
void subnet6_local(const char *seed, struct subnet6_pool *out);

/* A list and no bitmap: few of a /64's addresses are ever in use. */
struct addresses6 {
	struct subnet6 net;
	address6 first, last;		/* handed out unasked: the ip-range */
	address6 *used;			/* sorted; owned */
	size_t n;
};

/* Takes the routers' anycast address (all of the host part 0) and the bridge's own out
 * at once.  Ended by addresses6_free(). */
void addresses6_init(struct addresses6 *a, const struct subnet6 *net);
void addresses6_free(struct addresses6 *a);
void addresses6_confine(struct addresses6 *a, const struct subnet6 *range);
int addresses6_take(struct addresses6 *a, address6 *out);	/* the lowest free one; -EADDRNOTAVAIL */
/* That very one: -EADDRINUSE, or -ERANGE for one outside of the subnet. */
int addresses6_claim(struct addresses6 *a, address6 address);
void addresses6_reserve(struct addresses6 *a, address6 address);	/* in use already */
void addresses6_give(struct addresses6 *a, address6 address);

#endif
