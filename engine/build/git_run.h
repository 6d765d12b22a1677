/* git_run.h - the git program, started by the daemon. */
#ifndef DRYDOCK_BUILD_GIT_RUN_H
#define DRYDOCK_BUILD_GIT_RUN_H

#include "core/git.h"

/* With no settings but its own, and nobody to ask for a password. */
extern const struct git_runner git_run_alone;

#endif
