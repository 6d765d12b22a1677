/* proxy.h - published ports and names: one thread, one epoll loop, every connection.
 *
 * Everything about a listener, a relay or a question is done in the proxy's own
 * thread, so nothing here needs a lock: others hand it a note (proxy_do) and wait
 * until it was acted upon.
 *
 * Whatever waits for events is a struct source.  It is registered exactly while
 * it wants something (source_want), so that an end nobody reads from yet can't
 * keep the loop spinning with its hang-up.
 */
#ifndef DRYDOCK_NETWORK_PROXY_H
#define DRYDOCK_NETWORK_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "network/internal.h"
#include "network/visit.h"

/* Connections at a time; more wait in the kernel's accept queues. */
#define RELAYS_MAX 4096
#define ACCEPT_QUEUE 1024
/* Bytes moved at once: pipes of 1 MiB by splice() were measured no faster. */
#define SCRATCH (128u << 10)

struct proxy;
struct relay;
struct resolver;
struct question;
struct udp_port;

struct source {
	void (*ready)(struct proxy *p, struct source *s, uint32_t events);
	int fd;			/* -1: closed; events still under way are for nobody */
	uint32_t wanted;	/* epoll events; 0: not registered */
};

struct door { struct source source; struct published *port; };

/* A published port: its claim on the host, and where visits go. */
struct published {
	struct published *next;		/* of its endpoint */
	struct published *next_open;	/* of the proxy */
	struct door doors[2];		/* IPv4, IPv6: fd -1 where there is none */
	struct port port;
	char cid[CID_SIZE];
	uint32_t address;		/* the container's own */
	address6 six;			/* 0: none */
	int netns;			/* borrowed from the endpoint */
	uint64_t inode;
	struct relay *relays;
	struct udp_port *udp;		/* its visitors, of a UDP port; the proxy's */
};

struct proxy {
	struct network *n;
	struct kernel *k;
	struct visits *visits;
	int epoll;
	struct source wake;
	struct published *open;	/* changed with `lock` held: others may look */
	struct resolver *resolvers;
	struct question *questions;
	int n_questions;
	int relays;
	int sessions;		/* visitors of UDP ports */
	void **gone;		/* ended in this round: freed at its end */
	size_t n_gone;
	int waiting;		/* things that end by themselves after a time */
	uint64_t ticked_ns;
	bool paused;		/* listeners are not looked at … */
	uint64_t paused_until_ns;	/* … at least until then */
	char *scratch;
	pthread_t thread;

	pthread_mutex_t lock;	/* the note for the thread, below */
	pthread_cond_t done;
	void (*note)(struct proxy *p, void *arg);
	void *note_arg;
	bool stop;
};

int proxy_open(struct network *n, void (*visit)(void *arg, const struct net_visit *v), void *arg,
	       struct proxy **out, struct err *e);
void proxy_close(struct proxy *p);
void proxy_listen(struct proxy *p, struct published *port);
void proxy_unlisten(struct proxy *p, struct published *port);	/* ends its connections too */

/* Has fn called in the proxy's thread, and waits for it. */
void proxy_do(struct proxy *p, void (*fn)(struct proxy *p, void *arg), void *arg);
/* Memory that events of this round may still point to. */
void proxy_free_later(struct proxy *p, void *memory);

/* No listener is looked at until there is room for more visitors and, starved (of
 * descriptors or memory), some time has passed.  Who comes meanwhile waits in the
 * kernel's queues, which slows them down as it should. */
void proxy_pause(struct proxy *p, bool starved);

void source_want(struct proxy *p, struct source *s, uint32_t events);
void source_close(struct proxy *p, struct source *s);
/* accept4() left the caller in its queue, and would be called again at once for ever. */
bool source_starved(int code);

/* relay.c: takes over an accepted connection. */
void relay_begin(struct proxy *p, struct published *port, int fd, const struct sockaddr *peer);
void relay_end(struct proxy *p, struct relay *r);
/* A socket in the container's namespace, on its way to the container's port; or -errno.
 * six: who comes by IPv6 goes on by it where the container has it. */
int relay_reach(struct proxy *p, const struct published *port, int type, bool six);
/* Tells of a visit that was no TCP connection. */
void relay_tell(struct proxy *p, const struct published *port, const struct sockaddr *peer,
		uint64_t in, uint64_t out);

/* udp.c */
void udp_on_datagram(struct proxy *p, struct source *s, uint32_t events);
void udp_end(struct proxy *p, struct published *port);
void udp_tick(struct proxy *p, uint64_t now_ns);

/* resolver.c: looks at callers or doesn't; gives up on what nobody answered; ends all. */
void resolver_listen(struct proxy *p, bool yes);
void resolver_tick(struct proxy *p, uint64_t now_ns);
void resolver_end_all(struct proxy *p);

#endif
