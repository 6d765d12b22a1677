/* parse.c - tokens into commands, by recursive descent; one function a rule of the
 * grammar (POSIX.1-2017, 2.10.2). */
#include "sim/userland/shell/lex.h"

#include <string.h>

void parser_init(struct parser *p, struct arena *a, const char *text)
{
	*p = (struct parser){ .a = a, .src = { .a = a }, .line = 1 };
	text_add(&p->src, text);
}

void parser_reset(struct parser *p)
{
	p->at = p->src.n;
	p->error = NULL;
	p->looked = p->incomplete = p->inside = false;
	p->pending = NULL;
	p->subs = NULL;
	p->depth = 0;
}

bool is_reserved(const char *word)
{
	static const char *const reserved[] = {
		"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
		"{", "}", "!", "in", NULL,
	};

	for (int i = 0; reserved[i]; i++)
		if (!strcmp(reserved[i], word))
			return true;
	return false;
}

static struct node *new_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->a, sizeof(*n));

	n->kind = kind;
	n->line = p->line;
	return n;
}

static struct node *pair(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
	struct node *n = new_node(p, kind);

	n->a = a;
	n->b = b;
	return n;
}

/* Is the next token this reserved word? */
static bool at_word(struct parser *p, const char *word)
{
	return peek_token(p) == T_WORD && !strcmp(p->word->text, word);
}

static bool expect_word(struct parser *p, const char *word)
{
	if (!at_word(p, word)) {
		unexpected(p, word);
		return false;
	}
	next_token(p);
	return true;
}

static void skip_newlines(struct parser *p)
{
	while (peek_token(p) == T_NEWLINE)
		next_token(p);
}

/* ---- redirections ---- */

static const struct { enum token token; enum redir_op op; } redir_ops[] = {
	{ T_LESS, R_IN }, { T_GREAT, R_OUT }, { T_DGREAT, R_APPEND }, { T_CLOBBER, R_CLOBBER },
	{ T_LESSGREAT, R_RDWR }, { T_LESSAND, R_DUP_IN }, { T_GREATAND, R_DUP_OUT }, { T_BOTH, R_BOTH },
	{ T_DLESS, R_HEREDOC }, { T_DLESSDASH, R_HERE_TABS },
};

static int redir_op(enum token t)
{
	for (size_t i = 0; i < sizeof(redir_ops) / sizeof(redir_ops[0]); i++)
		if (redir_ops[i].token == t)
			return (int)i;
	return -1;
}

static void announce_heredoc(struct parser *p, struct redir *r)
{
	struct heredoc *h = arena_alloc(p->a, sizeof(*h));

	r->quoted = strpbrk(r->word->text, "\\'\"") != NULL;
	h->redir = r;
	h->next = p->pending;
	p->pending = h;
}

/* True: there was one, and *tail has it. */
static bool parse_redir(struct parser *p, struct redir ***tail)
{
	enum token t = peek_token(p);
	struct redir *r;
	int fd = -1;

	if (t == T_IO_NUMBER) {
		fd = 0;
		for (const char *s = p->word->text; *s; s++)
			fd = fd * 10 + (*s - '0');
		next_token(p);
		t = peek_token(p);
	}
	if (redir_op(t) < 0)
		return false;
	next_token(p);
	if (peek_token(p) != T_WORD) {
		unexpected(p, NULL);
		return false;
	}
	r = arena_alloc(p->a, sizeof(*r));
	*r = (struct redir){ .fd = fd, .op = redir_ops[redir_op(t)].op, .word = p->word };
	if (r->op == R_HEREDOC || r->op == R_HERE_TABS)
		announce_heredoc(p, r);
	next_token(p);
	**tail = r;
	*tail = &r->next;
	return true;
}

/* ---- simple commands ---- */

static bool is_assignment(const char *text)
{
	size_t n = shell_name(text);

	return n && text[n] == '=';
}

/* Words, assignments and redirections; a first word that ( follows is a function's name. */
static struct node *parse_simple(struct parser *p)
{
	struct node *n = new_node(p, N_SIMPLE);
	struct word **words = &n->words, **assigns = &n->assigns;
	struct redir **redirs = &n->redirs;

	while (!p->error) {
		if (parse_redir(p, &redirs))
			continue;
		if (peek_token(p) != T_WORD)
			break;
		if (!n->words && is_assignment(p->word->text)) {
			*assigns = p->word;
			assigns = &p->word->next;
		} else {
			*words = p->word;
			words = &p->word->next;
		}
		next_token(p);
	}
	if (!n->words && !n->assigns && !n->redirs)
		unexpected(p, NULL);
	return n;
}

static struct node *parse_command(struct parser *p, bool function_body);

static struct node *function_of(struct parser *p, const char *name)
{
	struct node *n = new_node(p, N_FUNCTION);

	n->name = name;
	skip_newlines(p);
	n->a = parse_command(p, true);
	return n;
}

/* name ( ) body, or function name [( )] body, or a simple command. */
static struct node *parse_simple_or_function(struct parser *p)
{
	struct node *n;

	if (at_word(p, "function")) {
		const char *name;

		next_token(p);
		if (peek_token(p) != T_WORD) {
			unexpected(p, NULL);
			return NULL;
		}
		name = p->word->text;
		next_token(p);
		if (peek_token(p) == T_OPEN) {
			next_token(p);
			if (next_token(p) != T_CLOSE)
				unexpected(p, ")");
		}
		return function_of(p, name);
	}
	n = parse_simple(p);
	if (p->error || peek_token(p) != T_OPEN)
		return n;
	if (!n->words || n->words->next || n->assigns || n->redirs || !shell_name(n->words->text)) {
		unexpected(p, NULL);
		return NULL;
	}
	next_token(p);
	if (peek_token(p) != T_CLOSE) {
		unexpected(p, ")");
		return NULL;
	}
	next_token(p);
	return function_of(p, n->words->text);
}

/* ---- compound commands ---- */

/* A list that may not be empty, and what ends it. */
static struct node *parse_body(struct parser *p, const char *end)
{
	struct node *n;

	skip_newlines(p);
	n = parse_list(p);
	if (!n && !p->error)
		unexpected(p, peek_token(p) == T_EOF ? end : NULL);
	return n;
}

/* After "if" or "elif". */
static struct node *parse_if(struct parser *p)
{
	struct node *n = new_node(p, N_IF);

	n->a = parse_body(p, "then");
	if (!expect_word(p, "then"))
		return n;
	n->b = parse_body(p, "fi");
	if (at_word(p, "elif")) {
		next_token(p);
		if (++p->depth > DEEPEST)
			parse_error(p, "nested too deep");
		n->c = parse_if(p);
		p->depth--;
		return n;
	}
	if (at_word(p, "else")) {
		next_token(p);
		n->c = parse_body(p, "fi");
	}
	expect_word(p, "fi");
	return n;
}

static void parse_do(struct parser *p, struct node *n)
{
	if (!expect_word(p, "do"))
		return;
	n->b = parse_body(p, "done");
	expect_word(p, "done");
}

static struct node *parse_while(struct parser *p, enum node_kind kind)
{
	struct node *n = new_node(p, kind);

	n->a = parse_body(p, "do");
	parse_do(p, n);
	return n;
}

static struct node *parse_for(struct parser *p)
{
	struct node *n = new_node(p, N_FOR);
	struct word **tail = &n->words;

	if (peek_token(p) != T_WORD || shell_name(p->word->text) != strlen(p->word->text)) {
		parse_error(p, "bad for loop variable");
		return n;
	}
	n->name = p->word->text;
	next_token(p);
	skip_newlines(p);
	if (at_word(p, "in")) {
		n->has_in = true;
		for (next_token(p); peek_token(p) == T_WORD; next_token(p)) {
			*tail = p->word;
			tail = &p->word->next;
		}
		if (peek_token(p) != T_NEWLINE && peek_token(p) != T_SEMI) {
			unexpected(p, NULL);
			return n;
		}
		next_token(p);
	} else if (peek_token(p) == T_SEMI) {
		next_token(p);
	}
	skip_newlines(p);
	parse_do(p, n);
	return n;
}

/* [(] pattern [| pattern]... ) list [;;] */
static struct case_item *parse_case_item(struct parser *p)
{
	struct case_item *i = arena_alloc(p->a, sizeof(*i));
	struct word **tail = &i->patterns;

	if (peek_token(p) == T_OPEN)
		next_token(p);
	do {
		if (peek_token(p) != T_WORD) {
			unexpected(p, ")");
			return i;
		}
		*tail = p->word;
		tail = &p->word->next;
		next_token(p);
	} while (peek_token(p) == T_PIPE && next_token(p));
	if (peek_token(p) != T_CLOSE) {
		unexpected(p, ")");
		return i;
	}
	next_token(p);
	i->body = parse_list(p);
	if (peek_token(p) == T_DSEMI)
		next_token(p);
	else if (!at_word(p, "esac"))
		unexpected(p, ";;");
	skip_newlines(p);
	return i;
}

static struct node *parse_case(struct parser *p)
{
	struct node *n = new_node(p, N_CASE);
	struct case_item **tail = &n->items;

	if (peek_token(p) != T_WORD) {
		unexpected(p, NULL);
		return n;
	}
	n->words = p->word;
	next_token(p);
	skip_newlines(p);
	if (!expect_word(p, "in"))
		return n;
	skip_newlines(p);
	while (!p->error && !at_word(p, "esac")) {
		*tail = parse_case_item(p);
		tail = &(*tail)->next;
	}
	if (!p->error)
		next_token(p);
	return n;
}

static struct node *parse_group(struct parser *p)
{
	struct node *n = new_node(p, N_GROUP);

	n->a = parse_body(p, "}");
	expect_word(p, "}");
	return n;
}

static struct node *parse_subshell(struct parser *p)
{
	struct node *n = new_node(p, N_SUBSHELL);

	next_token(p);
	n->a = parse_body(p, ")");
	if (!p->error && peek_token(p) != T_CLOSE)
		unexpected(p, ")");
	next_token(p);
	return n;
}

static struct node *parse_until_rule(struct parser *p) { return parse_while(p, N_UNTIL); }
static struct node *parse_while_rule(struct parser *p) { return parse_while(p, N_WHILE); }

static const struct { const char *word; struct node *(*rule)(struct parser *p); } rules[] = {
	{ "if", parse_if }, { "while", parse_while_rule }, { "until", parse_until_rule },
	{ "for", parse_for }, { "case", parse_case }, { "{", parse_group },
};

static struct node *parse_compound(struct parser *p)
{
	if (peek_token(p) == T_OPEN)
		return parse_subshell(p);
	for (size_t i = 0; peek_token(p) == T_WORD && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (at_word(p, rules[i].word)) {
			next_token(p);
			return rules[i].rule(p);
		}
	return NULL;
}

static struct node *parse_command(struct parser *p, bool function_body)
{
	struct redir **redirs;
	struct node *n;

	if (++p->depth > DEEPEST) {
		parse_error(p, "nested too deep");
		return NULL;
	}
	n = parse_compound(p);
	if (n) {
		redirs = &n->redirs;
		while (!p->error && parse_redir(p, &redirs))
			;
	} else if (p->error || function_body || (peek_token(p) == T_WORD && is_reserved(p->word->text))) {
		unexpected(p, NULL);
	} else {
		n = parse_simple_or_function(p);
	}
	p->depth--;
	return n;
}

/* ---- lists ---- */

static struct node *parse_pipeline(struct parser *p)
{
	struct node *first, **tail;
	bool not = false;

	if (at_word(p, "!")) {
		not = true;
		next_token(p);
	}
	first = parse_command(p, false);
	if (!p->error && peek_token(p) == T_PIPE) {
		struct node *pipe = new_node(p, N_PIPE);

		pipe->a = first;
		tail = &first->next;
		while (!p->error && peek_token(p) == T_PIPE) {
			next_token(p);
			skip_newlines(p);
			*tail = parse_command(p, false);
			if (*tail)
				tail = &(*tail)->next;
		}
		first = pipe;
	}
	return not ? pair(p, N_NOT, first, NULL) : first;
}

static struct node *parse_and_or(struct parser *p)
{
	struct node *n = parse_pipeline(p);

	while (!p->error && (peek_token(p) == T_AND_IF || peek_token(p) == T_OR_IF)) {
		enum node_kind kind = next_token(p) == T_AND_IF ? N_AND : N_OR;

		skip_newlines(p);
		n = pair(p, kind, n, parse_pipeline(p));
	}
	return n;
}

/* Can the next token begin a command? */
static bool begins_command(struct parser *p)
{
	static const char *const enders[] = {"then", "else", "elif", "fi", "do",
					     "done", "esac", "}",    NULL};
	enum token t = peek_token(p);

	if (t == T_EOF || t == T_NEWLINE || t == T_CLOSE || t == T_DSEMI)
		return false;
	for (int i = 0; t == T_WORD && enders[i]; i++)
		if (!strcmp(p->word->text, enders[i]))
			return false;
	return true;
}

/* Commands with ; or & behind them; `lines`: newlines, too.  Long lists lean to the
 * right, so that running them needs no deep stack. */
static struct node *parse_sequence(struct parser *p, bool lines)
{
	struct node *first = NULL, **tail = &first;

	if (lines)
		skip_newlines(p);
	while (!p->error && begins_command(p)) {
		struct node *n = parse_and_or(p);
		enum token t = peek_token(p);

		if (t == T_AND)
			n = pair(p, N_BACKGROUND, n, NULL);
		if (*tail)
			*tail = pair(p, N_SEQ, *tail, n), tail = &(*tail)->b;
		else
			*tail = n;
		if (t == T_AND || t == T_SEMI)
			next_token(p);
		else if (t != T_NEWLINE || !lines)
			break;
		if (lines)
			skip_newlines(p);
	}
	return p->error ? NULL : first;
}

struct node *parse_list(struct parser *p)
{
	struct node *n;

	if (++p->depth > DEEPEST)
		parse_error(p, "nested too deep");
	n = p->error ? NULL : parse_sequence(p, true);
	p->depth--;
	return n;
}

bool parser_done(struct parser *p)
{
	return peek_token(p) == T_EOF;
}

struct node *parse_line(struct parser *p)
{
	struct node *n;
	enum token t;

	p->inside = false;
	t = peek_token(p);
	p->inside = true;
	if (t == T_NEWLINE) {
		next_token(p);
		return NULL;
	}
	n = parse_sequence(p, false);
	t = peek_token(p);
	if (!p->error && t != T_NEWLINE && t != T_EOF)
		unexpected(p, NULL);
	/* The newline is read at once: here-documents lie behind it. */
	if (!p->error && t == T_NEWLINE)
		next_token(p);
	return p->error ? NULL : n;
}
