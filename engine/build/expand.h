/* expand.h - words with quotes, escapes and variables in them. */
#ifndef DRYDOCK_BUILD_EXPAND_H
#define DRYDOCK_BUILD_EXPAND_H

#include <stdbool.h>

#include "core/error.h"

struct expander {
	char escape;
	/* The variable's value, NULL if it isn't set; borrowed.  NULL: none is set. */
	const char *(*get)(void *arg, const char *name);
	void *arg;
	bool raw_quotes, raw_escapes;	/* keep them in the result */
	bool skip_quotes;		/* quotes are characters like others */
	bool skip_unset;		/* leave $x as it stands where x isn't set */
};

/* EINVAL with docker's words ("failed to process "…": syntax error: …").  The
 * result is owned by the caller.  A result over 1 MiB is refused: E2BIG. */
int expand_word(const struct expander *x, const char *word, char **out, struct err *e);
/* The same, then split at blanks that aren't quoted; NULL-terminated (strv). */
int expand_words(const struct expander *x, const char *text, char ***out, struct err *e);

#endif
