/* `drydock lab …`: the labs outside of the shell, for people and for programs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/options.h"
#include "client/terminal.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "core/wrap.h"
#include "labs/cmd.h"
#include "labs/recap.h"
#include "labs/seed.h"
#include "labs/shell/screen.h"
#include "labs/usage.h"

static const struct option table[] = {
	{ .name = "json", .type = &opt_flag, .help = N_("Answer in JSON") },
	{ .name = "learner", .type = &opt_string,
	  .help = N_("Whose progress (default: your user name)") },
	{ .name = "host", .letter = 'H', .type = &opt_string,
	  .help = N_("Where the engine listens") },
	{ .name = "journal", .type = &opt_string,
	  .help = N_("Judge a recorded journal (JSON lines), ask no engine") },
	{ .name = "plain", .type = &opt_flag, .help = N_("Lines of ASCII text only") },
	{ .name = "yes", .letter = 'y', .type = &opt_flag, .help = N_("reset: do not ask") },
	{ .name = NULL },
};

struct call {
	struct course s;
	const struct lab *lab;	/* named, or the one entered last */
	struct screen screen;
	bool json, yes, recorded;
	struct err e;
};

/* On a terminal in lines that fit it; into a pipe as it is, for programs. */
static void print_wrapped(const char *text, int hang)
{
	unsigned rows, columns;
	autostr struct str out = { 0 };
	wrap_text(&out, text, terminal_size(&rows, &columns) ? (int)columns - 1 : INT_MAX, 0, hang);
	puts(out.s);
}

static int print_json(cJSON *j)
{
	autofree char *text = cJSON_Print(j);
	puts(text);
	cJSON_Delete(j);
	return 0;
}

static int list(struct call *c)
{
	cJSON *all = cJSON_CreateArray();
	for (size_t i = 0; i < c->s.labs.n; i++) {
		const struct lab *l = &c->s.labs.v[i];
		struct verdict v;
		cJSON_AddItemToArray(all, recap_step(&c->s, l));
		course_judge(&c->s, l, &v);
		autofree char *how = wrap_pad(_(verdict_name(v.kind)), 8);
		autofree char *line = str_printf(_("%2d  %-12s %s %zu of %zu  %s"), l->number,
						 l->name, how, v.proof.reached, l->n_goals,
						 l->title);
		if (!c->json)
			print_wrapped(line, 4);
	}
	if (c->json)
		return print_json(all);
	cJSON_Delete(all);
	return 0;
}

static int start(struct call *c)
{
	autofree char *number = str_printf("%d", c->lab->number);
	autostr struct str text = { 0 };
	course_label(&c->s, c->lab->number);
	int r = course_note(&c->s, "step.enter", c->lab->number, "step", number, NULL, NULL, &c->e);
	if (r == 0)
		r = seed_plant(&c->s, c->lab, &c->e);
	if (r < 0)
		return r;
	proof_expand(&text, c->lab->body, NULL, NULL, &c->s.world);
	screen_page(&c->screen, text.s);
	return 0;
}

static void print_goals(struct call *c, const struct verdict *v)
{
	for (size_t i = 0; i < c->lab->n_goals; i++) {
		const struct goal *g = &c->lab->goal[i];
		autostr struct str text = { 0 };
		if (i < v->proof.reached) {
			str_addf(&text, "[x] %s: ", g->name);
			proof_expand(&text, g->shown, &c->lab->scope, &v->proof, &c->s.world);
		} else {
			str_addf(&text, "[ ] %s: %s", g->name, g->part);
		}
		print_wrapped(text.s, 4);
	}
}

static int check_or_why(struct call *c, bool goals)
{
	struct verdict v;
	autostr struct str text = { 0 };
	course_judge(&c->s, c->lab, &v);
	if (c->json) {
		print_json(recap_step(&c->s, c->lab));
		return v.kind < VERDICT_DONE;
	}
	if (goals)
		print_goals(c, &v);
	str_add(&text, _(verdict_name(v.kind)));
	if (v.kind == VERDICT_WRONG_PATH)
		str_addf(&text, " %s", v.wrong->id);
	if (v.kind < VERDICT_DONE)
		str_add(&text, ": ");
	verdict_say(&text, c->lab, &v, &c->s.world);
	print_wrapped(text.s, 0);
	return v.kind < VERDICT_DONE;
}

static int check(struct call *c) { return check_or_why(c, false); }
static int why(struct call *c) { return check_or_why(c, true); }

static int hint(struct call *c)
{
	int rung = progress_of(c->s.facts, c->lab).hints + 1;
	cJSON *data = cJSON_CreateObject();
	json_put_int(data, "rung", rung > HINT_RUNGS ? HINT_RUNGS : rung);
	print_wrapped(c->lab->hint[rung > HINT_RUNGS ? HINT_RUNGS - 1 : rung - 1], 0);
	return course_post(&c->s, "hint.open", c->lab->number, data, &c->e);
}

static int reset(struct call *c)
{
	char **left = course_leftovers(&c->s, c->lab);
	for (size_t i = 0; left[i]; i++)
		printf(_("removes container %.12s\n"), left[i]);
	strv_free(left);
	if (!c->yes) {
		puts(_("Nothing was changed yet; say --yes to begin the step anew."));
		return 1;
	}
	return course_reset(&c->s, c->lab, &c->e);
}

static int recap(struct call *c)
{
	autostr struct str text = { 0 };
	if (c->json)
		return list(c);
	recap_markdown(&c->s, &text);
	screen_page(&c->screen, text.s);
	return 0;
}

static const struct {
	const char *name, *help;
	int (*run)(struct call *c);
	bool writes;
} verbs[] = {
	{ "list", N_("all steps and how far they are"), list, false },
	{ "start", N_("enters a step and prints its text"), start, true },
	{ "check", N_("is the step shown? exit code 0: yes, 1: no, 2: cannot say"), check, false },
	{ "why", N_("the step's parts, and what is missing"), why, false },
	{ "hint", N_("opens the next hint"), hint, true },
	{ "reset", N_("begins the step anew"), reset, true },
	{ "recap", N_("all that was done, as Markdown or JSON"), recap, false },
};

static int usage(const struct err *e)
{
	FILE *out = e ? stderr : stdout;
	int r = usage_print(N_("Usage:  drydock lab VERB [STEP] [OPTIONS]\n\n"
			       "The labs of lecture 7.4.\n"), table, e);
	usage_text(out, _("\nVerbs:\n"));
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		usage_row(out, verbs[i].name, 11, _(verbs[i].help));
	return r;
}

/* The facts: from a file, or from the engine. */
static int fetch(struct call *c, const char *journal)
{
	if (journal) {
		c->s.world.port_free = NULL;
		return facts_load(c->s.facts, journal, &c->e);
	}
	int r = course_connect(&c->s, &c->e);
	return r < 0 ? r : course_refresh(&c->s, &c->e);
}

static int find_step(struct call *c, const char *which)
{
	autofree char *last = str_printf("%d", progress_step(c->s.facts));
	c->lab = labs_find(&c->s.labs, which ? which : last);
	if (!c->lab && !which)
		c->lab = &c->s.labs.v[0];
	return c->lab ? 0 : err_set(&c->e, EINVAL, _("there is no step \"%s\""), which);
}

static int find_verb(const struct options *o, struct err *e)
{
	for (size_t i = 0; o->n_args && i < ARRAY_SIZE(verbs); i++)
		if (str_eq(verbs[i].name, o->args[0]))
			return (int)i;
	if (!o->n_args)
		return err_set(e, EINVAL, _("say what to do with the labs"));
	return err_set(e, EINVAL, _("unknown verb \"%s\""), o->args[0]);
}

static int carry_out(struct call *c, const struct options *o, int verb)
{
	const char *journal = opt_text(o, "journal");
	if (journal && verbs[verb].writes)
		return err_set(&c->e, EINVAL, _("a recorded journal is not written to"));
	screen_init(&c->screen, opt_on(o, "plain"));
	c->json = opt_on(o, "json");
	c->yes = opt_on(o, "yes");
	int r = course_open(&c->s, opt_text(o, "learner"), opt_text(o, "host"), &c->e);
	if (r < 0)
		return r;
	r = fetch(c, journal);
	if (r == 0)
		r = find_step(c, o->n_args > 1 ? o->args[1] : NULL);
	if (r == 0)
		r = verbs[verb].run(c);
	course_close(&c->s);
	return r;
}

/* A program that reads JSON gets the reason in JSON. */
static void complain(const struct call *c)
{
	if (!c->json) {
		err_print(&c->e);
		return;
	}
	cJSON *j = cJSON_CreateObject();
	json_put_str(j, "error", c->e.what);
	if (c->e.hint[0])
		json_put_str(j, "hint", c->e.hint);
	print_json(j);
}

int cmd_lab(int argc, char **argv)
{
	struct call c = { 0 };
	struct options o = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &c.e);
	if (r == 0 && o.help) {
		options_free(&o);
		return usage(NULL);
	}
	int verb = r < 0 ? r : find_verb(&o, &c.e);
	r = verb < 0 ? usage(&c.e) : carry_out(&c, &o, verb);
	options_free(&o);
	if (r < 0)
		complain(&c);
	return r < 0 ? EXIT_TROUBLE : r;
}
