#include "quiz/bank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "labs/content.h"

#define KEYS_SECTION "section name title lecture concepts experiments questions"

static void *one_more(void *v, size_t n, size_t size)
{
	v = mem_grow(v, (n + 1) * size);
	memset((char *)v + n * size, 0, size);
	return v;
}

static int read_concepts(struct bank *b, size_t at, struct err *e)
{
	const struct front *f = &b->sections[at].front;
	const yaml_node_t *map = front_get(f, f->root, "concepts");
	for (size_t i = 0; i < front_size(map); i++) {
		const char *id = NULL;
		const yaml_node_t *node = front_item(f, map, i, &id);
		const char *title = front_text(node);
		if (!id || !title)
			return front_wrong(f, map, e, "expected \"concept: title\" lines");
		if (bank_concept(b, id))
			return front_wrong(f, map, e, "the concept \"%s\" is there twice", id);
		b->concepts = one_more(b->concepts, b->n_concepts, sizeof(*b->concepts));
		b->concepts[b->n_concepts++] = (struct concept){
			id, title, at, (int)node->start_mark.line + 1,
		};
	}
	return 0;
}

static int read_experiments(struct bank *b, size_t at, struct err *e)
{
	struct section *s = &b->sections[at];
	const yaml_node_t *map = front_get(&s->front, s->front.root, "experiments");
	for (size_t i = 0; i < front_size(map); i++) {
		const char *name = NULL;
		const yaml_node_t *node = front_item(&s->front, map, i, &name);
		if (!name)
			return front_wrong(&s->front, map, e, "expected \"name: {title: ...}\"");
		if (bank_experiment(b, name))
			return front_wrong(&s->front, node, e,
					   "the experiment \"%s\" is there twice", name);
		s->experiments = one_more(s->experiments, s->n_experiments,
					  sizeof(*s->experiments));
		int r = script_read(&s->front, node, &s->experiments[s->n_experiments], e);
		if (r < 0)
			return r;
		s->experiments[s->n_experiments++].name = name;
	}
	return 0;
}

static int read_question(struct bank *b, size_t at, const yaml_node_t *map, struct err *e)
{
	const struct front *f = &b->sections[at].front;
	struct question q = { 0 };
	int r = question_read(f, map, QUESTION_QUIZ, &q, e);
	const struct concept *c = r == 0 ? bank_concept(b, q.concept) : NULL;
	if (r == 0 && !c)
		r = front_wrong(f, map, e, "there is no concept \"%s\"", q.concept);
	if (r == 0 && bank_item(b, q.id))
		r = front_wrong(f, map, e, "the question \"%s\" is there twice", q.id);
	if (r < 0) {
		question_free(&q);
		return r;
	}
	b->items = one_more(b->items, b->n_items, sizeof(*b->items));
	b->items[b->n_items++] = (struct item){ q, at, (size_t)(c - b->concepts) };
	return 0;
}

static int read_head(struct section *s, struct err *e)
{
	const struct front *f = &s->front;
	const char *number;
	int r = front_only(f, f->root, KEYS_SECTION, e);
	if (r == 0)
		r = front_need(f, f->root, "section", &number, e);
	if (r == 0)
		r = front_need(f, f->root, "name", &s->name, e);
	if (r == 0)
		r = front_need(f, f->root, "title", &s->title, e);
	if (r < 0)
		return r;
	s->lecture = front_text(front_get(f, f->root, "lecture"));
	s->number = atoi(number);
	return s->number > 0 ? 0 : front_wrong(f, f->root, e, "expected a number after section:");
}

static int load_section(struct bank *b, const char *path, struct err *e)
{
	size_t at = b->n_sections;
	b->sections = one_more(b->sections, at, sizeof(*b->sections));
	int r = front_open(path, &b->sections[at].front, e);
	if (r < 0)
		return r;
	b->n_sections++;
	const struct front *f = &b->sections[at].front;
	r = read_head(&b->sections[at], e);
	if (r == 0)
		r = read_concepts(b, at, e);
	if (r == 0)
		r = read_experiments(b, at, e);
	const yaml_node_t *list = front_get(f, f->root, "questions");
	for (size_t i = 0; r == 0 && i < front_size(list); i++)
		r = read_question(b, at, front_item(f, list, i, NULL), e);
	return r;
}

static int load_beliefs(struct bank *b, const char *first, struct err *e)
{
	autofree char *path = str_printf("%.*s/misconceptions.md",
					 (int)(strrchr(first, '/') - first), first);
	if (access(path, F_OK) < 0)
		return 0;
	int r = front_open(path, &b->beliefs, e);
	return r < 0 ? r : front_only(&b->beliefs, b->beliefs.root, "tags", e);
}

int bank_load(const char *dir, struct bank *out, struct err *e)
{
	struct bank b = { 0 };
	char **files;
	int r = content_files(&content_quiz, dir, &files, e);
	if (r < 0)
		return r;
	r = load_beliefs(&b, files[0], e);
	for (size_t i = 0; r == 0 && files[i]; i++)
		r = load_section(&b, files[i], e);
	strv_free(files);
	if (r < 0)
		bank_free(&b);
	else
		*out = b;
	return r;
}

void bank_free(struct bank *b)
{
	for (size_t i = 0; i < b->n_items; i++)
		question_free(&b->items[i].q);
	for (size_t i = 0; i < b->n_sections; i++) {
		struct section *s = &b->sections[i];
		for (size_t k = 0; k < s->n_experiments; k++)
			script_free(&s->experiments[k]);
		free(s->experiments);
		front_close(&s->front);
	}
	front_close(&b->beliefs);
	free(b->items);
	free(b->concepts);
	free(b->sections);
	*b = (struct bank){ 0 };
}

const struct item *bank_item(const struct bank *b, const char *id)
{
	for (size_t i = 0; i < b->n_items; i++)
		if (str_eq(b->items[i].q.id, id))
			return &b->items[i];
	return NULL;
}

const struct concept *bank_concept(const struct bank *b, const char *id)
{
	for (size_t i = 0; i < b->n_concepts; i++)
		if (str_eq(b->concepts[i].id, id))
			return &b->concepts[i];
	return NULL;
}

const struct section *bank_section(const struct bank *b, const char *which)
{
	for (size_t i = 0; i < b->n_sections; i++)
		if (b->sections[i].number == atoi(which) || str_eq(b->sections[i].name, which))
			return &b->sections[i];
	return NULL;
}

const struct script *bank_experiment(const struct bank *b, const char *name)
{
	for (size_t i = 0; name && i < b->n_sections; i++)
		for (size_t k = 0; k < b->sections[i].n_experiments; k++)
			if (str_eq(b->sections[i].experiments[k].name, name))
				return &b->sections[i].experiments[k];
	return NULL;
}

const struct script *bank_proof(const struct bank *b, const struct question *q,
				const struct choice *o)
{
	const struct script *s = bank_experiment(b, o && o->prove ? o->prove : q->prove);
	for (size_t i = 0; !s && i < q->n_options; i++)
		s = bank_experiment(b, q->options[i].prove);
	return s;
}

const char *bank_belief(const struct bank *b, const char *tag)
{
	const yaml_node_t *tags = b->beliefs.root ? front_get(&b->beliefs, b->beliefs.root, "tags")
						  : NULL;
	return tags && tag ? front_text(front_get(&b->beliefs, tags, tag)) : NULL;
}
