/* exchange.h - one request to the embedded registry, and how it is answered.
 *
 *	server.c		listening, TLS, who may come in
 *	server_routes.c		the table of routes; bodies as they arrive
 *	server_reply.c		answers, errors, pages of names
 *	server_blobs.c, server_manifests.c	what the routes do
 */
#ifndef DRYDOCK_REGISTRY_EXCHANGE_H
#define DRYDOCK_REGISTRY_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "core/error.h"
#include "core/str.h"
#include "registry/server.h"

#define MANIFEST_MAX (4u << 20)	/* bytes: the specification's own suggestion */

struct exchange {
	const char *root;
	bool read_only;
	struct MHD_Connection *conn;
	const struct registry_route *route;
	char *repo, *ref;		/* ref: tag, digest or upload id; "" where none */
	int fd;				/* a body that goes to a file; -1: to memory */
	int failed;			/* -errno while the body came in */
	struct str body;
};

struct registry_route {
	const char *infix;		/* between repository and ref: "/manifests/" … */
	const char *method;
	bool writes;			/* refused when read-only */
	bool upload;			/* the body is appended to upload `ref`, a new one if "" */
	enum MHD_Result (*answer)(struct exchange *x);
};

/* A request's life: begun with its head, fed with its body, answered, ended. */
struct exchange *exchange_begin(const char *root, bool read_only, struct MHD_Connection *conn,
				const char *url, const char *method);
void exchange_feed(struct exchange *x, const char *data, size_t len);
enum MHD_Result exchange_answer(struct exchange *x, const char *url, const char *method);
void exchange_end(struct exchange *x);

/* headers: name, value, name, value, …, NULL. */
enum MHD_Result exchange_reply(struct exchange *x, int status, const char *type, const char *text,
			       const char *const *headers);
/* In the specification's form: {"errors":[{"code","message","detail"}]}. */
enum MHD_Result exchange_error(struct exchange *x, int status, const char *code,
			       const char *message);
/* 401, and how to do it better. */
enum MHD_Result exchange_unauthorized(struct exchange *x);
/* From a storage function's error. */
enum MHD_Result exchange_err(struct exchange *x, const struct err *e);
const char *exchange_query(struct exchange *x, const char *name);	/* of the URL; NULL if absent */
const char *exchange_header(struct exchange *x, const char *name);	/* NULL if absent */

enum MHD_Result manifest_get(struct exchange *x);
enum MHD_Result manifest_put(struct exchange *x);
enum MHD_Result manifest_delete(struct exchange *x);
enum MHD_Result referrers_get(struct exchange *x);
enum MHD_Result blob_answer(struct exchange *x);
enum MHD_Result blob_delete(struct exchange *x);
enum MHD_Result upload_begin(struct exchange *x);
enum MHD_Result upload_status(struct exchange *x);
enum MHD_Result upload_patch(struct exchange *x);
enum MHD_Result upload_end(struct exchange *x);
enum MHD_Result upload_cancel(struct exchange *x);
enum MHD_Result tags_list(struct exchange *x);
/* A page of names (consumed), by the query's n and last, with the Link to the next. */
enum MHD_Result exchange_list(struct exchange *x, const char *name, const char *key, char **list,
			      const char *path);

#endif
