/* text.h - what the parts of the parser do with text alike. */
#ifndef DRYDOCK_BUILD_TEXT_H
#define DRYDOCK_BUILD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/nearest.h"
#include "core/str.h"

bool text_is_space(char c);			/* as in ASCII: blank, \t \n \v \f \r */
const char *text_skip_space(const char *s);
void text_trim_end(struct str *s);
char *text_trimmed(const char *s);		/* owned */
/* The text in double quotes, written as Go writes a string (%q). */
void text_quote(const char *s, struct str *out);
char *text_upper(const char *s);		/* owned */
char *text_lower(const char *s);		/* owned */
bool text_same_word(const char *a, const char *b);	/* whatever the case */
#endif
