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
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"
#include "network/link.h"

static int is_taken(struct network *n, struct ip net, bool *taken, struct err *e)
{
	return link_route_taken(n->k, &net, n->bridge_index, taken, e);
}

static int none_left(struct err *e)
{
	return err_set(e, EINVAL, "all predefined address pools have been fully subnetted");
}

static int choose_subnet(struct network *n, const struct network_config *c, struct err *e)
{
	const struct network *host = n->host;
	struct subnet net;
	unsigned int i = 0;
	bool taken = true;

	int r = c->cidr ? subnet_parse(c->cidr, &net, e) : 0;
	if (r == 0 && c->cidr && !c->exact)
		r = is_taken(n, ip_of(&net), &taken, e);
	while (r == 0 && taken && !c->exact) {
		if (!subnet_spare(host->pools, host->n_pools, i++, &net))
			return none_left(e);
		r = is_taken(n, ip_of(&net), &taken, e);
	}
	if (r == 0)
		n->net = net;
	return r;
}

static int choose_subnet6(struct network *n, const struct network_config *c, struct err *e)
{
	const struct subnet6_pool *pools = n == n->host ? &n->own6 : n->host->pools6;
	size_t n_pools = n == n->host ? 1 : n->host->n_pools6;
	bool taken = !c->cidr6;
	int r = 0;

	if (c->cidr6 && !subnet6_read(c->cidr6, &n->net6))
		return err_set(e, EINVAL, "subnet \"%s\": want an IPv6 address and its bits", c->cidr6);
	if (c->cidr6 && !(n->net6.own & ~subnet6_mask(&n->net6)))
		n->net6.own++;	/* the subnet alone: its first address */
	for (unsigned int i = 0; r == 0 && taken; i++) {
		if (!subnet6_spare(pools, n_pools, i, &n->net6))
			return none_left(e);
		r = is_taken(n, ip_of6(&n->net6), &taken, e);
	}
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

static int add_own_address(struct network *n, int sock, int index, struct err *e)
{
	struct ip own = ip_of(&n->net);

	return link_add_address(n->k, sock, index, &own, e);
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
	return r < 0 ? r : add_own_address(n, sock, l->index, e);
}

/* On this link, whatever the host's default is: Docker's containers expect no less. */
static void allow_ipv6(struct network *n)
{
	char path[96], text[8] = "";
	struct k_buf b = { text, sizeof(text) - 1, 0 };

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", n->bridge);
	if (k_read_file(n->k, path, &b) >= 0 && text[0] != '0')
		k_write_file(n->k, path, "0");	/* refused: adding the address will say so */
}

/* The bridge's address of IPv6, and one on the link itself: what is forwarded to
 * containers has foreign addresses, and neighbours are asked for with one of its own
 * (RFC 4861, 7.2.2). */
static int add_six(struct network *n, int sock, const struct network_config *c, struct err *e)
{
	const struct ip link_local = { AF_INET6, 64, { [0] = 0xfe, [1] = 0x80, [15] = 1 } };

	if (!n->ipv6)
		return err_set(e, EINVAL, "network %s: this host has no IPv6",
			       n->name ? n->name : n->bridge);
	int r = choose_subnet6(n, c, e);
	if (r < 0)
		return r;
	struct ip own = ip_of6(&n->net6);
	allow_ipv6(n);
	r = link_add_address(n->k, sock, n->bridge_index, &own, e);
	return r < 0 ? r : link_add_address(n->k, sock, n->bridge_index, &link_local, e);
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
			r = add_own_address(n, sock, l.index, e);
	}
	if (r < 0)
		return r;
	n->bridge_index = l.index;
	if (n->six && (r = add_six(n, sock, c, e)) < 0)
		return r;
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
	if (endpoint_pair_of(n, address))
		addresses6_reserve(&n->addresses6, endpoint_pair_of(n, address));
}

/* Addresses that nobody asks for by name. */
static void confine(struct network *n, const struct network_config *c)
{
	struct subnet range;
	struct subnet6 range6;
	struct in_addr in;
	address6 six;

	if (c->range && subnet_read(c->range, &range)) {
		if (range.prefix >= n->net.prefix &&
		    ((range.own ^ n->net.own) & subnet_mask(&n->net)) == 0)
			addresses_confine(&n->addresses, &range);
		else	/* the bridge had to take another subnet */
			network_warn(n, "network %s: the range %s isn't within its subnet", n->bridge,
				     c->range);
	}
	if (n->six && subnet6_read(c->range6, &range6))
		addresses6_confine(&n->addresses6, &range6);
	for (char *const *a = c->reserved; a && *a; a++)
		if (inet_pton(AF_INET, *a, &in) == 1)
			addresses_reserve(&n->addresses, ntohl(in.s_addr));
		else if (n->six && address6_read(*a, &six))
			addresses6_reserve(&n->addresses6, six);
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
	if (n->six)
		addresses6_init(&n->addresses6, &n->net6);
	confine(n, c);
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
