/* resolver.c - the answerer of names inside each container's namespace.
 *
 * Containers on users' networks have "nameserver 127.0.0.11" in resolv.conf, as
 * Docker's have.  The whole of 127/8 is a namespace's own loopback, so that each
 * container meets a socket of ours there that was born in its namespace, and
 * which one it is says who asks.
 *
 *	a name in one of the asker's networks	answered at once, from names.c
 *	anything else				passed on to the servers (forward.c)
 *	anything else, on internal networks	"server failure": nobody may be asked
 *
 * Port 53 itself stays free for a name server in the container: the sockets have
 * ports of the kernel's choice, and two rules in the container's own nftables table
 * lead there.  Where there is no nftables they take port 53.
 */
#include "network/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/str.h"

#define ADDRESS "127.0.0.11"
#define ADDRESSES_MAX 32	/* of one name */
#define TALKS_MAX 16		/* of one container */
#define TALK_S 10		/* until a connection that says nothing is hung up on */
#define ROUND 64		/* questions taken in a row */

/* ---- answering ---- */

void resolver_reply(struct proxy *p, const struct asker *who, const void *message, size_t len)
{
	struct talk *t = who->talk;
	uint8_t head[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	struct iovec parts[] = { { head, sizeof(head) }, { (void *)message, len } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };

	if (!t) {	/* lost on the way: they ask again */
		sendto(who->resolver->udp.fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *)&who->from, sizeof(who->from));
		return;
	}
	t->have = 0;
	/* An answer fits into an empty socket buffer; who leaves theirs full is let go. */
	if (sendmsg(t->source.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(len + 2))
		shutdown(t->source.fd, SHUT_RDWR);
	source_want(p, &t->source, EPOLLIN);
}

void resolver_fail(struct proxy *p, const struct asker *who, const void *query, size_t len)
{
	struct dns_question q;
	struct dns_reply reply;

	if (!dns_read_question(query, len, &q))
		return;
	dns_begin(&reply, query, &q, DNS_FAILED);
	resolver_reply(p, who, reply.data, reply.len);
}

static void add_addresses(struct resolver *r, struct dns_reply *reply, uint16_t type,
			  const struct name_at *v, int n)
{
	unsigned int first = r->turn++;

	for (int i = 0; i < n; i++) {
		const struct name_at *at = &v[(first + (unsigned int)i) % (unsigned int)n];
		if (type == DNS_A)
			dns_add_address(reply, at->four);
		else if (at->six)
			dns_add_address6(reply, at->six);
	}
}

static bool asks_for_name(const struct dns_question *q, struct name_at *at)
{
	*at = (struct name_at){ 0 };
	return q->type == DNS_PTR && (dns_reverse_name(q->name, &at->four) ||
				      dns_reverse_name6(q->name, &at->six));
}

/* From what we know; false: that is nothing. */
static bool answer_ours(struct proxy *p, struct resolver *r, const void *query,
			const struct dns_question *q, struct dns_reply *reply)
{
	struct name_query ask = { r->cid, q->name, r->links };
	char name[DNS_NAME_MAX];
	struct name_at v[ADDRESSES_MAX], at;
	int n = names_find(p->n, &ask, v, ADDRESSES_MAX);

	if (n > 0) {	/* a name of ours has addresses and nothing else */
		dns_begin(reply, query, q, DNS_OK);
		if (q->type == DNS_A || q->type == DNS_AAAA)
			add_addresses(r, reply, q->type, v, n);
		return true;
	}
	if (!asks_for_name(q, &at) || !names_reverse(p->n, r->cid, &at, name, sizeof(name)))
		return false;
	dns_begin(reply, query, q, DNS_OK);
	dns_add_name(reply, name);
	return true;
}

static void on_question(struct proxy *p, const struct asker *who, const void *query, size_t len)
{
	struct dns_question q;
	struct dns_reply reply;

	if (dns_read_question(query, len, &q) && answer_ours(p, who->resolver, query, &q, &reply))
		resolver_reply(p, who, reply.data, reply.len);
	else if (who->resolver->closed)
		resolver_fail(p, who, query, len);
	else
		question_forward(p, who, query, len);
}

static void on_datagram(struct proxy *p, struct source *s, uint32_t events)
{
	struct asker who = { .resolver = (struct resolver *)s };
	uint8_t query[QUERY_MAX];

	for (int i = 0; i < ROUND; i++) {
		socklen_t len = sizeof(who.from);
		ssize_t n = recvfrom(s->fd, query, sizeof(query), MSG_DONTWAIT,
				     (struct sockaddr *)&who.from, &len);
		if (n < 0)
			return;
		if (n >= DNS_HEADER)
			on_question(p, &who, query, (size_t)n);
	}
}

/* ---- over TCP ---- */

static void talk_end(struct proxy *p, struct talk *t)
{
	struct talk **at = &t->resolver->talks;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->resolver->n_talks--;
	questions_drop(p, t->resolver, t);
	source_close(p, &t->source);
	p->waiting--;
	proxy_free_later(p, t);
}

static void on_talk(struct proxy *p, struct source *s, uint32_t events)
{
	struct talk *t = (struct talk *)s;
	struct asker who = { .resolver = t->resolver, .talk = t };
	size_t want = t->have < 2 ? 2 : 2 + (size_t)(t->in[0] << 8 | t->in[1]);

	if (want > sizeof(t->in)) {
		talk_end(p, t);
		return;
	}
	ssize_t n = recv(s->fd, t->in + t->have, want - t->have, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			talk_end(p, t);
		return;
	}
	t->have += (size_t)n;
	t->since_ns = clock_mono_ns();
	if (t->have < want || want == 2)
		return;
	source_want(p, s, 0);	/* until it has its answer */
	on_question(p, &who, t->in + 2, want - 2);
}

static void on_caller(struct proxy *p, struct source *s, uint32_t events)
{
	struct resolver *r = (struct resolver *)((char *)s - offsetof(struct resolver, tcp));
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (source_starved(errno))
			proxy_pause(p, true);
		return;
	}
	if (r->n_talks >= TALKS_MAX) {
		k_close(p->k, fd);
		return;
	}
	struct talk *t = mem_alloc(sizeof(*t));
	t->source = (struct source){ on_talk, fd, 0 };
	t->resolver = r;
	t->since_ns = clock_mono_ns();
	t->next = r->talks;
	r->talks = t;
	r->n_talks++;
	p->waiting++;
	source_want(p, &t->source, EPOLLIN);
}

void resolver_listen(struct proxy *p, bool yes)
{
	for (struct resolver *r = p->resolvers; r; r = r->next)
		source_want(p, &r->tcp, yes ? EPOLLIN : 0);
}

static void tick_talks(struct proxy *p, struct resolver *r, uint64_t now_ns)
{
	for (struct talk *t = r->talks, *next; t; t = next) {
		next = t->next;
		if (now_ns - t->since_ns > TALK_S * 1000000000ull)
			talk_end(p, t);
	}
}

void resolver_tick(struct proxy *p, uint64_t now_ns)
{
	questions_tick(p, now_ns);
	for (struct resolver *r = p->resolvers; r; r = r->next)
		tick_talks(p, r, now_ns);
}

/* ---- sockets in the container's namespace ---- */

static int bind_there(struct kernel *k, int type, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ADDRESS, &at.sin_addr);
	int fd = (int)k_socket(k, AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	long r = k_bind(k, fd, (struct sockaddr *)&at, sizeof(at));
	if (r == 0 && type == SOCK_STREAM)
		r = k_listen(k, fd, TALKS_MAX);
	if (r == 0)
		return fd;
	k_close(k, fd);
	return (int)r;
}

void names_close(struct kernel *k, struct name_sockets *s)
{
	if (s->udp >= 0)
		k_close(k, s->udp);
	if (s->tcp >= 0)
		k_close(k, s->tcp);
	*s = (struct name_sockets){ -1, -1 };
}

static int bind_both(struct kernel *k, struct name_sockets *s, uint16_t port)
{
	s->udp = bind_there(k, SOCK_DGRAM, port);
	s->tcp = s->udp < 0 ? s->udp : bind_there(k, SOCK_STREAM, port);
	int r = s->udp < 0 ? s->udp : s->tcp < 0 ? s->tcp : 0;
	if (r < 0)
		names_close(k, s);
	return r;
}

static unsigned int port_of(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	getsockname(fd, (struct sockaddr *)&at, &len);
	return ntohs(at.sin_port);
}

/* In the container's namespace: port 53 of 127.0.0.11 leads to our sockets. */
static long lead_port(struct kernel *k, const struct name_sockets *s)
{
	autofree char *commands = str_printf(
		"table ip drydock_names\n"
		"delete table ip drydock_names\n"
		"table ip drydock_names {\n"
		" chain output { type nat hook output priority -100; policy accept;\n"
		"  ip daddr " ADDRESS " udp dport 53 dnat to " ADDRESS ":%u\n"
		"  ip daddr " ADDRESS " tcp dport 53 dnat to " ADDRESS ":%u\n"
		" }\n"
		"}\n", port_of(s->udp), port_of(s->tcp));

	return k_nftables(k, commands);
}

int names_open_here(struct network *n, struct name_sockets *s, struct err *e)
{
	int r = bind_both(n->k, s, 0);

	if (r == 0 && lead_port(n->k, s) < 0) {
		names_close(n->k, s);
		r = bind_both(n->k, s, 53);
	}
	return r < 0 ? err_sys(e, -r, "open the container's name server at " ADDRESS) : 0;
}

static int open_there(struct network *n, void *arg, struct err *e)
{
	return names_open_here(n, arg, e);
}

/* ---- beginning and ending (notes to the proxy's thread) ---- */

struct begin {
	const struct resolver_wish *wish;
	const struct name_sockets *sockets;
	bool known;
};

static struct resolver *find(struct proxy *p, const char *cid)
{
	struct resolver *r = p->resolvers;

	while (r && strcmp(r->cid, cid))
		r = r->next;
	return r;
}

static void heed(struct resolver *r, const struct resolver_wish *w)
{
	static char *const none[] = { NULL };

	strv_free(r->servers);
	strv_free(r->links);
	r->servers = strv_dup(w->servers ? w->servers : none);
	r->links = strv_dup(w->links ? w->links : none);
	r->closed = w->closed;
}

static void renew_note(struct proxy *p, void *arg)
{
	struct begin *b = arg;
	struct resolver *r = find(p, b->wish->cid);

	b->known = r != NULL;
	if (r)
		heed(r, b->wish);
}

static void begin_note(struct proxy *p, void *arg)
{
	struct begin *b = arg;
	struct resolver *r = mem_alloc(sizeof(*r));

	memcpy(r->cid, b->wish->cid, strnlen(b->wish->cid, CID_SIZE - 1));
	heed(r, b->wish);
	r->udp = (struct source){ on_datagram, b->sockets->udp, 0 };
	r->tcp = (struct source){ on_caller, b->sockets->tcp, 0 };
	r->next = p->resolvers;
	p->resolvers = r;
	source_want(p, &r->udp, EPOLLIN);
	source_want(p, &r->tcp, p->paused ? 0 : EPOLLIN);
}

static void end(struct proxy *p, struct resolver *r)
{
	struct resolver **at = &p->resolvers;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	while (r->talks)
		talk_end(p, r->talks);
	questions_drop(p, r, NULL);
	source_close(p, &r->udp);
	source_close(p, &r->tcp);
	strv_free(r->servers);
	strv_free(r->links);
	proxy_free_later(p, r);
}

void resolver_end_all(struct proxy *p)
{
	while (p->resolvers)
		end(p, p->resolvers);
}

static void end_note(struct proxy *p, void *cid)
{
	struct resolver *r = find(p, cid);

	if (r)
		end(p, r);
}

int network_resolve(struct network *host, const struct resolver_wish *w, struct err *e)
{
	struct name_sockets sockets;
	struct begin b = { w, &sockets, false };

	proxy_do(host->proxy, renew_note, &b);
	if (b.known)
		return 0;
	int r = names_take_answerer(host, w->cid, &sockets) ? 0 :
		netns_errand(host, w->netns, open_there, &sockets, e);
	if (r == 0)
		proxy_do(host->proxy, begin_note, &b);
	return r;
}

void network_unresolve(struct network *host, const char *cid)
{
	proxy_do(host->proxy, end_note, (void *)cid);
}
