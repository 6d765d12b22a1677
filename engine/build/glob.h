/* glob.h - the patterns of ${v#p} and its like: *, ? and \ before a character. */
#ifndef DRYDOCK_BUILD_GLOB_H
#define DRYDOCK_BUILD_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct glob { struct glob_part { char kind, c; } *part; size_t n; };	/* kind: c, * or ? */

int glob_compile(const char *pattern, struct glob *out, struct err *e);
void glob_free(struct glob *g);
#define autoglob __attribute__((cleanup(glob_free)))

/* The length of the longest (or shortest) beginning of text that fits, -1: none. */
long glob_prefix(const struct glob *g, const char *text, bool longest);

#endif
