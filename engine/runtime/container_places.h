/* container_places.h - a container's places in networks: what was asked for, and
 * what came of it while it runs.
 *
 * All with the container's lock held.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_PLACES_H
#define DRYDOCK_RUNTIME_CONTAINER_PLACES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"
#include "runtime/networks.h"

struct container;

struct place {
	char net_id[65];	/* "" until the network is known */
	char *net_name;
	cJSON *asked;		/* Docker's EndpointSettings: IPAMConfig, Aliases, Links … */
	char endpoint_id[65];	/* "" while it isn't connected */
	char *address, *address6, *mac, *inside;	/* of the endpoint; "" without one */
	struct net *net;	/* counted while connected */
	struct endpoint *ep;	/* NULL for host, none */
};

/* From create's body: NetworkMode and NetworkingConfig.  400 in docker's words. */
int places_build(struct container *c, const cJSON *body, struct err *e);
/* One more; settings (may be NULL) are checked and copied. */
int places_add(struct container *c, const char *ref, const cJSON *settings, struct place **out,
	       struct err *e);
void places_remove(struct container *c, struct place *p);
void places_free(struct container *c);
cJSON *places_json(const struct container *c);
void places_load(struct container *c, const cJSON *list);
struct place *place_in(const struct container *c, const char *net_id);
/* Name, aliases, short id, host name: what others find it by; strv, owned. */
char **place_names(const struct container *c, const struct place *p);
/* EndpointSettings as `docker inspect` shows them. */
cJSON *place_show(const struct container *c, const struct place *p);
/* container_driver_opts.c: EINVAL for values that can't be; the name its interface is to
 * have, or NULL; "net/ipv4/conf/eth0/log_martians=1" for each of its sysctls (strv, owned). */
int driver_opts_check(const cJSON *settings, struct err *e);
const char *driver_opts_name(const struct place *p);
char **driver_opts_sysctls(const struct place *p);
/* What is left of a connection is forgotten. */
void place_clear(struct place *p);
/* "bridge" for the mode "default". */
const char *net_mode_name(const char *mode);
/* Aliases may be said in Docker's two ways; of a text list, NULL if absent. */
const char *place_wish(const struct place *p, const char *key);	/* IPAMConfig.key, or NULL */

#endif
