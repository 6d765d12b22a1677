/* client.h - one repository of one registry, as a client sees it.
 *
 * OCI distribution specification 1.1.  All functions may be called from several
 * threads; what they share (token, connections) is locked.
 *
 * Errors beyond those of fetch.h:
 *	ENOENT	no such manifest
 *	ENODATA	no such blob, though a manifest names it
 *	ENXIO	no such repository
 *	EACCES	not for us, or no such repository: many registries don't tell which
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
	int attempts;			/* in a row, at a blob that breaks off; 0: 3 */
	bool (*stop)(void *arg);	/* asked a few times a second; may be NULL */
	void *arg;
};
int registry_open(const struct registry_target *t, struct registry **out, struct err *e);
void registry_close(struct registry **r);
#define autoregistry __attribute__((cleanup(registry_close)))

/* Is anybody there?  Only that: whether we are let in is told by what comes next. */
int registry_ping(struct registry *r, struct err *e);

/* docker login: would this registry let us in?  EACCES (401) where it would not; one
 * that asks nobody lets everybody in.  The target's repository is "".  *identity: a token
 * that the registry gives for use in place of the password; NULL: none; owned. */
int registry_login(const struct registry_target *t, char **identity, struct err *e);

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

/* Push.  has: 1 there, 0 not. */
int registry_blob_has(struct registry *r, const char *digest, struct err *e);
/* Takes a blob over from another repository of the same registry: 1 done, 0 not possible. */
int registry_blob_mount(struct registry *r, const char *digest, const char *from, struct err *e);

/* A blob on its way out, which survives a connection that breaks (ECONNRESET, ETIMEDOUT):
 * registry_upload_begin() again with the same struct tells where to go on.  Zeroed at first. */
struct registry_upload {
	char *place;		/* the registry's address for it; NULL: not begun */
	int64_t at;		/* bytes that the registry has: data starts here */
	bool broke;		/* before: it is sent in pieces from then on */
};
int registry_upload_begin(struct registry *r, struct registry_upload *u, struct err *e);
/* data: the blob from u->at on; size: of the whole blob. */
int registry_upload_send(struct registry *r, struct registry_upload *u, const char *digest,
			 struct stream *data, int64_t size, struct err *e);
void registry_upload_free(struct registry_upload *u);
#define autoupload __attribute__((cleanup(registry_upload_free)))
int registry_manifest_put(struct registry *r, const char *ref, const char *type,
			  const char *text, struct err *e);

/* For the files of this client. */
struct fetch;
struct fetch_request;
/* One request with whatever authentication it takes; any status below 400. */
int registry_request(struct registry *r, const struct fetch_request *q, const char *path,
		     struct fetch **out, struct err *e);
const char *registry_repository(const struct registry *r);
int registry_attempts(const struct registry *r);
/* From now on we also need to read another repository: the next token is for both.
 * false withdraws it. */
void registry_also(struct registry *r, const char *repository, bool wanted);

#endif
