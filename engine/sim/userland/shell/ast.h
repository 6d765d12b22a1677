/* ast.h - what the shell's parser makes of a command (POSIX.1-2017, 2.10).
 *
 * Everything lies in one arena.  Words keep their text as typed; expansion (expand.h)
 * reads it when the command runs.  Only command substitutions are parsed at once, as a
 * shell does: `echo $(if)` is an error before anything runs.
 */
#ifndef DRYDOCK_SIM_SHELL_AST_H
#define DRYDOCK_SIM_SHELL_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/userland/arena.h"

enum node_kind {
	N_SIMPLE,	/* assigns, words, redirs */
	N_PIPE,		/* a, and its `next`s */
	N_AND, N_OR,	/* a && b, a || b */
	N_SEQ,		/* a ; b */
	N_BACKGROUND,	/* a & */
	N_NOT,		/* ! a */
	N_SUBSHELL,	/* ( a ) */
	N_GROUP,	/* { a } */
	N_IF,		/* a: condition, b: then, c: else */
	N_WHILE,	/* a: condition, b: body */
	N_UNTIL,
	N_FOR,		/* name, words (has_in), b: body */
	N_CASE,		/* words: the subject, items */
	N_FUNCTION,	/* name, a: body */
};

/* A command substitution inside a word: where in its text, and what was parsed. */
struct substitution {
	struct substitution *next;
	size_t at, end;			/* text[at] is $ or `, text[end] comes after it */
	struct node *node;		/* NULL: nothing in it */
};

struct word {
	struct word *next;
	const char *text;
	struct substitution *subs;
};

enum redir_op {
	R_IN,
	R_OUT,
	R_APPEND,
	R_CLOBBER,
	R_RDWR,
	R_DUP_IN,
	R_DUP_OUT,
	R_BOTH,
	R_HEREDOC,
	R_HERE_TABS
};

struct redir {
	struct redir *next;
	enum redir_op op;
	int fd;				/* -1: the operator's own */
	struct word *word;		/* for a here-document: its text */
	bool quoted;			/* here-document: nothing is expanded */
};

struct case_item {
	struct case_item *next;
	struct word *patterns;
	struct node *body;
};

struct node {
	enum node_kind kind;
	int line;
	bool has_in;
	struct node *a, *b, *c, *next;
	const char *name;
	struct word *assigns, *words;
	struct redir *redirs;
	struct case_item *items;
};

struct parser {
	struct arena *a;
	struct text src;		/* all of the input so far */
	size_t at;
	int line, depth;
	/* Appends a line to src; false at the end of input.  NULL: src is all there is. */
	bool (*more)(struct parser *p, void *arg);
	void *more_arg;
	bool ended;			/* no more to come */
	bool inside;			/* in the middle of a command: for the second prompt */
	const char *error;		/* the first one, without "syntax error: "; in the arena */
	bool incomplete;		/* the error is that input ended */

	/* The token looked at. */
	int token;
	size_t token_at;
	bool looked;
	struct word *word;
	struct substitution *subs;	/* of the word being read */
	size_t word_at;
	struct heredoc {
		struct heredoc *next;
		struct redir *redir;
	} * pending; /* text still to come; last first */
};

void parser_init(struct parser *p, struct arena *a, const char *text);
/* The next complete command, up to the end of its line.  NULL: a blank line, the end
 * (parser_done()) or an error (p->error). */
struct node *parse_line(struct parser *p);
bool parser_done(struct parser *p);
/* After an error: forgets the rest of the input so far. */
void parser_reset(struct parser *p);
/* In an arena of its own: for a process that may outlive the one that parsed it. */
struct node *node_copy(struct arena *a, const struct node *n);
/* Is it a name, as of a variable?  Its length, or 0. */
size_t shell_name(const char *s);
bool is_reserved(const char *word);

#endif
