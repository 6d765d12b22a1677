/* match.h - patterns of names: * ? [a-z] [!x] [[:alpha:]] and \ before what is itself. */
#ifndef DRYDOCK_SIM_USERLAND_MATCH_H
#define DRYDOCK_SIM_USERLAND_MATCH_H

#include <stdbool.h>
#include <stddef.h>

bool glob_match(const char *pattern, const char *s);
bool glob_matchn(const char *pattern, const char *s, size_t n);	/* the first n bytes of s */
bool glob_special(const char *pattern);		/* does anything in it match more than itself? */

#endif
