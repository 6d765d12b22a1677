/* forward.c - names that aren't ours: passed on to real name servers, and back.
 *
 * A question travels from a socket of its own, so that the kernel picks a port
 * nobody can guess and an answer can only be to this question.  It goes by the way
 * it came, UDP or TCP.  A server that refuses, fails or says nothing for PATIENCE_MS
 * is followed by the next.  The sockets are the host's: a server on the host's own
 * loopback (systemd-resolved) is reached, and containers' routes don't matter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/str.h"
#include "network/resolver.h"

#define PATIENCE_MS 2000	/* a stub resolver gives up after 5 s (resolv.conf(5)) */
#define QUESTIONS_MAX 1024	/* at a time, as Docker's */

struct question {
	struct source source;		/* to the server */
	struct question *next;
	struct asker who;
	size_t server;			/* the one being asked */
	uint64_t until_ns;
	size_t len, sent, have;		/* over TCP, with two bytes of length in front */
	uint8_t *in;			/* an answer over TCP; owned */
	uint8_t query[2 + QUERY_MAX];
};

static void forget(struct proxy *p, struct question *q)
{
	struct question **at = &p->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	p->n_questions--;
	p->waiting--;
	source_close(p, &q->source);
	free(q->in);
	proxy_free_later(p, q);
}

/* Its servers may have become fewer since it was asked. */
static const char *server_at(const struct question *q, size_t i)
{
	char *const *servers = q->who.resolver->servers;

	return i < strv_len(servers) ? servers[i] : NULL;
}

static const uint8_t *query_of(const struct question *q) { return q->query + 2; }

static void give_up(struct proxy *p, struct question *q)
{
	struct asker who = q->who;

	resolver_fail(p, &who, query_of(q), q->len);
	forget(p, q);
}

static socklen_t server_address(const char *text, struct sockaddr_in6 *out)
{
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(53);
		return sizeof(*four);
	}
	out->sin6_family = AF_INET6;
	out->sin6_port = htons(53);
	return inet_pton(AF_INET6, text, &out->sin6_addr) == 1 ? sizeof(*out) : 0;
}

static void on_answer(struct proxy *p, struct source *s, uint32_t events);
static void on_stream(struct proxy *p, struct source *s, uint32_t events);

/* Sends the question to q->server; false if that can't be. */
static bool ask_server(struct proxy *p, struct question *q)
{
	bool tcp = q->who.talk != NULL;
	struct sockaddr_in6 to;
	socklen_t len = server_address(server_at(q, q->server), &to);
	int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = len ? (int)k_socket(p->k, to.sin6_family, type, 0) : -EINVAL;

	if (fd < 0)
		return false;
	long r = k_connect(p->k, fd, (struct sockaddr *)&to, len);
	if (r == 0 && !tcp && send(fd, query_of(q), q->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r < 0 && r != -EINPROGRESS) {
		k_close(p->k, fd);
		return false;
	}
	q->source = (struct source){ tcp ? on_stream : on_answer, fd, 0 };
	q->sent = q->have = 0;
	q->until_ns = clock_mono_ns() + PATIENCE_MS * 1000000ull;
	source_want(p, &q->source, tcp ? EPOLLOUT : EPOLLIN);
	return true;
}

static void ask_from(struct proxy *p, struct question *q, size_t server)
{
	source_close(p, &q->source);
	for (q->server = server; server_at(q, q->server); q->server++)
		if (ask_server(p, q))
			return;
	give_up(p, q);
}

/* A whole answer: passed on, unless a further server may know better. */
static void take_answer(struct proxy *p, struct question *q, const uint8_t *message, size_t len)
{
	bool ours = len >= DNS_HEADER && !memcmp(message, query_of(q), 2) && message[2] & 0x80;
	struct asker who = q->who;

	if (!ours)
		return;
	enum dns_code code = dns_code_of(message);
	if ((code == DNS_FAILED || code == DNS_REFUSED) && server_at(q, q->server + 1)) {
		ask_from(p, q, q->server + 1);
		return;
	}
	resolver_reply(p, &who, message, len);
	forget(p, q);
}

static void on_answer(struct proxy *p, struct source *s, uint32_t events)
{
	struct question *q = (struct question *)s;	/* its first member */
	ssize_t n = recv(s->fd, p->scratch, ANSWER_MAX, MSG_DONTWAIT);

	if (n >= 0)
		take_answer(p, q, (const uint8_t *)p->scratch, (size_t)n);
	else if (errno != EAGAIN)	/* nobody listens there */
		ask_from(p, q, q->server + 1);
}

/* Over TCP: the question out, piece by piece, then the answer in. */
static ssize_t step_stream(struct proxy *p, struct question *q)
{
	if (q->sent < q->len + 2) {
		ssize_t n = send(q->source.fd, q->query + q->sent, q->len + 2 - q->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		q->sent += n > 0 ? (size_t)n : 0;
		if (q->sent == q->len + 2)
			source_want(p, &q->source, EPOLLIN);
		return n;
	}
	if (!q->in)
		q->in = mem_alloc(2 + ANSWER_MAX);
	ssize_t n = recv(q->source.fd, q->in + q->have, 2 + ANSWER_MAX - q->have, MSG_DONTWAIT);
	q->have += n > 0 ? (size_t)n : 0;
	return n;
}

static void on_stream(struct proxy *p, struct source *s, uint32_t events)
{
	struct question *q = (struct question *)s;
	ssize_t n = step_stream(p, q);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		ask_from(p, q, q->server + 1);
		return;
	}
	size_t want = q->have < 2 ? 0 : (size_t)(q->in[0] << 8 | q->in[1]);
	if (want && q->have >= want + 2)
		take_answer(p, q, q->in + 2, want);
}

void question_forward(struct proxy *p, const struct asker *who, const void *query, size_t len)
{
	if (p->n_questions >= QUESTIONS_MAX || len > QUERY_MAX) {
		resolver_fail(p, who, query, len);
		return;
	}
	struct question *q = mem_alloc(sizeof(*q));
	q->who = *who;
	q->source.fd = -1;
	q->len = len;
	q->query[0] = (uint8_t)(len >> 8);
	q->query[1] = (uint8_t)len;
	memcpy(q->query + 2, query, len);
	q->next = p->questions;
	p->questions = q;
	p->n_questions++;
	p->waiting++;
	ask_from(p, q, 0);
}

void questions_drop(struct proxy *p, const struct resolver *r, const struct talk *t)
{
	for (struct question *q = p->questions, *next; q; q = next) {
		next = q->next;
		if (q->who.resolver == r && (!t || q->who.talk == t))
			forget(p, q);
	}
}

void questions_tick(struct proxy *p, uint64_t now_ns)
{
	for (struct question *q = p->questions, *next; q; q = next) {
		next = q->next;
		if (now_ns > q->until_ns)
			ask_from(p, q, q->server + 1);
	}
}
