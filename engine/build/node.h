/* node.h - a Dockerfile as a tree.
 *
 * The root has one child for each instruction.  An instruction's value is its
 * word ("RUN"), its arguments follow by `next`: one for a shell command, one for
 * each word of a list, three for each pair of ENV and LABEL (name, value, "=" or
 * ""), and for ONBUILD one that has the whole other instruction as its child.
 */
#ifndef DRYDOCK_BUILD_NODE_H
#define DRYDOCK_BUILD_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/str.h"

struct heredoc {
	char *name, *content;
	bool expand;		/* the word after << had no quotes */
	bool chomp;		/* <<-: tabs at the beginning of each line go */
	unsigned fd;
};

struct node {
	char *value;		/* NULL: "" (only the arguments of an unknown instruction) */
	struct node *next;
	struct node **child;
	size_t n_child;
	/* Of instructions only: */
	char *original;		/* the whole line, continuations joined */
	char **flags;		/* "--from=x", quotes and escapes taken off */
	struct heredoc *heredoc;
	size_t n_heredoc;
	bool json;		/* the arguments were a JSON array */
	int line, end_line;	/* counted from 1 */
};

struct dockerfile {
	struct node *root;
	char escape;		/* '\\' or '`' */
	char **warnings;	/* whole sentences */
};

/* Reads the text, which may hold anything.  EINVAL with docker's words; the line
 * that is to blame is the hint. */
int dockerfile_parse(const char *text, size_t len, struct dockerfile *out, struct err *e);
void dockerfile_free(struct dockerfile *d);
#define autodockerfile __attribute__((cleanup(dockerfile_free)))

/* One instruction that stands in a line of its own (an ONBUILD trigger). */
int dockerfile_parse_line(const char *line, char escape, struct node **out, struct err *e);

/* The S-expressions of BuildKit's parser tests: "(run \"make\")" and a line end. */
void node_dump(const struct node *n, struct str *out);

/* Adds to an error which line it is about; returns -e->code. */
int node_hint(const struct node *n, struct err *e);
int line_hint(int line, const char *text, struct err *e);

/* What the lines of a here-document say, without the tabs that <<- takes off; owned. */
char *heredoc_text(const struct heredoc *h);

struct node *node_new(const char *value, size_t len);
void node_free(struct node *n);		/* with all that hangs on it; NULL is fine */
size_t node_args(const struct node *n);	/* how many follow it */

#endif
