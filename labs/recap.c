#include "labs/recap.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"

static void add_predictions(struct course *s, const struct lab *l, struct str *out)
{
	struct progress p = progress_of(s->facts, l);
	for (size_t i = 0; i < l->n_predict; i++) {
		const struct question *q = &l->predict[i];
		const char *given = progress_answer(s->facts, p.since, q->id);
		if (!given || !question_seen(q, s->facts, p.entered))
			continue;
		str_addf(out, "- %s %s\n", q->ask,
			 !*given ? _("(not answered)") :
			 str_eq(given, q->right) ? _("**You expected it.**") :
			 _("**It came otherwise than you expected.**"));
		str_addf(out, "  %s\n", q->why);
	}
}

static void add_notes(struct course *s, const struct lab *l, struct str *out)
{
	for (size_t i = 0; i < l->n_notes; i++) {
		autostr struct str text = { 0 };
		if (verdict_note(&text, l, i, s->facts, &s->world))
			str_addf(out, _("- Note: %s\n"), text.s);
	}
}

static void add_step(struct course *s, const struct lab *l, struct str *out)
{
	struct verdict v;
	struct progress p = progress_of(s->facts, l);
	course_judge(s, l, &v);
	str_addf(out, _("## Step %d: %s\n\n"), l->number, l->title);
	str_addf(out, P_("%s, %zu of %zu parts shown, %d hint opened.\n\n",
			 "%s, %zu of %zu parts shown, %d hints opened.\n\n", p.hints),
		 _(verdict_name(v.kind)), v.proof.reached, l->n_goals, p.hints);
	for (size_t i = 0; i < v.proof.reached; i++) {
		str_add(out, "- ");
		proof_expand(out, l->goal[i].shown, &l->scope, &v.proof, &s->world);
		str_add(out, "\n");
	}
	if (v.kind >= VERDICT_DONE)
		add_notes(s, l, out);
	add_predictions(s, l, out);
	str_add(out, "\n");
}

void recap_markdown(struct course *s, struct str *out)
{
	str_addf(out, _("# Recap of %s\n\n"), s->learner.id);
	for (size_t i = 0; i < s->labs.n; i++)
		add_step(s, &s->labs.v[i], out);
}

static cJSON *evidence(struct course *s, const struct proof_result *r, size_t goal)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = r->first[goal]; i < r->first[goal + 1]; i++)
		/* Two conditions may rest on one fact; it is evidence once. */
		if (i == r->first[goal] || r->evidence[i] != r->evidence[i - 1])
			cJSON_AddItemToArray(list, cJSON_CreateNumber(
				(double)facts_at(s->facts, r->evidence[i])->seq));
	return list;
}

static cJSON *goal_json(struct course *s, const struct lab *l, const struct verdict *v, size_t i)
{
	cJSON *g = cJSON_CreateObject();
	bool shown = i < v->proof.reached;
	json_put_str(g, "goal", l->goal[i].name);
	json_put_bool(g, "shown", shown);
	if (shown) {
		autostr struct str why = { 0 };
		proof_expand(&why, l->goal[i].shown, &l->scope, &v->proof, &s->world);
		json_put_str(g, "why", why.s);
		json_put(g, "evidence", evidence(s, &v->proof, i));
	}
	return g;
}

static void put_missing(struct course *s, const struct lab *l, const struct verdict *v, cJSON *o)
{
	autostr struct str text = { 0 };
	if (v->kind >= VERDICT_DONE)
		return;
	proof_expand(&text, l->goal[v->proof.reached].missing, &l->scope, &v->proof, &s->world);
	json_put_str(o, "missing", text.s);
	if (v->kind != VERDICT_WRONG_PATH)
		return;
	cJSON *wrong = cJSON_CreateObject();
	str_clear(&text);
	verdict_say(&text, l, v, &s->world);
	json_put_str(wrong, "id", v->wrong->id);
	json_put_str(wrong, "say", text.s);
	json_put(o, "wrong", wrong);
}

cJSON *recap_step(struct course *s, const struct lab *l)
{
	struct verdict v;
	cJSON *o = cJSON_CreateObject(), *goals = cJSON_CreateArray();
	course_judge(s, l, &v);
	json_put_int(o, "lab", l->number);
	json_put_str(o, "name", l->name);
	json_put_str(o, "title", l->title);
	json_put_str(o, "verdict", verdict_name(v.kind));
	json_put_int(o, "shown", (int64_t)v.proof.reached);
	json_put_int(o, "hints", progress_of(s->facts, l).hints);
	for (size_t i = 0; i < l->n_goals; i++)
		cJSON_AddItemToArray(goals, goal_json(s, l, &v, i));
	json_put(o, "goals", goals);
	put_missing(s, l, &v, o);
	return o;
}
