/* inspect.h - `docker inspect` and its kin of each group. */
#ifndef DRYDOCK_CLIENT_INSPECT_H
#define DRYDOCK_CLIENT_INSPECT_H

#include "client/verb.h"

extern const struct option inspect_one_options[];	/* --format, for `X inspect` */
/* Shows the arguments as objects of the kind ("network"); the exit code. */
int inspect_kind(struct command *c, const char *kind);

#endif
