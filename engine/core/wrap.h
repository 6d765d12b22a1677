/* wrap.h - running text in lines that fit. */
#ifndef DRYDOCK_CORE_WRAP_H
#define DRYDOCK_CORE_WRAP_H

#include "core/str.h"

/* Columns of n bytes of UTF-8, taking each character as one column wide and
 * colours (ESC [ ... m) and the marks \001 and \002 as none. */
int wrap_columns(const char *s, size_t n);
/* The text with blanks behind it up to so many columns; printf counts bytes.  Caller frees. */
char *wrap_pad(const char *text, int columns);
/* Appends the text in lines of at most `width` columns, unless a word is longer.
 * first: columns that are taken on the first line; hang: columns that further
 * lines are indented by.  Line breaks in the text stay. */
void wrap_text(struct str *out, const char *text, int width, int first, int hang);

#endif
