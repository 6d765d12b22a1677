/* table.h - a table of text in columns that fit a width; cells are wrapped. */
#ifndef DRYDOCK_LABS_SHELL_TABLE_H
#define DRYDOCK_LABS_SHELL_TABLE_H

#include "core/str.h"

struct table { char **cells; size_t columns; };	/* row by row; the first is the head */

void table_begin(struct table *t, size_t columns);
void table_add(struct table *t, const char *cell);	/* copied */
/* Appends it, in lines of at most `width` columns unless a word is longer. */
void table_print(const struct table *t, int width, struct str *out);
void table_free(struct table *t);

#endif
