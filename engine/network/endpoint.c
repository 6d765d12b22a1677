/* endpoint.c - a container's place in a network: its addresses, and the cable to it.
 *
 * The cable is made for it (endpoint_wire), or has been there before (endpoint_join, for
 * spare.c's).  Either way the host's end goes into the bridge under a name that tells the
 * address, and the container's gets addresses, hardware address and routes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "network/internal.h"
#include "network/link.h"
#include "trace/decorator.h"

void endpoint_describe(struct endpoint *ep, uint32_t address, int prefix, address6 six)
{
	uint8_t m[6];

	ep->address = address;
	ep->prefix = prefix;
	address_text(address, ep->text);
	address_mac(address, m);
	snprintf(ep->mac, sizeof(ep->mac), "%02x:%02x:%02x:%02x:%02x:%02x",
		 m[0], m[1], m[2], m[3], m[4], m[5]);
	strcpy(ep->inside, "eth0");
	/* The name tells the address, so that a link left over says what it held. */
	snprintf(ep->veth, sizeof(ep->veth), "veth%08x", address);
	ep->six = six;
	if (six)
		address6_text(six, ep->text6);
	ep->answerer = (struct name_sockets){ -1, -1 };
}

/* The default bridge's keeper makes endpoints before running containers are adopted: of
 * these it knows the cables, and their names tell the IPv4 addresses.  So that the other
 * family's are known as well, both have the same place in their subnets. */
address6 endpoint_pair_of(const struct network *n, uint32_t four)
{
	if (!n->six || n != n->host)
		return 0;
	return (n->net6.own & subnet6_mask(&n->net6)) + (four & ~subnet_mask(&n->net));
}

int endpoint_take_addresses(struct network *n, uint32_t *four, address6 *six)
{
	int r = -EADDRINUSE;

	/* One whose partner is taken (the gateway's) is left alone from then on. */
	while (r == -EADDRINUSE) {
		r = addresses_take(&n->addresses, four);
		if (r < 0)
			return r;
		*six = endpoint_pair_of(n, *four);
		if (n->six)
			r = *six ? addresses6_claim(&n->addresses6, *six) :
				   addresses6_take(&n->addresses6, six);
	}
	if (r < 0)
		addresses_give(&n->addresses, *four);
	return r == -ERANGE ? -EADDRNOTAVAIL : r;
}

void endpoint_give_addresses(struct network *n, const struct endpoint *ep)
{
	if (ep->address)
		addresses_give(&n->addresses, ep->address);
	if (ep->six)
		addresses6_give(&n->addresses6, ep->six);
}

void endpoint_free(struct kernel *k, struct endpoint *ep)
{
	names_close(k, &ep->answerer);
	strv_free(ep->names);
	free(ep);
}

static int raise_host_end(struct network *n, int host, const struct endpoint *ep, struct err *e)
{
	int r = n->isolated ? link_isolate(n->k, host, ep->index, e) : 0;

	return r < 0 ? r : link_up(n->k, host, ep->index, n->ipv6, e);
}

static void read_mac(const char *text, uint8_t mac[6])
{
	unsigned int b[6] = { 0 };

	sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
}

static int add_pair(struct network *n, struct endpoint *ep, int host, struct err *e)
{
	uint8_t mac[6];
	struct link_pair pair = {
		.name = ep->veth, .inside = ep->inside, .bridge = n->bridge_index,
		.netns_fd = ep->netns, .mtu = n->mtu, .mac = mac,
	};
	struct link l;

	read_mac(ep->mac, mac);
	int r = link_add_veth(n->k, host, &pair, e);
	if (r == -EEXIST) {	/* of a namespace that is still dying */
		link_delete(n->k, host, ep->veth, NULL);
		r = link_add_veth(n->k, host, &pair, e);
	}
	if (r < 0 || (r = link_find(n->k, host, ep->veth, &l, e)) < 0)
		return r;
	ep->index = l.index;
	return raise_host_end(n, host, ep, e);
}

/* As add_pair() has it, with a pair that is there. */
static int join_pair(struct network *n, const struct endpoint *ep, int host, struct err *e)
{
	struct link_pair as = { .name = ep->veth, .bridge = n->bridge_index, .mtu = n->mtu };

	int r = link_enslave(n->k, host, ep->index, &as, e);
	if (r == -EEXIST) {
		link_delete(n->k, host, ep->veth, NULL);
		r = link_enslave(n->k, host, ep->index, &as, e);
	}
	return r < 0 ? r : raise_host_end(n, host, ep, e);
}

static void addresses_inside(const struct network *n, const struct endpoint *ep, bool lead,
			     struct link_inside *in)
{
	struct subnet own = { ep->address, ep->prefix };
	struct subnet6 own6 = { ep->six, n->net6.prefix };

	in->address[0] = ip_of(&own);
	if (lead)
		in->gateway[0] = ip_of(&n->net);
	if (!ep->six)
		return;
	in->address[1] = ip_of6(&own6);
	if (lead)
		in->gateway[1] = ip_of6(&n->net6);
}

/* Wires the namespace to the bridge: `inside` acts in there, `host` out here. */
static int wire(struct network *n, struct endpoint *ep, int host, int inside, bool lead,
		struct err *e)
{
	struct link_inside in = { .quiet = n->ipv6 && !ep->six };
	struct link there;

	int r = add_pair(n, ep, host, e);
	if (r < 0)
		return r;
	addresses_inside(n, ep, lead, &in);
	r = link_find(n->k, inside, ep->inside, &there, e);
	in.index = there.index;
	if (r == 0)
		r = link_settle(n->k, inside, &in, e);
	if (r < 0)
		link_delete(n->k, host, ep->veth, NULL);
	return r;
}

int endpoint_wire(struct network *n, struct endpoint *ep, int inside, bool lead, struct err *e)
{
	int host = open_socket(n, e);

	if (host < 0)
		return host;
	trace_region(n->k, REGION_NETWORK);
	int r = wire(n, ep, host, inside, lead, e);
	k_close(n->k, host);
	trace_region(n->k, REGION_NONE);
	return r;
}

int endpoint_join(struct network *n, struct endpoint *ep, int inside, int there, bool lead,
		  struct err *e)
{
	uint8_t mac[6];
	struct link_inside in = { .index = there, .name = ep->inside, .mtu = n->mtu, .mac = mac,
				  .quiet = n->ipv6 && !ep->six };
	int host = open_socket(n, e);

	if (host < 0)
		return host;
	trace_region(n->k, REGION_NETWORK);
	read_mac(ep->mac, mac);
	addresses_inside(n, ep, lead, &in);
	int r = join_pair(n, ep, host, e);
	if (r == 0)
		r = link_settle(n->k, inside, &in, e);
	k_close(n->k, host);
	trace_region(n->k, REGION_NONE);
	return r;
}
