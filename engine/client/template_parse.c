/* template_parse.c - from text to nodes, by recursive descent. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/template_ast.h"
#include "core/cleanup.h"

#define MAX_DEPTH 64	/* of nested actions and parentheses: the stack is finite */

struct parser {
	const char *text, *p;
	int depth;
	bool trim;		/* the last action ended in "-}}" */
	struct err *e;
};

static int line_of(const struct parser *ps)
{
	int line = 1;

	for (const char *c = ps->text; c < ps->p; c++)
		line += *c == '\n';
	return line;
}

__attribute__((format(printf, 2, 3)))
static int parse_error(struct parser *ps, const char *fmt, ...)
{
	autofree char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	return err_set(ps->e, EINVAL, "template: :%d: %s", line_of(ps), what ? what : "");
}

static void free_pipe(struct t_pipe *pipe);

static void free_args(struct t_arg *a)
{
	while (a) {
		struct t_arg *next = a->next;

		free(a->name);
		strv_free(a->fields);
		cJSON_Delete(a->literal);
		free_pipe(a->pipe);
		free(a);
		a = next;
	}
}

static void free_pipe(struct t_pipe *pipe)
{
	struct t_command *c = pipe ? pipe->commands : NULL;

	while (c) {
		struct t_command *next = c->next;

		free_args(c->args);
		free(c);
		c = next;
	}
	if (pipe) {
		free(pipe->variable[0]);
		free(pipe->variable[1]);
	}
	free(pipe);
}

static void free_nodes(struct t_node *n)
{
	while (n) {
		struct t_node *next = n->next;

		free(n->text);
		free_pipe(n->pipe);
		free_nodes(n->body);
		free_nodes(n->other);
		free(n);
		n = next;
	}
}

void template_free(struct template *t)
{
	if (!t)
		return;
	free_nodes(t->nodes);
	free(t->text);
	free(t);
}

static void skip_space(struct parser *ps)
{
	while (isspace((unsigned char)*ps->p))
		ps->p++;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static char *word(struct parser *ps)
{
	const char *from = ps->p;

	while (word_char(*ps->p))
		ps->p++;
	return strndup(from, (size_t)(ps->p - from));
}

/* At "}}" or "-}}"? */
static bool at_end(const struct parser *ps)
{
	return strncmp(ps->p, "}}", 2) == 0 || strncmp(ps->p, "-}}", 3) == 0;
}

static int end_action(struct parser *ps)
{
	skip_space(ps);
	if (!*ps->p)
		return parse_error(ps, "unclosed action");
	if (!at_end(ps))
		return parse_error(ps, "unexpected \"%c\" in operand", *ps->p);
	ps->trim = *ps->p == '-';
	ps->p += ps->trim ? 3 : 2;
	return 0;
}

static char escaped(char c)
{
	static const char from[] = "ntr\\\"'", to[] = "\n\t\r\\\"'";
	const char *at = strchr(from, c);

	return at && c ? to[at - from] : c;
}

static int quoted(struct parser *ps, struct t_arg *a)
{
	char quote = *ps->p++;
	autostr struct str s = { 0 };

	str_add(&s, "");
	for (; *ps->p && *ps->p != quote; ps->p++) {
		char c = *ps->p;

		if (c == '\\' && quote == '"' && ps->p[1])
			c = escaped(*++ps->p);
		str_addn(&s, &c, 1);
	}
	if (!*ps->p)
		return parse_error(ps, quote == '`' ? "unterminated raw quoted string"
					     : "unterminated quoted string");
	ps->p++;
	a->kind = T_LITERAL;
	a->literal = cJSON_CreateString(s.s);
	return 0;
}

static int number(struct parser *ps, struct t_arg *a)
{
	char *end;
	double v = strtod(ps->p, &end);

	if (end == ps->p || word_char(*end))
		return parse_error(ps, "bad number syntax: %.12s", ps->p);
	ps->p = end;
	a->kind = T_LITERAL;
	a->literal = cJSON_CreateNumber(v);
	return 0;
}

static int name(struct parser *ps, struct t_arg *a)
{
	a->name = word(ps);
	a->kind = T_LITERAL;
	if (str_eq(a->name, "true") || str_eq(a->name, "false")) {
		a->literal = cJSON_CreateBool(*a->name == 't');
	} else if (str_eq(a->name, "nil")) {
		a->literal = cJSON_CreateNull();
	} else {
		a->kind = T_FUNCTION;
		if (!t_function_find(a->name))
			return parse_error(ps, "function \"%s\" not defined", a->name);
	}
	return 0;
}

/* The ".A.B" behind a word; a lone "." is the value itself. */
static int fields(struct parser *ps, struct t_arg *a)
{
	while (*ps->p == '.') {
		ps->p++;
		autofree char *field = word(ps);
		if (*field)
			strv_add(&a->fields, field);
		else if (a->kind != T_FIELD || a->fields)
			return parse_error(ps, "unexpected <.> in operand");
	}
	return 0;
}

static int parse_pipe(struct parser *ps, struct t_pipe **out);

static int parenthesis(struct parser *ps, struct t_arg *a)
{
	int r;

	ps->p++;
	a->kind = T_PIPE;
	if (++ps->depth > MAX_DEPTH)
		return parse_error(ps, "too deeply nested");
	r = parse_pipe(ps, &a->pipe);
	ps->depth--;
	if (r)
		return r;
	skip_space(ps);
	if (*ps->p++ != ')') {
		ps->p--;
		return parse_error(ps, "unclosed left paren");
	}
	return 0;
}

static int operand(struct parser *ps, struct t_arg *a)
{
	char c = *ps->p;

	if (c == '"' || c == '`')
		return quoted(ps, a);
	if (c == '(')
		return parenthesis(ps, a);
	if (isdigit((unsigned char)c) || c == '-' || c == '+')
		return number(ps, a);
	if (c == '$') {
		ps->p++;
		a->kind = T_VARIABLE;
		a->name = word(ps);
		return 0;
	}
	if (isalpha((unsigned char)c) || c == '_')
		return name(ps, a);
	a->kind = T_FIELD;
	if (!c)
		return parse_error(ps, "unclosed action");
	return c == '.' ? 0 : parse_error(ps, "unexpected \"%c\" in operand", c);
}

static int parse_arg(struct parser *ps, struct t_arg **out)
{
	struct t_arg *a = mem_alloc(sizeof(*a));
	int r;

	a->at = (size_t)(ps->p - ps->text);
	r = operand(ps, a);
	r = r ? r : fields(ps, a);
	a->len = (size_t)(ps->p - ps->text) - a->at;
	*out = a;	/* also on failure: the caller frees the whole tree */
	return r;
}

static bool command_over(struct parser *ps)
{
	skip_space(ps);
	return !*ps->p || *ps->p == '|' || *ps->p == ')' || at_end(ps);
}

static int parse_command(struct parser *ps, struct t_command *c)
{
	struct t_arg **tail = &c->args;

	while (!command_over(ps)) {
		int r = parse_arg(ps, tail);

		if (r)
			return r;
		tail = &(*tail)->next;
	}
	if (!*ps->p)
		return parse_error(ps, "unclosed action");
	if (!c->args)
		return parse_error(ps, "missing value for command");
	return 0;
}

/* "$x :=", "$x =" or "$i, $v :=" in front of a pipeline; anything else is put back. */
static void declaration(struct parser *ps, struct t_pipe *pipe)
{
	const char *from = ps->p;
	int n = 0;

	while (n < 2 && *ps->p == '$') {
		ps->p++;
		pipe->variable[n++] = word(ps);
		skip_space(ps);
		if (*ps->p != ',')
			break;
		ps->p++;
		skip_space(ps);
	}
	if (n && (strncmp(ps->p, ":=", 2) == 0 || (*ps->p == '=' && ps->p[1] != '='))) {
		pipe->assign = *ps->p == '=';
		ps->p += pipe->assign ? 1 : 2;
		return;
	}
	ps->p = from;
	for (int i = 0; i < 2; i++) {
		free(pipe->variable[i]);
		pipe->variable[i] = NULL;
	}
}

static int parse_pipe(struct parser *ps, struct t_pipe **out)
{
	struct t_pipe *pipe = mem_alloc(sizeof(*pipe));
	struct t_command **tail = &pipe->commands;

	*out = pipe;
	skip_space(ps);
	declaration(ps, pipe);
	for (;;) {
		*tail = mem_alloc(sizeof(**tail));
		int r = parse_command(ps, *tail);
		if (r)
			return r;
		if (*ps->p != '|')
			return 0;
		ps->p++;
		tail = &(*tail)->next;
	}
}

/* What ended a list of nodes. */
enum stop { STOP_TEXT, STOP_END, STOP_ELSE };

static int parse_list(struct parser *ps, struct t_node **out, enum stop *stop);

static bool keyword(struct parser *ps, const char *kw)
{
	size_t n = strlen(kw);

	if (strncmp(ps->p, kw, n) != 0 || word_char(ps->p[n]))
		return false;
	ps->p += n;
	return true;
}

static int parse_branch(struct parser *ps, struct t_node *n)
{
	enum stop stop;
	int r = parse_pipe(ps, &n->pipe);

	r = r ? r : end_action(ps);
	r = r ? r : parse_list(ps, &n->body, &stop);
	if (r)
		return r;
	if (stop == STOP_TEXT)
		return parse_error(ps, "unexpected EOF");
	if (stop == STOP_END)
		return end_action(ps);
	skip_space(ps);
	if (n->kind == T_IF && keyword(ps, "if")) {
		n->other = mem_alloc(sizeof(*n->other));
		n->other->kind = T_IF;
		return parse_branch(ps, n->other);
	}
	r = end_action(ps);
	r = r ? r : parse_list(ps, &n->other, &stop);
	if (r)
		return r;
	return stop == STOP_END ? end_action(ps) : parse_error(ps, "unexpected EOF");
}

static int comment(struct parser *ps)
{
	const char *end = strstr(ps->p, "*/");

	if (!end)
		return parse_error(ps, "unclosed comment");
	ps->p = end + 2;
	return end_action(ps);
}

static int parse_action(struct parser *ps, struct t_node **out, enum stop *stop)
{
	static const struct { const char *word; enum t_node_kind kind; } branches[] = {
		{ "if", T_IF }, { "range", T_RANGE }, { "with", T_WITH },
	};
	struct t_node *n;
	int r = -1;

	skip_space(ps);
	*stop = keyword(ps, "end") ? STOP_END : keyword(ps, "else") ? STOP_ELSE : STOP_TEXT;
	if (*stop != STOP_TEXT)
		return 0;
	if (strncmp(ps->p, "/*", 2) == 0)
		return comment(ps);
	*out = n = mem_alloc(sizeof(*n));
	if (++ps->depth > MAX_DEPTH)
		return parse_error(ps, "too deeply nested");
	for (size_t i = 0; i < ARRAY_SIZE(branches) && r < 0; i++)
		if (keyword(ps, branches[i].word)) {
			n->kind = branches[i].kind;
			r = parse_branch(ps, n);
			ps->depth--;
			return r;
		}
	n->kind = T_ACTION;
	r = parse_pipe(ps, &n->pipe);
	ps->depth--;
	return r ? r : end_action(ps);
}

/* Text up to the next action, less what trim markers take. */
static struct t_node *text_node(struct parser *ps)
{
	const char *open = strstr(ps->p, "{{"), *from = ps->p;
	const char *end = open ? open : ps->p + strlen(ps->p);
	struct t_node *n = mem_alloc(sizeof(*n));

	ps->p = end;
	if (ps->trim)
		while (from < end && isspace((unsigned char)*from))
			from++;
	if (open && open[2] == '-' && isspace((unsigned char)open[3]))
		while (end > from && isspace((unsigned char)end[-1]))
			end--;
	ps->trim = false;
	n->kind = T_TEXT;
	n->text = strndup(from, (size_t)(end - from));
	return n;
}

static int parse_list(struct parser *ps, struct t_node **out, enum stop *stop)
{
	struct t_node **tail = out;

	for (;;) {
		*tail = text_node(ps);
		tail = &(*tail)->next;
		*stop = STOP_TEXT;
		if (!*ps->p)
			return 0;
		ps->p += 2;
		if (*ps->p == '-' && isspace((unsigned char)ps->p[1]))
			ps->p++;
		int r = parse_action(ps, tail, stop);
		if (r || *stop != STOP_TEXT)
			return r;
		if (*tail)
			tail = &(*tail)->next;
	}
}

int template_parse(const char *text, struct template **out, struct err *e)
{
	struct template *t = mem_alloc(sizeof(*t));
	struct parser ps = { .e = e };
	enum stop stop;
	int r;

	t->text = str_dup(text);
	ps.text = ps.p = t->text;
	r = parse_list(&ps, &t->nodes, &stop);
	if (!r && stop != STOP_TEXT)
		r = parse_error(&ps, "unexpected {{%s}}", stop == STOP_END ? "end" : "else");
	if (r) {
		template_free(t);
		return r;
	}
	*out = t;
	return 0;
}
