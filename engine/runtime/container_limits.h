/* container_limits.h - the names of rights. */
#ifndef DRYDOCK_RUNTIME_CONTAINER_LIMITS_H
#define DRYDOCK_RUNTIME_CONTAINER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* "CHOWN", "CAP_CHOWN" or "ALL", in any case, as a set of bits (capabilities(7)). */
int cap_bit(const char *name, uint64_t *bits, struct err *e);
/* "CHOWN" for 0; NULL past the last one known. */
const char *cap_name(int cap);
/* "nofile" for RLIMIT_NOFILE; NULL for one that is unknown. */
const char *rlimit_name(int resource);
bool rlimit_known(const char *name);

#endif
