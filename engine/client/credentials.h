/* credentials.h - who we are to registries: config.json's auths, or the programs that
 * its credsStore and credHelpers name (docker-credential-NAME get|store|erase).
 *
 * The key of Docker Hub is a URL of old, that of any other registry its HOST[:PORT].
 * Secrets are never printed, and erased from memory when they are let go of.
 */
#ifndef DRYDOCK_CLIENT_CREDENTIALS_H
#define DRYDOCK_CLIENT_CREDENTIALS_H

#include <stdbool.h>

#include "client/http.h"
#include "core/error.h"

#define HUB_KEY "https://index.docker.io/v1/"

struct credentials {
	char *server;		/* the key */
	char *user, *password;	/* "" where there is none */
	char *identity;		/* a token of the registry's in place of the password, or "" */
};
void credentials_free(struct credentials *c);
#define autocredentials __attribute__((cleanup(credentials_free)))

/* A server as users write it ("https://host:5000/", "docker.io", NULL: Docker Hub) to
 * its key; caller frees. */
char *credentials_key(const char *server);

/* All of *out is filled in, with "" for what is not known. */
int credentials_get(const char *key, struct credentials *out, struct err *e);
/* *plain: it went, changed, into config.json as it is, which is worth a warning. */
int credentials_store(const struct credentials *c, bool *plain, struct err *e);
int credentials_erase(const char *key, struct err *e);

/* Sends with the next request who we are to the registry of an image's full name
 * ("docker.io/library/x"), if we are somebody: X-Registry-Auth. */
void credentials_introduce(struct http *h, const char *full_name);
/* The same for all registries that we are known to, as a build needs it:
 * X-Registry-Config. */
void credentials_introduce_all(struct http *h);

#endif
