/* expand.h - between expand.c (words) and param.c (what stands behind a $). */
#ifndef DRYDOCK_SIM_SHELL_EXPAND_H
#define DRYDOCK_SIM_SHELL_EXPAND_H

#include "sim/userland/shell/shell.h"

/* Where a character is from. */
enum mark {
	MARK_LITERAL = 'l',	/* typed, not quoted: may be a pattern */
	MARK_QUOTED = 'q',	/* nothing but itself */
	MARK_EXPANDED = 'e',	/* of $x: may be a pattern, and IFS splits it */
	MARK_BREAK = 'b',	/* no character: a field ends here ("$@") */
	MARK_EXISTS = 'x',	/* no character: the field is there although empty ("") */
};

enum quoting { QUOTED, HEREDOC, IN_BRACES /* "${x:-here}" */ };

struct expansion {
	struct shell *sh;
	const struct word *w;	/* its text is what all the `const char *s` point into */
	struct text out, marks;	/* of the same length */
	bool assigning;		/* x=~:~ */
	bool whole;		/* no fields come of it */
	bool empty_at;		/* a "$@" without parameters was seen */
	bool failed;
};

void expansion_put(struct expansion *x, const char *s, enum mark m);
char *expansion_text(struct expansion *x, bool pattern);
void expand_quoted(struct expansion *x, const char *s, const char *end, enum quoting q);
void expand_unquoted(struct expansion *x, const char *s, const char *end, enum mark literal);
const char *closing_brace(const struct word *w, const char *s, bool quoted);
const struct substitution *substitution_at(const struct word *w, const char *s);

/* ---- param.c ---- */
void expand_plain(struct expansion *x, const char *name, bool quoted);	/* $name */
/* ${...}, s behind the {; returns behind the }. */
const char *expand_braces(struct expansion *x, const char *s, bool quoted);

#endif
