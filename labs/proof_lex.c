#include "labs/proof_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longest first, so that "<=" is not read as "<". */
static const char *const signs[] = {
	"!=", "<=", ">=", "^=", "$=", "*=", "=", "<", ">", "(", ")", ",", "|", "[", "]", ".",
};

static void step(struct lexer *l)
{
	if (*l->p++ == '\n') {
		l->line++;
		l->column = l->at.indent;
	} else {
		l->column++;
	}
}

static void skip_blank(struct lexer *l)
{
	while (isspace((unsigned char)*l->p) || *l->p == '#') {
		if (*l->p == '#')
			while (l->p[1] && l->p[1] != '\n')
				step(l);
		step(l);
	}
}

int lex_expected(const struct lexer *l, const char *what, struct err *e)
{
	const struct token *t = &l->now;
	return err_set(e, EINVAL, "%s:%d:%d: expected %s, found %s%.*s%s", l->at.file, t->line,
		       t->column, what, t->kind == T_END ? "the end of the formula" : "\"",
		       (int)t->len, t->s, t->kind == T_END ? "" : "\"");
}

static int take(struct lexer *l, enum token_kind kind, size_t skip, size_t len)
{
	l->now.kind = kind;
	l->now.s = l->p + skip;
	l->now.len = len;
	for (size_t i = 0; i < skip + len; i++)
		step(l);
	return 0;
}

static size_t word_length(const char *s)
{
	size_t n = 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-' || s[n] == '.')
		n++;
	return n;
}

static int take_text(struct lexer *l, struct err *e)
{
	size_t n = strcspn(l->p + 1, "\"\n");
	if (l->p[1 + n] != '"')
		return lex_expected(l, "a closing quote (\") on this line", e);
	take(l, T_TEXT, 1, n);
	step(l);
	return 0;
}

static int take_number(struct lexer *l)
{
	char *end;
	l->now.number = strtod(l->p, &end);
	return take(l, T_NUMBER, 0, (size_t)(end - l->p));
}

int lex_next(struct lexer *l, struct err *e)
{
	skip_blank(l);
	l->now = (struct token){ .kind = T_END, .s = l->p, .line = l->line, .column = l->column };
	unsigned char c = (unsigned char)*l->p;
	if (!c)
		return 0;
	if (c == '"')
		return take_text(l, e);
	if (isdigit(c) || (c == '-' && isdigit((unsigned char)l->p[1])))
		return take_number(l);
	if (c == '?' || (c == '$' && l->p[1] != '='))
		return take(l, c == '?' ? T_VAR : T_CONSTANT, 1, word_length(l->p + 1));
	if (isalpha(c))
		return take(l, T_WORD, 0, word_length(l->p));
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(l->p, signs[i], strlen(signs[i])) == 0)
			return take(l, T_SIGN, 0, strlen(signs[i]));
	l->now.len = 1;
	l->now.kind = T_SIGN;
	return lex_expected(l, "a word, a value or a sign of the proof language", e);
}

bool lex_is(const struct lexer *l, const char *word)
{
	return (l->now.kind == T_WORD || l->now.kind == T_SIGN) &&
	       l->now.len == strlen(word) && memcmp(l->now.s, word, l->now.len) == 0;
}
