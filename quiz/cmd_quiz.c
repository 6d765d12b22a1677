/* `drydock quiz …`: playing, listing, proving, and moving questions about. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/options.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/usage.h"
#include "lessons/at_engine.h"
#include "lessons/play.h"
#include "quiz/exam.h"
#include "quiz/exchange.h"
#include "quiz/report.h"

static const struct option table[] = {
	{ .name = "section", .type = &opt_string,
	  .help = N_("Only this section (number or name)") },
	{ .name = "concept", .type = &opt_string, .help = N_("Only questions about this concept") },
	{ .name = "question", .type = &opt_string, .help = N_("Only this question") },
	{ .name = "count", .type = &opt_int, .help = N_("At most so many questions") },
	{ .name = "exam", .type = &opt_flag,
	  .help = N_("One question a concept, and the result at the end") },
	{ .name = "list", .type = &opt_flag, .help = N_("List the questions") },
	{ .name = "json", .type = &opt_flag, .help = N_("In JSON, for programs") },
	{ .name = "prove", .type = &opt_string,
	  .help = N_("Run the experiment of a question (image-1), of one of its options "
		     "(image-1.b), or one by its own name") },
	{ .name = "recap", .type = &opt_flag, .help = N_("What was answered, as Markdown") },
	{ .name = "check", .type = &opt_flag,
	  .help = N_("Is the bank complete? Says what is not") },
	{ .name = "export", .type = &opt_string, .help = N_("Print the bank as gift or aiken") },
	{ .name = "import", .type = &opt_string,
	  .help = N_("Read questions from a GIFT or Aiken file") },
	{ .name = "into", .type = &opt_string, .help = N_("The folder that --import writes to") },
	{ .name = "learner", .type = &opt_string,
	  .help = N_("Whose answers these are (default: your user name)") },
	{ .name = "host", .letter = 'H', .type = &opt_string,
	  .help = N_("Where the engine listens") },
	{ .name = "plain", .type = &opt_flag, .help = N_("Lines of ASCII text only") },
	{ .name = NULL },
};

struct call { struct quiz z; const struct options *o; struct err e; };

static const char head[] =
	N_("Usage:  drydock quiz [OPTIONS]\n\n"
	   "Questions about lecture 7.4. Answers are a letter and, if you like, how sure you are: "
	   "`b sure` (or think, or guess).\n");

/* ---- which questions ------------------------------------------------------------------ */

/* A filter that was given must name something. */
static int check_filters(struct call *c)
{
	const char *section = opt_text(c->o, "section"), *concept = opt_text(c->o, "concept");
	const char *question = opt_text(c->o, "question");
	if (section && !bank_section(&c->z.bank, section))
		return err_set(&c->e, EINVAL, _("there is no section \"%s\""), section);
	if (concept && !bank_concept(&c->z.bank, concept))
		return err_set(&c->e, EINVAL, _("there is no concept \"%s\""), concept);
	if (question && !bank_item(&c->z.bank, question))
		return err_set(&c->e, EINVAL, _("there is no question \"%s\""), question);
	return 0;
}

static bool wanted(const struct call *c, const struct item *i)
{
	const char *section = opt_text(c->o, "section"), *concept = opt_text(c->o, "concept");
	const char *question = opt_text(c->o, "question");
	const struct bank *b = &c->z.bank;
	return (!section || bank_section(b, section) == &b->sections[i->section]) &&
	       (!concept || bank_concept(b, concept) == &b->concepts[i->concept]) &&
	       (!question || bank_item(b, question) == i);
}

/* 0: never asked, 1: last answered wrongly, 2: rightly. */
static int rank(const struct call *c, const struct item *i)
{
	const struct answered *last = record_last(&c->z.record, i);
	return !last ? 0 : last->right ? 2 : 1;
}

/* New ones first, then those that were missed, then the rest. */
static size_t choose(struct call *c, const struct item **out)
{
	size_t n = 0;
	for (int want = 0; want <= 2; want++)
		for (size_t i = 0; i < c->z.bank.n_items; i++) {
			const struct item *it = &c->z.bank.items[i];
			if (wanted(c, it) && rank(c, it) == want)
				out[n++] = it;
		}
	int64_t count = opt_number(c->o, "count");
	return count > 0 && (size_t)count < n ? (size_t)count : n;
}

/* ---- what can be done ------------------------------------------------------------------- */

static int play(struct call *c)
{
	autofree const struct item **items = mem_alloc((c->z.bank.n_items + 1) * sizeof(*items));
	size_t n = choose(c, items);
	c->z.mode = "free";
	return quiz_play(&c->z, items, n, &c->e);
}

static int exam(struct call *c)
{
	autofree const struct item **items = NULL;
	const char *section = opt_text(c->o, "section");
	int64_t count = opt_number(c->o, "count");
	c->z.mode = "exam";
	size_t n = exam_choose(&c->z, section ? bank_section(&c->z.bank, section) : NULL,
			       count > 0 ? (size_t)count : 0, &items);
	return exam_play(&c->z, items, n);
}

static int list(struct call *c)
{
	autofree const struct item **items = mem_alloc((c->z.bank.n_items + 1) * sizeof(*items));
	size_t n = choose(c, items);
	if (opt_on(c->o, "json"))
		report_list_json(&c->z, items, n);
	else
		report_list(&c->z, items, n);
	return 0;
}

static int recap(struct call *c)
{
	autostr struct str text = { 0 };
	report_recap(&c->z, &text);
	screen_page(&c->z.screen, text.s);
	return 0;
}

static int check(struct call *c)
{
	autostr struct str text = { 0 };
	size_t found = bank_check(&c->z.bank, &text);
	if (found)
		fputs(text.s, stdout);
	printf(_("%zu questions about %zu concepts, %zu findings\n"), c->z.bank.n_items,
	       c->z.bank.n_concepts, found);
	return found > 0;
}

static int export(struct call *c)
{
	autostr struct str text = { 0 };
	const char *format = opt_text(c->o, "export");
	if (str_eq(format, "gift"))
		export_gift(&c->z.bank, &text);
	else if (str_eq(format, "aiken"))
		export_aiken(&c->z.bank, &text);
	else
		return err_set(&c->e, EINVAL, _("the formats are gift and aiken, not "
						"\"%s\""), format);
	fputs(text.s ? text.s : "", stdout);
	return 0;
}

static int import(struct call *c)
{
	const char *into = opt_text(c->o, "into");
	size_t n = 0;
	if (!into)
		return err_set(&c->e, EINVAL, _("say which folder to write to: --into DIR"));
	int r = import_file(opt_text(c->o, "import"), into, &n, &c->e);
	if (r == 0)
		printf(_("%zu questions are in %s now; DRYDOCK_QUIZ=%s plays them\n"),
		       n, into, into);
	return r;
}

/* "image-1", "image-1.b", or an experiment's own name. */
static const struct script *find_experiment(const struct bank *b, const char *what)
{
	const char *dot = strrchr(what, '.');
	autofree char *id = str_printf("%.*s", dot ? (int)(dot - what) : (int)strlen(what), what);
	const struct item *i = bank_item(b, id);
	const struct choice *o = i && dot ? question_choice(&i->q, dot + 1) : NULL;
	if (dot && !o)
		return NULL;
	return i ? bank_proof(b, &i->q, o) : bank_experiment(b, what);
}

static int prove(struct call *c)
{
	const char *what = opt_text(c->o, "prove");
	const struct script *s = find_experiment(&c->z.bank, what);
	struct at_engine at = { 0 };
	if (!s)
		return err_set(&c->e, EINVAL, _("there is no experiment for \"%s\""), what);
	int r = at_engine_begin(&at, opt_text(c->o, "host"), &c->z.screen, &c->e);
	if (r == 0) {
		screen_sayf(&c->z.screen, TONE_HEAD, _("experiment: "), "%s", s->title);
		r = script_run(s, &c->z.screen, &c->e);
	}
	at_engine_end(&at);
	return r;
}

/* How much each needs of the outside: 0 only the bank, 1 the record if there is one. */
static const struct mode {
	const char *option;	/* NULL: none was given */
	int (*run)(struct call *c);
	bool record, writes;
} modes[] = {
	{ "import", import, false, false }, { "export", export, false, false },
	{ "check", check, false, false },   { "prove", prove, false, false },
	{ "list", list, true, false },      { "recap", recap, true, false },
	{ "exam", exam, true, true },       { NULL, play, true, true },
};

static const struct mode *mode_of(const struct options *o)
{
	const struct mode *m = modes;
	while (m->option && !opt_given(o, m->option))
		m++;
	return m;
}

/* Without an engine one can practise, but nothing is written down. */
static int open_for(struct call *c, const struct mode *m)
{
	if (!m->record)
		return bank_load(NULL, &c->z.bank, &c->e);
	int r = quiz_open(&c->z, opt_text(c->o, "learner"), opt_text(c->o, "host"), NULL, &c->e);
	if (r != -ENOTCONN || opt_given(c->o, "host"))
		return r;
	err_clear(&c->e);
	if (m->writes)
		screen_say(&c->z.screen, TONE_WARN, _("note: "),
			   _("no engine is running, so no answer is written down. `drydock` opens "
			     "the lab with one."));
	return 0;
}

static int carry_out(struct call *c)
{
	const struct mode *m = mode_of(c->o);
	screen_init(&c->z.screen, opt_on(c->o, "plain"));
	int r = open_for(c, m);
	if (r == 0)
		r = check_filters(c);
	if (r == 0)
		r = m->run(c);
	quiz_close(&c->z);
	return r;
}

int cmd_quiz(int argc, char **argv)
{
	struct options o = { 0 };
	struct call c = { .o = &o };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &c.e);
	if (r == 0 && o.n_args)
		r = err_set(&c.e, EINVAL, _("unknown word \"%s\""), o.args[0]);
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &c.e : NULL);
	} else if ((r = carry_out(&c)) < 0) {
		err_print(&c.e);
		r = EXIT_TROUBLE;
	}
	options_free(&o);
	return r;
}
