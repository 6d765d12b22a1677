/* lex.c - characters into tokens: operators, words, here-documents. */
#include "sim/userland/shell/lex.h"

#include <ctype.h>
#include <string.h>

/* Longest first. */
static const struct { char text[4]; enum token token; } operators[] = {
	{"<<-", T_DLESSDASH}, {"&&", T_AND_IF},  {"||", T_OR_IF},     {";;", T_DSEMI},
	{"<<", T_DLESS},      {"<&", T_LESSAND}, {"<>", T_LESSGREAT}, {">>", T_DGREAT},
	{">&", T_GREATAND},   {">|", T_CLOBBER}, {"&>", T_BOTH},      {"&", T_AND},
	{"|", T_PIPE},        {";", T_SEMI},     {"<", T_LESS},       {">", T_GREAT},
	{"(", T_OPEN},        {")", T_CLOSE},
};

void parse_error(struct parser *p, const char *fmt, ...)
{
	struct text t = { .a = p->a };
	va_list ap;

	if (p->error)
		return;
	va_start(ap, fmt);
	text_vaddf(&t, fmt, ap);
	va_end(ap);
	p->error = text_str(&t);
}

/* The character `ahead` of here; 0 at the end of all input. */
static char look(struct parser *p, size_t ahead)
{
	while (p->at + ahead >= p->src.n)
		if (!p->more || p->error || p->ended || !p->more(p, p->more_arg)) {
			p->ended = true;
			return 0;
		}
	return p->src.s[p->at + ahead];
}

static char take(struct parser *p)
{
	char c = look(p, 0);

	if (c) {
		p->at++;
		p->line += c == '\n';
	}
	return c;
}

static void scan_double(struct parser *p);
static void scan_dollar(struct parser *p, bool quoted);

static void ended(struct parser *p, const char *what)
{
	p->incomplete = true;
	parse_error(p, "%s", what);
}

static void scan_single(struct parser *p)
{
	char c;

	take(p);
	while ((c = take(p)) != '\'')
		if (!c) {
			ended(p, "unterminated quoted string");
			return;
		}
}

/* $'...', where \' does not end it. */
static void scan_ansi(struct parser *p)
{
	char c;

	take(p);
	while ((c = take(p)) != '\'') {
		if (c == '\\')
			c = take(p);
		if (!c) {
			ended(p, "unterminated quoted string");
			return;
		}
	}
}

static void note_substitution(struct parser *p, size_t at, struct node *node)
{
	struct substitution *s = arena_alloc(p->a, sizeof(*s));

	*s = (struct substitution){
		.next = p->subs, .at = at - p->word_at, .end = p->at - p->word_at, .node = node};
	p->subs = s;
}

/* `...`: its text with the backslashes taken off is parsed on its own. */
static void scan_backquote(struct parser *p, bool quoted)
{
	struct text inner = { .a = p->a };
	struct parser sub;
	struct node *node;
	size_t at = p->at;
	char c;

	take(p);
	while ((c = take(p)) != '`') {
		if (c == '\\' && (look(p, 0) == '`' || look(p, 0) == '\\' || look(p, 0) == '$' ||
				  (quoted && look(p, 0) == '"')))
			c = take(p);
		if (!c) {
			ended(p, "unterminated quoted string");
			return;
		}
		text_addc(&inner, c);
	}
	parser_init(&sub, p->a, text_str(&inner));
	sub.depth = p->depth + 1;
	sub.line = p->line;
	node = sub.depth > DEEPEST ? NULL : parse_list(&sub);
	if (!sub.error && peek_token(&sub) != T_EOF)
		unexpected(&sub, NULL);
	if (sub.error)
		parse_error(p, "%s", sub.error);
	note_substitution(p, at, node);
}

/* $(...): the same parser goes on, so that a ) in a case or in quotes is no end. */
static void scan_command(struct parser *p)
{
	struct substitution *subs = p->subs;
	struct heredoc *pending = p->pending;
	size_t at = p->at, word_at = p->word_at;
	struct node *node;

	p->at += 2;
	p->looked = false;
	p->pending = NULL;
	if (++p->depth > DEEPEST)
		parse_error(p, "nested too deep");
	node = p->error ? NULL : parse_list(p);
	p->depth--;
	if (!p->error && next_token(p) != T_CLOSE) {
		p->looked = true;
		unexpected(p, ")");
	}
	p->looked = false;
	p->subs = subs;
	p->pending = pending;
	p->word_at = word_at;
	note_substitution(p, at, node);
}

/* $((...)): up to the )) that belongs to it. */
static void scan_arithmetic(struct parser *p)
{
	int open = 0;
	char c;

	p->at += 3;
	while ((c = look(p, 0)) && !(c == ')' && open == 0 && look(p, 1) == ')')) {
		open += (c == '(') - (c == ')');
		if (c == '$')
			scan_dollar(p, true);
		else if (c == '`')
			scan_backquote(p, true);
		else if (c == '\'')
			scan_single(p);
		else
			take(p);
		if (p->error)
			return;
	}
	if (!c)
		ended(p, "missing '))'");
	else
		p->at += 2;
}

/* ${...}: quotes and expansions inside of it may hold a }. */
static void scan_braces(struct parser *p, bool quoted)
{
	char c;

	p->at += 2;
	if (++p->depth > DEEPEST)
		parse_error(p, "nested too deep");
	while (!p->error && (c = look(p, 0)) != '}') {
		if (!c)
			ended(p, "missing '}'");
		else if (c == '\\' && look(p, 1))
			take(p), take(p);
		else if (c == '\'' && !quoted)
			scan_single(p);
		else if (c == '"')
			scan_double(p);
		else if (c == '$')
			scan_dollar(p, quoted);
		else if (c == '`')
			scan_backquote(p, quoted);
		else
			take(p);
	}
	take(p);
	p->depth--;
}

/* At a $: passes over what it begins. */
static void scan_dollar(struct parser *p, bool quoted)
{
	char c = look(p, 1);

	if (c == '(' && look(p, 2) == '(')
		scan_arithmetic(p);
	else if (c == '(')
		scan_command(p);
	else if (c == '{')
		scan_braces(p, quoted);
	else if (c == '\'' && !quoted)
		take(p), scan_ansi(p);
	else
		take(p);
}

static void scan_double(struct parser *p)
{
	char c;

	take(p);
	while (!p->error && (c = look(p, 0)) != '"') {
		if (!c)
			ended(p, "unterminated quoted string");
		else if (c == '\\')
			take(p), take(p);
		else if (c == '$')
			scan_dollar(p, true);
		else if (c == '`')
			scan_backquote(p, true);
		else
			take(p);
	}
	take(p);
}

/* One step inside an unquoted word. */
static void scan_unquoted(struct parser *p, char c)
{
	if (c == '\'')
		scan_single(p);
	else if (c == '"')
		scan_double(p);
	else if (c == '$')
		scan_dollar(p, false);
	else if (c == '`')
		scan_backquote(p, false);
	else if (c == '\\')
		take(p), take(p);
	else
		take(p);
}

static bool ends_word(char c)
{
	return !c || strchr(" \t\n;&|<>()", c);
}

static struct word *made_word(struct parser *p, size_t at, size_t end)
{
	struct word *w = arena_alloc(p->a, sizeof(*w));

	w->text = arena_dupn(p->a, p->src.s + at, end - at);
	w->subs = p->subs;
	p->subs = NULL;
	return w;
}

static enum token scan_word(struct parser *p)
{
	struct substitution *outer = p->subs;
	size_t at = p->at;
	char c, after;

	p->subs = NULL;
	p->word_at = at;
	while (!p->error && !ends_word(c = look(p, 0)))
		scan_unquoted(p, c);
	p->word = made_word(p, at, p->at > p->src.n ? p->src.n : p->at);
	p->subs = outer;
	after = look(p, 0);
	if ((after == '<' || after == '>') && p->word->text[0] &&
	    strspn(p->word->text, "0123456789") == strlen(p->word->text) && strlen(p->word->text) < 4)
		return T_IO_NUMBER;
	return T_WORD;
}

struct word *scan_text(struct parser *p, const char *text, bool heredoc)
{
	struct parser sub;
	struct word *w;
	char c;

	parser_init(&sub, p->a, text);
	sub.depth = p->depth;
	while (!sub.error && (c = look(&sub, 0))) {
		if (c == '\\')
			take(&sub), take(&sub);
		else if (c == '$')
			scan_dollar(&sub, heredoc);
		else if (c == '`')
			scan_backquote(&sub, heredoc);
		else
			take(&sub);
	}
	if (sub.error)
		parse_error(p, "%s", sub.error);
	w = made_word(&sub, 0, sub.src.n);
	return w;
}

/* A line of input without its newline, into t.  False: there is none. */
static bool take_line(struct parser *p, struct text *t)
{
	char c = look(p, 0);

	if (!c)
		return false;
	text_str(t);
	while ((c = take(p)) && c != '\n')
		text_addc(t, c);
	return true;
}

/* The delimiter of a here-document with its quotes taken off. */
static const char *unquoted(struct parser *p, const char *s)
{
	struct text t = { .a = p->a };

	for (; *s; s++)
		if (*s == '\\' && s[1])
			text_addc(&t, *++s);
		else if (*s != '\'' && *s != '"')
			text_addc(&t, *s);
	return text_str(&t);
}

static void read_heredoc(struct parser *p, struct redir *r)
{
	const char *end = unquoted(p, r->word->text);
	struct text body = { .a = p->a };

	for (;;) {
		struct text line = { .a = p->a };
		const char *s;

		if (!take_line(p, &line))
			break;
		s = text_str(&line);
		while (r->op == R_HERE_TABS && *s == '\t')
			s++;
		if (!strcmp(s, end))
			break;
		text_addf(&body, "%s\n", s);
	}
	if (r->quoted) {
		r->word = arena_alloc(p->a, sizeof(*r->word));
		r->word->text = text_str(&body);
	} else {
		r->word = scan_text(p, text_str(&body), true);
	}
}

/* At a newline: the here-documents that its line announced follow. */
static void read_heredocs(struct parser *p, struct heredoc *last)
{
	struct heredoc *first = NULL, *h;

	while ((h = last)) {
		last = h->next;
		h->next = first;
		first = h;
	}
	for (h = first; h && !p->error; h = h->next)
		read_heredoc(p, h->redir);
}

static void skip_blanks(struct parser *p)
{
	for (;;) {
		char c = look(p, 0);

		if (c == ' ' || c == '\t') {
			p->at++;
		} else if (c == '\\' && look(p, 1) == '\n') {
			take(p), take(p);
		} else if (c == '#') {
			while ((c = look(p, 0)) && c != '\n')
				p->at++;
		} else {
			return;
		}
	}
}

static enum token scan_operator(struct parser *p)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		const char *text = operators[i].text;

		if (text[0] == look(p, 0) && (!text[1] || text[1] == look(p, 1)) &&
		    (!text[1] || !text[2] || text[2] == look(p, 2))) {
			p->at += strlen(text);
			return operators[i].token;
		}
	}
	return T_EOF;
}

static enum token scan_token(struct parser *p)
{
	char c;

	if (p->error)
		return T_EOF;
	skip_blanks(p);
	p->token_at = p->at;
	p->word = NULL;
	c = look(p, 0);
	if (!c)
		return T_EOF;
	if (c == '\n') {
		struct heredoc *pending = p->pending;

		take(p);
		p->pending = NULL;
		read_heredocs(p, pending);
		return p->error ? T_EOF : T_NEWLINE;
	}
	if (ends_word(c))
		return scan_operator(p);
	return scan_word(p);
}

enum token peek_token(struct parser *p)
{
	if (!p->looked) {
		p->token = scan_token(p);
		p->looked = true;
	}
	return p->error ? T_EOF : (enum token)p->token;
}

enum token next_token(struct parser *p)
{
	enum token t = peek_token(p);

	p->looked = false;
	return t;
}

const char *token_text(const struct parser *p, enum token t)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].token == t)
			return operators[i].text;
	if (t == T_NEWLINE)
		return "newline";
	return p->word ? p->word->text : "";
}

void unexpected(struct parser *p, const char *expecting)
{
	enum token t = peek_token(p);
	bool word = t == T_WORD && p->word && !is_reserved(p->word->text);
	struct text what = { .a = p->a };

	if (p->error)
		return;
	p->incomplete = t == T_EOF;
	if (t == T_EOF)
		text_add(&what, "unexpected end of file");
	else if (t == T_NEWLINE)
		text_add(&what, "unexpected newline");
	else if (word)
		text_add(&what, "unexpected word");
	else
		text_addf(&what, "unexpected \"%s\"", token_text(p, t));
	if (expecting)
		text_addf(&what, " (expecting \"%s\")", expecting);
	parse_error(p, "%s", text_str(&what));
}

size_t shell_name(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}
