#include "quiz/exam.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/lang.h"

/* ---- choosing ------------------------------------------------------------------------ */

/* FNV-1a: no secret, only a spread that is the same on every machine. */
static uint32_t spread(const char *learner, size_t round, const char *id)
{
	autofree char *text = str_printf("%s/%zu/%s", learner, round, id);
	uint32_t h = 2166136261u;
	for (const char *s = text; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ h >> 15;
}

struct drawn { const struct item *item; uint32_t order; };

static int by_order(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;
	return x->order < y->order ? -1 : x->order > y->order;
}

static size_t exams_before(const struct record *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += str_eq(r->v[i].mode, "exam");
	return n;
}

/* The sibling of a concept that the draw falls on. */
static struct drawn draw(const struct quiz *z, size_t concept, size_t round)
{
	struct drawn best = { 0 };
	for (size_t i = 0; i < z->bank.n_items; i++) {
		const struct item *it = &z->bank.items[i];
		uint32_t order = spread(z->course.learner.id, round, it->q.id);
		if (it->concept == concept && (!best.item || order < best.order))
			best = (struct drawn){ it, order };
	}
	return best;
}

size_t exam_choose(const struct quiz *z, const struct section *section, size_t count,
		   const struct item ***out)
{
	autofree struct drawn *all = mem_alloc((z->bank.n_concepts + 1) * sizeof(*all));
	size_t n = 0, round = exams_before(&z->record);
	for (size_t c = 0; c < z->bank.n_concepts; c++) {
		struct drawn d = draw(z, c, round);
		if (d.item && (!section || section == &z->bank.sections[d.item->section]))
			all[n++] = (struct drawn){ d.item, spread(z->course.learner.id, round + 1,
								  d.item->q.id) };
	}
	qsort(all, n, sizeof(*all), by_order);
	if (count && count < n)
		n = count;
	*out = mem_alloc((n + 1) * sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = all[i].item;
	return n;
}

/* ---- playing --------------------------------------------------------------------------- */

static bool is_right(const struct given *g)
{
	return g->choice && str_eq(g->choice->key, g->item->q.right);
}

/* Errors made with confidence are corrected best: they come first. */
static void say_misses(struct quiz *z, const struct given *v, size_t n)
{
	static const char *const order[] = { "sure", "think", "guess", "" };
	for (size_t c = 0; c < ARRAY_SIZE(order); c++)
		for (size_t i = 0; i < n; i++) {
			if (!v[i].choice || is_right(&v[i]) || !str_eq(v[i].confidence, order[c]))
				continue;
			screen_gap();
			screen_say(&z->screen, TONE_HEAD, _("how sure you were: "),
				   *order[c] ? _(order[c]) : _("you did not say"));
			screen_say(&z->screen, TONE_TEXT, _("question: "), v[i].item->q.ask);
			quiz_feedback(z, &v[i]);
			screen_sayf(&z->screen, TONE_TEXT, _("prove it: "),
				    _("`quiz --prove %s.%s`"),
				    v[i].item->q.id, v[i].choice->key);
		}
}

static int say_result(struct quiz *z, const struct given *v, size_t n, size_t of)
{
	size_t right = 0;
	for (size_t i = 0; i < n; i++)
		right += is_right(&v[i]);
	screen_gap();
	screen_sayf(&z->screen, right == of ? TONE_GOOD : TONE_WARN, _("result: "),
		    n < of ? _("%zu of %zu right; not all questions were reached.")
			   : _("%zu of %zu right."), right, of);
	say_misses(z, v, n);
	return right != of;
}

int exam_play(struct quiz *z, const struct item *const *items, size_t n)
{
	autofree struct given *v = mem_alloc((n + 1) * sizeof(*v));
	size_t done = 0;
	while (done < n && quiz_ask(z, items[done], done + 1, n, &v[done]))
		done++;
	return say_result(z, v, done, n);
}
