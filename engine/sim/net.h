/* net.h - a network namespace: links, addresses, routes, and who listens.
 *
 * Packets aren't modelled; connections are.  Where one leads is worked out from links,
 * addresses and routes, once, when it is made: out of a veth to its peer's bridge, to the
 * bridge itself or another port of it, or on by a gateway. */
#ifndef DRYDOCK_SIM_NET_H
#define DRYDOCK_SIM_NET_H

#include <net/if.h>

#include "sim/task.h"

enum link_kind { LINK_LO, LINK_BRIDGE, LINK_VETH, LINK_DUMMY };

struct link_address { uint32_t address; int prefix; };	/* host order */
#define LINK_ADDRESSES 8

struct sim_link {
	struct net *net;
	struct sim_link *next;
	enum link_kind kind;
	int index, mtu;
	uint32_t group;
	bool up, isolated;
	char name[IFNAMSIZ];
	uint8_t mac[6];
	struct sim_link *peer;		/* a veth's other end */
	struct sim_link *master;	/* the bridge it is in */
	struct link_address address[LINK_ADDRESSES];
	size_t n_addresses;
	uint64_t rx_bytes, rx_packets, tx_bytes, tx_packets;
};

struct sim_route { struct sim_route *next; uint32_t to, gateway; int prefix; struct sim_link *by; };

struct net {
	struct sim *sim;
	struct ns *ns;			/* whose it is; not counted */
	struct net *all_next;
	struct sim_link *links;		/* by index */
	struct sim_route *routes;
	struct socket *bound;		/* list of all sockets with a port here */
	int last_index;
	uint16_t next_port;
	uint16_t unprivileged;		/* ip_unprivileged_port_start */
	bool forward;			/* ip_forward */
	struct str firewall;		/* nft commands, as given */
};

struct net *net_new(struct sim *s, struct ns *ns);
void net_free(struct net *n);

struct sim_link *net_link(struct net *n, int index);
struct sim_link *net_link_named(struct net *n, const char *name);
struct sim_link *net_add_link(struct net *n, enum link_kind kind, const char *name);
void net_delete_link(struct sim_link *l);	/* a veth takes its peer along */
int net_rename_into(struct sim_link *l, struct net *to, const char *name);
/* The namespace that an address leads to from here, or NULL and an errno. */
struct net *net_reach(struct net *from, uint32_t address, int *error);
bool net_is_own(const struct net *n, uint32_t address);
/* The address that a connection to `to` comes from. */
uint32_t net_source(struct net *from, uint32_t to);
/* Bytes of a connection, for /proc/net/dev and docker stats. */
void net_count(struct net *from, struct net *to, uint64_t bytes);

/* rtnetlink.c: one request (or several, back to back) on a socket made in n. */
long net_request(struct task *t, struct net *n, const void *data, size_t len, struct k_buf *reply);

#endif
