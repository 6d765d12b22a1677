/* network.h - bridges, addresses, published ports. */
#ifndef DRYDOCK_NETWORK_NETWORK_H
#define DRYDOCK_NETWORK_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "kernel/kernel.h"

struct network;		/* the default bridge and everything attached to it */
struct endpoint;	/* a container's place in it: network namespace, veth, address */

struct network_config {
	const char *bridge;	/* "drydock0" */
	const char *cidr;	/* "172.17.0.1/16": the bridge's own address; another is chosen if taken */
	int pool;		/* ready-made namespaces with their veth: 4 to 16 */
};

/* A visit through a published port, told when it ends. */
struct net_visit {
	const char *cid; uint16_t host_port, ctr_port;
	const char *peer;		/* "127.0.0.1:50412" */
	uint64_t src_netns; bool same_netns;
	uint64_t bytes_in, bytes_out;
	int http_status;		/* 0: not HTTP */
	const char *request;		/* "GET / HTTP/1.1", "" */
	const char *body_sha256;	/* of the first response's body, "" */
};

int network_open(struct kernel *k, const struct network_config *c,
		 void (*visit)(void *arg, const struct net_visit *v), void *arg,
		 struct network **out, struct err *e);
/* remove: take bridge, pool and firewall table away too. */
void network_close(struct network *n, bool remove);

/* An endpoint for a container: taken from the pool, or made. */
int network_attach(struct network *n, const char *cid, struct endpoint **out, struct err *e);
/* After a daemon's restart: the endpoint of a running container again. */
int network_adopt(struct network *n, const char *cid, int pid, const char *address,
		  struct endpoint **out, struct err *e);
void network_detach(struct network *n, struct endpoint *ep);	/* ports too */
/* After the last network_adopt(): whatever else still hangs on the bridge was
 * left by a daemon that was killed, and goes. */
void network_sweep(struct network *n);

int endpoint_netns_fd(const struct endpoint *ep);	/* borrowed */
uint64_t endpoint_netns_inode(const struct endpoint *ep);
const char *endpoint_address(const struct endpoint *ep);	/* "172.17.0.2" */
int endpoint_prefix(const struct endpoint *ep);			/* 16 */
const char *endpoint_mac(const struct endpoint *ep);
const char *network_gateway(const struct network *n);
const char *network_subnet(const struct network *n);		/* "172.17.0.0/16" */
const char *network_bridge(const struct network *n);
bool network_ipv6(const struct network *n);	/* ports without host_ip are on [::] too */
/* What the host couldn't give at open: a sentence each, NULL-terminated, borrowed. */
char *const *network_warnings(const struct network *n);

struct port { char host_ip[46]; uint16_t host, ctr; char proto[5]; };	/* host 0: any free */
/* Claims the port and starts forwarding.  EADDRINUSE with docker's words
 * ("Bind for 0.0.0.0:8080 failed: port is already allocated") and in `holder`
 * who has it: a container id, or "pid 123 (nginx)", or "" if unknown. */
int network_publish(struct network *n, struct endpoint *ep, struct port *p, char *holder,
		    size_t cap, struct err *e);

#endif
