/* Recursive descent over the grammar in proof.h: one function a rule. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/proof_ast.h"
#include "labs/proof_lex.h"
#include "labs/vocabulary.h"

struct parser {
	struct lexer lex;
	struct scope *scope;
	struct formula *node;	/* the innermost leaf being read: collects vars and marks */
	struct err *e;
};

static int next(struct parser *p) { return lex_next(&p->lex, p->e); }

static int expected(const struct parser *p, const char *what)
{
	return lex_expected(&p->lex, what, p->e);
}

/* Takes the word or sign if it is there; >0 taken, 0 not there. */
static int accept(struct parser *p, const char *what)
{
	if (!lex_is(&p->lex, what))
		return 0;
	int r = next(p);
	return r < 0 ? r : 1;
}

static int need(struct parser *p, const char *what, const char *in_words)
{
	int r = accept(p, what);
	return r == 0 ? expected(p, in_words) : r < 0 ? r : 0;
}

static char *token_text(const struct parser *p)
{
	struct str s = { 0 };
	str_addn(&s, p->lex.now.s, p->lex.now.len);
	return str_take(&s);
}

/* The name's index in the table, added if new; -1: full. */
static int intern(char **table, size_t *n, size_t max, const struct token *t)
{
	for (size_t i = 0; i < *n; i++)
		if (strlen(table[i]) == t->len && memcmp(table[i], t->s, t->len) == 0)
			return (int)i;
	if (*n == max)
		return -1;
	struct str s = { 0 };
	str_addn(&s, t->s, t->len);
	table[*n] = str_take(&s);
	return (int)(*n)++;
}

static int parse_mark(struct parser *p, int *out)
{
	if (p->lex.now.kind != T_WORD)
		return expected(p, "the name of a moment");
	if (lex_is(&p->lex, "start") || lex_is(&p->lex, "end")) {
		*out = *p->lex.now.s == 's' ? MARK_START : MARK_END;
		return next(p);
	}
	*out = intern(p->scope->mark, &p->scope->n_marks, PROOF_MAX_MARKS, &p->lex.now);
	if (*out < 0)
		return expected(p, "fewer named moments");
	p->node->marks |= 1ull << *out;
	return next(p);
}

static int parse_operand(struct parser *p, struct operand *o)
{
	const struct token *t = &p->lex.now;
	*o = (struct operand){ .kind = OPERAND_NUMBER, .number = t->number };
	if (t->kind == T_TEXT || t->kind == T_CONSTANT) {
		o->kind = t->kind == T_TEXT ? OPERAND_TEXT : OPERAND_CONSTANT;
		o->text = token_text(p);
	} else if (t->kind == T_VAR && t->len) {
		o->kind = OPERAND_VAR;
		o->slot = intern(p->scope->var, &p->scope->n_vars, PROOF_MAX_VARS, t);
		if (o->slot < 0)
			return expected(p, "fewer variables");
		p->node->vars |= 1ull << o->slot;
	} else if (lex_is(&p->lex, "true") || lex_is(&p->lex, "false")) {
		o->number = *t->s == 't';
	} else if (t->kind != T_NUMBER) {
		return expected(p, "a value (\"text\", number, true, false, ?variable, $constant)");
	}
	return next(p);
}

static int parse_op(struct parser *p, enum op *out)
{
	static const char *const names[] = {
		[OP_EQ] = "=", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">",
		[OP_GE] = ">=", [OP_PREFIX] = "^=", [OP_SUFFIX] = "$=", [OP_CONTAINS] = "*=",
		[OP_ABOVE] = "above",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (lex_is(&p->lex, names[i])) {
			*out = (enum op)i;
			return next(p);
		}
	return expected(p, "a comparison (= != < <= > >= ^= $= *= above)");
}

static int parse_conds(struct parser *p, int type, struct cond **out, size_t *n);

static int parse_operands(struct parser *p, struct cond *c)
{
	int r = parse_op(p, &c->op);
	while (r >= 0) {
		c->operands = mem_grow(c->operands, (c->n_operands + 1) * sizeof(*c->operands));
		r = parse_operand(p, &c->operands[c->n_operands++]);
		if (r < 0 || (r = accept(p, "|")) <= 0)
			break;
	}
	return r;
}

static bool is_header(const char *field)
{
	static const char *const names[] = { "cid", "image", "actor", "step", "session", "seq" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(field, names[i]))
			return true;
	return false;
}

static int bad_field(const struct parser *p, int type)
{
	autofree char *want = str_printf("a field of %s (cid, image, step, %s)",
					 vocabulary_name(type), vocabulary_fields(type));
	return expected(p, want);
}

/* name [ "[" N "]" | ".count" ]; ".count" arrives as part of the word. */
static int parse_field(struct parser *p, int type, struct cond *c)
{
	if (p->lex.now.kind != T_WORD)
		return bad_field(p, type);
	c->field = token_text(p);
	char *count = strstr(c->field, ".count");
	if (count) {
		*count = '\0';
		c->part = PART_COUNT;
	}
	/* ctr.commit has a data field called image; the fact's own image comes first elsewhere. */
	bool data = vocabulary_has_field(type, c->field, strlen(c->field));
	c->header = !data && is_header(c->field);
	if (!data && !c->header)
		return bad_field(p, type);
	int r = next(p);
	if (r < 0 || !lex_is(&p->lex, "["))
		return r;
	r = next(p);
	if (r < 0 || p->lex.now.kind != T_NUMBER)
		return r < 0 ? r : expected(p, "a position in the list");
	c->part = PART_INDEX;
	c->index = (int)p->lex.now.number;
	r = next(p);
	return r < 0 ? r : need(p, "]", "\"]\" after the position");
}

static int parse_cond(struct parser *p, int type, struct cond *c)
{
	int r = parse_field(p, type, c);
	if (r < 0)
		return r;
	if (lex_is(&p->lex, "("))
		return parse_conds(p, type, &c->sub, &c->n_sub);
	return parse_operands(p, c);
}

/* "(" condition { "," condition } ")" */
static int parse_conds(struct parser *p, int type, struct cond **out, size_t *n)
{
	int r = next(p);
	do {
		if (r < 0)
			return r;
		*out = mem_grow(*out, (*n + 1) * sizeof(**out));
		(*out)[*n] = (struct cond){ 0 };
		r = parse_cond(p, type, &(*out)[(*n)++]);
	} while (r >= 0 && (r = accept(p, ",")) > 0);
	return r < 0 ? r : need(p, ")", "\",\" or \")\" after the condition");
}

static int parse_actor(struct parser *p, char **out)
{
	static const char *const names[] = { "any", "student", "engine", "seed", "grader", "demo" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (lex_is(&p->lex, names[i])) {
			free(*out);
			*out = str_dup(names[i]);
			return next(p);
		}
	return expected(p, "an actor (any, student, engine, seed, grader, demo)");
}

static int parse_suffixes(struct parser *p, struct event *v)
{
	for (;;) {
		int r, *mark = lex_is(&p->lex, "as") ? &v->as :
			       lex_is(&p->lex, "after") ? &v->after :
			       lex_is(&p->lex, "before") ? &v->before : NULL;
		if (mark)
			r = (r = next(p)) < 0 ? r : parse_mark(p, mark);
		else if ((r = accept(p, "by")) > 0)
			r = parse_actor(p, &v->by);
		else if (r == 0 && (r = accept(p, "ever")) > 0)
			v->ever = true;
		else
			return r;
		if (r < 0)
			return r;
	}
}

static int parse_event(struct parser *p)
{
	struct formula *f = p->node;
	if (p->lex.now.kind != T_WORD)
		return expected(p, "the type of a fact");
	int type = vocabulary_type(p->lex.now.s, p->lex.now.len);
	if (type < 0)
		return expected(p, "a type of fact from trace/fact.def");
	if (!p->scope->typed_allowed && str_eq(vocabulary_name(type), "typed"))
		return expected(p, "a fact the engine saw (what was typed proves nothing)");
	f->events = mem_grow(f->events, (f->n_events + 1) * sizeof(*f->events));
	struct event *v = &f->events[f->n_events++];
	*v = (struct event){ .type = type, .as = MARK_NONE, .after = MARK_NONE,
			     .before = MARK_NONE };
	int r = next(p);
	if (r >= 0 && lex_is(&p->lex, "("))
		r = parse_conds(p, type, &v->conds, &v->n_conds);
	return r < 0 ? r : parse_suffixes(p, v);
}

static int parse_once(struct parser *p)
{
	int r;
	do {
		r = parse_event(p);
	} while (r >= 0 && (r = accept(p, "then")) > 0);
	return r;
}

/* event [ "between" MARK "and" MARK ] */
static int parse_span(struct parser *p)
{
	p->node->from = MARK_START;
	p->node->to = MARK_END;
	int r = parse_event(p);
	if (r < 0 || (r = accept(p, "between")) <= 0)
		return r;
	r = parse_mark(p, &p->node->from);
	if (r >= 0)
		r = need(p, "and", "\"and\" between the two moments");
	return r < 0 ? r : parse_mark(p, &p->node->to);
}

static int parse_count(struct parser *p)
{
	int r = parse_span(p);
	if (r >= 0)
		r = parse_op(p, &p->node->op);
	if (r < 0)
		return r;
	if (p->lex.now.kind != T_NUMBER)
		return expected(p, "a number");
	p->node->number = p->lex.now.number;
	return next(p);
}

static int parse_now(struct parser *p)
{
	static const char *const names[] = {
		[STATE_CREATED] = "created", [STATE_RUNNING] = "running", [STATE_EXITED] = "exited",
		[STATE_PRESENT] = "present", [STATE_REMOVED] = "removed", [STATE_FREE] = "free",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (lex_is(&p->lex, names[i])) {
			p->node->state = (enum state)i;
			int r = next(p);
			return r < 0 ? r : parse_operand(p, &p->node->about);
		}
	return expected(p, "a state (created, running, exited, present, removed, free)");
}

static const struct leaf {
	const char *word;
	enum kind kind;
	int (*parse)(struct parser *p);
} leaves[] = {
	{ "once", NODE_ONCE, parse_once },
	{ "never", NODE_NEVER, parse_span },
	{ "count", NODE_COUNT, parse_count },
	{ "now", NODE_NOW, parse_now },
};

static int parse_or(struct parser *p, struct formula **out);

static struct formula *node(enum kind kind, struct formula *a, struct formula *b)
{
	struct formula *f = mem_alloc(sizeof(*f));
	f->kind = kind;
	f->a = a;
	f->b = b;
	f->vars = (a ? a->vars : 0) | (b ? b->vars : 0);
	f->marks = (a ? a->marks : 0) | (b ? b->marks : 0);
	return f;
}

static int parse_leaf(struct parser *p, const struct leaf *l, struct formula **out)
{
	int r = next(p);
	if (r < 0)
		return r;
	*out = p->node = node(l->kind, NULL, NULL);
	return l->parse(p);
}

static int parse_factor(struct parser *p, struct formula **out)
{
	int r = accept(p, "not");
	if (r != 0) {
		struct formula *inner = NULL;
		r = r < 0 ? r : parse_factor(p, &inner);
		*out = node(NODE_NOT, inner, NULL);
		return r;
	}
	if ((r = accept(p, "(")) != 0) {
		r = r < 0 ? r : parse_or(p, out);
		return r < 0 ? r : need(p, ")", "\"and\", \"or\" or \")\"");
	}
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++)
		if (lex_is(&p->lex, leaves[i].word))
			return parse_leaf(p, &leaves[i], out);
	return expected(p, "once, never, count, now, not or \"(\"");
}

/* left-associative chain of `word` over `inner` */
static int parse_chain(struct parser *p, const char *word, enum kind kind,
		       int (*inner)(struct parser *, struct formula **), struct formula **out)
{
	int r = inner(p, out);
	while (r >= 0 && (r = accept(p, word)) > 0) {
		struct formula *right = NULL;
		r = inner(p, &right);
		*out = node(kind, *out, right);
	}
	return r;
}

static int parse_and(struct parser *p, struct formula **out)
{
	return parse_chain(p, "and", NODE_AND, parse_factor, out);
}

static int parse_or(struct parser *p, struct formula **out)
{
	return parse_chain(p, "or", NODE_OR, parse_and, out);
}

int formula_parse(struct scope *s, const char *text, struct place at, struct formula **out,
		  struct err *e)
{
	struct parser p = {
		.lex = { .p = text, .at = at, .line = at.line, .column = at.column },
		.scope = s, .e = e,
	};
	struct formula *f = NULL;
	int r = next(&p);
	if (r >= 0)
		r = parse_or(&p, &f);
	if (r >= 0 && p.lex.now.kind != T_END)
		r = expected(&p, "\"and\", \"or\", \"then\" or the end");
	if (r < 0) {
		formula_free(f);
		return r;
	}
	*out = f;
	return 0;
}

static void free_conds(struct cond *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < c[i].n_operands; j++)
			free(c[i].operands[j].text);
		free(c[i].operands);
		free(c[i].field);
		free_conds(c[i].sub, c[i].n_sub);
	}
	free(c);
}

void formula_free(struct formula *f)
{
	if (!f)
		return;
	formula_free(f->a);
	formula_free(f->b);
	for (size_t i = 0; i < f->n_events; i++) {
		free_conds(f->events[i].conds, f->events[i].n_conds);
		free(f->events[i].by);
	}
	free(f->events);
	free(f->about.text);
	free(f);
}

void scope_clear(struct scope *s)
{
	for (size_t i = 0; i < s->n_vars; i++)
		free(s->var[i]);
	for (size_t i = 0; i < s->n_marks; i++)
		free(s->mark[i]);
	*s = (struct scope){ .typed_allowed = s->typed_allowed };
}

uint64_t formula_vars(const struct formula *f) { return f->vars; }
