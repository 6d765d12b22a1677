#include "lessons/lesson.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "labs/content.h"

#define KEYS_LESSON "lesson name title lecture claims labs demo"
#define KEYS_CLAIM  "quote truth"

static int read_claims(struct lesson *l, struct err *e)
{
	const struct front *f = &l->front;
	const yaml_node_t *list = front_get(f, f->root, "claims");
	int r = 0;
	l->claims = mem_alloc((front_size(list) + 1) * sizeof(*l->claims));
	for (; r == 0 && l->n_claims < front_size(list); l->n_claims++) {
		const yaml_node_t *map = front_item(f, list, l->n_claims, NULL);
		struct claim *c = &l->claims[l->n_claims];
		r = front_only(f, map, KEYS_CLAIM, e);
		if (r == 0)
			r = front_need(f, map, "quote", &c->quote, e);
		if (r == 0)
			r = front_need(f, map, "truth", &c->truth, e);
	}
	return r;
}

static int read_labs(struct lesson *l, struct err *e)
{
	const struct front *f = &l->front;
	const yaml_node_t *list = front_get(f, f->root, "labs");
	l->labs = mem_alloc((front_size(list) + 1) * sizeof(*l->labs));
	for (; l->n_labs < front_size(list); l->n_labs++) {
		l->labs[l->n_labs] = front_text(front_item(f, list, l->n_labs, NULL));
		if (!l->labs[l->n_labs])
			return front_wrong(f, list, e, "expected the numbers of steps");
	}
	return 0;
}

static int read_demo(struct lesson *l, struct err *e)
{
	const yaml_node_t *map = front_get(&l->front, l->front.root, "demo");
	if (!map)
		return front_wrong(&l->front, l->front.root, e,
				   "expected a demonstration (demo:)");
	int r = script_read(&l->front, map, &l->demo, e);
	l->demo.name = l->name;
	return r;
}

static int read_head(struct lesson *l, struct err *e)
{
	const struct front *f = &l->front;
	const char *number;
	int r = front_only(f, f->root, KEYS_LESSON, e);
	if (r == 0)
		r = front_need(f, f->root, "lesson", &number, e);
	if (r == 0)
		r = front_need(f, f->root, "name", &l->name, e);
	if (r == 0)
		r = front_need(f, f->root, "title", &l->title, e);
	if (r == 0)
		r = front_need(f, f->root, "lecture", &l->lecture, e);
	if (r < 0)
		return r;
	l->number = atoi(number);
	return l->number > 0 ? 0 : front_wrong(f, f->root, e, "expected a number after lesson:");
}

static void lesson_free(struct lesson *l)
{
	script_free(&l->demo);
	free(l->claims);
	free(l->labs);
	front_close(&l->front);
}

static int lesson_load(const char *path, struct lesson *out, struct err *e)
{
	struct lesson l = { 0 };
	int r = front_open(path, &l.front, e);
	if (r == 0)
		r = read_head(&l, e);
	if (r == 0)
		r = read_claims(&l, e);
	if (r == 0)
		r = read_labs(&l, e);
	if (r == 0)
		r = read_demo(&l, e);
	if (r < 0)
		lesson_free(&l);
	else
		*out = l;
	return r;
}

int lessons_load(const char *dir, struct lessons *out, struct err *e)
{
	char **files;
	int r = content_files(&content_lessons, dir, &files, e);
	if (r < 0)
		return r;
	struct lessons l = { .v = mem_alloc(strv_len(files) * sizeof(*l.v)) };
	for (size_t i = 0; r == 0 && files[i]; i++) {
		r = lesson_load(files[i], &l.v[l.n], e);
		if (r == 0)
			l.n++;
	}
	strv_free(files);
	if (r < 0)
		lessons_free(&l);
	else
		*out = l;
	return r;
}

void lessons_free(struct lessons *l)
{
	for (size_t i = 0; i < l->n; i++)
		lesson_free(&l->v[i]);
	free(l->v);
	*l = (struct lessons){ 0 };
}

const struct lesson *lessons_find(const struct lessons *l, const char *which)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].number == atoi(which) || str_eq(l->v[i].name, which))
			return &l->v[i];
	return NULL;
}
