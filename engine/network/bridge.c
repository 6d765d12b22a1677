/* bridge.c - the bridge every container's cable ends in.
 *
 * A bridge is a switch in the kernel (bridge(8)); its own address is the
 * containers' gateway, which makes the host their router.  One that is there
 * already (a daemon was killed, or the administrator made it) is taken over with
 * the address it has: running containers rely on it.  For a new one the wanted
 * subnet is used, unless the host has a route into it: then a container would
 * hide that part of the network from the host, so a spare subnet is taken.  Where
 * a user named the subnet, it is that one or none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"
#include "network/link.h"

static int choose_subnet(struct network *n, const struct network_config *c, struct err *e)
{
	const struct network *host = n->host;
	struct subnet net;
	unsigned int i = 0;
	bool taken = true;

	int r = c->cidr ? subnet_parse(c->cidr, &net, e) : 0;
	if (r == 0 && c->cidr && !c->exact)
		r = link_route_taken(n->k, &net, 0, &taken, e);
	while (r == 0 && taken && !c->exact) {
		if (!subnet_spare(host->pools, host->n_pools, i++, &net))
			return err_set(e, EINVAL, "all predefined address pools have been fully"
				       " subnetted");
		r = link_route_taken(n->k, &net, 0, &taken, e);
	}
	if (r == 0)
		n->net = net;
	return r;
}

static int make_bridge(struct network *n, int sock, const struct network_config *c,
		       struct link *l, struct err *e)
{
	uint8_t mac[6];

	int r = choose_subnet(n, c, e);
	if (r < 0)
		return r;
	address_mac(n->net.own, mac);
	r = link_add_bridge(n->k, sock, n->bridge, mac, e);
	return r < 0 ? r : link_find(n->k, sock, n->bridge, l, e);
}

/* The bridge as it is: its address, or if it has none the wanted one. */
static int take_over(struct network *n, int sock, const struct network_config *c,
		     const struct link *l, struct err *e)
{
	if (strcmp(l->kind, "bridge")) {
		err_set(e, EEXIST, "network %s: a link of that name is there, and is no bridge",
			n->bridge);
		return err_hint(e, "Choose another name for the bridge.");
	}
	int r = link_address(n->k, l->index, &n->net, NULL);
	if (r == 0)
		return 0;
	r = choose_subnet(n, c, e);
	return r < 0 ? r : link_add_address(n->k, sock, l->index, &n->net, e);
}

static int find_or_make(struct network *n, int sock, const struct network_config *c, struct err *e)
{
	struct link l;

	int r = link_find(n->k, sock, n->bridge, &l, e);
	if (r == 0) {
		r = take_over(n, sock, c, &l, e);
	} else if (r == -ENODEV) {
		r = make_bridge(n, sock, c, &l, e);
		if (r == 0)
			r = link_add_address(n->k, sock, l.index, &n->net, e);
	}
	if (r < 0)
		return r;
	n->bridge_index = l.index;
	if (n->mtu && (r = link_set_mtu(n->k, sock, l.index, n->mtu, e)) < 0)
		return r;
	return link_up(n->k, sock, l.index, n->ipv6, e);
}

/* Our links carry their address in the name (endpoint_describe). */
static void note_stray(void *arg, const struct link *l)
{
	struct network *n = arg;
	unsigned int address;
	int end = 0;

	if (sscanf(l->name, "veth%8x%n", &address, &end) != 1 || l->name[end] || end != 12)
		return;
	struct stray *s = mem_alloc(sizeof(*s));
	s->index = l->index;
	s->address = address;
	memcpy(s->name, l->name, sizeof(s->name));
	s->next = n->strays;
	n->strays = s;
	addresses_reserve(&n->addresses, address);
}

int bridge_open(struct network *n, const struct network_config *c, struct err *e)
{
	int sock = open_socket(n, e);

	if (sock < 0)
		return sock;
	int r = find_or_make(n, sock, c, e);
	k_close(n->k, sock);
	if (r < 0)
		return r;
	addresses_init(&n->addresses, &n->net);
	return link_each_port(n->k, n->bridge_index, note_stray, n, e);
}

void bridge_remove(struct network *n)
{
	int sock = nl_open(n->k);

	if (sock < 0)
		return;
	link_delete(n->k, sock, n->bridge, NULL);
	k_close(n->k, sock);
}
