/* `drydock review`: the concepts whose time has come, asked with other words. */
#include <errno.h>
#include <stdio.h>

#include "client/options.h"
#include "core/clock.h"
#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/usage.h"
#include "quiz/report.h"

static const struct option table[] = {
	{ .name = "list", .type = &opt_flag, .help = N_("Only list what comes back when") },
	{ .name = "json", .type = &opt_flag, .help = N_("The list in JSON") },
	{ .name = "count", .type = &opt_int, .help = N_("At most so many questions") },
	{ .name = "learner", .type = &opt_string,
	  .help = N_("Whose review this is (default: your user name)") },
	{ .name = "host", .letter = 'H', .type = &opt_string,
	  .help = N_("Where the engine listens") },
	{ .name = "journal", .type = &opt_string,
	  .help = N_("List from a recorded journal (JSON lines), ask no engine") },
	{ .name = "plain", .type = &opt_flag, .help = N_("Lines of ASCII text only") },
	{ .name = NULL },
};

static const char head[] =
	N_("Usage:  drydock review [OPTIONS]\n\n"
	   "Asks again what was answered before: after 1, 3, 7 and 16 days, each time with another "
	   "question about the same thing.\n");

/* A clock that was set back must not hide what is due: the last answer is not later
 * than now. */
static uint64_t now_of(struct quiz *z, bool silent)
{
	uint64_t now = clock_wall_ns(), last = z->record.n ? z->record.v[z->record.n - 1].wall : 0;
	if (now >= last)
		return now;
	if (!silent)
		screen_say(&z->screen, TONE_WARN, _("note: "),
			   _("the clock is behind your last answer; that answer's time is taken "
			     "for now."));
	return last;
}

static void say_nothing_due(struct quiz *z, const struct due *due)
{
	uint64_t next = 0;
	char day[40];
	for (size_t i = 0; i < z->bank.n_concepts; i++)
		if (due[i].asked && !due[i].settled && (!next || due[i].at < next))
			next = due[i].at;
	if (next)
		screen_sayf(&z->screen, TONE_TEXT, "", _("Nothing is due. The next is on %.10s."),
			    clock_rfc3339(next, day));
	else
		screen_say(&z->screen, TONE_TEXT, "",
			   _("Nothing is due. What you answer in `quiz` comes back here."));
}

static int play(struct quiz *z, const struct due *due, uint64_t now, int64_t count,
		struct err *e)
{
	autofree const struct item **items = mem_alloc((z->bank.n_concepts + 1) * sizeof(*items));
	size_t n = 0;
	for (size_t i = 0; i < z->bank.n_concepts; i++)
		if (due[i].asked && !due[i].settled && due[i].at <= now)
			items[n++] = record_sibling(&z->bank, &z->record, i);
	z->mode = "review";
	if (!n)
		say_nothing_due(z, due);
	return quiz_play(z, items, count > 0 && (size_t)count < n ? (size_t)count : n, e);
}

static int carry_out(const struct options *o, struct quiz *z, struct err *e)
{
	const char *journal = opt_text(o, "journal");
	bool listed = opt_on(o, "list") || opt_on(o, "json");
	screen_init(&z->screen, opt_on(o, "plain"));
	if (journal && !listed)
		return err_set(e, EINVAL, _("a recorded journal is not written to: --journal goes "
					    "with --list"));
	int r = quiz_open(z, opt_text(o, "learner"), opt_text(o, "host"), journal, e);
	if (r < 0)
		return r;
	uint64_t now = now_of(z, opt_on(o, "json"));
	autofree struct due *due = mem_alloc((z->bank.n_concepts + 1) * sizeof(*due));
	record_schedule(&z->bank, &z->record, due);
	if (!listed)
		return play(z, due, now, opt_number(o, "count"), e);
	report_due(z, due, now, opt_on(o, "json"));
	return 0;
}

int cmd_review(int argc, char **argv)
{
	struct options o = { 0 };
	struct err e = { 0 };
	struct quiz z = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &e);
	if (r == 0 && o.n_args)
		r = err_set(&e, EINVAL, _("unknown word \"%s\""), o.args[0]);
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &e : NULL);
	} else {
		r = carry_out(&o, &z, &e);
		quiz_close(&z);
		if (r < 0)
			err_print(&e);
		r = r < 0 ? EXIT_TROUBLE : r;
	}
	options_free(&o);
	return r;
}
