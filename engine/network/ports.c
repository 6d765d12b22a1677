/* ports.c - claiming ports of the host.
 *
 * A claim is a bound, listening socket, on 0.0.0.0 and, where the host has IPv6,
 * on [::] (a socket of its own: docker shows the two apart).  The kernel keeps
 * the books: bind(2) says EADDRINUSE, and only then is it asked who the holder
 * is - one of our containers, or somebody else's process.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/str.h"
#include "network/holder.h"
#include "network/proxy.h"
#include "trace/decorator.h"

/* Where docker looks for a free port: Linux's default ip_local_port_range. */
#define FREE_FIRST 32768
#define FREE_LAST 60999

struct claim { int family; union { struct in_addr v4; struct in6_addr v6; } ip; bool optional; };

/* The addresses that host_ip stands for: how many, or -EINVAL. */
static int claims_of(const struct network *n, const char *host_ip, struct claim c[2])
{
	memset(c, 0, 2 * sizeof(*c));
	c[0].family = AF_INET;
	c[1].family = AF_INET6;
	c[1].optional = true;
	if (!host_ip[0])
		return n->ipv6 ? 2 : 1;
	if (inet_pton(AF_INET, host_ip, &c[0].ip) == 1)
		return 1;
	c[0].family = AF_INET6;
	return inet_pton(AF_INET6, host_ip, &c[0].ip) == 1 ? 1 : -EINVAL;
}

static socklen_t claim_address(const struct claim *c, uint16_t port, struct sockaddr_in6 *out)
{
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (c->family == AF_INET) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		four->sin_addr = c->ip.v4;
		return sizeof(*four);
	}
	out->sin6_family = AF_INET6;
	out->sin6_port = htons(port);
	out->sin6_addr = c->ip.v6;
	return sizeof(*out);
}

static int bind_one(struct network *n, const struct claim *c, int kind, uint16_t port)
{
	struct sockaddr_in6 address;
	socklen_t len = claim_address(c, port, &address);
	int yes = 1;

	int type = kind | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = n->host->door ? n->host->door(c->family, type)
			       : (int)k_socket(n->k, c->family, type, 0);
	if (fd < 0)
		return fd;
	/* Connections of the last holder may linger in TIME_WAIT; a listener still bars
	 * us.  Of UDP ports that would share it with others. */
	if (kind == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (c->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	trace_why(n->k, WHY_NET_PUBLISH);
	long r = k_bind(n->k, fd, (struct sockaddr *)&address, len);
	trace_why(n->k, WHY_TABLE);
	if (r == 0 && kind == SOCK_STREAM)
		r = k_listen(n->k, fd, ACCEPT_QUEUE);
	if (r == 0)
		return fd;
	k_close(n->k, fd);
	return (int)r;
}

static void drop_claims(struct network *n, struct published *p)
{
	for (int i = 0; i < 2; i++)
		if (p->doors[i].source.fd >= 0)
			k_close(n->k, p->doors[i].source.fd);
	p->doors[0].source.fd = p->doors[1].source.fd = -1;
}

/* All of them, or none. */
static int claim_all(struct network *n, struct published *p, const struct claim *c, int count,
		     uint16_t port)
{
	int type = strcmp(p->port.proto, "udp") ? SOCK_STREAM : SOCK_DGRAM;

	p->doors[0].source.fd = p->doors[1].source.fd = -1;
	for (int i = 0; i < count; i++) {
		int fd = bind_one(n, &c[i], type, port);
		if (fd >= 0) {
			p->doors[i].source.fd = fd;
		} else if (!c[i].optional || fd == -EADDRINUSE) {
			drop_claims(n, p);
			return fd;
		}
	}
	return 0;
}

static uint16_t next_free(struct network *n)
{
	n = n->host;
	pthread_mutex_lock(&n->lock);
	uint16_t port = n->next_port;
	n->next_port = port >= FREE_LAST ? FREE_FIRST : port + 1;
	pthread_mutex_unlock(&n->lock);
	return port;
}

static int claim_any(struct network *n, struct published *p, const struct claim *c, int count)
{
	int r = -EADDRINUSE;

	for (int i = FREE_FIRST; i <= FREE_LAST && r == -EADDRINUSE; i++) {
		p->port.host = next_free(n);
		r = claim_all(n, p, c, count, p->port.host);
	}
	return r;
}

/* -p 8000-8010:80: the first that is free. */
static int claim_range(struct network *n, struct published *p, const struct claim *c, int count)
{
	int r = -EADDRINUSE;

	for (uint32_t port = p->port.host; port <= p->port.last && r == -EADDRINUSE; port++) {
		r = claim_all(n, p, c, count, (uint16_t)port);
		if (r == 0)
			p->port.host = (uint16_t)port;
	}
	return r;
}

/* ---- when it is taken ---- */

/* Do two claims of one port and protocol exclude each other?  "" is everybody's, and
 * so is 0.0.0.0 among IPv4 addresses and :: among IPv6 ones. */
static bool same_place(const char *a, const char *b)
{
	bool six_a = strchr(a, ':') != NULL, six_b = strchr(b, ':') != NULL;

	if (!*a || !*b)
		return true;
	return six_a == six_b && (!strcmp(a, b) || !strcmp(a, six_a ? "::" : "0.0.0.0") ||
				  !strcmp(b, six_a ? "::" : "0.0.0.0"));
}

/* The container of ours that has a port; "" if none. */
static void find_own(struct network *n, const struct port *port, char *cid, size_t cap)
{
	struct proxy *proxy = n->proxy;

	cid[0] = '\0';
	pthread_mutex_lock(&proxy->lock);
	for (struct published *p = proxy->open; p; p = p->next_open)
		if (p->port.host == port->host && !strcmp(p->port.proto, port->proto) &&
		    same_place(p->port.host_ip, port->host_ip))
			snprintf(cid, cap, "%s", p->cid);
	pthread_mutex_unlock(&proxy->lock);
}

static int say_taken(struct network *n, const struct port *p, const char *ip, char *holder,
		     size_t cap, struct err *e)
{
	unsigned int other = p->host < 65535 ? p->host + 1u : 1024u;

	find_own(n, p, holder, cap);
	if (holder[0]) {
		err_set(e, EADDRINUSE, "Bind for %s:%u failed: port is already allocated",
			ip, p->host);
		return err_hint(e, "Container %.12s has it. Publish another host port (-p %u:%u), "
				"or stop that container.", holder, other, p->ctr);
	}
	holder_find("/proc", p->proto, p->host, holder, cap);
	err_set(e, EADDRINUSE, "failed to bind host port %s:%u/%s: address already in use",
		ip, p->host, p->proto);
	return err_hint(e, "%s listens there, and is no container of ours. Publish another host "
			"port (-p %u:%u), or end that program.",
			holder[0] ? holder : "Another program", other, p->ctr);
}

static int say_refused(const struct port *p, const char *ip, int code, struct err *e)
{
	err_sys(e, code, "failed to bind host port %s:%u/%s", ip, p->host, p->proto);
	if (code == EACCES)
		err_hint(e, "Ports below 1024 are root's: choose a higher one.");
	else if (code == EADDRNOTAVAIL)
		err_hint(e, "This host has no such address; leave it out to claim the port "
			    "on all.");
	return -code;
}

/* ---- publishing ---- */

static int claim(struct network *n, struct published *p, char *holder, size_t cap, struct err *e)
{
	struct claim c[2];
	int count = claims_of(n, p->port.host_ip, c);

	if (count < 0)
		return err_set(e, EINVAL, "publish a port: \"%s\" is no IP address",
			       p->port.host_ip);
	int r = !p->port.host ? claim_any(n, p, c, count) :
		p->port.last > p->port.host ? claim_range(n, p, c, count) :
		claim_all(n, p, c, count, p->port.host);
	p->port.dual = r == 0 && count == 2 && p->doors[1].source.fd >= 0;
	const char *ip = p->port.host_ip[0] ? p->port.host_ip : "0.0.0.0";
	if (r == -EADDRINUSE)
		return say_taken(n, &p->port, ip, holder, cap, e);
	return r < 0 ? say_refused(&p->port, ip, -r, e) : 0;
}

static struct published *describe(const struct endpoint *ep, const struct port *port)
{
	struct published *p = mem_alloc(sizeof(*p));

	p->port = *port;
	if (!p->port.proto[0])
		strcpy(p->port.proto, "tcp");
	memcpy(p->cid, ep->cid, sizeof(p->cid));
	p->address = ep->address;
	p->six = ep->six;
	p->netns = ep->netns;
	p->inode = ep->inode;
	return p;
}

int network_publish(struct network *n, struct endpoint *ep, struct port *p, char *holder,
		    size_t cap, struct err *e)
{
	struct published *new = describe(ep, p);

	holder[0] = '\0';
	trace_region(n->k, REGION_PUBLISH);
	bool known = !strcmp(new->port.proto, "tcp") || !strcmp(new->port.proto, "udp");
	int r = !known ?
		err_set(e, EPROTONOSUPPORT, "publish port %u/%s: only TCP and UDP can be published",
			p->ctr, p->proto) :
		claim(n, new, holder, cap, e);
	trace_region(n->k, REGION_NONE);
	if (r < 0) {
		free(new);
		return r;
	}
	*p = new->port;
	proxy_listen(n->proxy, new);
	pthread_mutex_lock(&n->lock);
	new->next = ep->ports;
	ep->ports = new;
	pthread_mutex_unlock(&n->lock);
	return 0;
}

void network_unpublish(struct endpoint *ep) { ports_close(ep->net, ep); }

void ports_close(struct network *n, struct endpoint *ep)
{
	pthread_mutex_lock(&n->lock);
	struct published *list = ep->ports;
	ep->ports = NULL;
	pthread_mutex_unlock(&n->lock);
	while (list) {
		struct published *p = list;
		list = p->next;
		proxy_unlisten(n->proxy, p);
		free(p);
	}
}
