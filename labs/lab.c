#include "labs/lab.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/front.h"

#define KEYS_LAB  "lab name title lecture typed seed predict proof notes wrong hints follow"
#define KEYS_GOAL "goal part when missing shown"

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
		r = formula_read(l->front, map, "when", &l->scope, &l->formula[l->n_goals], e);
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

static int read_predictions(struct lab *l, struct err *e)
{
	const yaml_node_t *list = front_get(l->front, l->front->root, "predict");
	int r = 0;
	l->predict = mem_alloc((front_size(list) + 1) * sizeof(*l->predict));
	for (; r == 0 && l->n_predict < front_size(list); l->n_predict++)
		r = question_read(l->front, front_item(l->front, list, l->n_predict, NULL),
				  QUESTION_LAB, &l->predict[l->n_predict], e);
	const yaml_node_t *follow = front_get(l->front, l->front->root, "follow");
	if (r == 0 && !follow)
		r = front_wrong(l->front, l->front->root, e,
				"expected a follow-up question (follow:)");
	return r < 0 ? r : question_read(l->front, follow, QUESTION_LAB, &l->follow, e);
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

/* Lines of text below a key; none are fine. */
static void read_lines(const struct front *f, const char *key, const char ***out, size_t *n)
{
	const yaml_node_t *list = front_get(f, f->root, key);
	*out = mem_alloc((front_size(list) + 1) * sizeof(**out));
	for (; *n < front_size(list); ++*n)
		(*out)[*n] = front_text(front_item(f, list, *n, NULL));
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
	read_lines(f, "typed", &l->typed, &l->n_typed);
	read_lines(f, "seed", &l->seed, &l->n_seed);
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
		r = remarks_read(l.front, l.front->root, "wrong", NULL, &l.wrong, &l.n_wrong, e);
	if (r == 0)
		r = remarks_read(l.front, l.front->root, "notes", &l.scope, &l.notes, &l.n_notes,
				 e);
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

void lab_free(struct lab *l)
{
	for (size_t i = 0; i < l->n_goals; i++)
		formula_free(l->formula[i]);
	scope_clear(&l->scope);
	remarks_free(l->wrong, l->n_wrong);
	remarks_free(l->notes, l->n_notes);
	for (size_t i = 0; l->predict && i < l->n_predict; i++)
		question_free(&l->predict[i]);
	free(l->predict);
	question_free(&l->follow);
	free(l->typed);
	free(l->seed);
	front_close(l->front);
	free(l->front);
	free(l->dir);
	*l = (struct lab){ 0 };
}
