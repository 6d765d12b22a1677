/* endpoint.h - named daemons: docker's contexts.
 *
 * They lie beside config.json as docker's own client keeps them, one folder a context:
 * contexts/meta/SHA256-OF-THE-NAME/meta.json.  "default" is none of them: it is
 * DOCKER_HOST's daemon, or the one that is found.
 */
#ifndef DRYDOCK_CLIENT_ENDPOINT_H
#define DRYDOCK_CLIENT_ENDPOINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"

#define ENDPOINT_DEFAULT "default"

/* --context: for this call of docker_main(); NULL: none.  Copied. */
void endpoint_choose(const char *name);
/* The name in force: --context, else "default" where DOCKER_HOST is set, else
 * DOCKER_CONTEXT, else config.json's currentContext.  Caller frees. */
char *endpoint_current(void);

char *endpoint_folder(void);			/* contexts/meta; caller frees */
char *endpoint_path(const char *name);		/* the folder of one; caller frees */
char *endpoint_tls_path(const char *name);	/* its keys' folder; caller frees */
/* May a context be called so?  EINVAL in docker's words; _free: and none is: EEXIST. */
int endpoint_name_check(const char *name, struct err *e);
int endpoint_name_free(const char *name, struct err *e);
/* meta.json; ENOENT in docker's words. */
int endpoint_load(const char *name, cJSON **out, struct err *e);
int endpoint_save(const char *name, const cJSON *meta, struct err *e);
const char *endpoint_host(const cJSON *meta);	/* "" where it has none */
/* The socket of the context in force; NULL for the default's.  Caller frees. */
int endpoint_resolve(char **host, struct err *e);

#endif
