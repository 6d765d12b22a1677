#include "labs/lab.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/front.h"

#define KEYS_LAB  "lab name title lecture typed predict proof notes wrong hints follow"
#define KEYS_GOAL "goal part when missing shown"
#define KEYS_WRONG "id general when say"
#define KEYS_QUESTION "id ask options right why run"
#define KEYS_OPTION "text tag"

static int read_formula(const struct front *f, const yaml_node_t *map, const char *key,
			struct scope *s, struct formula **out, struct err *e)
{
	const char *text;
	int r = front_need(f, map, key, &text, e);
	if (r < 0)
		return r;
	return formula_parse(s, text, front_place(f, front_get(f, map, key)), out, e);
}

static int read_goal(struct lab *l, const yaml_node_t *map, struct err *e)
{
	if (l->n_goals == PROOF_MAX_GOALS)
		return front_wrong(l->front, map, e, "expected at most %d goals", PROOF_MAX_GOALS);
	struct goal *g = &l->goal[l->n_goals];
	int r = front_only(l->front, map, KEYS_GOAL, e);
	if (r == 0)
		r = front_need(l->front, map, "goal", &g->name, e);
	if (r == 0)
		r = front_need(l->front, map, "part", &g->part, e);
	if (r == 0)
		r = front_need(l->front, map, "missing", &g->missing, e);
	if (r == 0)
		r = front_need(l->front, map, "shown", &g->shown, e);
	if (r == 0)
		r = read_formula(l->front, map, "when", &l->scope, &l->formula[l->n_goals], e);
	if (r == 0)
		l->n_goals++;
	return r;
}

static int read_goals(struct lab *l, struct err *e)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, "proof");
	int r = front_size(list) ? 0 : front_wrong(l->front, l->front->root, e, "expected a proof");
	for (size_t i = 0; r == 0 && i < front_size(list); i++)
		r = read_goal(l, front_item(l->front, list, i, NULL), e);
	return r;
}

/* goals: the scope that a note shares with them; NULL: the remark has its own. */
static int read_remark(const struct front *f, const yaml_node_t *map, struct scope *goals,
		       struct remark *w, struct err *e)
{
	struct scope *scope = goals ? goals : &w->scope;
	scope->typed_allowed = true;	/* the goals have been read, and were not allowed to */
	int r = front_only(f, map, KEYS_WRONG, e);
	if (r == 0)
		r = front_need(f, map, "id", &w->id, e);
	if (r == 0)
		r = front_need(f, map, "say", &w->say, e);
	w->general = str_eq(front_text(front_get(f, map, "general")), "true");
	return r < 0 ? r : read_formula(f, map, "when", scope, &w->when, e);
}

static int read_remarks(const struct front *f, const char *key, struct scope *goals,
			struct remark **out, size_t *n, struct err *e)
{
	const yaml_node_t *list = front_get(f, f->root, key);
	int r = 0;
	*out = mem_alloc((front_size(list) + 1) * sizeof(**out));
	for (; r == 0 && *n < front_size(list); (*n)++)
		r = read_remark(f, front_item(f, list, *n, NULL), goals, &(*out)[*n], e);
	return r;
}

/* "a: text" for the right one, "b: {text: …, tag: M-…}" for the others. */
static int read_choice(const struct front *f, const yaml_node_t *map, size_t i,
		       struct choice *o, struct err *e)
{
	const yaml_node_t *v = front_item(f, map, i, &o->key);
	if ((o->text = front_text(v)))
		return 0;
	int r = front_only(f, v, KEYS_OPTION, e);
	if (r == 0)
		r = front_need(f, v, "text", &o->text, e);
	return r < 0 ? r : front_need(f, v, "tag", &o->tag, e);
}

static const struct choice *find_choice(const struct question *q, const char *key)
{
	for (size_t i = 0; i < q->n_options; i++)
		if (str_eq(q->options[i].key, key))
			return &q->options[i];
	return NULL;
}

static int read_question(const struct front *f, const yaml_node_t *map, struct question *q,
			 struct err *e)
{
	int r = front_only(f, map, KEYS_QUESTION, e);
	if (r == 0)
		r = front_need(f, map, "id", &q->id, e);
	if (r == 0)
		r = front_need(f, map, "ask", &q->ask, e);
	if (r == 0)
		r = front_need(f, map, "right", &q->right, e);
	if (r == 0)
		r = front_need(f, map, "why", &q->why, e);
	if (r == 0 && front_get(f, map, "run"))
		r = read_formula(f, map, "run", &q->scope, &q->run, e);
	const yaml_node_t *options = front_get(f, map, "options");
	q->options = mem_alloc((front_size(options) + 1) * sizeof(*q->options));
	for (; r == 0 && q->n_options < front_size(options); q->n_options++)
		r = read_choice(f, options, q->n_options, &q->options[q->n_options], e);
	if (r == 0 && !find_choice(q, q->right))
		r = front_wrong(f, map, e, "the right answer \"%s\" is none of the options",
				q->right);
	return r;
}

static int read_predictions(struct lab *l, struct err *e)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, "predict");
	int r = 0;
	l->predict = mem_alloc((front_size(list) + 1) * sizeof(*l->predict));
	for (; r == 0 && l->n_predict < front_size(list); l->n_predict++)
		r = read_question(l->front, front_item(l->front, list, l->n_predict, NULL),
				  &l->predict[l->n_predict], e);
	const yaml_node_t *follow = front_get(l->front, l->front->root, "follow");
	if (r == 0 && !follow)
		r = front_wrong(l->front, l->front->root, e,
				"expected a follow-up question (follow:)");
	return r < 0 ? r : read_question(l->front, follow, &l->follow, e);
}

static int read_hints(struct lab *l, struct err *e)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, "hints");
	if (front_size(list) != HINT_RUNGS)
		return front_wrong(l->front, list ? list : l->front->root, e, "expected %d hints",
				   HINT_RUNGS);
	for (size_t i = 0; i < HINT_RUNGS; i++)
		l->hint[i] = front_text(front_item(l->front, list, i, NULL));
	return 0;
}

static void read_typed(struct lab *l)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, "typed");
	l->typed = mem_alloc((front_size(list) + 1) * sizeof(*l->typed));
	for (; l->n_typed < front_size(list); l->n_typed++)
		l->typed[l->n_typed] = front_text(front_item(l->front, list, l->n_typed, NULL));
}

static int read_head(struct lab *l, struct err *e)
{
	const char *number;
	const struct front *f = l->front;
	int r = front_only(f, f->root, KEYS_LAB, e);
	if (r == 0)
		r = front_need(f, f->root, "lab", &number, e);
	if (r == 0)
		r = front_need(f, f->root, "name", &l->name, e);
	if (r == 0)
		r = front_need(f, f->root, "title", &l->title, e);
	if (r == 0)
		r = front_need(f, f->root, "lecture", &l->lecture, e);
	if (r < 0)
		return r;
	l->number = atoi(number);
	l->body = f->body;
	read_typed(l);
	return l->number > 0 ? 0 : front_wrong(f, f->root, e, "expected a number after lab:");
}

int lab_load(const char *path, struct lab *out, struct err *e)
{
	struct lab l = { .front = mem_alloc(sizeof(*l.front)) };
	int r = front_open(path, l.front, e);
	if (r == 0)
		r = read_head(&l, e);
	if (r == 0)
		r = read_goals(&l, e);
	if (r == 0)
		r = read_remarks(l.front, "wrong", NULL, &l.wrong, &l.n_wrong, e);
	if (r == 0)
		r = read_remarks(l.front, "notes", &l.scope, &l.notes, &l.n_notes, e);
	if (r == 0)
		r = read_predictions(&l, e);
	if (r == 0)
		r = read_hints(&l, e);
	if (r < 0) {
		lab_free(&l);
		return r;
	}
	l.dir = str_dup(path);
	char *slash = strrchr(l.dir, '/');
	if (slash)
		*slash = '\0';
	*out = l;
	return 0;
}

static void free_remarks(struct remark *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++) {
		formula_free(v[i].when);
		scope_clear(&v[i].scope);
	}
	free(v);
}

static void free_question(struct question *q)
{
	formula_free(q->run);
	scope_clear(&q->scope);
	free(q->options);
}

void lab_free(struct lab *l)
{
	for (size_t i = 0; i < l->n_goals; i++)
		formula_free(l->formula[i]);
	scope_clear(&l->scope);
	free_remarks(l->wrong, l->n_wrong);
	free_remarks(l->notes, l->n_notes);
	for (size_t i = 0; l->predict && i < l->n_predict; i++)
		free_question(&l->predict[i]);
	free(l->predict);
	free_question(&l->follow);
	free(l->typed);
	front_close(l->front);
	free(l->front);
	free(l->dir);
	*l = (struct lab){ 0 };
}
