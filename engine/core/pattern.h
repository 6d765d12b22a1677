/* pattern.h - lists of file patterns, as .dockerignore has them.
 *
 * One pattern a line; # begins a comment; ! takes back what an earlier line chose,
 * so the last that fits counts.  * and ? stop at "/", ** doesn't; [a-z] and \x as in
 * a shell.  A pattern that fits a folder fits all in it.
 */
#ifndef DRYDOCK_CORE_PATTERN_H
#define DRYDOCK_CORE_PATTERN_H

#include <stdbool.h>

#include "core/error.h"

struct patterns;

/* EINVAL for a pattern that can't be read, with the pattern. */
int patterns_read(const char *text, struct patterns **out, struct err *e);
void patterns_free(struct patterns *p);	/* NULL is fine */
/* path: relative, without "./". */
bool patterns_match(const struct patterns *p, const char *path);
/* May something below the folder be taken back although the folder itself is chosen? */
bool patterns_look_inside(const struct patterns *p);

#endif
