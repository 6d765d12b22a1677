/* internal.h - what the files of engine/network share; nobody else includes it.
 *
 * Threads.  Callers of network.h come from any thread of the daemon.  Three of
 * our own work behind them:
 *	keeper	(pool.c)   makes namespaces ahead, deletes what is let go; the only
 *			   one that makes links, and steps into new namespaces
 *	proxy	(proxy.c)  published ports: accepts, connects, copies;
 *			   and answers containers' questions about names
 *	teller	(visit.c)  tells the daemon about visits, so that a slow journal
 *			   doesn't hold up the bytes
 * `lock` covers everything in struct network below it.  It is never held over a
 * kernel call or a callback: taking an endpoint waits for nobody's rtnetlink.
 */
#ifndef DRYDOCK_NETWORK_INTERNAL_H
#define DRYDOCK_NETWORK_INTERNAL_H

#include <net/if.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "network/address.h"
#include "network/address6.h"
#include "network/network.h"

#define CID_SIZE 65	/* a container's id: 64 hex digits and the NUL */
#define MAC_TEXT 18

struct proxy;
struct published;

/* A container's name server: two sockets in its namespace; -1: there are none. */
struct name_sockets { int udp, tcp; };

struct endpoint {
	struct endpoint *next;		/* in ready, busy or dead */
	struct network *net;
	uint32_t address;
	int prefix;
	int netns;			/* keeps the namespace alive while no process is in it */
	uint64_t inode;			/* the namespace's identity, as /proc/PID/ns/net shows it */
	char cid[CID_SIZE];		/* "" in the pool */
	char text[ADDRESS_TEXT], mac[MAC_TEXT];
	address6 six;			/* 0: none */
	char text6[ADDRESS6_TEXT];	/* "" then */
	char veth[IF_NAMESIZE];		/* the host's end, */
	int index;			/* 0 while there is none */
	char inside[IF_NAMESIZE];	/* the container's: "eth0" */
	char **names;			/* that it answers to in its network; owned, or NULL */
	struct name_sockets answerer;	/* made ahead; owned until somebody takes them */
	struct published *ports;	/* owned */
};

/* A link found in the bridge at open: a container's that wasn't adopted yet, or a leftover. */
struct stray {
	struct stray *next;
	int index;
	char name[IF_NAMESIZE];
	uint32_t address;
};

struct network {
	struct kernel *k;
	struct network *host;		/* the default bridge's; itself for that one */
	struct subnet_pool *pools;	/* the host's: for subnets nobody chose */
	size_t n_pools;
	struct subnet6_pool *pools6;	/* never empty */
	size_t n_pools6;
	struct subnet6_pool own6;	/* the default bridge's: whether it has IPv6 may change
					 * with a daemon's start, while others keep their subnets */
	struct network *more;		/* the users' own: a list, under the host's lock */
	char *name;			/* of a user's own network */
	bool internal, isolated, bare;	/* bare: no masquerade */
	bool no_forward;
	int mtu;
	char bridge[IF_NAMESIZE];
	int bridge_index;
	struct subnet net;
	char gateway[ADDRESS_TEXT], subnet[ADDRESS_TEXT + 4];
	bool six;			/* IPv6 as well: */
	struct subnet6 net6;
	char gateway6[ADDRESS6_TEXT], subnet6[SUBNET6_TEXT];
	int (*door)(int family, int type);	/* network_config's; NULL: socket(2) */
	char *source, *source6;		/* what leaves has this address; NULL: masquerade */
	uint64_t host_inode;		/* the host's network namespace */
	int host_netns;			/* the way back into it */
	int userns;			/* the host's: whose containers' networks are; 0: the host's */
	bool ipv6;			/* ports are claimed on [::] too */
	char **warnings;
	struct proxy *proxy;
	pthread_t keeper;
	bool keeper_runs;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct addresses addresses;
	struct addresses6 addresses6;
	struct endpoint *ready, *busy, *dead;	/* ready: the lowest address first */
	struct stray *strays;
	int n_ready, n_dead, want;
	struct spare *spares;		/* the host's, for all users' networks */
	int n_spares;
	unsigned int spares_made;
	int waiting;			/* callers in need of an endpoint */
	uint64_t taken_ns;		/* when an endpoint was last taken or let go */
	bool stop;
	struct err trouble;		/* why the last making failed; code 0: it went well */
	uint16_t next_port;		/* where the search for a free host port goes on */
};

/* pool.c */
/* This thread's way back from a container's network.  If it can't be gone, nothing
 * that the thread does would be right from here on: the daemon ends. */
void network_come_back(struct network *n);
int pool_open(struct network *n, struct err *e);
void pool_close(struct network *n);	/* stops the keeper, deletes ready and dead endpoints */
int pool_take(struct network *n, const char *cid, struct endpoint **out, struct err *e);
void pool_give_back(struct network *n, struct endpoint *ep);	/* busy → dead */
void pool_add_busy(struct network *n, struct endpoint *ep);
/* Of a user's network: its addresses are free at once, the rest goes later (busy → the
 * host's dead ones). */
void pool_retire(struct network *n, struct endpoint *ep);
struct spare *pool_take_spare(struct network *host);	/* NULL: none is ready */
/* In a thread that isn't the host's any more: a new namespace and a socket in it. */
int netns_make(struct network *n, int *netns, int *sock, struct err *e);
uint64_t netns_inode(int fd);
int open_socket(struct network *n, struct err *e);	/* rtnetlink, where this thread stands */

/* endpoint.c */
/* Fills in what follows from the addresses: texts, mac, veth. */
void endpoint_describe(struct endpoint *ep, uint32_t address, int prefix, address6 six);
/* The lowest free addresses of the families that n has (six 0: it has no IPv6); the
 * latter's is pair_of() the former on the default bridge.  n->lock held. */
int endpoint_take_addresses(struct network *n, uint32_t *four, address6 *six);
address6 endpoint_pair_of(const struct network *n, uint32_t four);
/* An endpoint's addresses are free again.  n->lock held. */
void endpoint_give_addresses(struct network *n, const struct endpoint *ep);
void endpoint_free(struct kernel *k, struct endpoint *ep);
/* The cable of an endpoint whose namespace is there, `inside` acting in it; lead:
 * with the default route. */
int endpoint_wire(struct network *n, struct endpoint *ep, int inside, bool lead, struct err *e);
/* The same with a cable that is there (ep->index), its other end `there` inside. */
int endpoint_join(struct network *n, struct endpoint *ep, int inside, int there, bool lead,
		  struct err *e);

/* bridge.c: makes or adopts the bridge; fills in bridge_index, net and strays. */
int bridge_open(struct network *n, const struct network_config *c, struct err *e);
void bridge_remove(struct network *n);

/* cable.c */
/* Runs fn in a thread that ends inside of a namespace (netns < 0: starts in the
 * host's), with enough stack for libnftables. */
int netns_errand(struct network *n, int netns,
		 int (*fn)(struct network *n, void *arg, struct err *e), void *arg, struct err *e);
/* Finds ep's cable among the strays, by ep's namespace and `inside`. */
int cable_find(struct network *n, struct endpoint *ep, struct err *e);

/* names.c: who answers to `name`, as seen from container cid: up to `max`; none:
 * nobody does. */
struct name_query { const char *cid, *name; char *const *links; };
struct name_at { uint32_t four; address6 six; };	/* 0: no address of that family */
bool endpoint_is_at(const struct endpoint *ep, const struct name_at *at);	/* the one that isn't 0 */
int names_find(struct network *host, const struct name_query *q, struct name_at *out, int max);
/* The name that goes with an address, the one that isn't 0, in one of cid's networks
 * ("web.backend"). */
bool names_reverse(struct network *host, const char *cid, const struct name_at *at, char *out,
		   size_t cap);

/* The name server's sockets that were made ahead for a container; false: there are none. */
bool names_take_answerer(struct network *host, const char *cid, struct name_sockets *out);

/* resolver.c: a container's name server, in the namespace this thread stands in. */
int names_open_here(struct network *n, struct name_sockets *out, struct err *e);
void names_close(struct kernel *k, struct name_sockets *s);

/* firewall.c: what fails here becomes a warning. */
void firewall_open(struct network *n);
void firewall_remove(struct network *n);

/* ports.c */
void ports_close(struct network *n, struct endpoint *ep);

/* The namespace an address of ours stands for: a container's, or the host's. */
uint64_t network_netns_of(struct network *n, const struct name_at *at);
void network_warn(struct network *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A thread of ours: small stack, no signals. */
int network_thread(pthread_t *t, void *(*fn)(void *), void *arg, const char *name);

#endif
