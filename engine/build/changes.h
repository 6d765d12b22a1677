/* changes.h - the Dockerfile instructions of `commit --change` and `import --change`. */
#ifndef DRYDOCK_BUILD_CHANGES_H
#define DRYDOCK_BUILD_CHANGES_H

#include <cjson/cJSON.h>

#include "core/error.h"

/* Applies the lines to an image's inner configuration; EINVAL with docker's words. */
int changes_apply(cJSON *config, char *const *lines, struct err *e);

#endif
