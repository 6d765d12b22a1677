/* `drydock` without a verb: the lab shell from its first line to its last. */
#include "labs/shell/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/options.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/cmd.h"
#include "labs/own_docker.h"
#include "labs/shell/engine.h"
#include "labs/usage.h"

static const struct option table[] = {
	{ .name = "plain", .type = &opt_flag,
	  .help = N_("Lines of ASCII text only: no colours, nothing redrawn") },
	{ .name = "lab", .type = &opt_string, .help = N_("Begin at this step (number or name)") },
	{ .name = "learner", .type = &opt_string,
	  .help = N_("Whose progress this is (default: your user name)") },
	{ .name = "backend", .type = &opt_string,
	  .help = N_("For an engine started here: auto, linux, rootless or sim") },
	{ .name = "host", .letter = 'H', .type = &opt_string,
	  .help = N_("Where the engine listens (unix:///path or tcp://127.0.0.1:port)") },
	{ .name = "keep", .type = &opt_flag,
	  .help = N_("Leave an engine that was started here running") },
	{ .name = NULL },
};

/* ---- the engine ------------------------------------------------------------------ */

static int connect_or_start(struct shell *sh, bool may_start, struct err *e)
{
	int r = course_connect(&sh->course, e);
	if (r == 0 || !may_start)
		return r;
	screen_say(&sh->screen, TONE_DIM, "",
		   _("No engine is running; starting one for this session ..."));
	fflush(stdout);
	r = engine_start(sh->backend, sh->keep, &sh->engine, e);
	return r < 0 ? r : course_connect(&sh->course, e);
}

/* Only what happens from now on is shown. */
static void follow_engine(struct shell *sh)
{
	autofree char *trace = str_printf("/drydock/trace?since=%lld&follow=1",
					  (long long)trace_last_event(sh->course.http));
	autofree char *facts = str_printf("/drydock/facts?since=%lld&follow=1",
					  (long long)facts_last_seq(sh->course.facts));
	follow_start(&sh->trace, sh->course.host, trace);
	if (sh->interactive)
		follow_start(&sh->facts, sh->course.host, facts);
}

/* The daemon was ours and is gone: its journal is on disk, another one reads it. */
void shell_mend(struct shell *sh)
{
	struct err e = { 0 };
	if (!sh->engine || waitpid(sh->engine, NULL, WNOHANG) != sh->engine)
		return;
	sh->engine = 0;
	follow_stop(&sh->trace);
	follow_stop(&sh->facts);
	if (engine_start(sh->backend, sh->keep, &sh->engine, &e) < 0 ||
	    course_connect(&sh->course, &e) < 0) {
		screen_sayf(&sh->screen, TONE_WARN, _("engine: "),
			    _("it ended, and does not start again: %s"), e.what);
		return;
	}
	screen_say(&sh->screen, TONE_WARN, _("engine: "),
		   _("it had ended, and was started again."));
	if (sh->lab)
		course_label(&sh->course, sh->lab->number);
	course_refresh(&sh->course, &e);
	follow_engine(sh);
}

/* ---- first and last words ----------------------------------------------------------- */

static const struct lab *first_lab(struct shell *sh, const char *wanted, struct err *e)
{
	const struct labs *l = &sh->course.labs;
	autofree char *last = str_printf("%d", progress_step(sh->course.facts));
	const struct lab *found = labs_find(l, wanted ? wanted : last);
	if (!found && wanted)
		err_set(e, ENOENT, _("there is no step \"%s\""), wanted);
	return found || wanted ? found : &l->v[0];
}

/* Said each time while they are missing: nothing of the lecture works without them. */
static void say_images(struct shell *sh, bool resumed)
{
	if (!sh->course.images)
		screen_say(&sh->screen, TONE_WARN, _("careful: "),
			   _("The images of this course are not made yet, so pulls go to Docker "
			     "Hub. Leave with `exit`, type `drydock bake`, and come back."));
	else if (!resumed)
		screen_say(&sh->screen, TONE_DIM, "",
			   _("The images of this course are stand-ins: made on this machine from "
			     "its own packages, under the names the lecture uses. `docker info` "
			     "says so too."));
}

/* What carries the containers is said each time: what a learner sees depends on it. */
static void say_backend(struct shell *sh)
{
	static const struct { const char *name, *text; } backend[] = {
		{ "linux", N_("containers of this machine's kernel, started with root's rights.") },
		{ "rootless", N_("containers of this machine's kernel, without root's rights.") },
		{ "sim",
		  N_("containers of a simulated kernel; your machine's own is not touched.") },
	};
	for (size_t i = 0; i < sizeof(backend) / sizeof(*backend); i++)
		if (str_eq(sh->course.backend, backend[i].name))
			screen_sayf(&sh->screen, TONE_DIM, "", _("Backend %s: %s"), backend[i].name,
				    _(backend[i].text));
}

static void greet(struct shell *sh, bool resumed)
{
	screen_gap();
	screen_say(&sh->screen, TONE_HEAD, "", _("Drydock - lecture 7.4, Introduction to Docker"));
	if (resumed)
		screen_sayf(&sh->screen, TONE_TEXT, "", _("Welcome back, %s. You were at step %d."),
			    sh->course.learner.id, sh->lab->number);
	say_images(sh, resumed);
	say_backend(sh);
	screen_say(&sh->screen, TONE_TEXT, "",
		   _("Type the lecture's commands as they are printed. `help` lists the lab's own "
		     "words, `check` tells how far you are, `exit` leaves. `lesson` has the "
		     "lecture's sections to read, `quiz` asks about them."));
}

/* Whose session is open at this engine, and at which step?  From here on it is ours, too. */
static int join(struct shell *sh, struct err *e)
{
	struct http_answer a = { 0 };
	int r = http_call(sh->course.http, "GET", "/drydock/context", NULL, &a, e);
	const char *session = json_str_or(a.json, "session", "");
	const char *step = json_str_or(a.json, "step", "");
	if (r == 0 && !(*session && *step)) {
		err_set(e, ENOENT, _("no lab shell is open at %s"), sh->course.host);
		r = err_hint(e, _("`drydock` opens one; this is for a second terminal beside it"));
	}
	if (r == 0) {
		learner_set(&sh->course.learner, session);
		sh->lab = labs_find(&sh->course.labs, step);
		r = course_connect(&sh->course, e);
	}
	if (r == 0 && !sh->lab)
		r = err_set(e, ENOENT, _("there is no step \"%s\""), step);
	http_answer_free(&a);
	return r;
}

static int begin_attached(struct shell *sh, struct err *e)
{
	int r = join(sh, e);
	if (r < 0)
		return r;
	follow_engine(sh);
	step_join(sh, sh->lab);
	screen_sayf(&sh->screen, TONE_HEAD, "",
		    _("A second terminal of %s, at step %d. What you do here counts as done there. "
		      "`exit` leaves only this one."),
		    sh->course.learner.id, sh->lab->number);
	return 0;
}

static int begin(struct shell *sh, const char *wanted, struct err *e)
{
	int r = course_refresh(&sh->course, e);
	if (r < 0)
		return r;
	bool resumed = progress_step(sh->course.facts) > 0;
	sh->lab = first_lab(sh, wanted, e);
	if (!sh->lab)
		return -ENOENT;
	follow_engine(sh);
	greet(sh, resumed);
	step_enter(sh, sh->lab, true);
	return 0;
}

/* The engine waits for containers that don't listen to SIGTERM, as a shell doesn't. */
static void announce_end(struct shell *sh)
{
	struct http_answer a = { 0 };
	struct err e = { 0 };

	if (sh->course.grader &&
	    http_call(sh->course.grader, "GET", "/containers/json", NULL, &a, &e) == 0 &&
	    cJSON_GetArraySize(a.json) > 0)
		screen_say(&sh->screen, TONE_DIM, "",
			   _("Containers still run: each gets 10 seconds to end, then the engine "
			     "ends, too ..."));
	http_answer_free(&a);
}

static void end(struct shell *sh)
{
	follow_stop(&sh->trace);
	follow_stop(&sh->facts);
	if (sh->course.http && !sh->attached)
		course_label(&sh->course, 0);
	if (sh->engine && !sh->keep)
		announce_end(sh);
	course_close(&sh->course);
	if (sh->engine && sh->keep)
		screen_sayf(&sh->screen, TONE_TEXT, "", _("The engine keeps running (process %d)."),
			    sh->engine);
	else if (sh->engine)
		engine_stop(sh->engine);
	own_docker_remove(sh->path_dir);
	str_free(&sh->live.pending);
}

static int run(struct shell *sh, const struct options *o, struct err *e)
{
	const char *host = opt_text(o, "host");
	int r = course_open(&sh->course, opt_text(o, "learner"), host, e);
	if (r == 0)
		r = connect_or_start(sh, !sh->attached && !host && !getenv("DOCKER_HOST"), e);
	if (r == 0)
		r = own_docker_first(&sh->path_dir, e);
	if (r == 0)
		r = sh->attached ? begin_attached(sh, e) : begin(sh, opt_text(o, "lab"), e);
	if (r == 0)
		input_loop(sh);
	return r;
}

static int open_shell(struct shell *sh, const struct options *o, struct err *e)
{
	screen_init(&sh->screen, opt_on(o, "plain"));
	sh->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	live_init(&sh->live, &sh->screen);
	sh->keep = opt_on(o, "keep");
	sh->backend = opt_text(o, "backend");
	int r = run(sh, o, e);
	end(sh);
	return r;
}

static int main_of(struct shell *sh, const char *head, int argc, char **argv)
{
	struct options o = { 0 };
	struct err e = { 0 };
	int r = options_parse(table, false, argc - 1, argv + 1, &o, &e);
	if (r == 0 && o.n_args)
		r = err_set(&e, EINVAL, _("unknown word \"%s\""), o.args[0]);
	if (r < 0 || o.help) {
		r = usage_print(head, table, r < 0 ? &e : NULL);
	} else if ((r = open_shell(sh, &o, &e)) < 0) {
		err_print(&e);
		r = 1;
	}
	options_free(&o);
	return r;
}

int cmd_shell(int argc, char **argv)
{
	struct shell sh = { .trace = FOLLOW_NONE, .facts = FOLLOW_NONE };
	return main_of(&sh, N_("Usage:  drydock [OPTIONS]\n\n"
			       "The lab shell of lecture 7.4.\n"), argc, argv);
}

/* The learner, the step and the engine are those of the shell that is open. */
int cmd_attach_session(int argc, char **argv)
{
	struct shell sh = { .trace = FOLLOW_NONE, .facts = FOLLOW_NONE, .attached = true };
	return main_of(&sh, N_("Usage:  drydock attach-session [OPTIONS]\n\n"
			       "A second terminal for a lab shell that is open: same learner, same "
			       "step.\n"), argc, argv);
}
