/* network.h - bridges, addresses, published ports.
 *
 * One struct network per daemon for the default bridge (network_open), and one for
 * each network of a user's own (network_add).  All functions may be called from any thread,
 * except that network_open() comes first and network_close() last.  Namespaces
 * are made ahead, so network_attach() normally makes no kernel call; what
 * network_detach() lets go is deleted later, by a thread of the network's own.
 *
 * After a restart of the daemon: network_open(), network_adopt() for each
 * running container, network_publish() for its ports, then network_sweep().
 *
 * Errors are -errno with the failing operation in e, as everywhere.  What a host
 * can't give but containers can do without (nftables, ip_forward, IPv6) is no
 * error: see network_warnings().
 */
#ifndef DRYDOCK_NETWORK_NETWORK_H
#define DRYDOCK_NETWORK_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

struct network;		/* a bridge and everything attached to it */
struct endpoint;	/* a container's place in it: network namespace, veth, address */

struct network_config {
	const char *bridge;	/* "drydock0" */
	const char *cidr;	/* "172.17.0.1/16": the bridge's own; another if that is taken */
	bool six;		/* with addresses of IPv6, too */
	const char *cidr6;	/* "fd00::1/64", "fd00::/64"; NULL: one of the pools', or a local one */
	int pool;		/* ready-made namespaces with their veth: 4 to 16 */
	char *const *pools;	/* "base=10.10.0.0/16,size=24" …: where all other subnets come
				 * from; NULL or none: Docker's own */
	/* For users' own networks: */
	const char *name;	/* "backend": container.backend is a name, too */
	bool exact;		/* cidr or nothing; else cidr may be NULL */
	bool internal;		/* nothing goes out, no default route */
	bool isolated;		/* containers can't reach one another (enable_icc=false) */
	bool bare;		/* no masquerade */
	bool no_forward;	/* leaves the host's forwarding as it is; for all networks */
	/* Where published ports are, if that isn't this network namespace: a new socket
	 * there, or -errno. */
	int (*door)(int family, int type);
	int mtu;		/* bytes; 0: 1500 */
	const char *range;	/* "172.20.5.0/24": addresses nobody asks for come from there */
	const char *range6;
	char *const *reserved;	/* addresses of both families to be left alone; or NULL */
	const char *source, *source6;	/* the host's address outside; NULL: the way out's */
	int userns;		/* the user namespace that containers' networks belong to;
				 * 0: the host's.  For the default bridge; its others follow */
};

/* A visit through a published port.  Told once a connection: when the first HTTP
 * response is complete (a browser keeps its connection for minutes), or when it
 * ends.  In order, from a thread that does nothing else: the listener may be
 * slow.  All text is borrowed for the duration of the call. */
struct net_visit {
	const char *cid; uint16_t host_port, ctr_port;
	const char *peer;		/* "127.0.0.1:50412", "[::1]:50412" */
	uint64_t src_netns;		/* inode of a container's namespace, or the host's */
	bool same_netns;		/* it came from the visited container itself */
	uint64_t bytes_in, bytes_out;	/* towards the container, from it; until it was told */
	int http_status;		/* 0: not HTTP */
	const char *request;		/* "GET / HTTP/1.1", "" */
	const char *body_sha256;	/* of the first response's body as sent, hex; "" if cut
					 * off or longer than 4 MiB */
};

int network_open(struct kernel *k, const struct network_config *c,
		 void (*visit)(void *arg, const struct net_visit *v), void *arg,
		 struct network **out, struct err *e);
/* The pool goes in any case.  remove: so do all endpoints, the bridge and the
 * firewall table; else running containers stay connected, without their ports. */
void network_close(struct network *n, bool remove);

/* An endpoint for a container: taken from the pool, or waited for.  It is freed by
 * network_detach().  EADDRNOTAVAIL: the subnet is full. */
int network_attach(struct network *n, const char *cid, struct endpoint **out, struct err *e);
/* The endpoint of a running container again, as it was: pid is any process of it.
 * ENOENT: its cable isn't in the bridge any more. */
struct network_was { const char *cid; int pid; const char *inside, *address, *address6; };
int network_adopt(struct network *n, const struct network_was *was, struct endpoint **out,
		  struct err *e);
void network_detach(struct network *n, struct endpoint *ep);	/* ports too */
/* After the last network_adopt(): whatever else still hangs on the bridge was
 * left by a daemon that was killed, and goes. */
void network_sweep(struct network *n);

/* A user's own network beside `host`, the one of network_open(); ended by
 * network_drop(), or with the host's by network_close(). */
int network_add(struct network *host, const struct network_config *c, struct network **out,
		struct err *e);
void network_drop(struct network *n, bool remove);

struct network_wish {
	const char *cid;
	int netns;		/* the container's namespace, borrowed; -1: make one */
	const char *inside;	/* the interface's name in there: "eth1" */
	const char *address, *mac;	/* NULL: the lowest free one; made from the address */
	const char *address6;
	bool lead;		/* the default routes go this way */
};
/* A further cable, or the first one outside of the pool.  403 "Address already in
 * use"; EINVAL for an address of elsewhere.  Ended by network_detach(), or while the
 * container goes on running by network_disconnect(). */
int network_connect(struct network *n, const struct network_wish *w, struct endpoint **out,
		    struct err *e);
void network_disconnect(struct endpoint *ep);
/* One more, "169.254.7.7" or "fe80::7", that the network knows nothing of: with the bits of
 * its class as docker has it, or 64. */
int endpoint_add_address(struct endpoint *ep, const char *address, struct err *e);
/* Below /proc/sys of the endpoint's namespace: "net/ipv4/conf/eth0/log_martians=1" … */
int endpoint_sysctls(struct endpoint *ep, char *const *settings, struct err *e);
/* The default route goes this way now, of IPv4 or (six) of IPv6. */
int endpoint_lead(struct endpoint *ep, bool six, struct err *e);

/* The names by which others in a user's network find the endpoint; copied. */
void endpoint_answer_to(struct endpoint *ep, char *const *names);

/* Who answers a container's questions about names: 127.0.0.11 in its namespace. */
struct resolver_wish {
	const char *cid;
	int netns;			/* the container's, borrowed */
	char *const *servers;		/* who is asked about all other names: addresses */
	char *const *links;		/* "alias=name" that only this container knows */
	bool closed;			/* all of its networks are internal: nobody is asked */
};
/* Begins to answer, or goes on by the new wishes. */
int network_resolve(struct network *host, const struct resolver_wish *w, struct err *e);
void network_unresolve(struct network *host, const char *cid);

int endpoint_netns_fd(const struct endpoint *ep);	/* borrowed */
uint64_t endpoint_netns_inode(const struct endpoint *ep);
const char *endpoint_address(const struct endpoint *ep);	/* "172.17.0.2" */
int endpoint_prefix(const struct endpoint *ep);			/* 16 */
const char *endpoint_address6(const struct endpoint *ep);	/* "fd00::2"; "": it has none */
const char *endpoint_mac(const struct endpoint *ep);
/* The address of a container in this network; false: it has none. */
bool network_address_of(struct network *n, const char *cid, char text[16]);
const char *endpoint_inside(const struct endpoint *ep);		/* "eth0" */
bool network_internal(const struct network *n);
const char *network_gateway(const struct network *n);
const char *network_subnet(const struct network *n);		/* "172.17.0.0/16" */
bool network_six(const struct network *n);			/* it has IPv6; else "" and 0: */
const char *network_gateway6(const struct network *n);
const char *network_subnet6(const struct network *n);
int network_prefix6(const struct network *n);
const char *network_bridge(const struct network *n);
bool network_ipv6(const struct network *n);	/* ports without host_ip are on [::] too */
/* What the host couldn't give at open: a sentence each, NULL-terminated, borrowed. */
char *const *network_warnings(const struct network *n);

struct port {
	char host_ip[46];	/* "": all addresses, IPv6 too; "0.0.0.0": all of IPv4 */
	uint16_t host, ctr;	/* host 0: any free one, filled in */
	uint16_t last;		/* up to which a free one may be taken; 0: none but host */
	char proto[5];		/* "tcp", "udp", or "" for tcp */
	bool dual;		/* filled in: on IPv6 too */
};
/* Claims the port and starts forwarding.  EADDRINUSE with docker's words
 * ("Bind for 0.0.0.0:8080 failed: port is already allocated") and in `holder`
 * who has it: a container id, or "pid 123 (nginx)", or "" if unknown. */
int network_publish(struct network *n, struct endpoint *ep, struct port *p, char *holder,
		    size_t cap, struct err *e);
void network_unpublish(struct endpoint *ep);	/* all of its ports */

#endif
