/* `drydock lesson …`: reads a section of the lecture, and runs its demonstration. */
#include "lessons/lesson.h"

#include <errno.h>
#include <stdio.h>

#include "client/options.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/usage.h"
#include "lessons/at_engine.h"
#include "lessons/play.h"

static const struct option table[] = {
	{ .name = "demo", .type = &opt_flag, .help = N_("Run the lesson's demonstration") },
	{ .name = "json", .type = &opt_flag, .help = N_("List the lessons in JSON") },
	{ .name = "host", .letter = 'H', .type = &opt_string,
	  .help = N_("Where the engine listens (for --demo)") },
	{ .name = "plain", .type = &opt_flag, .help = N_("Lines of ASCII text only") },
	{ .name = NULL },
};

static const char head[] =
	N_("Usage:  drydock lesson [N | NAME] [OPTIONS]\n\n"
	   "The sections of lecture 7.4; without a number: the list of them.\n");

static int list_json(const struct lessons *l)
{
	autojson cJSON *all = cJSON_CreateArray();
	for (size_t i = 0; i < l->n; i++) {
		cJSON *o = cJSON_CreateObject(), *labs = cJSON_CreateArray();
		json_put_int(o, "lesson", l->v[i].number);
		json_put_str(o, "name", l->v[i].name);
		json_put_str(o, "title", l->v[i].title);
		json_put_str(o, "lecture", l->v[i].lecture);
		json_put_str(o, "demo", l->v[i].demo.title);
		for (size_t k = 0; k < l->v[i].n_labs; k++)
			cJSON_AddItemToArray(labs, cJSON_CreateString(l->v[i].labs[k]));
		json_put(o, "labs", labs);
		cJSON_AddItemToArray(all, o);
	}
	autofree char *text = cJSON_Print(all);
	puts(text);
	return 0;
}

static int list(const struct lessons *l, const struct screen *s)
{
	for (size_t i = 0; i < l->n; i++) {
		autofree char *label = str_printf("%2d  %-15s ", l->v[i].number, l->v[i].name);
		screen_say(s, TONE_HEAD, label, l->v[i].title);
	}
	screen_gap();
	screen_say(s, TONE_TEXT, "", _("`lesson N` reads one, `lesson N --demo` runs its "
				       "demonstration."));
	return 0;
}

static void say_claims(const struct lesson *l, const struct screen *s)
{
	if (!l->n_claims)
		return;
	screen_say(s, TONE_HEAD, "", _("The lecture says, and what holds"));
	screen_gap();
	for (size_t i = 0; i < l->n_claims; i++) {
		screen_sayf(s, TONE_WARN, _("lecture: "), "\"%s\"", l->claims[i].quote);
		screen_say(s, TONE_GOOD, _("holds:   "), l->claims[i].truth);
		screen_gap();
	}
}

static int read_one(const struct lesson *l, const struct screen *s)
{
	screen_sayf(s, TONE_DIM, "", _("lesson %d - %s"), l->number, l->lecture);
	screen_gap();
	screen_markdown(s, l->front.body);
	say_claims(l, s);
	screen_sayf(s, TONE_HEAD, _("demonstration: "),
		    _("%s. `lesson %d --demo` runs it for real."),
		    l->demo.title, l->number);
	for (size_t i = 0; i < l->n_labs; i++)
		screen_sayf(s, TONE_TEXT, _("do it yourself: "),
			    _("step %s of the lab."), l->labs[i]);
	screen_sayf(s, TONE_TEXT, _("questions: "), _("`quiz --section %d`."), l->number);
	return 0;
}

static int run_demo(const struct lesson *l, const struct screen *s, const char *host,
		    struct err *e)
{
	struct at_engine at = { 0 };
	int r = at_engine_begin(&at, host, s, e);
	if (r == 0) {
		screen_sayf(s, TONE_HEAD, _("demonstration: "), "%s", l->demo.title);
		r = script_run(&l->demo, s, e);
	}
	at_engine_end(&at);
	return r;
}

static int carry_out(const struct options *o, struct err *e)
{
	struct screen s;
	struct lessons all;
	screen_init(&s, opt_on(o, "plain"));
	int r = lessons_load(NULL, &all, e);
	if (r < 0)
		return r;
	const struct lesson *l = o->n_args ? lessons_find(&all, o->args[0]) : NULL;
	if (o->n_args && !l)
		r = err_set(e, EINVAL, _("there is no lesson \"%s\""), o->args[0]);
	else if (!l && opt_on(o, "demo"))
		r = err_set(e, EINVAL, _("say whose demonstration: `drydock lesson 2 --demo`"));
	else if (!l)
		r = opt_on(o, "json") ? list_json(&all) : list(&all, &s);
	else
		r = opt_on(o, "demo") ? run_demo(l, &s, opt_text(o, "host"), e) : read_one(l, &s);
	lessons_free(&all);
	return r;
}

int cmd_lesson(int argc, char **argv)
{
	struct options o = { 0 };
	struct err e = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &e);
	if (r == 0 && o.n_args > 1)
		r = err_set(&e, EINVAL, _("one lesson at a time, not \"%s\""), o.args[1]);
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &e : NULL);
	} else if ((r = carry_out(&o, &e)) < 0) {
		err_print(&e);
		r = EXIT_TROUBLE;
	}
	options_free(&o);
	return r;
}
