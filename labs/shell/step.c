/* What a step says: its text, questions, goals and verdicts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/seed.h"
#include "labs/shell/shell.h"

/* Progress that is there already is not announced as new. */
static void take_stock(struct shell *sh)
{
	struct verdict v;
	struct progress p = progress_of(sh->course.facts, sh->lab);
	course_judge(&sh->course, sh->lab, &v);
	sh->reached = v.proof.reached;
	sh->closed = v.kind >= VERDICT_DONE;
	sh->warned = v.kind == VERDICT_WRONG_PATH ? v.wrong_proof.last : -1;
	for (size_t i = 0; i < sh->lab->n_predict && i < MAX_QUESTIONS; i++)
		sh->seen[i] = question_seen(&sh->lab->predict[i], sh->course.facts, p.entered);
}

void step_join(struct shell *sh, const struct lab *l)
{
	struct err e = { 0 };
	sh->lab = l;
	course_label(&sh->course, l->number);
	course_refresh(&sh->course, &e);
	take_stock(sh);
}

void step_enter(struct shell *sh, const struct lab *l, bool say)
{
	struct err e = { 0 };
	autofree char *number = str_printf("%d", l->number);
	sh->lab = l;
	course_label(&sh->course, l->number);
	course_note(&sh->course, "step.enter", l->number, "step", number, NULL, NULL, &e);
	course_refresh(&sh->course, &e);
	if (seed_plant(&sh->course, l, &e) < 0)
		screen_say(&sh->screen, TONE_WARN, _("problem: "), e.what);
	course_refresh(&sh->course, &e);
	take_stock(sh);
	if (say)
		step_text(sh);
}

void step_text(struct shell *sh)
{
	autostr struct str text = { 0 };
	proof_expand(&text, sh->lab->body, NULL, NULL, &sh->course.world);
	screen_gap();
	screen_markdown(&sh->screen, text.s);
	if (sh->closed)
		screen_say(&sh->screen, TONE_GOOD, _("done: "),
			   _("you have shown this step already. `why` lists how; `reset` begins it "
			     "anew."));
}

void step_ask(struct shell *sh, const struct question *q)
{
	screen_say(&sh->screen, TONE_HEAD, _("question: "), q->ask);
	for (size_t i = 0; i < q->n_options; i++) {
		autofree char *label = str_printf("  %s) ", q->options[i].key);
		screen_say(&sh->screen, TONE_TEXT, label, q->options[i].text);
	}
}

static const char *option_text(const struct question *q, const char *key)
{
	const struct choice *o = question_choice(q, key);
	return o ? o->text : key;
}

void step_outcome(struct shell *sh, const struct question *q, const char *given)
{
	bool right = str_eq(given, q->right);
	screen_say(&sh->screen, TONE_HEAD, _("the question was: "), q->ask);
	screen_say(&sh->screen, right ? TONE_GOOD : TONE_WARN,
		   right ? _("you expected it: ") : _("you expected: "), option_text(q, given));
	if (!right)
		screen_say(&sh->screen, TONE_GOOD, _("what happens: "), option_text(q, q->right));
	screen_say(&sh->screen, TONE_TEXT, _("why: "), q->why);
}

/* "shown: …" with the bindings of the run that showed it. */
static void say_goal(struct shell *sh, const struct lab *l, size_t i, const struct proof_result *r,
		     const char *label)
{
	autostr struct str text = { 0 };
	proof_expand(&text, l->goal[i].shown, &l->scope, r, &sh->course.world);
	screen_say(&sh->screen, TONE_GOOD, label, text.s);
}

void step_goals(struct shell *sh, const struct lab *l, const struct verdict *v)
{
	for (size_t i = 0; i < l->n_goals; i++)
		if (i < v->proof.reached)
			say_goal(sh, l, i, &v->proof, "  [x] ");
		else
			screen_say(&sh->screen, TONE_DIM, "  [ ] ", l->goal[i].part);
}

static void say_wrong(struct shell *sh, const struct lab *l, const struct verdict *v)
{
	autostr struct str text = { 0 };
	verdict_say(&text, l, v, &sh->course.world);
	screen_say(&sh->screen, TONE_WARN, _("careful: "), text.s);
	sh->warned = v->wrong_proof.last;
}

void step_warn(struct shell *sh)
{
	struct verdict v;
	course_judge(&sh->course, sh->lab, &v);
	if (v.kind == VERDICT_WRONG_PATH && v.wrong_proof.last > sh->warned)
		say_wrong(sh, sh->lab, &v);
}

void step_verdict(struct shell *sh, const struct lab *l, const struct verdict *v)
{
	autostr struct str text = { 0 };
	if (v->kind >= VERDICT_DONE) {
		screen_sayf(&sh->screen, TONE_GOOD, _("done: "), v->kind == VERDICT_BY_EXAMPLE
			    ? _("step %d, %s, after the last hint had given all the lines")
			    : _("step %d, %s"), l->number, l->title);
		return;
	}
	if (v->kind == VERDICT_WRONG_PATH)
		say_wrong(sh, l, v);
	proof_expand(&text, l->goal[v->proof.reached].missing, &l->scope, &v->proof,
		     &sh->course.world);
	screen_sayf(&sh->screen, TONE_WARN, _("not yet: "), _("%s (%zu of %zu shown)"), text.s,
		    v->proof.reached, l->n_goals);
}

static void say_notes(struct shell *sh, const struct lab *l)
{
	for (size_t i = 0; i < l->n_notes; i++) {
		autostr struct str text = { 0 };
		if (verdict_note(&text, l, i, sh->course.facts, &sh->course.world))
			screen_say(&sh->screen, TONE_TEXT, _("note: "), text.s);
	}
}

static void say_closed(struct shell *sh, const struct verdict *v)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	autofree char *next_number = str_printf("%d", l->number + 1);
	const struct lab *next = labs_find(&sh->course.labs, next_number);

	screen_gap();
	screen_sayf(&sh->screen, TONE_GOOD, _("done: "), v->kind == VERDICT_BY_EXAMPLE
		    ? _("step %d is shown, all %zu parts of it, after the last hint had given all "
			"the lines.")
		    : _("step %d is shown, all %zu parts of it."), l->number, l->n_goals);
	say_notes(sh, l);
	if (v->kind == VERDICT_BY_EXAMPLE &&
	    !progress_answer(sh->course.facts, p.since, l->follow.id)) {
		step_ask(sh, &l->follow);
		screen_say(&sh->screen, TONE_TEXT, "", _("Type `answer follow LETTER`."));
	}
	if (next)
		screen_sayf(&sh->screen, TONE_TEXT, _("next: "),
			    _("type `next` for step %d, \"%s\"."),
			    next->number, next->title);
	else
		screen_say(&sh->screen, TONE_TEXT, _("next: "),
			   _("this was the last step. `recap` shows all you have done, `quiz` asks "
			     "about it."));
}

static void announce_predictions(struct shell *sh)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	for (size_t i = 0; i < l->n_predict && i < MAX_QUESTIONS; i++) {
		const struct question *q = &l->predict[i];
		const char *given = progress_answer(sh->course.facts, p.since, q->id);
		if (sh->seen[i] || !question_seen(q, sh->course.facts, p.entered))
			continue;
		sh->seen[i] = true;
		if (given && *given)
			step_outcome(sh, q, given);
	}
}

bool step_news(struct shell *sh)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	struct verdict v;
	course_judge(&sh->course, l, &v);
	for (size_t i = 0; i < l->n_predict && i < MAX_QUESTIONS; i++)
		if (!sh->seen[i] && question_seen(&l->predict[i], sh->course.facts, p.entered))
			return true;
	return v.proof.reached > sh->reached || (v.kind >= VERDICT_DONE && !sh->closed);
}

void step_announce(struct shell *sh)
{
	struct verdict v;
	course_judge(&sh->course, sh->lab, &v);
	for (size_t i = sh->reached; i < v.proof.reached; i++)
		say_goal(sh, sh->lab, i, &v.proof, _("shown: "));
	if (v.proof.reached > sh->reached)
		sh->reached = v.proof.reached;
	announce_predictions(sh);
	if (v.kind >= VERDICT_DONE && !sh->closed) {
		sh->closed = true;
		say_closed(sh, &v);
	}
}
