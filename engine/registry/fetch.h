/* fetch.h - one HTTP request to a registry, its answer as a stream (libcurl).
 *
 * The body is pulled: the transfer advances only while somebody reads, so the
 * reader's speed is the sender's.  A pool keeps connections for the next request.
 *
 * Errors, by what one can do about them:
 *	EHOSTUNREACH	nobody there: no such host, refused, no route, TLS refused
 *	ETIMEDOUT	there, but silent for too long
 *	ECONNRESET	hung up in the middle
 *	EPROTO		spoke, but no HTTP
 *	ECANCELED	stop() said so
 */
#ifndef DRYDOCK_REGISTRY_FETCH_H
#define DRYDOCK_REGISTRY_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "image/stream.h"
#include "registry/trust.h"

struct fetch_pool;
struct fetch_pool *fetch_pool_new(void);
void fetch_pool_free(struct fetch_pool *p);

struct fetch_request {
	const char *method;		/* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
	const char *url;
	char *const *headers;		/* "Name: value", may be NULL */
	const char *user, *password;	/* basic authentication, or NULL */
	const char *body;		/* sent as it is, or NULL */
	struct stream *upload;		/* instead of body: its bytes, upload_size of them */
	int64_t upload_size;
	const struct trust *trust;	/* whose certificates count; NULL: the system's */
	bool (*stop)(void *arg);	/* asked a few times a second; may be NULL */
	void *arg;
};

struct fetch {
	struct stream s;		/* the body; stream_close() gives the connection back */
	int status;
	char *type;			/* Content-Type, without parameters; NULL: none */
	char *digest;			/* Docker-Content-Digest */
	char *location;
	char *range;			/* Range: of an upload, how far it is ("0-999") */
	char *challenge;		/* WWW-Authenticate */
	char *retry_after;		/* seconds, or a date */
	int64_t length;			/* Content-Length, -1: not said */
};

/* Returns as soon as the answer's header is there, whatever its status. */
int fetch_open(struct fetch_pool *p, const struct fetch_request *q, struct fetch **out,
	       struct err *e);
void fetch_close(struct fetch **f);
#define autofetch __attribute__((cleanup(fetch_close)))

#endif
