/* git_run.h - the git program, started by the command line: as the user, with the user's
 * settings and keys. */
#ifndef DRYDOCK_CLIENT_GIT_RUN_H
#define DRYDOCK_CLIENT_GIT_RUN_H

#include "core/git.h"

extern const struct git_runner git_run_user;

#endif
