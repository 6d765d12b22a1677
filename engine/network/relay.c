/* relay.c - one visit: two sockets, bytes both ways.
 *
 * The visitor's connection ends here; a second one goes on to the container.
 * That one is made by a socket born in the container's network namespace: this
 * thread steps in, calls socket(), and steps out again - a socket belongs to the
 * namespace it was made in.  So no route and no firewall rule of the host is
 * involved, and it works the same without root's help.  It connects to the
 * container's own address and not to 127.0.0.1: a program that listens on
 * loopback only has said that nobody outside may reach it, and docker honours
 * that too.
 *
 * Copying (through one buffer that stays in the processor's cache: splice(2) by way of
 * pipes was measured no faster, and costs two more descriptors each way).  What one
 * side sends is written to the other at once.  What the
 * other can't take is kept (one reading's worth at most), and nothing more is
 * read until it is gone: the kernel's windows then slow the sender down
 * (backpressure).  A side that has finished sending has that passed on by
 * shutdown(SHUT_WR), and the other direction goes on (half close): "request,
 * end, then the answer" works.  A visitor that can't be written to any more ends
 * the visit; a container that can't still gets its last words through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/str.h"
#include "network/proxy.h"
#include "trace/decorator.h"

enum { VISITOR, CONTAINER };	/* the two sides */

struct side {
	struct source source;
	struct relay *relay;
	char *held;		/* bytes this side couldn't take yet; owned */
	size_t held_len, held_off;
	uint64_t sent;		/* bytes it sent */
	bool ended;		/* it sends no more */
	bool deaf;		/* it can be written no more */
	bool told_end;		/* it knows that the other side has ended */
};

struct relay {
	struct relay *next, **prev;	/* of the port */
	struct published *port;
	struct side side[2];
	bool connecting, told;
	struct sniff sniff;
	char peer[PEER_TEXT];
	uint64_t src_netns;
};

static struct side *other(struct side *s)
{
	return &s->relay->side[s == &s->relay->side[VISITOR] ? CONTAINER : VISITOR];
}

/* ---- telling ---- */

static struct visit *new_visit(const struct published *port, const char *peer, uint64_t src_netns)
{
	struct visit *v = mem_alloc(sizeof(*v));

	snprintf(v->cid, sizeof(v->cid), "%s", port->cid);
	snprintf(v->peer, sizeof(v->peer), "%s", peer);
	v->told = (struct net_visit){
		.cid = v->cid, .host_port = port->port.host, .ctr_port = port->port.ctr,
		.peer = v->peer, .src_netns = src_netns, .same_netns = src_netns == port->inode,
		.request = v->request, .body_sha256 = v->body,
	};
	return v;
}

static void tell(struct proxy *p, struct relay *r)
{
	struct visit *v = new_visit(r->port, r->peer, r->src_netns);

	memcpy(v->request, r->sniff.request, sizeof(v->request));
	memcpy(v->body, r->sniff.body_sha256, sizeof(v->body));
	if (!r->sniff.request_whole)
		v->request[0] = '\0';
	v->told.bytes_in = r->side[VISITOR].sent;
	v->told.bytes_out = r->side[CONTAINER].sent;
	v->told.http_status = r->sniff.status;
	visits_add(p->visits, v);
	r->told = true;
}

/* Who that is, as text; the namespace it comes from. */
static uint64_t describe_peer(struct proxy *p, const struct sockaddr *peer, char out[PEER_TEXT])
{
	const struct sockaddr_in6 *six = (const void *)peer;
	const struct sockaddr_in *four = (const void *)peer;
	char text[INET6_ADDRSTRLEN] = "";

	if (peer->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
		snprintf(out, PEER_TEXT, "[%s]:%u", text, ntohs(six->sin6_port));
		return network_netns_of(p->n, &(struct name_at){ 0, address6_from(&six->sin6_addr) });
	}
	inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
	snprintf(out, PEER_TEXT, "%s:%u", text, ntohs(four->sin_port));
	return network_netns_of(p->n, &(struct name_at){ ntohl(four->sin_addr.s_addr), 0 });
}

void relay_tell(struct proxy *p, const struct published *port, const struct sockaddr *peer,
		uint64_t in, uint64_t out)
{
	char text[PEER_TEXT];
	uint64_t from = describe_peer(p, peer, text);
	struct visit *v = new_visit(port, text, from);

	v->told.bytes_in = in;
	v->told.bytes_out = out;
	visits_add(p->visits, v);
}

/* ---- life and death ---- */

void relay_end(struct proxy *p, struct relay *r)
{
	trace_subject(p->k, r->port->cid);
	if (r->side[CONTAINER].ended)
		sniff_end(&r->sniff);
	if (!r->told)
		tell(p, r);
	for (int i = 0; i < 2; i++) {
		source_close(p, &r->side[i].source);
		free(r->side[i].held);
	}
	sniff_free(&r->sniff);
	*r->prev = r->next;
	if (r->next)
		r->next->prev = r->prev;
	p->relays--;
	proxy_free_later(p, r);
}

/* A side is watched for what would get somebody further. */
static void watch(struct proxy *p, struct relay *r)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &r->side[i];
		bool read = !r->connecting && !s->ended && !other(s)->held;
		bool write = s->held || (r->connecting && i == CONTAINER);
		source_want(p, &s->source, (read ? EPOLLIN : 0) | (write ? EPOLLOUT : 0));
	}
}

/* ---- copying ---- */

static void grow_deaf(struct side *s)
{
	s->deaf = true;
	free(s->held);
	s->held = NULL;
}

/* Writes what the socket takes; how much that was. */
static size_t write_some(struct side *s, const char *data, size_t n)
{
	ssize_t w = s->deaf ? 0 : send(s->source.fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (w < 0 && errno != EAGAIN && errno != EINTR)
		grow_deaf(s);
	return w > 0 ? (size_t)w : 0;
}

static void write_held(struct side *s)
{
	s->held_off += write_some(s, s->held + s->held_off, s->held_len - s->held_off);
	if (s->held && s->held_off == s->held_len) {
		free(s->held);
		s->held = NULL;
	}
}

static void hold(struct side *s, const char *data, size_t n)
{
	if (s->deaf || !n)
		return;
	s->held = mem_alloc(n);
	memcpy(s->held, data, n);
	s->held_len = n;
	s->held_off = 0;
}

static void look(struct proxy *p, struct side *from, const char *data, size_t n)
{
	struct relay *r = from->relay;

	if (r->told)
		return;
	if (from == &r->side[VISITOR])
		sniff_request(&r->sniff, data, n);
	else
		sniff_response(&r->sniff, data, n);
	/* A browser keeps its connection for minutes: the visit is told when it has
	 * its page. */
	if (sniff_complete(&r->sniff))
		tell(p, r);
}

static void read_from(struct proxy *p, struct side *from)
{
	struct side *to = other(from);
	ssize_t n = recv(from->source.fd, p->scratch, SCRATCH, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		from->ended = true;
		if (n < 0)	/* reset: that goes for both directions */
			grow_deaf(from);
		return;
	}
	from->sent += n;
	size_t w = write_some(to, p->scratch, n);
	hold(to, p->scratch + w, n - w);
	look(p, from, p->scratch, n);
}

/* Passes the end on, once everything before it is through; true if it is. */
static bool direction_done(struct side *from)
{
	struct side *to = other(from);

	if (to->deaf)
		return true;
	if (!from->ended || to->held)
		return false;
	if (!to->told_end)
		shutdown(to->source.fd, SHUT_WR);
	to->told_end = true;
	return true;
}

static void settle(struct proxy *p, struct relay *r)
{
	bool in = direction_done(&r->side[VISITOR]), out = direction_done(&r->side[CONTAINER]);

	if ((in && out) || r->side[VISITOR].deaf)
		relay_end(p, r);
	else
		watch(p, r);
}

/* ---- events ---- */

static void on_connected(struct proxy *p, struct relay *r)
{
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(r->side[CONTAINER].source.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {	/* nobody listens there: the visitor is hung up on, as docker does */
		relay_end(p, r);
		return;
	}
	r->connecting = false;
	watch(p, r);
}

static void on_event(struct proxy *p, struct source *source, uint32_t events)
{
	struct side *s = (struct side *)source;	/* its first member */
	struct relay *r = s->relay;

	if (r->connecting) {
		on_connected(p, r);
		return;
	}
	if (s->held && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
		write_held(s);
	if (!s->ended && !other(s)->held && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		read_from(p, s);
	settle(p, r);
}

static socklen_t container_address(const struct published *port, bool six,
				   struct sockaddr_in6 *out)
{
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (six && port->six) {
		out->sin6_family = AF_INET6;
		out->sin6_port = htons(port->port.ctr);
		address6_bytes(port->six, out->sin6_addr.s6_addr);
		return sizeof(*out);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(port->port.ctr);
	four->sin_addr.s_addr = htonl(port->address);
	return sizeof(*four);
}

int relay_reach(struct proxy *p, const struct published *port, int type, bool six)
{
	struct sockaddr_in6 to;
	socklen_t len = container_address(port, six, &to);
	int fd = (int)k_setns(p->k, port->netns, CLONE_NEWNET);

	if (fd == 0)
		fd = (int)k_socket(p->k, to.sin6_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	network_come_back(p->n);
	if (fd < 0)
		return fd;
	trace_why(p->k, WHY_NET_FORWARD);
	long r = k_connect(p->k, fd, (struct sockaddr *)&to, len);
	trace_why(p->k, WHY_TABLE);
	if (r == 0 || r == -EINPROGRESS)
		return fd;
	k_close(p->k, fd);
	return (int)r;
}

static void adorn(int fd)
{
	int yes = 1;

	/* We pass on what we get when we get it: nothing to gather (Nagle). */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	/* A visitor whose cable was cut is noticed in the end. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
}

static void link_in(struct proxy *p, struct relay *r)
{
	struct relay **head = &r->port->relays;

	r->next = *head;
	r->prev = head;
	if (r->next)
		r->next->prev = &r->next;
	*head = r;
	p->relays++;
}

static void side_init(struct side *s, struct relay *r, int fd)
{
	s->source = (struct source){ on_event, fd, 0 };
	s->relay = r;
}

void relay_begin(struct proxy *p, struct published *port, int fd, const struct sockaddr *peer)
{
	struct relay *r = mem_alloc(sizeof(*r));
	int on;

	r->port = port;
	r->connecting = true;
	sniff_begin(&r->sniff);
	r->src_netns = describe_peer(p, peer, r->peer);
	link_in(p, r);
	trace_subject(p->k, port->cid);
	on = relay_reach(p, port, SOCK_STREAM, peer->sa_family == AF_INET6);
	side_init(&r->side[VISITOR], r, fd);
	side_init(&r->side[CONTAINER], r, on < 0 ? -1 : on);
	adorn(fd);
	if (on < 0) {
		relay_end(p, r);
		return;
	}
	adorn(on);
	watch(p, r);
}
