/* What a bank must be beyond being readable; each complaint names file and line. */
#include <stdarg.h>
#include <stdio.h>

#include "quiz/bank.h"

struct check { const struct bank *bank; struct str *out; size_t found; };

static void complain(struct check *c, const struct item *i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct check *c, const struct item *i, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_addf(c->out, "%s:%d: question %s: %s\n", c->bank->sections[i->section].front.file,
		 i->q.line, i->q.id, text);
	c->found++;
}

static void check_experiment(struct check *c, const struct item *i, const char *name,
			     const char *whose)
{
	if (!name)
		complain(c, i, "%s has no experiment (prove:)", whose);
	else if (!bank_experiment(c->bank, name))
		complain(c, i, "%s names the experiment \"%s\", which is nowhere", whose, name);
}

/* Tags of one question must differ, or an answer would not tell beliefs apart. */
static bool tag_before(const struct question *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (q->options[n].tag && str_eq(q->options[i].tag, q->options[n].tag))
			return true;
	return false;
}

static void check_wrong(struct check *c, const struct item *i, size_t n)
{
	const struct choice *o = &i->q.options[n];
	char whose[32];
	snprintf(whose, sizeof(whose), "option %s", o->key);
	if (!o->tag)
		complain(c, i, "%s has no misconception (tag:)", whose);
	else if (!bank_belief(c->bank, o->tag))
		complain(c, i, "%s has the tag %s, which misconceptions.md does not explain", whose,
			 o->tag);
	if (!o->say)
		complain(c, i, "%s has no explanation (say:)", whose);
	if (tag_before(&i->q, n))
		complain(c, i, "%s has the same tag as another option", whose);
	check_experiment(c, i, o->prove ? o->prove : i->q.prove, whose);
}

static void check_item(struct check *c, const struct item *i)
{
	if (i->q.n_options < 2)
		complain(c, i, "a question needs at least two options");
	if (i->q.prove && !bank_experiment(c->bank, i->q.prove))
		complain(c, i, "it names the experiment \"%s\", which is nowhere", i->q.prove);
	for (size_t n = 0; n < i->q.n_options; n++)
		if (!str_eq(i->q.options[n].key, i->q.right))
			check_wrong(c, i, n);
}

static size_t siblings(const struct bank *b, size_t concept)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n_items; i++)
		n += b->items[i].concept == concept;
	return n;
}

static void check_concepts(struct check *c)
{
	for (size_t i = 0; i < c->bank->n_concepts; i++) {
		const struct concept *k = &c->bank->concepts[i];
		size_t n = siblings(c->bank, i);
		if (n >= BANK_SIBLINGS)
			continue;
		str_addf(c->out, "%s:%d: concept %s: %zu questions, expected at least %d\n",
			 c->bank->sections[k->section].front.file, k->line, k->id, n, BANK_SIBLINGS);
		c->found++;
	}
}

size_t bank_check(const struct bank *b, struct str *out)
{
	struct check c = { b, out, 0 };
	for (size_t i = 0; i < b->n_items; i++)
		check_item(&c, &b->items[i]);
	check_concepts(&c);
	return c.found;
}
