/* auth.h - who we are to a registry: basic, or a token that basic buys.
 *
 * A registry answers 401 with a challenge (RFC 7235).  "Basic" wants name and
 * password with each request; "Bearer" names a token server (realm), which gives
 * a token for what we want to do (scope) to anybody, or to those with a password
 * (distribution: docs/spec/auth/token).
 */
#ifndef DRYDOCK_REGISTRY_AUTH_H
#define DRYDOCK_REGISTRY_AUTH_H

#include <cjson/cJSON.h>

#include "core/error.h"
#include "registry/fetch.h"

struct auth {
	char *user, *password;		/* from docker login; NULL: nobody */
	char *identity;			/* a refresh token instead of a password */
	char *bearer;			/* the token in use, or NULL */
	bool bought;			/* bearer is from a token server, not from the user */
	bool basic;			/* the registry wants name and password each time */
	bool lasting;			/* ask for a refresh token, too (docker login) */
	char *refresh;			/* which the token server gave, or NULL */
};

/* From an X-Registry-Auth header (base64url JSON, or that JSON as it is); NULL or ""
 * is nobody.  EINVAL. */
int auth_parse(const char *header, struct auth *out, struct err *e);
/* From an X-Registry-Config header, which a build sends: server -> what auth_parse()
 * takes.  The caller frees; an empty object where there is none. */
int auth_parse_all(const char *header, cJSON **out, struct err *e);
/* The entry for a registry ("docker.io") as text, NULL if there is none; owned. */
char *auth_for(const cJSON *all, const char *domain);
void auth_free(struct auth *a);

/* Answers the challenge of a 401: gets a token, or turns basic on.  EACCES where
 * there is nothing to answer with.  scopes: all that the token must allow, a list that
 * ends with NULL.  q: cancelling and certificates for the request to the token server. */
int auth_answer(struct auth *a, struct fetch_pool *p, const char *challenge,
		char *const *scopes, const struct fetch_request *q, struct err *e);
/* The scopes have grown: the token in use no longer does. */
void auth_outgrown(struct auth *a);

/* The value of name="…" in a challenge; the caller frees; NULL if absent. */
char *auth_parameter(const char *challenge, const char *name);

#endif
