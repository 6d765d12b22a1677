/* server.h - the embedded registry (OCI distribution 1.1) over real HTTP. */
#ifndef DRYDOCK_REGISTRY_SERVER_H
#define DRYDOCK_REGISTRY_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct registry_server;
struct registry_options {
	const char *root;	/* ROOT/blobs/sha256/HEX, ROOT/repositories/NAME/_tags/TAG … */
	const char *address;	/* "127.0.0.1" */
	uint16_t port;		/* 0: any free one */
	bool read_only;
	const char *tls_cert, *tls_key;	/* PEM files; both or neither */
	const char *htpasswd;	/* who may come in: NAME:BCRYPT lines; NULL: everybody */
};
int registry_start(const struct registry_options *o, struct registry_server **out, struct err *e);
uint16_t registry_port(const struct registry_server *r);
void registry_stop(struct registry_server *r);

#endif
