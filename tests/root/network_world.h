/* network_world.h - a small internet for tests of engine/network.
 *
 * world_enter() puts the calling process into a network namespace of its own,
 * which plays the host.  Other places are namespaces too, held by descriptor;
 * sockets are made in them by a thread that steps in.  Needs root.
 */
#ifndef DRYDOCK_TESTS_NETWORK_WORLD_H
#define DRYDOCK_TESTS_NETWORK_WORLD_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/network.h"

#define HERE -1			/* the namespace of the process itself */
#define BRIDGE "drytest0"

void world_enter(void);
int world_place(void);		/* another namespace, with lo up: its descriptor */
/* A cable between here and a place: 10.9.0.1 here, 10.9.0.2 there, default route back. */
void world_cable(int place);
int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* exit status */
/* Its output, freed by the caller. */
char *sh_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int tcp_listen(int place, const char *ip, uint16_t port);		/* fd, or -errno */
int tcp_connect(int place, const char *ip, uint16_t port);	/* gives up after 2 s */
/* What a web server here says to each visitor, until the process ends. */
void serve_page(int listener, const char *response);
void serve_echo(int listener);		/* sends back what it gets; ends when they end */
/* Sends a request and reads to the end: what came, freed by the caller. */
char *http_get(int place, const char *ip, uint16_t port, const char *request);
/* The answer to a datagram, within 20 ms; NULL: none.  Freed by the caller. */
char *udp_ask(int place, const char *ip, uint16_t port, const void *data, size_t len);
/* The address the other end has, as this end sees it. */
void peer_ip(int fd, char *out, size_t cap);

/* A network with the test's defaults, and the visits it told. */
struct network *world_network(void);
struct network *world_network_named(const char *bridge, const char *cidr);
struct endpoint *world_attach(struct network *n, const char *cid);
/* Container port 80 as that host port; the one it got. */
uint16_t world_publish(struct network *n, struct endpoint *ep, const char *ip, uint16_t host);
int visits_told(void);
struct net_visit last_visit(void);	/* its text stays until the next visit */
bool wait_for_visits(int n);		/* up to 5 s */

int count_dir(const char *path);	/* entries, "." and ".." too */

struct network_case { const char *name; const TTest *const *tests; };	/* NULL-terminated */
int network_main(const struct network_case *cases, size_t n);		/* a test's main() */

#define CID "c0ffee0000000000000000000000000000000000000000000000000000000001"
#define CID2 "c0ffee0000000000000000000000000000000000000000000000000000000002"
#define PAGE "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
/* sha256sum of "hello\n" */
#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

#endif
