/* resolver.h - what resolver.c and forward.c share: questions about names, from the
 * container that asks to the server that knows.
 *
 * All of it lives in the proxy's thread (proxy.h).
 */
#ifndef DRYDOCK_NETWORK_RESOLVER_H
#define DRYDOCK_NETWORK_RESOLVER_H

#include <netinet/in.h>

#include "network/dns.h"
#include "network/proxy.h"

#define QUERY_MAX 4096		/* bytes; a question is 300 at the most, and its options */
#define ANSWER_MAX 65535	/* the length field's limit over TCP */

/* A container's answerer: two sockets at 127.0.0.11 in its namespace. */
struct resolver {
	struct source udp, tcp;		/* first: an event's source is its resolver */
	struct resolver *next;
	char cid[CID_SIZE];
	char **servers, **links;
	bool closed;
	struct talk *talks;
	int n_talks;
	unsigned int turn;		/* which address of several comes first */
};

/* A connection of a container's: one question after the other, answered in turn. */
struct talk {
	struct source source;
	struct talk *next;
	struct resolver *resolver;

	uint64_t since_ns;
	size_t have;
	uint8_t in[2 + QUERY_MAX];	/* length, message */
};

/* Who asked: by TCP talk, or else from this address. */
struct asker { struct resolver *resolver; struct talk *talk; struct sockaddr_in from; };

/* forward.c: asks the resolver's servers, one after the other; what comes back, or
 * that nobody knows, goes to resolver_reply(). */
void question_forward(struct proxy *p, const struct asker *who, const void *query, size_t len);
/* Forgets all questions of a resolver, or of a talk. */
void questions_drop(struct proxy *p, const struct resolver *r, const struct talk *t);
void questions_tick(struct proxy *p, uint64_t now_ns);

void resolver_reply(struct proxy *p, const struct asker *who, const void *message, size_t len);
void resolver_fail(struct proxy *p, const struct asker *who, const void *query, size_t len);

#endif
