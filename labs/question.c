#include "labs/question.h"

#include <stdlib.h>

#include "core/cleanup.h"

#define KEYS_REMARK "id general when say"
#define KEYS_LAB    "id ask options right why run"
#define KEYS_QUIZ   "id concept ask options right why prove evidence"
#define KEYS_OPTION "text tag say prove"

int formula_read(const struct front *f, const yaml_node_t *map, const char *key,
		 struct scope *s, struct formula **out, struct err *e)
{
	const char *text;
	int r = front_need(f, map, key, &text, e);
	if (r < 0)
		return r;
	return formula_parse(s, text, front_place(f, front_get(f, map, key)), out, e);
}

/* A wrong path and a note are told apart by their id; a quiz's evidence needs none. */
static int read_remark(const struct front *f, const yaml_node_t *map, bool named,
		       struct scope *goals, struct remark *w, struct err *e)
{
	struct scope *scope = goals ? goals : &w->scope;
	scope->typed_allowed = true;	/* the goals have been read, and were not allowed to */
	int r = front_only(f, map, KEYS_REMARK, e);
	if (r == 0 && named)
		r = front_need(f, map, "id", &w->id, e);
	if (r == 0)
		r = front_need(f, map, "say", &w->say, e);
	w->general = str_eq(front_text(front_get(f, map, "general")), "true");
	return r < 0 ? r : formula_read(f, map, "when", scope, &w->when, e);
}

int remarks_read(const struct front *f, const yaml_node_t *map, const char *key,
		 struct scope *goals, struct remark **out, size_t *n, struct err *e)
{
	const yaml_node_t *list = front_get(f, map, key);
	int r = 0;
	*out = mem_alloc((front_size(list) + 1) * sizeof(**out));
	for (; r == 0 && *n < front_size(list); (*n)++)
		r = read_remark(f, front_item(f, list, *n, NULL), !str_eq(key, "evidence"), goals,
				&(*out)[*n], e);
	return r;
}

void remarks_free(struct remark *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++) {
		formula_free(v[i].when);
		scope_clear(&v[i].scope);
	}
	free(v);
}

/* "a: text" for the right one, "b: {text: …, tag: M-…}" for the others. */
static int read_choice(const struct front *f, const yaml_node_t *map, size_t i,
		       enum question_kind kind, struct choice *o, struct err *e)
{
	const yaml_node_t *v = front_item(f, map, i, &o->key);
	if ((o->text = front_text(v)))
		return 0;
	int r = front_only(f, v, KEYS_OPTION, e);
	if (r == 0)
		r = front_need(f, v, "text", &o->text, e);
	if (r < 0)
		return r;
	o->tag = front_text(front_get(f, v, "tag"));
	o->say = front_text(front_get(f, v, "say"));
	o->prove = front_text(front_get(f, v, "prove"));
	return kind == QUESTION_LAB ? front_need(f, v, "tag", &o->tag, e) : 0;
}

const struct choice *question_choice(const struct question *q, const char *key)
{
	for (size_t i = 0; i < q->n_options; i++)
		if (str_eq(q->options[i].key, key))
			return &q->options[i];
	return NULL;
}

static int read_options(const struct front *f, const yaml_node_t *map, enum question_kind kind,
			struct question *q, struct err *e)
{
	const yaml_node_t *options = front_get(f, map, "options");
	int r = 0;
	q->options = mem_alloc((front_size(options) + 1) * sizeof(*q->options));
	for (; r == 0 && q->n_options < front_size(options); q->n_options++)
		r = read_choice(f, options, q->n_options, kind, &q->options[q->n_options], e);
	if (r == 0 && !question_choice(q, q->right))
		r = front_wrong(f, map, e, "the right answer \"%s\" is none of the options",
				q->right);
	return r;
}

static int read_quiz_part(const struct front *f, const yaml_node_t *map, struct question *q,
			  struct err *e)
{
	q->prove = front_text(front_get(f, map, "prove"));
	int r = front_need(f, map, "concept", &q->concept, e);
	return r < 0 ? r : remarks_read(f, map, "evidence", NULL, &q->evidence, &q->n_evidence, e);
}

int question_read(const struct front *f, const yaml_node_t *map, enum question_kind kind,
		  struct question *q, struct err *e)
{
	int r = front_only(f, map, kind == QUESTION_LAB ? KEYS_LAB : KEYS_QUIZ, e);
	q->line = (int)map->start_mark.line + 1;
	if (r == 0)
		r = front_need(f, map, "id", &q->id, e);
	if (r == 0)
		r = front_need(f, map, "ask", &q->ask, e);
	if (r == 0)
		r = front_need(f, map, "right", &q->right, e);
	if (r == 0)
		r = front_need(f, map, "why", &q->why, e);
	if (r == 0 && front_get(f, map, "run"))
		r = formula_read(f, map, "run", &q->scope, &q->run, e);
	if (r == 0 && kind == QUESTION_QUIZ)
		r = read_quiz_part(f, map, q, e);
	return r < 0 ? r : read_options(f, map, kind, q, e);
}

void question_free(struct question *q)
{
	formula_free(q->run);
	scope_clear(&q->scope);
	remarks_free(q->evidence, q->n_evidence);
	free(q->options);
}
