#include "sim/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PORT 32768
#define HOPS 8			/* gateways one behind the other */

/* ---- links ---- */

struct sim_link *net_link(struct net *n, int index)
{
	struct sim_link *l = n->links;

	while (l && l->index != index)
		l = l->next;
	return l;
}

struct sim_link *net_link_named(struct net *n, const char *name)
{
	struct sim_link *l = n->links;

	while (l && strcmp(l->name, name) != 0)
		l = l->next;
	return l;
}

static void insert(struct net *n, struct sim_link *l)
{
	struct sim_link **at = &n->links;

	while (*at && (*at)->index < l->index)
		at = &(*at)->next;
	l->next = *at;
	*at = l;
	l->net = n;
}

static void take_out(struct sim_link *l)
{
	struct sim_link **at = &l->net->links;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
}

struct sim_link *net_add_link(struct net *n, enum link_kind kind, const char *name)
{
	struct sim_link *l = mem_alloc(sizeof(*l));

	l->kind = kind;
	l->index = ++n->last_index;
	l->mtu = kind == LINK_LO ? 65536 : 1500;
	snprintf(l->name, sizeof(l->name), "%s", name);
	if (kind != LINK_LO) {		/* locally administered; by its number */
		l->mac[0] = 2;
		l->mac[4] = (uint8_t)(l->index >> 8);
		l->mac[5] = (uint8_t)l->index;
	}
	insert(n, l);
	return l;
}

static void forget_routes(struct net *n, const struct sim_link *by)
{
	for (struct sim_route **at = &n->routes; *at;) {
		struct sim_route *r = *at;
		if (by && r->by != by) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
}

static void delete_one(struct sim_link *l)
{
	for (struct sim_link *o = l->net->links; o; o = o->next)
		if (o->master == l)
			o->master = NULL;
	forget_routes(l->net, l);
	take_out(l);
	free(l);
}

void net_delete_link(struct sim_link *l)
{
	struct sim_link *peer = l->peer;

	if (peer) {
		peer->peer = NULL;
		delete_one(peer);
	}
	delete_one(l);
}

/* Into another namespace, where it may need another number. */
int net_rename_into(struct sim_link *l, struct net *to, const char *name)
{
	if (net_link_named(to, name) && net_link_named(to, name) != l)
		return -EEXIST;
	forget_routes(l->net, l);
	take_out(l);
	l->master = NULL;
	l->up = false;
	l->n_addresses = 0;
	if (to != l->net)
		l->index = ++to->last_index;
	snprintf(l->name, sizeof(l->name), "%s", name);
	insert(to, l);
	return 0;
}

struct net *net_new(struct sim *s, struct ns *ns)
{
	struct net *n = mem_alloc(sizeof(*n));

	n->sim = s;
	n->ns = ns;
	n->next_port = FIRST_PORT;
	n->unprivileged = 1024;
	n->all_next = s->nets;
	s->nets = n;
	struct sim_link *lo = net_add_link(n, LINK_LO, "lo");
	lo->up = ns == s->initial[NS_NET];
	lo->address[0] = (struct link_address){ 0x7f000001, 8 };
	lo->n_addresses = 1;
	return n;
}

/* Its cables go with it. */
void net_free(struct net *n)
{
	struct net **at = &n->sim->nets;

	while (*at != n)
		at = &(*at)->all_next;
	*at = n->all_next;
	while (n->links)
		net_delete_link(n->links);
	forget_routes(n, NULL);
	str_free(&n->firewall);
	free(n);
}

/* ---- ways ---- */

static bool has_address(const struct sim_link *l, uint32_t address)
{
	for (size_t i = 0; i < l->n_addresses; i++)
		if (l->address[i].address == address)
			return true;
	return false;
}

bool net_is_own(const struct net *n, uint32_t address)
{
	for (const struct sim_link *l = n->links; l; l = l->next)
		if ((l->kind == LINK_LO && l->up && address >> 24 == 127) ||
		    (l->up && has_address(l, address)))
			return true;
	return false;
}

static uint32_t mask(int prefix) { return prefix ? ~0u << (32 - prefix) : 0; }

struct way { struct sim_link *by; uint32_t gateway, source; int prefix; };

/* The most exact of the links' own subnets and the routes. */
static bool find_way(const struct net *n, uint32_t to, struct way *out)
{
	out->prefix = -1;
	for (struct sim_link *l = n->links; l; l = l->next)
		for (size_t i = 0; l->up && i < l->n_addresses; i++) {
			const struct link_address *a = &l->address[i];
			if ((a->address ^ to) & mask(a->prefix) || a->prefix <= out->prefix)
				continue;
			*out = (struct way){ l, 0, a->address, a->prefix };
		}
	for (struct sim_route *r = n->routes; r; r = r->next)
		if (!((r->to ^ to) & mask(r->prefix)) && r->prefix > out->prefix && r->by->up)
			*out = (struct way){ r->by, r->gateway,
					     r->by->n_addresses ? r->by->address[0].address : 0,
					     r->prefix };
	return out->prefix >= 0;
}

static bool answers(const struct sim_link *l, uint32_t address)
{
	return l && l->up && has_address(l, address);
}

/* Who has the address on the cable or bridge that a link of ours is on. */
static struct net *neighbour(const struct sim_link *by, uint32_t address)
{
	const struct sim_link *bridge = by->kind == LINK_BRIDGE ? by :
					by->peer ? by->peer->master : NULL;

	if (by->peer && answers(by->peer, address))
		return by->peer->net;
	if (!bridge || !bridge->up || (by->peer && !by->peer->up))
		return NULL;
	if (has_address(bridge, address))
		return bridge->net;
	for (struct sim_link *port = bridge->net->links; port; port = port->next) {
		bool apart = port->isolated && by->peer && by->peer->isolated;
		if (port->master == bridge && port->up && !apart && answers(port->peer, address))
			return port->peer->net;
	}
	return NULL;
}

struct net *net_reach(struct net *from, uint32_t address, int *error)
{
	struct net *n = from;

	for (int hop = 0; hop < HOPS; hop++) {
		struct way way;
		if (net_is_own(n, address))
			return n;
		if (n != from && !n->forward)
			break;
		if (!find_way(n, address, &way)) {
			*error = n == from ? -ENETUNREACH : -EHOSTUNREACH;
			return NULL;
		}
		n = neighbour(way.by, way.gateway ? way.gateway : address);
		if (!n)
			break;
		if (!way.gateway)
			return n;
	}
	*error = -EHOSTUNREACH;
	return NULL;
}

uint32_t net_source(struct net *from, uint32_t to)
{
	struct way way;

	if (net_is_own(from, to))
		return to;
	return find_way(from, to, &way) ? way.source : 0;
}

static void count(struct net *n, uint64_t rx, uint64_t tx, bool own)
{
	struct sim_link *l = n->links;

	while (l && (own ? l->kind != LINK_LO : l->kind == LINK_LO || !l->up))
		l = l->next;
	if (!l)
		return;
	l->rx_bytes += rx;
	l->tx_bytes += tx;
	l->rx_packets += rx > 0;
	l->tx_packets += tx > 0;
}

void net_count(struct net *from, struct net *to, uint64_t bytes)
{
	if (from == to) {
		count(from, bytes, bytes, true);
		return;
	}
	if (from)
		count(from, 0, bytes, false);
	if (to)
		count(to, bytes, 0, false);
}
