/* bundle.h - a container as an OCI runtime bundle: config.json and rootfs/.
 *
 * What runc and its like take (opencontainers/runtime-spec, config.md and
 * config-linux.md), made of the very spec that our own start uses, so that both run the
 * same program under the same rules.
 */
#ifndef DRYDOCK_RUNTIME_BUNDLE_H
#define DRYDOCK_RUNTIME_BUNDLE_H

#include <cjson/cJSON.h>

#include "runtime/container.h"
#include "runtime/spec.h"

/* Writes the bundle into dir, an absolute path of a directory that is empty or not there
 * yet (ENOTEMPTY otherwise); if it fails, nothing of it is left.  The container may run,
 * and must not be locked by the caller.  warnings: sentences about what no bundle can
 * hold (strv), appended. */
int container_bundle(struct container *c, const char *dir, char ***warnings, struct err *e);

/* config.json for a spec; owned.  net_pid: with NET_JOIN, whose network it is. */
cJSON *bundle_config(const struct spec *s, int net_pid);

#endif
