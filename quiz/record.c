#include "quiz/record.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "labs/vocabulary.h"

#define DAY_NS (24 * 3600 * 1000000000ull)

static const unsigned distance_days[] = { 1, 3, 7, 16 };

void record_read(const struct bank *b, const struct facts *f, struct record *out)
{
	struct fact_list l = facts_of(f, vocabulary_find("quiz.answer"), NULL);
	uint64_t before = 0;
	*out = (struct record){ .v = mem_alloc((l.n + 1) * sizeof(*out->v)) };
	for (size_t i = 0; i < l.n; i++) {
		const struct fact *x = facts_at(f, l.at[i]);
		struct answered a = { .item = bank_item(b, json_str(x->data, "question")) };
		if (!a.item || !str_eq(x->actor, "student"))
			continue;	/* of another bank; or nobody's own answer */
		a.answer = json_str_or(x->data, "answer", "");
		a.confidence = json_str_or(x->data, "confidence", "");
		a.mode = json_str_or(x->data, "mode", "");
		a.right = str_eq(a.answer, a.item->q.right);
		/* A clock that was set back must not make an answer older than those before. */
		if (clock_parse(x->wall, &a.wall) < 0 || a.wall < before)
			a.wall = before;
		before = a.wall;
		out->v[out->n++] = a;
	}
}

void record_free(struct record *r)
{
	free(r->v);
	*r = (struct record){ 0 };
}

const struct answered *record_last(const struct record *r, const struct item *item)
{
	for (size_t i = r->n; i-- > 0;)
		if (r->v[i].item == item)
			return &r->v[i];
	return NULL;
}

static void count_in(struct due *d, const struct answered *a)
{
	if (d->asked && a->right && a->wall < d->at)
		return;
	if (!d->asked || !a->right)
		*d = (struct due){ .asked = true };
	else if (d->stage + 1 == (int)ARRAY_SIZE(distance_days))
		d->settled = true;
	else
		d->stage++;
	d->at = a->wall + distance_days[d->stage] * DAY_NS;
}

void record_schedule(const struct bank *b, const struct record *r, struct due *out)
{
	for (size_t i = 0; i < b->n_concepts; i++)
		out[i] = (struct due){ 0 };
	for (size_t i = 0; i < r->n; i++)
		count_in(&out[r->v[i].item->concept], &r->v[i]);
}

const struct item *record_sibling(const struct bank *b, const struct record *r, size_t concept)
{
	const struct item *best = NULL;
	const struct answered *oldest = NULL;
	for (size_t i = 0; i < b->n_items; i++) {
		const struct answered *last = record_last(r, &b->items[i]);
		if (b->items[i].concept != concept || (best && !oldest))
			continue;
		if (!best || !last || last < oldest) {
			best = &b->items[i];
			oldest = last;
		}
	}
	return best;
}
