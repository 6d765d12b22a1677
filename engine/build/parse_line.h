/* parse_line.h - shared by the two halves of the parser. */
#ifndef DRYDOCK_BUILD_PARSE_LINE_H
#define DRYDOCK_BUILD_PARSE_LINE_H

#include "build/node.h"
#include "core/error.h"

/* Is the word a here-document's beginning (<<EOF, 3<<-"EOF")?  1 with the fields
 * but the content, 0 for no, -EINVAL. */
int heredoc_match(const char *word, struct heredoc *out, struct err *e);

/* A JSON array of strings, and nothing behind it, as a list of nodes (NULL for
 * []).  -EBADMSG: no JSON array; -EINVAL: one, but not of strings alone. */
int json_list(const char *text, struct node **out, struct err *e);

#endif
