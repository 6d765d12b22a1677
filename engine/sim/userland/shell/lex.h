/* lex.h - the shell's tokens; between lex.c and parse.c. */
#ifndef DRYDOCK_SIM_SHELL_LEX_H
#define DRYDOCK_SIM_SHELL_LEX_H

#include "sim/userland/shell/ast.h"

/* Operators stand for themselves: their place in the table in lex.c, from T_OP on. */
enum token {
	T_EOF, T_NEWLINE, T_WORD, T_IO_NUMBER,
	T_AND_IF, T_OR_IF, T_DSEMI, T_DLESSDASH, T_DLESS, T_LESSAND, T_LESSGREAT, T_DGREAT, T_GREATAND,
	T_CLOBBER, T_BOTH, T_AND, T_PIPE, T_SEMI, T_LESS, T_GREAT, T_OPEN, T_CLOSE,
};

enum { DEEPEST = 60 };		/* nesting of commands in commands */

enum token peek_token(struct parser *p);
enum token next_token(struct parser *p);
const char *token_text(const struct parser *p, enum token t);	/* as error messages quote it */
void parse_error(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* error "unexpected X (expecting Y)" */
void unexpected(struct parser *p, const char *expecting);
/* A list of commands up to a token that can't begin one. */
struct node *parse_list(struct parser *p);
/* A here-document's or a variable's text: finds its command substitutions. */
struct word *scan_text(struct parser *p, const char *text, bool heredoc);

#endif
