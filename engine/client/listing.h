/* listing.h - rows as docker shows them: tables with aligned columns, or each
 * row by a template, or as JSON. */
#ifndef DRYDOCK_CLIENT_LISTING_H
#define DRYDOCK_CLIENT_LISTING_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "client/verb.h"
#include "core/error.h"
#include "core/str.h"

struct column { const char *field, *head; };

/* How one kind of row is shown.  A row is a JSON object of ready-made texts;
 * its fields are put in order by name before they are printed. */
struct listing {
	const char *type;		/* Go's name of the row, for template errors */
	const char *table;		/* the default template, without "table " */
	const struct column *columns;	/* every field there is; ends with {0} */
};
/* format: --format's value or NULL.  quiet: -q's field ("ID"), or NULL.  Prints to
 * stdout; on a template's error what was ready is printed first, as docker does. */
int listing_print(const struct listing *l, const char *format, const char *quiet,
		  cJSON *rows, struct err *e);

/* The whole of a verb that lists: GETs path, lets add() make rows of the answer and
 * prints them by --format, --quiet (whose field is `quiet`).  The exit code. */
int listing_verb(struct command *c, const char *path, const struct listing *l, const char *quiet,
		 void (*add)(const cJSON *answer, const struct options *o, cJSON *rows));

/* The same with --filter's values sent along. */
int listing_filtered(struct command *c, const char *route, const struct listing *l,
		     const char *quiet,
		     void (*add)(const cJSON *answer, const struct options *o, cJSON *rows));
/* An array's elements by their Name; the caller's to free (not the elements). */
const cJSON **listing_by_name(const cJSON *array, size_t *n);

/* Aligns the cells of lines (cells end at \t, lines at \n): each column is as wide
 * as its widest cell and `gap`, at least `min`.  The last cell is left as it is. */
void table_align(const char *text, size_t min, size_t gap, struct str *out);

#endif
