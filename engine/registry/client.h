/* client.h - one repository of one registry, as a client sees it.
 *
 * OCI distribution specification 1.1.  All functions may be called from several
 * threads; what they share (token, connections) is locked.
 *
 * Errors beyond those of fetch.h:
 *	ENOENT	no such manifest or blob
 *	EACCES	no such repository, or not for us: registries don't tell which
 *	EPROTO	an answer that makes no sense
 *	EAGAIN	asked too often (429)
 */
#ifndef DRYDOCK_REGISTRY_CLIENT_H
#define DRYDOCK_REGISTRY_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "image/digest.h"
#include "image/stream.h"

struct registry;

struct registry_target {
	const char *url;		/* "https://registry-1.docker.io" */
	const char *repository;		/* "library/python" */
	const char *auth;		/* X-Registry-Auth, or NULL */
	bool push;			/* asks for a token that allows it */
	bool maybe_tls;			/* url is a guess: try https where http is refused */
	bool (*stop)(void *arg);	/* asked a few times a second; may be NULL */
	void *arg;
};
int registry_open(const struct registry_target *t, struct registry **out, struct err *e);
void registry_close(struct registry **r);
#define autoregistry __attribute__((cleanup(registry_close)))

/* Is anybody there?  Only that: whether we are let in is told by what comes next. */
int registry_ping(struct registry *r, struct err *e);

/* docker login: would this registry let us in?  EACCES (401) where it would not; one
 * that asks nobody lets everybody in.  The target's repository is "". */
int registry_login(const struct registry_target *t, struct err *e);

/* The base URL of a domain as it stands in a name; caller frees.  *maybe_tls is
 * set where plain HTTP is allowed (loopback, and those listed). */
char *registry_url(const char *domain, char *const *insecure, bool *maybe_tls);
bool registry_is_loopback(const char *domain);

struct registry_doc { char *type; char *text; size_t len; char digest[DIGEST_TEXT]; };
void registry_doc_free(struct registry_doc *d);
#define autodoc __attribute__((cleanup(registry_doc_free)))
/* ref: a tag or digest.  The text is what the digest says: checked. */
int registry_manifest(struct registry *r, const char *ref, struct registry_doc *out,
		      struct err *e);

/* The repository's tags, all of them; owned. */
int registry_tags(struct registry *r, char ***out, struct err *e);

/* A blob's bytes, `size` of them if > 0.  A connection that breaks is taken up
 * again where it broke, a few times; the caller checks the digest. */
int registry_blob(struct registry *r, const char *digest, int64_t size, struct stream **out,
		  struct err *e);

/* Push.  has: 1 there, 0 not.  put: skips nothing, so ask first. */
int registry_blob_has(struct registry *r, const char *digest, struct err *e);
/* Takes a blob over from another repository of the same registry: 1 done, 0 not possible. */
int registry_blob_mount(struct registry *r, const char *digest, const char *from, struct err *e);
int registry_blob_put(struct registry *r, const char *digest, struct stream *data, int64_t size,
		      struct err *e);
int registry_manifest_put(struct registry *r, const char *ref, const char *type,
			  const char *text, struct err *e);

/* For the files of this client. */
struct fetch;
struct fetch_request;
/* One request with whatever authentication it takes; any status below 400. */
int registry_request(struct registry *r, const struct fetch_request *q, const char *path,
		     struct fetch **out, struct err *e);
const char *registry_repository(const struct registry *r);

#endif
