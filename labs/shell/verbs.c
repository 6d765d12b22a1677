/* The lab's own words, one function each; the table is the help as well. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "core/wrap.h"
#include "labs/proof_state.h"
#include "labs/recap.h"
#include "labs/shell/shell.h"
#include "labs/shell/words.h"

static void say_error(struct shell *sh, const struct err *e)
{
	screen_say(&sh->screen, TONE_WARN, _("problem: "), e->what);
	if (e->hint[0])
		screen_say(&sh->screen, TONE_TEXT, _("hint: "), e->hint);
}

static void judge(struct shell *sh, struct verdict *v)
{
	struct err e = { 0 };
	if (course_refresh(&sh->course, &e) < 0)
		say_error(sh, &e);
	step_announce(sh);
	course_judge(&sh->course, sh->lab, v);
}

static void verb_check(struct shell *sh, char **w)
{
	struct verdict v;
	judge(sh, &v);
	step_verdict(sh, sh->lab, &v);
	sh->status = v.kind < VERDICT_DONE;
}

static void verb_why(struct shell *sh, char **w)
{
	struct verdict v;
	judge(sh, &v);
	screen_sayf(&sh->screen, TONE_HEAD, "", _("step %d, %s:"), sh->lab->number, sh->lab->title);
	step_goals(sh, sh->lab, &v);
	step_verdict(sh, sh->lab, &v);
}

/* The next rung, or one that is open already (`hint 2`). */
static void verb_hint(struct shell *sh, char **w)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	int rung = w[1] ? atoi(w[1]) : p.hints + 1;
	struct err e = { 0 };
	if (rung < 1 || rung > HINT_RUNGS)
		rung = HINT_RUNGS;
	if (rung > p.hints + 1) {
		screen_sayf(&sh->screen, TONE_TEXT, "",
			    _("The hints come one by one; the next is `hint %d`."), p.hints + 1);
		return;
	}
	screen_say(&sh->screen, TONE_HEAD, _("hint: "), l->hint[rung - 1]);
	if (rung <= p.hints)
		return;
	cJSON *data = cJSON_CreateObject();
	json_put_int(data, "rung", rung);
	if (course_post(&sh->course, "hint.open", l->number, data, &e) < 0)
		say_error(sh, &e);
	course_refresh(&sh->course, &e);
	if (rung == HINT_RUNGS) {
		screen_say(&sh->screen, TONE_TEXT, "",
			   _("That was a worked example. It comes with a question:"));
		step_ask(sh, &l->follow);
		screen_say(&sh->screen, TONE_TEXT, "", _("Type `answer follow LETTER`."));
	}
}

static void go_to(struct shell *sh, int number)
{
	autofree char *text = str_printf("%d", number);
	const struct lab *l = labs_find(&sh->course.labs, text);
	if (l)
		step_enter(sh, l, true);
	else
		screen_sayf(&sh->screen, TONE_WARN, "",
			    _("There is no step %d; the steps are 1 to %zu."), number,
			    sh->course.labs.n);
}

static void verb_next(struct shell *sh, char **w)
{
	struct verdict v;
	judge(sh, &v);
	if (v.kind < VERDICT_DONE)
		screen_sayf(&sh->screen, TONE_WARN, "",
			    _("Step %d is not shown yet; `back` returns to it."), sh->lab->number);
	go_to(sh, sh->lab->number + 1);
}

static void verb_back(struct shell *sh, char **w) { go_to(sh, sh->lab->number - 1); }

static void verb_step(struct shell *sh, char **w)
{
	if (w[1])
		go_to(sh, atoi(w[1]));
	else
		step_text(sh);
}

static void verb_text(struct shell *sh, char **w) { step_text(sh); }

static void verb_list(struct shell *sh, char **w)
{
	for (size_t i = 0; i < sh->course.labs.n; i++) {
		const struct lab *l = &sh->course.labs.v[i];
		struct verdict v;
		course_judge(&sh->course, l, &v);
		autofree char *label = str_printf(" %s %d. ", l == sh->lab ? ">" : " ", l->number);
		screen_sayf(&sh->screen, v.kind >= VERDICT_DONE ? TONE_GOOD : TONE_TEXT, label,
			    _("%s - %s (%zu of %zu shown)"), l->title, _(verdict_name(v.kind)),
			    v.proof.reached, l->n_goals);
	}
}

static void verb_study(struct shell *sh, char **w);

/* `where PATH` is about layers, `where` alone about the learner. */
static void verb_where(struct shell *sh, char **w)
{
	char cwd[4096];
	if (w[1]) {
		verb_study(sh, w);
		return;
	}
	screen_sayf(&sh->screen, TONE_HEAD, "", _("lab 7.4, step %d of %zu: %s"), sh->lab->number,
		    sh->course.labs.n, sh->lab->title);
	screen_say(&sh->screen, TONE_TEXT, _("lecture: "), sh->lab->lecture);
	screen_sayf(&sh->screen, TONE_TEXT, _("place: "), _("the host, directory %s"),
		    getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	screen_say(&sh->screen, TONE_TEXT, _("engine: "), sh->course.host);
	screen_sayf(&sh->screen, TONE_TEXT, _("learner: "),
		    _("%s (token %s)"), sh->course.learner.id,
		    sh->course.learner.token);
	char **left = course_leftovers(&sh->course, sh->lab);
	for (size_t i = 0; left[i]; i++)
		screen_sayf(&sh->screen, TONE_TEXT, _("container: "), "%.12s, %s", left[i],
			    _(state_name(sh->course.facts, left[i])));
	strv_free(left);
}

static void verb_reset(struct shell *sh, char **w)
{
	struct err e = { 0 };
	char **left = course_leftovers(&sh->course, sh->lab);
	size_t removed = strv_len(left);
	screen_sayf(&sh->screen, TONE_TEXT, "",
		    _("This begins step %d anew. What you showed in it will no longer count."),
		    sh->lab->number);
	for (size_t i = 0; left[i]; i++)
		screen_sayf(&sh->screen, TONE_TEXT, "",
			    _("It removes container %.12s (%s) and its files."), left[i],
			    _(state_name(sh->course.facts, left[i])));
	strv_free(left);
	if (!(w[1] && str_eq(w[1], "--yes")) && !input_yes(sh, _("Begin anew?"))) {
		screen_say(&sh->screen, TONE_TEXT, "",
			   _("Nothing was changed. (`reset --yes` does not ask.)"));
		return;
	}
	if (course_reset(&sh->course, sh->lab, &e) < 0) {
		say_error(sh, &e);
		return;
	}
	step_enter(sh, sh->lab, false);
	screen_sayf(&sh->screen, TONE_GOOD, "",
		    P_("Step %d begins anew; %zu container was removed. `read` shows its text.",
		       "Step %d begins anew; %zu containers were removed. `read` shows its text.",
		       removed), sh->lab->number, removed);
}

/* The first prediction that is open still, or the one named. */
static const struct question *open_question(struct shell *sh, const char *id)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	for (size_t i = 0; i < l->n_predict; i++) {
		const struct question *q = &l->predict[i];
		if (id ? str_eq(q->id, id)
		       : !progress_answer(sh->course.facts, p.since, q->id) &&
			 !question_seen(q, sh->course.facts, p.entered))
			return q;
	}
	return NULL;
}

/* Is the key one of the answers?  If not, says which there are. */
static bool check_option(struct shell *sh, const struct question *q, const char *key)
{
	if (question_choice(q, key))
		return true;
	screen_sayf(&sh->screen, TONE_WARN, "", _("\"%s\" is none of the answers."), key);
	step_ask(sh, q);
	sh->status = 1;
	return false;
}

static void predict(struct shell *sh, const struct question *q, const char *key,
		    const char *confidence)
{
	struct err e = { 0 };
	cJSON *data = cJSON_CreateObject();
	json_put_str(data, "question", q->id);
	json_put_str(data, "answer", key);
	json_put_str(data, "confidence", confidence ? confidence : "");
	if (course_post(&sh->course, "predict.commit", sh->lab->number, data, &e) < 0)
		say_error(sh, &e);
	else
		screen_say(&sh->screen, TONE_TEXT, _("written down: "),
			   _("now run it. What happened will stand beside what you expected."));
	course_refresh(&sh->course, &e);
}

/* Why no prediction is open: all are made, or some came too late. */
static void say_none_open(struct shell *sh)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	bool late = false;
	for (size_t i = 0; i < l->n_predict; i++) {
		const char *given = progress_answer(sh->course.facts, p.since, l->predict[i].id);
		late = late || ((!given || !*given) &&
				question_seen(&l->predict[i], sh->course.facts, p.entered));
	}
	screen_say(&sh->screen, TONE_TEXT, "",
		   late ? _("It is too late to predict: you have seen what happens. No question is "
			    "open in this step. (`reset` begins it anew.)")
			: _("No question is open in this step."));
}

/* predict | predict LETTER [sure|think|guess] | predict skip */
static void verb_predict(struct shell *sh, char **w)
{
	const struct question *q = open_question(sh, NULL);
	struct err e = { 0 };
	if (!q) {
		say_none_open(sh);
	} else if (!w[1]) {
		step_ask(sh, q);
		screen_say(&sh->screen, TONE_TEXT, "",
			   _("Answer with `predict LETTER`, and if you like say how sure you are: "
			     "`predict a sure` (or think, or guess). `predict skip` passes."));
	} else if (str_eq(w[1], "skip")) {
		course_note(&sh->course, "predict.skip", sh->lab->number, "question", q->id, NULL,
			     NULL, &e);
		course_refresh(&sh->course, &e);
	} else if (check_option(sh, q, w[1])) {
		predict(sh, q, w[1], w[2]);
		if ((q = open_question(sh, NULL)))
			step_ask(sh, q);
	}
}

/* Does the step ask for this number, in the sentence of one of its goals? */
static bool asks_for(const struct goal *g, const char *question)
{
	autofree char *call = str_printf("`answer %s N`", question);
	return strstr(g->missing, call) != NULL;
}

static bool step_asks(const struct lab *l, const char *question)
{
	for (size_t i = 0; i < l->n_goals; i++)
		if (asks_for(&l->goal[i], question))
			return true;
	return false;
}

static bool may_answer(struct shell *sh, const char *question, const char *value)
{
	if (str_eq(question, "follow"))
		return check_option(sh, &sh->lab->follow, value);
	sh->status = 1;
	if (!step_asks(sh->lab, question)) {
		screen_sayf(&sh->screen, TONE_WARN, "", _("This step has no question \"%s\"."),
			    question);
		return false;
	}
	if (!*value || value[strspn(value, "0123456789")]) {
		screen_sayf(&sh->screen, TONE_WARN, "",
			    _("A number is wanted, not \"%s\"."), value);
		return false;
	}
	sh->status = 0;
	return true;
}

/* After a number was given: it showed its part of the step, or it is not it. */
static void judge_answer(struct shell *sh, const char *question, const char *value)
{
	struct verdict v;
	judge(sh, &v);
	if (v.kind >= VERDICT_DONE)
		return;
	if (asks_for(&sh->lab->goal[v.proof.reached], question))
		screen_sayf(&sh->screen, TONE_WARN, "", _("%s is not it."), value);
	step_verdict(sh, sh->lab, &v);
}

/* answer QUESTION VALUE */
static void verb_answer(struct shell *sh, char **w)
{
	const struct question *follow = &sh->lab->follow;
	struct err e = { 0 };
	if (!w[1] || !w[2]) {
		screen_say(&sh->screen, TONE_TEXT, "",
			   _("Say which question and your answer, for example `answer layers 4` or "
			     "`answer follow a`."));
		return;
	}
	if (!may_answer(sh, w[1], w[2]))
		return;
	bool is_follow = str_eq(w[1], "follow");
	if (course_note(&sh->course, "answer", sh->lab->number, "question",
			 is_follow ? follow->id : w[1], "value", w[2], &e) < 0) {
		say_error(sh, &e);
		return;
	}
	line_settle(sh);
	if (is_follow)
		step_outcome(sh, follow, w[2]);
	else
		judge_answer(sh, w[1], w[2]);
}

static void verb_recap(struct shell *sh, char **w)
{
	autostr struct str text = { 0 };
	recap_markdown(&sh->course, &text);
	screen_markdown(&sh->screen, text.s);
	fflush(stdout);
	char *const quiz[] = { "drydock", "quiz", "--recap", NULL };
	foreground_self(sh, quiz);
}

static void verb_trace(struct shell *sh, char **w)
{
	if (w[1] && str_eq(w[1], "all")) {
		live_all(&sh->live);
		return;
	}
	if (w[1] && !live_set(&sh->live, &sh->screen, w[1]))
		screen_say(&sh->screen, TONE_WARN, "",
			   _("The levels are off, story, mechanism and raw; `all` shows the last "
			     "long run in full."));
	screen_sayf(&sh->screen, TONE_TEXT, "", _("trace: %s"), live_name(&sh->live));
}

/* Answered by the program itself, as `drydock explain …` is. */
static void verb_self(struct shell *sh, char **w)
{
	char **argv = mem_alloc(sizeof(*argv));
	strv_add(&argv, "drydock");
	for (size_t i = 0; w[i]; i++)
		strv_add(&argv, w[i]);
	sh->status = foreground_self(sh, argv);
	strv_free(argv);
}

/* The same for what has a screen of its own and a learner to ask. */
static void verb_study(struct shell *sh, char **w)
{
	char **argv = mem_alloc(sizeof(*argv));
	strv_add(&argv, "drydock");
	for (size_t i = 0; w[i]; i++)
		strv_add(&argv, w[i]);
	if (sh->screen.plain)
		strv_add(&argv, "--plain");
	sh->status = foreground_self(sh, argv);
	strv_free(argv);
	foreground_settle(sh);
	line_settle(sh);
}

/* W8 of step 2: a second `exit` is usually meant for a container that is left already. */
static void verb_quit(struct shell *sh, char **w)
{
	bool unfinished = sh->interactive && !sh->attached && !sh->closed;
	if (unfinished && !sh->quit_asked && !str_eq(w[0], "quit")) {
		sh->quit_asked = true;
		screen_sayf(&sh->screen, TONE_WARN, "",
			    _("You are on the host already; this `%s` would leave the lab, and "
			      "step %d is not finished. Type it once more to leave. (Your progress "
			      "is saved.)"),
			    w[0], sh->lab->number);
		return;
	}
	sh->quit = true;
}

static void verb_help(struct shell *sh, char **w);

static const struct verb {
	const char *name, *args, *help;
	void (*run)(struct shell *sh, char **w);
} verbs[] = {
	{ "check", "", N_("is this step shown? If not: what is missing"), verb_check },
	{ "why", "", N_("all parts of the step, with the reasons"), verb_why },
	{ "hint", "[N]", N_("a hint; each one says a little more"), verb_hint },
	{ "predict", N_("[LETTER]"),
	  N_("a question about what will happen; answer it before you run"),
	  verb_predict },
	{ "answer", N_("QUESTION VALUE"), N_("answer a question of the step"), verb_answer },
	{ "next", "", N_("go to the next step"), verb_next },
	{ "back", "", N_("go to the step before"), verb_back },
	{ "step", "[N]", N_("go to step N; without N: read this step again"), verb_step },
	{ "goto", "N", N_("the same"), verb_step },
	{ "read", "", N_("read this step again"), verb_text },
	{ "list", "", N_("all steps, and how far you are"), verb_list },
	{ "where", N_("[NAME:][PATH]"), N_("where am I; with a path: which layer it comes from"),
	  verb_where },
	{ "reset", "", N_("begin this step anew; removes its containers"), verb_reset },
	{ "recap", "", N_("all you have done"), verb_recap },
	{ "lesson", "[N] [--demo]", N_("a section of the lecture, or its demonstration"),
	  verb_study },
	{ "quiz", N_("[OPTIONS]"), N_("questions about the lecture; `quiz --help` says more"),
	  verb_study },
	{ "review", "", N_("asks again what is due"), verb_study },
	{ "layers", N_("NAME [NAME]"), N_("the layers of a container or image; what two share"),
	  verb_study },
	{ "lost", N_("[NAME]"), N_("what went with a container that was removed"), verb_study },
	{ "compare", N_("RUN RUN"), N_("two containers' kernel calls: only those that differ"),
	  verb_study },
	{ "doctor", "", N_("what works on this machine, what doesn't, and what mends it"),
	  verb_study },
	{ "trace", N_("LEVEL"),
	  N_("kernel calls beside your typing: off, story, mechanism, raw, all"),
	  verb_trace },
	{ "explain", N_("WORD"), N_("explains a kernel call, a flag, a namespace, a cgroup file"),
	  verb_self },
	{ "help", "", N_("this list"), verb_help },
	{ "exit", "", N_("leave the lab"), verb_quit },
	{ "logout", "", N_("the same"), verb_quit },
	{ "quit", "", N_("leave the lab without being asked"), verb_quit },
};

static void verb_help(struct shell *sh, char **w)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		autofree char *name = str_printf("%s %s", verbs[i].name, _(verbs[i].args));
		autofree char *padded = wrap_pad(name, 22);
		autofree char *label = str_printf("  %s ", padded);
		screen_say(&sh->screen, TONE_TEXT, label, _(verbs[i].help));
	}
	screen_say(&sh->screen, TONE_TEXT, "",
		   _("A line that begins with docker is a docker command. Everything else goes to "
		     "your own shell."));
}

const char *verb_name(size_t i) { return i < ARRAY_SIZE(verbs) ? verbs[i].name : NULL; }

static const struct verb *find(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (words_begin(line, verbs[i].name))
			return &verbs[i];
	return NULL;
}

bool verb_is(const char *line)
{
	char **w = find(line) ? words_split(line) : NULL;
	strv_free(w);
	return w != NULL;
}

bool verb_run(struct shell *sh, const char *line)
{
	const struct verb *v = find(line);
	char **w = v ? words_split(line) : NULL;
	if (!w)
		return false;
	v->run(sh, w);
	strv_free(w);
	return true;
}
