/* `drydock demo …`: performs a demonstration of lessons/demos, of a lesson, or of a file. */
#include "lessons/cmd_demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/content.h"
#include "labs/usage.h"
#include "lessons/at_engine.h"
#include "lessons/lesson.h"
#include "lessons/play.h"

#define EXIT_STOPPED 130	/* as a shell says it of Ctrl-C */

static const struct option table[] = {
	{ .name = "speed", .type = &opt_decimal, .preset = "1",
	  .help = N_("How fast it types and goes on: 2 is twice as fast") },
	{ .name = "auto", .type = &opt_flag, .help = N_("Go on without waiting for a key") },
	{ .name = "rehearse", .type = &opt_flag,
	  .help = N_("No pauses and no votes: only whether all comes as the script says") },
	{ .name = "record", .type = &opt_string, .help = N_("Record it to this file (asciicast v2)") },
	{ .name = "notes", .type = &opt_flag,
	  .help = N_("On a second terminal: the speaker's notes of the one that runs") },
	{ .name = "host", .letter = 'H', .type = &opt_string, .help = N_("Where the engine listens") },
	{ .name = "plain", .type = &opt_flag, .help = N_("Lines of ASCII text only") },
	{ .name = NULL },
};

static const char head[] =
	N_("Usage:  drydock demo [NAME | LESSON | FILE] [OPTIONS]\n"
	   "\n"
	   "Types and really runs a demonstration before a class; without a name: the list.\n"
	   "Nobody earns anything by it, and what it made is removed in the end.\n");

static const struct content content_demos = { "lessons/demos", "DRYDOCK_DEMOS", ".md" };

/* A script, and the file that its texts belong to. */
struct demo { struct front front; struct script script; };

static void demo_free(struct demo *d)
{
	script_free(&d->script);
	front_close(&d->front);
}

static int demo_load(const char *path, struct demo *d, struct err *e)
{
	const char *name;
	*d = (struct demo){ 0 };
	int r = front_open(path, &d->front, e);
	if (r == 0)
		r = front_need(&d->front, d->front.root, "name", &name, e);
	if (r == 0)
		r = script_read(&d->front, d->front.root, &d->script, e);
	if (r == 0)
		d->script.name = name;
	else
		demo_free(d);
	return r;
}

/* ---- performing ------------------------------------------------------------------ */

struct show {
	const struct options *o;
	struct screen screen;
};

static enum pace pace_of(const struct options *o)
{
	if (opt_on(o, "rehearse"))
		return PACE_REHEARSE;
	return isatty(STDIN_FILENO) && !opt_on(o, "auto") ? PACE_SPEAKER : PACE_ALONE;
}

static int begin(const struct show *w, const struct script *s, struct stage *st, struct err *e)
{
	const char *file = opt_text(w->o, "record");
	*st = (struct stage){ .screen = &w->screen, .pace = pace_of(w->o),
			      .speed = atof(opt_text(w->o, "speed")) };
	if (!(st->speed > 0 && st->speed <= 100))
		return err_set(e, EINVAL, _("--speed is to be above 0 and at most 100"));
	int r = file ? cast_open(file, w->screen.width, w->screen.height, s->title, &st->cast, e) : 0;
	if (r < 0 || st->pace < PACE_ALONE)
		return r;
	struct err why = { 0 };
	st->notes = notes_open(&why);
	if (!st->notes)
		screen_say(&w->screen, TONE_WARN, _("without notes: "), why.what);
	return 0;
}

static int perform(const struct show *w, const struct script *s, struct err *e)
{
	struct stage st;
	struct err after = { 0 };
	int r = begin(w, s, &st, e);
	if (r < 0)
		return r;
	screen_sayf(&w->screen, TONE_HEAD, _("demonstration: "), "%s", s->title);
	r = script_play(s, &st, e);
	notes_close(st.notes);
	int kept = cast_close(st.cast, r == 0, &after);
	if (r == 0 && kept < 0) {
		*e = after;
		r = kept;
	}
	return r;
}

/* ---- which one ------------------------------------------------------------------- */

static int perform_file(const struct show *w, const char *path, struct err *e)
{
	struct demo d;
	int r = demo_load(path, &d, e);
	if (r == 0) {
		r = perform(w, &d.script, e);
		demo_free(&d);
	}
	return r;
}

static int perform_lesson(const struct show *w, const char *which, struct err *e)
{
	struct lessons all;
	int r = lessons_load(NULL, &all, e);
	if (r < 0)
		return r;
	const struct lesson *l = lessons_find(&all, which);
	if (l) {
		r = perform(w, &l->demo, e);
	} else {
		r = err_set(e, ENOENT, _("there is no demonstration \"%s\""), which);
		err_hint(e, _("`drydock demo` lists them"));
	}
	lessons_free(&all);
	return r;
}

/* For every ready one; the first that doesn't give 0 ends it. */
static int each_ready(const struct show *w, int (*fn)(const struct show *, const struct demo *,
						      const char *, struct err *),
		      const char *which, struct err *e)
{
	char **files = NULL;
	int r = content_files(&content_demos, NULL, &files, e);
	for (size_t i = 0; r == 0 && files[i]; i++) {
		struct demo d;
		r = demo_load(files[i], &d, e);
		if (r < 0)
			break;
		r = fn(w, &d, which, e);
		demo_free(&d);
	}
	strv_free(files);
	return r;
}

#define FOUND 256	/* no result of perform(), which is at most 1 */

static int if_named(const struct show *w, const struct demo *d, const char *which, struct err *e)
{
	if (!str_eq(d->script.name, which))
		return 0;
	int r = perform(w, &d->script, e);
	return r < 0 ? r : FOUND + r;
}

static int rehearse(const struct show *w, const struct demo *d, const char *which, struct err *e)
{
	(void)which;
	return perform(w, &d->script, e);
}

static int show_row(const struct show *w, const struct demo *d, const char *which, struct err *e)
{
	(void)which;
	(void)e;
	autofree char *label = str_printf("%-15s ", d->script.name);
	screen_say(&w->screen, TONE_HEAD, label, d->script.title);
	return 0;
}

static int perform_named(const struct show *w, const char *which, struct err *e)
{
	if (strchr(which, '/') || str_ends(which, ".md"))
		return perform_file(w, which, e);
	int r = each_ready(w, if_named, which, e);
	if (r == 0)
		return perform_lesson(w, which, e);
	return r >= FOUND ? r - FOUND : r;
}

static int with_engine(const struct show *w, struct err *e)
{
	struct at_engine at = { 0 };
	int r = at_engine_begin(&at, opt_text(w->o, "host"), &w->screen, e);
	if (r == 0)
		r = w->o->n_args ? perform_named(w, w->o->args[0], e)
				 : each_ready(w, rehearse, NULL, e);
	at_engine_end(&at);
	return r;
}

static int list(const struct show *w, struct err *e)
{
	int r = each_ready(w, show_row, NULL, e);
	if (r < 0)
		return r;
	screen_gap();
	screen_say(&w->screen, TONE_TEXT, "",
		   _("`demo NAME` performs one; `demo N` that of lesson N; `demo --notes` on a "
		     "second terminal shows the speaker's notes."));
	return 0;
}

static int carry_out(const struct options *o, struct err *e)
{
	struct show w = { .o = o };
	screen_init(&w.screen, opt_on(o, "plain"));
	if (opt_on(o, "notes"))
		return notes_watch(&w.screen, e);
	if (o->n_args || opt_on(o, "rehearse"))
		return with_engine(&w, e);
	return list(&w, e);
}

int cmd_demo(int argc, char **argv)
{
	struct options o = { 0 };
	struct err e = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &e);
	if (r == 0 && o.n_args > 1)
		r = err_set(&e, EINVAL, _("one demonstration at a time, not \"%s\""), o.args[1]);
	else if (r == 0 && !o.n_args && opt_given(&o, "record"))
		r = err_set(&e, EINVAL, _("say which demonstration to record"));
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &e : NULL);
	} else if ((r = carry_out(&o, &e)) < 0) {
		err_print(&e);
		r = r == -ECANCELED ? EXIT_STOPPED : EXIT_TROUBLE;
	}
	options_free(&o);
	return r;
}
