#include "labs/verdict.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/vocabulary.h"

/* Steps are labelled with their number as text. */
static bool is_step(const struct fact *x, int number)
{
	const char *s = json_str_or(x->data, "step", x->step);
	return *s && atoi(s) == number;
}

/* seq of the first or last fact of the type about the step, later than `since`. */
static int64_t find_step(const struct facts *f, const char *type, int number, int64_t since,
			 bool first)
{
	struct fact_list l = facts_of(f, vocabulary_find(type), NULL);
	int64_t found = 0;
	for (size_t i = 0; i < l.n; i++) {
		const struct fact *x = facts_at(f, l.at[i]);
		if (x->seq <= since || !is_step(x, number))
			continue;
		found = x->seq;
		if (first)
			break;
	}
	return found;
}

char *closing_question(const struct lab *l) { return str_printf("s%d.done", l->number); }

static int64_t find_closing(const struct facts *f, const struct lab *l, int64_t since)
{
	autofree char *question = closing_question(l);
	struct fact_list list = facts_of(f, vocabulary_find("answer"), NULL);
	for (size_t i = list.n; i-- > 0;) {
		const struct fact *x = facts_at(f, list.at[i]);
		if (x->seq > since && str_eq(json_str(x->data, "question"), question))
			return x->seq;
	}
	return 0;
}

struct progress progress_of(const struct facts *f, const struct lab *l)
{
	struct progress p = { .since = find_step(f, "reset", l->number, 0, false) };
	p.entered = find_step(f, "step.enter", l->number, p.since, true);
	p.closed = find_closing(f, l, p.since);
	struct fact_list hints = facts_of(f, vocabulary_find("hint.open"), NULL);
	for (size_t i = 0; i < hints.n; i++) {
		const struct fact *x = facts_at(f, hints.at[i]);
		int rung = (int)json_int(x->data, "rung", 0);
		if (x->seq > p.since && is_step(x, l->number) && rung > p.hints)
			p.hints = rung;
	}
	return p;
}

int progress_step(const struct facts *f)
{
	struct fact_list l = facts_of(f, vocabulary_find("step.enter"), NULL);
	return l.n ? atoi(json_str_or(facts_at(f, l.at[l.n - 1])->data, "step", "0")) : 0;
}

static const char *last_value(const struct facts *f, const char *type, const char *field,
			      int64_t since, const char *question)
{
	struct fact_list l = facts_of(f, vocabulary_find(type), NULL);
	for (size_t i = l.n; i-- > 0;) {
		const struct fact *x = facts_at(f, l.at[i]);
		if (x->seq > since && str_eq(json_str(x->data, "question"), question))
			return field ? json_str_or(x->data, field, "") : "";
	}
	return NULL;
}

const char *progress_answer(const struct facts *f, int64_t since, const char *question)
{
	const char *s = last_value(f, "predict.commit", "answer", since, question);
	if (!s)
		s = last_value(f, "answer", "value", since, question);
	return s ? s : last_value(f, "predict.skip", NULL, since, question);
}

bool question_seen(const struct question *q, const struct facts *f, int64_t since)
{
	struct proof_result r;
	if (!q->run)
		return false;
	proof_run(&q->run, 1, f, NULL, (struct span){ .since = since }, &r);
	return r.reached == 1;
}

/* Position of the student's last new try in the step: what went wrong before it
 * is no longer what matters. */
static int64_t last_try(const struct lab *l, const struct facts *f)
{
	static const char *const tries[] = { "ctr.create", "image.pull.end", "answer" };
	int64_t last = -1;
	for (size_t t = 0; t < ARRAY_SIZE(tries); t++) {
		struct fact_list list = facts_of(f, vocabulary_find(tries[t]), NULL);
		for (size_t i = list.n; i-- > 0 && list.at[i] > last;) {
			const struct fact *x = facts_at(f, list.at[i]);
			if (str_eq(x->actor, "student") && atoi(x->step) == l->number)
				last = list.at[i];
		}
	}
	return last;
}

/* The wrong path whose last fact is the newest, if nothing was shown and nothing
 * new was tried since.  One that says only that something is wrong (general)
 * gives way to one that says what. */
static void find_wrong(const struct lab *l, const struct facts *f, const struct world *w,
		       int64_t since, struct verdict *v)
{
	int64_t newest = v->proof.last - 1, since_try = last_try(l, f);
	for (size_t i = 0; i < l->n_wrong; i++) {
		struct proof_result r;
		proof_run(&l->wrong[i].when, 1, f, w, (struct span){ .since = since }, &r);
		bool other_class = v->wrong && v->wrong->general != l->wrong[i].general;
		if (!r.reached || r.last < since_try || r.last < v->proof.last)
			continue;
		if (other_class ? l->wrong[i].general : r.last <= newest)
			continue;
		newest = r.last;
		v->kind = VERDICT_WRONG_PATH;
		v->wrong = &l->wrong[i];
		v->wrong_proof = r;
	}
}

void verdict_judge(const struct lab *l, const struct facts *f, const struct world *w,
		   struct verdict *out)
{
	struct progress p = progress_of(f, l);
	*out = (struct verdict){ .kind = VERDICT_NOT_YET };
	proof_run(l->formula, l->n_goals, f, w, (struct span){ .since = p.since }, &out->proof);
	if (out->proof.reached < l->n_goals && p.closed) {
		struct proof_result then;
		proof_run(l->formula, l->n_goals, f, w, (struct span){ p.since, p.closed }, &then);
		if (then.reached == l->n_goals)
			out->proof = then;
	}
	if (out->proof.reached == l->n_goals)
		out->kind = p.hints == HINT_RUNGS ? VERDICT_BY_EXAMPLE : VERDICT_DONE;
	else
		find_wrong(l, f, w, p.entered ? p.entered : p.since, out);
}

const char *verdict_name(enum verdict_kind k)
{
	static const char *const names[] = {
		N_("not yet"), N_("wrong path"), N_("done"), N_("done by worked example"),
	};
	return names[k];
}

void verdict_say(struct str *out, const struct lab *l, const struct verdict *v,
		 const struct world *w)
{
	if (v->kind == VERDICT_WRONG_PATH)
		proof_expand(out, v->wrong->say, &v->wrong->scope, &v->wrong_proof, w);
	else if (v->kind == VERDICT_NOT_YET)
		proof_expand(out, l->goal[v->proof.reached].missing, &l->scope, &v->proof, w);
}

bool verdict_note(struct str *out, const struct lab *l, size_t i, const struct facts *f,
		  const struct world *w)
{
	struct formula *all[PROOF_MAX_GOALS];
	struct progress p = progress_of(f, l);
	struct proof_result r;
	if (l->n_goals == PROOF_MAX_GOALS)
		return false;
	memcpy(all, l->formula, l->n_goals * sizeof(all[0]));
	all[l->n_goals] = l->notes[i].when;
	proof_run(all, l->n_goals + 1, f, w, (struct span){ p.since, p.closed }, &r);
	if (r.reached <= l->n_goals)
		return false;
	proof_expand(out, l->notes[i].say, &l->scope, &r, w);
	return true;
}

/* Eight hex digits: enough to tell a class apart, short enough to type. */
void learner_set(struct learner *l, const char *id)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	char *text = str_printf("drydock lecture 7.4 token for %s", id);
	SHA256((const unsigned char *)text, strlen(text), sum);
	free(text);
	free(l->id);
	l->id = str_dup(id);
	snprintf(l->token, sizeof(l->token), "dd-%02x%02x%02x", sum[0], sum[1], sum[2]);
}

const char *learner_constant(void *arg, const char *name)
{
	const struct learner *l = arg;
	if (str_eq(name, "token"))
		return l->token;
	return str_eq(name, "learner") ? l->id : NULL;
}
