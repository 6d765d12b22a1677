/* One line: comment, lab verb, docker, or the user's shell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/look/look.h"
#include "labs/shell/shell.h"
#include "labs/shell/words.h"
#include "labs/vocabulary.h"

static void type_down(struct shell *sh, const char *line, const char *place)
{
	struct err e;
	course_note(&sh->course, "typed", sh->lab->number, "line", line, "place", place, &e);
}

/* Predictions that were not made before the run that answers them are skipped:
 * that is allowed, and written down. */
static void skip_predictions(struct shell *sh)
{
	const struct lab *l = sh->lab;
	struct progress p = progress_of(sh->course.facts, l);
	struct err e;
	for (size_t i = 0; i < l->n_predict; i++)
		if (!progress_answer(sh->course.facts, p.since, l->predict[i].id) &&
		    question_seen(&l->predict[i], sh->course.facts, p.entered))
			course_note(&sh->course, "predict.skip", l->number, "question",
				     l->predict[i].id, NULL, NULL, &e);
}

void line_settle(struct shell *sh)
{
	struct err e = { 0 };
	if (!sh->course.http)
		return;
	if (course_refresh(&sh->course, &e) < 0 && course_connect(&sh->course, &e) < 0) {
		screen_say(&sh->screen, TONE_WARN, _("engine: "), e.what);
		return;
	}
	skip_predictions(sh);
	step_announce(sh);
}

static void banner_in(struct shell *sh)
{
	screen_gap();
	screen_say(&sh->screen, TONE_HEAD, "==> ",
		   _("While the program in the container runs, your typing goes to it. `exit` ends "
		     "a shell; ctrl-p ctrl-q lets go of a terminal and leaves the program "
		     "running."));
}

/* Was anything started or attached to, later than `since`?  A name that does not
 * exist leads nowhere, and from nowhere nobody comes back. */
static bool was_inside(struct shell *sh, int64_t since)
{
	static const char *const signs[] = { "tty.attach", "proc.exec" };
	struct err e;
	if (course_refresh(&sh->course, &e) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		struct fact_list l = facts_of(sh->course.facts, vocabulary_find(signs[i]), NULL);
		if (l.n && facts_at(sh->course.facts, l.at[l.n - 1])->seq > since)
			return true;
	}
	return false;
}

static void banner_out(struct shell *sh, int64_t since)
{
	if (!was_inside(sh, since))
		return;
	screen_sayf(&sh->screen, TONE_HEAD, "<== ", _("Back on the host, in step %d of the lab."),
		    sh->lab->number);
}

static void run_docker(struct shell *sh, char **words)
{
	enum words_input input = words_input(words);
	bool crossing = input != INPUT_NONE && sh->interactive;
	int64_t since = facts_last_seq(sh->course.facts);
	if (crossing)
		banner_in(sh);
	sh->status = foreground_docker(sh, words, input == INPUT_TERMINAL);
	if (crossing)
		banner_out(sh, since);
}

/* `cd` is the only thing a child could not do for us. */
static bool change_dir(struct shell *sh, char *const *words)
{
	if (!words || !str_eq(words[0], "cd") || (words[1] && words[2]))
		return false;
	const char *home = getenv("HOME"), *dir = words[1] ? words[1] : home ? home : "/";
	sh->status = chdir(dir) < 0;
	if (sh->status)
		screen_sayf(&sh->screen, TONE_WARN, "cd: ", "%s: %s", dir, strerror(errno));
	return true;
}

/* What the removals since then have cost, a line each. */
static void say_lost(struct shell *sh, int64_t since)
{
	struct fact_list l = facts_of(sh->course.facts, vocabulary_find("ctr.rm"), NULL);
	for (size_t i = 0; i < l.n; i++) {
		const struct fact *x = facts_at(sh->course.facts, l.at[i]);
		struct lost w;
		if (x->seq <= since || !str_eq(x->actor, "student"))
			continue;
		lost_find(sh->course.facts, x->cid, &w);
		if (w.n)
			screen_sayf(&sh->screen, TONE_TEXT, _("lost: "),
				    P_("%zu file went with container %s. `lost %.12s` lists it.",
				       "%zu files went with container %s. `lost %.12s` lists them.",
				       w.n), w.n, w.name, w.cid);
		free(w.files);
	}
}

static void run_host(struct shell *sh, const char *line)
{
	int64_t since = facts_last_seq(sh->course.facts);
	char **words = words_split(line);
	if (words && !words[0]) {
		strv_free(words);
		return;	/* nothing but a comment */
	}
	type_down(sh, line, "host");
	if (words && str_eq(words[0], "docker"))
		run_docker(sh, words);
	else if (!change_dir(sh, words))
		sh->status = foreground_shell(sh, line);
	strv_free(words);
	foreground_settle(sh);
	line_settle(sh);
	say_lost(sh, since);
	step_warn(sh);
}

void line_run(struct shell *sh, const char *line)
{
	autofree char *clean = words_trim(line);
	if (!*clean || *clean == '#')
		return;
	shell_mend(sh);
	if (!verb_is(clean))
		sh->quit_asked = false;
	if (verb_is(clean)) {
		type_down(sh, clean, "lab");
		verb_run(sh, clean);
	} else {
		run_host(sh, clean);
	}
}
