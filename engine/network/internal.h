/* internal.h - what the files of engine/network share; nobody else includes it.
 *
 * Threads.  Callers of network.h come from any thread of the daemon.  Three of
 * our own work behind them:
 *	keeper	(pool.c)   makes namespaces ahead, deletes what is let go; the only
 *			   one that makes links, and steps into new namespaces
 *	proxy	(proxy.c)  published ports: accepts, connects, copies
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
#include "network/network.h"

#define CID_SIZE 65	/* a container's id: 64 hex digits and the NUL */
#define MAC_TEXT 18

struct proxy;
struct published;

struct endpoint {
	struct endpoint *next;		/* in ready, busy or dead */
	uint32_t address;
	int prefix;
	int netns;			/* keeps the namespace alive while no process is in it */
	uint64_t inode;			/* the namespace's identity, as /proc/PID/ns/net shows it */
	char cid[CID_SIZE];		/* "" in the pool */
	char text[ADDRESS_TEXT], mac[MAC_TEXT];
	char veth[IF_NAMESIZE];		/* the host's end */
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
	char bridge[IF_NAMESIZE];
	int bridge_index;
	struct subnet net;
	char gateway[ADDRESS_TEXT], subnet[ADDRESS_TEXT + 4];
	uint64_t host_inode;		/* the host's network namespace */
	int host_netns;			/* the way back into it */
	bool ipv6;			/* ports are claimed on [::] too */
	char **warnings;
	struct proxy *proxy;
	pthread_t keeper;
	bool keeper_runs;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct addresses addresses;
	struct endpoint *ready, *busy, *dead;	/* ready: the lowest address first */
	struct stray *strays;
	int n_ready, n_dead, want;
	int waiting;			/* callers in need of an endpoint */
	uint64_t taken_ns;		/* when an endpoint was last taken or let go */
	bool stop;
	struct err trouble;		/* why the last making failed; code 0: it went well */
	uint16_t next_port;		/* where the search for a free host port goes on */
};

/* pool.c */
int pool_open(struct network *n, struct err *e);
void pool_close(struct network *n);	/* stops the keeper, deletes ready and dead endpoints */
int pool_take(struct network *n, const char *cid, struct endpoint **out, struct err *e);
void pool_give_back(struct network *n, struct endpoint *ep);	/* busy → dead */
void pool_add_busy(struct network *n, struct endpoint *ep);
/* Fills in what follows from the address: text, mac, veth. */
void endpoint_describe(struct endpoint *ep, uint32_t address, int prefix);
uint64_t netns_inode(int fd);
int open_socket(struct network *n, struct err *e);	/* rtnetlink, where this thread stands */

/* bridge.c: makes or adopts the bridge; fills in bridge_index, net and strays. */
int bridge_open(struct network *n, const struct network_config *c, struct err *e);
void bridge_remove(struct network *n);

/* firewall.c: what fails here becomes a warning. */
void firewall_open(struct network *n);
void firewall_remove(struct network *n);

/* ports.c */
void ports_close(struct network *n, struct endpoint *ep);

/* The namespace an address of ours stands for: a container's, or the host's. */
uint64_t network_netns_of(struct network *n, uint32_t address);
void network_warn(struct network *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A thread of ours: small stack, no signals. */
int network_thread(pthread_t *t, void *(*fn)(void *), void *arg, const char *name);

#endif
