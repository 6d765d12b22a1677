/* proof_lex.h - a formula's text as words; used by the parser only. */
#ifndef DRYDOCK_LABS_PROOF_LEX_H
#define DRYDOCK_LABS_PROOF_LEX_H

#include "labs/proof.h"

enum token_kind { T_END, T_WORD, T_TEXT, T_NUMBER, T_VAR, T_CONSTANT, T_SIGN };

struct token {
	enum token_kind kind;
	const char *s;		/* in the source; TEXT: without its quotes */
	size_t len;
	double number;
	int line, column;
};

struct lexer {
	const char *p;
	struct place at;
	int line, column;	/* of p */
	struct token now;
};

/* Steps to the next token; EINVAL on a character that begins none. */
int lex_next(struct lexer *l, struct err *e);
/* "FILE:LINE:COLUMN: expected WHAT, found …" at the present token. */
int lex_expected(const struct lexer *l, const char *what, struct err *e);
bool lex_is(const struct lexer *l, const char *word_or_sign);

#endif
