/* endpoint.h - which daemon is meant: docker's contexts, as its client keeps them.
 *
 * A context is a name for a daemon's address, in contexts/meta/DIGEST/meta.json beside
 * config.json.  The order is docker's: --context or --host, DOCKER_HOST, DOCKER_CONTEXT,
 * config.json's currentContext; "default" is no context at all.
 */
#ifndef DRYDOCK_CLIENT_ENDPOINT_H
#define DRYDOCK_CLIENT_ENDPOINT_H

#include "core/error.h"

/* host, context: the options' values, or NULL.  *out: the address, NULL where DOCKER_HOST
 * or a default socket is meant; owned.  EINVAL, ENOENT with docker's words. */
int endpoint_find(const char *host, const char *context, char **out, struct err *e);

#endif
