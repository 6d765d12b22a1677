/* container_config.h - Docker's create body: checked, merged, completed.
 *
 * Docker's rule for a container's command, from its reference: an entry point
 * given by the user drops the image's command; a command alone replaces only
 * the image's command.  Everything else adds up, the user's value first.
 *
 * A HostConfig field that this engine does not honour is refused, or named in a
 * warning where leaving it out only loses comfort: never dropped in silence.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_CONFIG_H
#define DRYDOCK_RUNTIME_CONTAINER_CONFIG_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/error.h"

/* Types of all known fields; 400 with the field's name. */
int config_check(const cJSON *body, struct err *e);
/* container_check.c: the values, in docker's words; warnings are appended.  host may be
 * NULL. */
/* The part of it about RestartPolicy, which docker update may change. */
int config_check_parent(const char *path, struct err *e);	/* --cgroup-parent */
int config_check_restart(const cJSON *host, struct err *e);
int config_check_values(const cJSON *body, const cJSON *host, char ***warnings, struct err *e);
/* Limits alone, at creation or for an update. */
int config_check_resources(const cJSON *host, bool update, struct err *e);
/* Types and values of an update's body. */
int config_check_update(const cJSON *want, struct err *e);
/* No value at all, or the one that means "nothing asked for". */
bool config_is_nothing(const cJSON *v);
/* Config as kept: the body's fields over the image's "config" object.  Owned. */
cJSON *config_merge(const cJSON *body, const cJSON *image_config);
/* HostConfig as kept: the body's over Docker's defaults.  Warnings are appended. */
int config_host(const cJSON *body, cJSON **out, char ***warnings, struct err *e);
/* Entrypoint and Cmd in one; owned strv, possibly empty. */
char **config_argv(const cJSON *config);

#endif
