/* flags.h - flag names, from flags.def. */
#ifndef DRYDOCK_TRACE_FLAGS_H
#define DRYDOCK_TRACE_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

/* Adds "MS_NOSUID|MS_NODEV|0x400000" (what has no name in hex; "0" for nothing). */
void flags_add(struct str *out, const char *set, uint64_t value);
bool flags_has(const char *set);	/* is there such a set? */
/* Every name in order, for `explain` and its test; NULL past the last. */
const char *flags_name(int n);

#endif
