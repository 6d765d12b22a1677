/* Questions of labs and quiz: each wrong option names a misconception that is explained,
 * no id of anything is there twice, and each name in a sentence stands for something. */
#include <string.h>

#include "core/cleanup.h"
#include "labs/lint/lint.h"
#include "labs/verdict.h"

/* ---- names in sentences: "{c}", "{n:layer:layers}" ------------------------------- */

static bool is_constant(const char *name, size_t len)
{
	struct learner nobody = { .id = (char *)"" };
	autofree char *key = str_printf("%.*s", (int)len, name);
	return learner_constant(&nobody, key) != NULL;
}

/* vars: those of the scope that have a value when the sentence is said. */
static bool is_known(const struct scope *s, uint64_t vars, const char *name, size_t len)
{
	for (size_t i = 0; s && i < s->n_vars; i++)
		if (strlen(s->var[i]) == len && memcmp(s->var[i], name, len) == 0)
			return vars >> i & 1;
	return is_constant(name, len);
}

struct sentence { const struct front *front; int line; const char *key, *text; };

static void check_names(struct lint *lint, struct sentence in, const struct scope *s, uint64_t vars)
{
	const char *open, *close, *text = in.text;
	while ((open = strchr(text, '{')) && (close = strchr(open, '}'))) {
		size_t len = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
		text = open + 1;
		if (!len || (open[len + 1] != '}' && open[len + 1] != ':'))
			continue;	/* no name: docker's own "{{.State}}" */
		if (!is_known(s, vars, open + 1, len))
			lint_say(lint, in.front->file, in.line, "%s says {%.*s}: expected a variable "
				 "that has a value by then, or {token} or {learner}", in.key, (int)len,
				 open + 1);
	}
}

static void check_goal_names(struct lint *lint, const struct lab *l)
{
	const struct front *f = l->front;
	const yaml_node_t *list = front_get(f, f->root, "proof");
	uint64_t vars = 0;
	for (size_t i = 0; i < l->n_goals; i++) {
		int line = lint_line(front_item(f, list, i, NULL));
		check_names(lint, (struct sentence){ f, line, "missing", l->goal[i].missing },
			    &l->scope, vars);
		vars |= formula_vars(l->formula[i]);
		check_names(lint, (struct sentence){ f, line, "shown", l->goal[i].shown },
			    &l->scope, vars);
	}
}

static void check_remarks(struct lint *lint, const struct lab *l)
{
	const struct front *f = l->front;
	const yaml_node_t *list = front_get(f, f->root, "wrong");
	for (size_t i = 0; i < l->n_wrong; i++) {
		int line = lint_line(front_item(f, list, i, NULL));
		check_names(lint, (struct sentence){ f, line, "say", l->wrong[i].say },
			    &l->wrong[i].scope, formula_vars(l->wrong[i].when));
	}
	list = front_get(f, f->root, "notes");
	for (size_t i = 0; i < l->n_notes; i++)
		check_names(lint, (struct sentence){ f, lint_line(front_item(f, list, i, NULL)), "say",
						     l->notes[i].say }, &l->scope, UINT64_MAX);
	check_names(lint, (struct sentence){ f, f->body_line, "the text", f->body }, NULL, 0);
}

/* ---- options --------------------------------------------------------------------- */

static void check_option(struct lint *lint, const struct front *f, const struct question *q, size_t n)
{
	const struct choice *o = &q->options[n];
	if (!o->tag) {
		lint_say(lint, f->file, q->line, "question %s: option %s has no misconception: "
			 "expected {text: ..., tag: M-...}", q->id, o->key);
		return;
	}
	if (lint->bank.beliefs.root && !bank_belief(&lint->bank, o->tag))
		lint_say(lint, f->file, q->line, "question %s: option %s has the tag %s: expected one "
			 "that misconceptions.md explains", q->id, o->key, o->tag);
	for (size_t i = 0; i < n; i++)
		if (o->tag && str_eq(q->options[i].tag, o->tag))
			lint_say(lint, f->file, q->line, "question %s: options %s and %s have the same "
				 "tag: expected different ones", q->id, q->options[i].key, o->key);
}

static void check_question(struct lint *lint, const struct front *f, const struct question *q)
{
	if (q->n_options < 2)
		lint_say(lint, f->file, q->line, "question %s: expected at least two options", q->id);
	for (size_t i = 0; i < q->n_options; i++)
		if (!str_eq(q->options[i].key, q->right))
			check_option(lint, f, q, i);
	if (!*q->why)
		lint_say(lint, f->file, q->line, "question %s: expected an explanation (why:)", q->id);
}

/* ---- ids ------------------------------------------------------------------------- */

struct ids { struct lint *lint; char **v; };

/* The journal knows answers and wrong paths by these: one of a kind in all of the course. */
static void take_id(struct ids *ids, const char *id, const char *file, int line)
{
	for (size_t i = 0; ids->v[i]; i++)
		if (str_eq(ids->v[i], id))
			lint_say(ids->lint, file, line, "the id %s is there twice: expected another", id);
	strv_add(&ids->v, id);
}

static void take_remarks(struct ids *ids, const struct lab *l, const char *key,
			 const struct remark *v, size_t n)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, key);
	for (size_t i = 0; i < n; i++)
		take_id(ids, v[i].id, l->front->file, lint_line(front_item(l->front, list, i, NULL)));
}

static void check_lab(struct ids *ids, const struct lab *l)
{
	struct lint *lint = ids->lint;
	autofree char *number = str_printf("step %d", l->number);
	take_id(ids, number, l->front->file, 2);
	for (size_t i = 0; i < l->n_predict; i++) {
		check_question(lint, l->front, &l->predict[i]);
		take_id(ids, l->predict[i].id, l->front->file, l->predict[i].line);
	}
	check_question(lint, l->front, &l->follow);
	take_id(ids, l->follow.id, l->front->file, l->follow.line);
	take_remarks(ids, l, "wrong", l->wrong, l->n_wrong);
	take_remarks(ids, l, "notes", l->notes, l->n_notes);
	check_goal_names(lint, l);
	check_remarks(lint, l);
}

/* bank_check() has a line for each of its complaints. */
static void check_bank(struct lint *lint)
{
	autostr struct str text = { 0 };
	bank_check(&lint->bank, &text);
	for (char *line = text.s ? strtok(text.s, "\n") : NULL; line; line = strtok(NULL, "\n"))
		lint_say_as_is(lint, line);
}

static void check_item(struct ids *ids, const struct item *i)
{
	const struct front *f = &ids->lint->bank.sections[i->section].front;
	take_id(ids, i->q.id, f->file, i->q.line);
	for (size_t k = 0; k < i->q.n_evidence; k++) {
		const struct remark *r = &i->q.evidence[k];
		check_names(ids->lint, (struct sentence){ f, i->q.line, "evidence", r->say }, &r->scope,
			    formula_vars(r->when));
	}
}

void lint_questions(struct lint *l)
{
	struct ids ids = { l, mem_alloc(sizeof(char *)) };
	for (size_t i = 0; i < l->labs.n; i++)
		check_lab(&ids, &l->labs.v[i]);
	check_bank(l);
	for (size_t i = 0; i < l->bank.n_items; i++)
		check_item(&ids, &l->bank.items[i]);
	strv_free(ids.v);
}
