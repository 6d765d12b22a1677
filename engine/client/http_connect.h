/* http_connect.h - where the daemon is, and a socket to it. */
#ifndef DRYDOCK_CLIENT_HTTP_CONNECT_H
#define DRYDOCK_CLIENT_HTTP_CONNECT_H

#include <sys/socket.h>

#include "core/error.h"

struct http_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* DOCKER_HOST, else the first default socket that exists.  Caller frees. */
char *http_default_host(void);
/* unix:///path, tcp://ip:port or http://ip:port ("localhost" counts as an IP;
 * port 2375 where none is written).  EINVAL otherwise. */
int http_address(const char *host, struct http_address *out, struct err *e);
/* A connected socket, close-on-exec; the error has docker's words. */
int http_connect(const struct http_address *a, const char *host, struct err *e);

#endif
