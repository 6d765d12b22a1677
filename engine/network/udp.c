/* udp.c - published ports of UDP.
 *
 * UDP has no connections, but answers must find back to who asked.  So each visitor
 * (address and port) gets a session: a socket of its own, born in the container's
 * namespace and connected to the container's port.  What comes out of it goes back
 * to that visitor, from the door the question came in by.  A session that nobody
 * uses for IDLE_S is ended - the time Docker's proxy gives it - and told of then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/str.h"
#include "network/proxy.h"

#define IDLE_S 90
#define SESSIONS_MAX 4096	/* of all ports; the busiest one's idlest makes room */
#define BUCKETS 256
#define DATAGRAM 65536		/* larger than any */
#define ROUND 64		/* datagrams in a row, before others get their turn */

struct session {
	struct source source;		/* to the container */
	struct session *next;		/* in its bucket */
	struct door *door;
	struct sockaddr_in6 visitor;
	socklen_t len;
	uint64_t used_ns, in, out;	/* bytes */
};

struct udp_port { struct session *bucket[BUCKETS]; int n; };

static unsigned int bucket_of(const struct sockaddr_in6 *a, socklen_t len)
{
	const uint8_t *p = (const void *)a;
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (socklen_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h % BUCKETS;
}

static void end(struct proxy *p, struct session *s)
{
	struct udp_port *u = s->door->port->udp;
	struct session **at = &u->bucket[bucket_of(&s->visitor, s->len)];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	u->n--;
	p->sessions--;
	p->waiting--;
	relay_tell(p, s->door->port, (struct sockaddr *)&s->visitor, s->in, s->out);
	source_close(p, &s->source);
	proxy_free_later(p, s);
}

/* Ends those idle since before `until`; the one idle for longest if there is none. */
static void end_idle(struct proxy *p, struct udp_port *u, uint64_t until_ns, bool at_least_one)
{
	struct session *oldest = NULL;
	int before = u->n;

	for (int i = 0; i < BUCKETS; i++)
		for (struct session *s = u->bucket[i], *next; s; s = next) {
			next = s->next;
			if (s->used_ns < until_ns)
				end(p, s);
			else if (!oldest || s->used_ns < oldest->used_ns)
				oldest = s;
		}
	if (at_least_one && u->n == before && oldest)
		end(p, oldest);
}

void udp_tick(struct proxy *p, uint64_t now_ns)
{
	uint64_t until = now_ns > IDLE_S * 1000000000ull ? now_ns - IDLE_S * 1000000000ull : 0;

	for (struct published *port = p->open; port; port = port->next_open)
		if (port->udp)
			end_idle(p, port->udp, until, false);
}

void udp_end(struct proxy *p, struct published *port)
{
	if (!port->udp)
		return;
	end_idle(p, port->udp, UINT64_MAX, false);
	proxy_free_later(p, port->udp);
	port->udp = NULL;
}

/* From the container, back to the visitor. */
static void on_answer(struct proxy *p, struct source *source, uint32_t events)
{
	struct session *s = (struct session *)source;	/* its first member */

	for (int i = 0; i < ROUND; i++) {
		ssize_t n = recv(source->fd, p->scratch, DATAGRAM, MSG_DONTWAIT);
		if (n < 0)	/* also: nobody listens there, which is the visitor's to find out */
			return;
		s->out += (uint64_t)n;
		s->used_ns = clock_mono_ns();
		sendto(s->door->source.fd, p->scratch, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (struct sockaddr *)&s->visitor, s->len);
	}
}

static struct session *find(struct udp_port *u, const struct door *door,
			    const struct sockaddr_in6 *visitor, socklen_t len)
{
	struct session *s = u->bucket[bucket_of(visitor, len)];

	while (s && (s->door != door || s->len != len || memcmp(&s->visitor, visitor, len)))
		s = s->next;
	return s;
}

/* Whoever floods a port with made-up visitors makes room by those. */
static void make_room(struct proxy *p)
{
	struct udp_port *most = NULL;

	for (struct published *port = p->open; port; port = port->next_open)
		if (port->udp && (!most || port->udp->n > most->n))
			most = port->udp;
	if (most)
		end_idle(p, most, 0, true);
}

/* NULL: the datagram is lost, as UDP's may be. */
static struct session *begin(struct proxy *p, struct door *door,
			     const struct sockaddr_in6 *visitor, socklen_t len)
{
	struct udp_port *u = door->port->udp;

	if (visits_behind(p->visits))	/* each session's end is told, too */
		return NULL;
	if (p->sessions >= SESSIONS_MAX)
		make_room(p);
	int fd = relay_reach(p, door->port, SOCK_DGRAM, visitor->sin6_family == AF_INET6);
	if (fd < 0)
		return NULL;
	struct session *s = mem_alloc(sizeof(*s));
	unsigned int b = bucket_of(visitor, len);
	s->source = (struct source){ on_answer, fd, 0 };
	s->door = door;
	memcpy(&s->visitor, visitor, len);
	s->len = len;
	s->next = u->bucket[b];
	u->bucket[b] = s;
	u->n++;
	p->sessions++;
	p->waiting++;
	source_want(p, &s->source, EPOLLIN);
	return s;
}

void udp_on_datagram(struct proxy *p, struct source *source, uint32_t events)
{
	struct door *door = (struct door *)source;	/* its first member */

	if (!door->port->udp)
		door->port->udp = mem_alloc(sizeof(*door->port->udp));
	for (int i = 0; i < ROUND; i++) {
		struct sockaddr_in6 visitor = { 0 };
		socklen_t len = sizeof(visitor);
		ssize_t n = recvfrom(source->fd, p->scratch, DATAGRAM, MSG_DONTWAIT,
				     (struct sockaddr *)&visitor, &len);
		if (n < 0)
			return;
		struct session *s = find(door->port->udp, door, &visitor, len);
		if (!s)
			s = begin(p, door, &visitor, len);
		if (!s)
			continue;
		s->used_ns = clock_mono_ns();
		s->in += (uint64_t)n;
		/* Twice: the first may only report that an earlier one met nobody. */
		if (send(s->source.fd, p->scratch, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			send(s->source.fd, p->scratch, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}
