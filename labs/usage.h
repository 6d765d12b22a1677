/* usage.h - what `--help` prints, and what wrong usage is answered with. */
#ifndef DRYDOCK_LABS_USAGE_H
#define DRYDOCK_LABS_USAGE_H

#include <stdio.h>

#include "client/options.h"

#define EXIT_TROUBLE 2	/* wrong usage, or nothing can be said; 1 is "no" */

/* In lines that fit the terminal: a text; "  NAME  text" with the text from `column` on. */
void usage_text(FILE *out, const char *text);
void usage_row(FILE *out, const char *name, int column, const char *text);
/* The head and the options: on standard output, 0; with an error, that first, all on
 * standard error, EXIT_TROUBLE. */
int usage_print(const char *head, const struct option *table, const struct err *e);

#endif
