/* address.h - IPv4 subnets and who has which address in one.
 *
 * Addresses are uint32_t in host order, so that they can be compared and
 * counted; they become network order only on their way to the kernel.  Nothing
 * here makes a kernel call or takes a lock: network.c's lock covers it.
 */
#ifndef DRYDOCK_NETWORK_ADDRESS_H
#define DRYDOCK_NETWORK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct subnet {
	uint32_t own;	/* the bridge's own address: the containers' gateway */
	int prefix;	/* 8 to 30 */
};

/* "A.B.C.D/BITS" with any host part, 0 to 32 bits; false for anything else. */
bool subnet_read(const char *cidr, struct subnet *out);
/* "172.17.0.1/16"; EINVAL for anything that is no usable subnet with an address in it. */
int subnet_parse(const char *cidr, struct subnet *out, struct err *e);
bool subnet_overlaps(const struct subnet *a, const struct subnet *b);
bool subnet_contains(const struct subnet *s, uint32_t address);
uint32_t subnet_mask(const struct subnet *s);

/* Where subnets nobody asked for come from: `count` of them, one after the other. */
struct subnet_pool { uint32_t first; int prefix; unsigned int count; };
/* "base=10.10.0.0/16,size=24", docker's notation; EINVAL for anything else. */
int subnet_pool_read(const char *text, struct subnet_pool *out, struct err *e);
/* The nth subnet of the pools (none given: Docker's own); false past the last. */
bool subnet_spare(const struct subnet_pool *pools, size_t n_pools, unsigned int n,
		  struct subnet *out);

#define ADDRESS_TEXT 16		/* "255.255.255.255" and its NUL */
char *address_text(uint32_t address, char *buf);
/* 02:42 and the four bytes of the address, docker's scheme: the same address
 * always has the same MAC, so that no neighbour's ARP entry is ever stale. */
void address_mac(uint32_t address, uint8_t mac[6]);

#define ADDRESS_MAX 65536	/* addresses handed out per subnet: all of a /16 */

struct addresses {
	struct subnet net;
	uint32_t base;				/* where the bitmap begins */
	uint32_t first, last;			/* handed out unasked: the ip-range */
	uint64_t used[ADDRESS_MAX / 64];	/* bit n: base + n */
};

/* Takes the network's, the bridge's own and the broadcast address out at once. */
void addresses_init(struct addresses *a, const struct subnet *net);
/* Only those in `range`, a part of the subnet, are handed out unasked. */
void addresses_confine(struct addresses *a, const struct subnet *range);
int addresses_take(struct addresses *a, uint32_t *out);	/* the lowest free one; -EADDRNOTAVAIL */
/* That very one: -EADDRINUSE, or -ERANGE for one outside of the subnet. */
int addresses_claim(struct addresses *a, uint32_t address);
void addresses_reserve(struct addresses *a, uint32_t address);	/* in use already */
void addresses_give(struct addresses *a, uint32_t address);

#endif
