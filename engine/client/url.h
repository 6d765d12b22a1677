/* url.h - API paths with their parameters, escaped (RFC 3986). */
#ifndef DRYDOCK_CLIENT_URL_H
#define DRYDOCK_CLIENT_URL_H

#include <cjson/cJSON.h>

#include "client/http.h"
#include "core/str.h"

/* Starts a path: "/containers/" + name + "/stop".  '/', ':' and '@' in the name
 * stay (image names); name may be NULL. */
void url_path(struct str *out, const char *before, const char *name, const char *after);
/* http_call() to such a path, for requests without parameters. */
int url_call(struct http *h, const char *method, const char *before, const char *name,
	     const char *after, const cJSON *body, struct http_answer *a, struct err *e);
/* Adds ?key=value or &key=value; a NULL value adds nothing. */
void url_add(struct str *out, const char *key, const char *value);
void url_flag(struct str *out, const char *key, bool on);	/* =1, or nothing */
void url_int(struct str *out, const char *key, long long value);
/* filters={"name":{"value":true}} from "name=value" texts; nothing if there are none. */
void url_filters(struct str *out, char *const *filters);

#endif
