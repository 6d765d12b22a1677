/* container.c - verbs about a container's life: start, attach, exec, stop … */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/url.h"
#include "client/session.h"
#include "core/cleanup.h"
#include "core/json.h"

/* POST /containers/NAME/what. */
static int post(struct http *h, const char *name, const char *what, struct err *e)
{
	return url_call(h, "POST", "/containers/", name, what, NULL, NULL, e);
}

static int get_container(struct command *c, const char *name, struct http_answer *a,
			 struct err *e)
{
	struct http *h;
	int r = command_http(c, &h, e);

	return r ? r : url_call(h, "GET", "/containers/", name, "/json", NULL, a, e);
}

/* Is the container's Config.KEY true? */
static bool config_on(const struct http_answer *a, const char *key)
{
	return json_bool(json_obj(a->json, "Config"), key);
}

static int start_all(struct command *c)
{
	struct http *h;
	struct err e = { 0 };
	autostr struct str failed = { 0 };

	if (command_http(c, &h, &e))
		return command_fail(c, &e);
	for (char **name = c->opt.args; *name; name++) {
		err_clear(&e);
		if (post(h, *name, "/start", &e) == 0) {
			puts(*name);
			continue;
		}
		if (e.code == EINTR)
			return command_fail(c, &e);
		command_fail(c, &e);
		str_addf(&failed, "%s%s", failed.len ? ", " : "", *name);
	}
	if (!failed.len)
		return 0;
	fprintf(stderr, "Error: failed to start containers: %s\n", failed.s);
	return 1;
}

/* attach, wait, start, copy: for a container that exists. */
static int start_attached(struct session *s, const struct http_answer *a, struct err *e)
{
	const cJSON *host = json_obj(a->json, "HostConfig");
	int r = terminal_begin(&s->terminal, e);
	struct http *h;

	r = r ? r : session_attach(s, NULL, e);
	r = r ? r : session_wait(s, json_bool(host, "AutoRemove") ? "removed" : "next-exit", e);
	r = r ? r : command_http(s->c, &h, e);
	r = r ? r : post(h, s->id, "/start", e);
	if (r)
		return r;
	session_resize(s);
	return session_run(s, e);
}

static int start_verb(struct command *c)
{
	struct session s = { .c = c, .out = true, .err = true, .sig_proxy = true,
			     .in = opt_on(&c->opt, "interactive"), .stream.fd = -1,
			     .terminal.signals = -1,
			     .detach_keys = opt_text(&c->opt, "detach-keys") };
	struct http_answer a = { 0 };
	struct err e = { 0 };
	int r;

	if (!s.in && !opt_on(&c->opt, "attach"))
		return start_all(c);
	if (c->opt.n_args > 1) {
		fprintf(stderr, "you cannot start and attach multiple containers at once\n");
		return 1;
	}
	r = get_container(c, c->opt.args[0], &a, &e);
	if (!r) {
		s.id = json_str_or(a.json, "Id", c->opt.args[0]);
		s.tty = config_on(&a, "Tty");
		s.in = s.in && config_on(&a, "OpenStdin");
		r = start_attached(&s, &a, &e);
	}
	session_end(&s);
	http_answer_free(&a);
	return r < 0 ? command_fail(c, &e) : r;
}

static int check_state(const struct http_answer *a, struct err *e)
{
	const cJSON *state = json_obj(a->json, "State");

	if (!json_bool(state, "Running"))
		return err_set(e, EINVAL, "You cannot attach to a stopped container, start it first");
	if (json_bool(state, "Paused"))
		return err_set(e, EINVAL, "You cannot attach to a paused container, unpause it first");
	if (json_bool(state, "Restarting"))
		return err_set(e, EINVAL, "You cannot attach to a restarting container, wait until it "
			       "is running");
	return 0;
}

static int attach_run(struct session *s, struct err *e)
{
	int r = terminal_begin(&s->terminal, e);

	r = r ? r : session_wait(s, NULL, e);
	r = r ? r : session_attach(s, NULL, e);
	if (r)
		return r;
	session_redraw(s);
	r = session_run(s, e);
	return r ? r : session_ended(s, e);
}

static int attach_verb(struct command *c)
{
	struct session s = { .c = c, .out = true, .err = true, .stream.fd = -1,
			     .terminal.signals = -1, .sig_proxy = opt_on(&c->opt, "sig-proxy"),
			     .detach_keys = opt_text(&c->opt, "detach-keys") };
	struct http_answer a = { 0 };
	struct err e = { 0 };
	int r = get_container(c, c->opt.args[0], &a, &e);

	r = r ? r : check_state(&a, &e);
	if (!r) {
		s.id = json_str_or(a.json, "Id", c->opt.args[0]);
		s.tty = config_on(&a, "Tty");
		s.in = config_on(&a, "OpenStdin") && !opt_on(&c->opt, "no-stdin");
		if (s.tty && s.in && !isatty(STDIN_FILENO))
			r = err_set(&e, ENOTTY, "the input device is not a TTY");
	}
	r = r ? r : attach_run(&s, &e);
	session_end(&s);
	http_answer_free(&a);
	return r < 0 ? command_fail(c, &e) : r;
}

static int stop_like(struct command *c, struct http *h, const char *name, const char *what,
		     struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, "/containers/", name, what);
	url_add(&path, "signal", opt_text(&c->opt, "signal"));
	url_add(&path, "t", opt_text(&c->opt, opt_given(&c->opt, "time") ? "time" : "timeout"));
	return http_call(h, "POST", path.s, NULL, NULL, e);
}

static int stop_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	return stop_like(c, h, name, "/stop", e);
}

static int restart_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	return stop_like(c, h, name, "/restart", e);
}

static int kill_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, "/containers/", name, "/kill");
	url_add(&path, "signal", opt_text(&c->opt, "signal"));
	return http_call(h, "POST", path.s, NULL, NULL, e);
}

static int pause_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	return post(h, name, "/pause", e);
}

static int unpause_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	return post(h, name, "/unpause", e);
}

static int wait_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	struct http_answer a = { 0 };
	int r = url_call(h, "POST", "/containers/", name, "/wait", NULL, &a, e);

	if (r)
		return r;
	printf("%lld\n", (long long)json_int(a.json, "StatusCode", 0));
	http_answer_free(&a);
	return 0;
}

static int rm_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	autostr struct str path = { 0 };
	int r;

	url_path(&path, "/containers/", name, "");
	url_flag(&path, "v", opt_on(&c->opt, "volumes"));
	url_flag(&path, "link", opt_on(&c->opt, "link"));
	url_flag(&path, "force", opt_on(&c->opt, "force"));
	r = http_call(h, "DELETE", path.s, NULL, NULL, e);
	if (!r || e->status != 404 || !opt_on(&c->opt, "force"))
		return r;
	command_fail(c, e);	/* said, but no failure: it is gone */
	return 1;
}

static int rename_verb(struct command *c)
{
	autostr struct str path = { 0 };
	struct http *h;
	struct err e = { 0 };
	int r = command_http(c, &h, &e);

	url_path(&path, "/containers/", c->opt.args[0], "/rename");
	url_add(&path, "name", c->opt.args[1]);
	r = r ? r : http_call(h, "POST", path.s, NULL, NULL, &e);
	if (!r)
		return 0;
	r = command_fail(c, &e);
	fprintf(stderr, "Error: failed to rename container named %s\n", c->opt.args[0]);
	return r;
}

static const struct option start_options[] = {
	{ "attach", 'a', &opt_flag, "Attach to its output and pass signals on" },
	{ "detach-keys", 0, &opt_string, "Keys that leave the container running" },
	{ "interactive", 'i', &opt_flag, "Attach to its stdin" },
	{ 0 },
};

static const struct option attach_options[] = {
	{ "detach-keys", 0, &opt_string, "Keys that leave the container running" },
	{ "no-stdin", 0, &opt_flag, "Leave its stdin alone" },
	{ "sig-proxy", 0, &opt_flag, "Pass our signals on to it", "true" },
	{ 0 },
};

static const struct option stop_options[] = {
	{ "signal", 's', &opt_string, "Signal that asks it to stop", NULL, COMPLETE_SIGNAL },
	{ "timeout", 't', &opt_int, "Seconds to wait before it is killed" },
	{ "time", 0, &opt_int, "The same as --timeout", .hidden = true },
	{ 0 },
};

static const struct option kill_options[] = {
	{ "signal", 's', &opt_string, "Signal to send (KILL where none is given)", NULL,
	  COMPLETE_SIGNAL },
	{ 0 },
};

static const struct option rm_options[] = {
	{ "force", 'f', &opt_flag, "Kill it first if it runs" },
	{ "link", 'l', &opt_flag, "Remove the link, not the container" },
	{ "volumes", 'v', &opt_flag, "Remove its anonymous volumes too" },
	{ 0 },
};

#define MANY "CONTAINER [CONTAINER...]"

const struct verb verbs_container[] = {
	{ .paths = "container start|start", .usage = "[OPTIONS] " MANY,
	  .about = "Start stopped containers", .options = start_options, .min_args = 1,
	  .max_args = -1, .complete = COMPLETE_STOPPED, .run = start_verb },
	{ .paths = "container attach|attach", .usage = "[OPTIONS] CONTAINER",
	  .about = "Connect this terminal to a running container", .options = attach_options,
	  .min_args = 1, .max_args = 1, .complete = COMPLETE_RUNNING, .run = attach_verb },
	{ .paths = "container stop|stop", .usage = "[OPTIONS] " MANY,
	  .about = "Stop running containers", .options = stop_options, .min_args = 1,
	  .max_args = -1, .complete = COMPLETE_RUNNING, .each = stop_one, .echo = true },
	{ .paths = "container restart|restart", .usage = "[OPTIONS] " MANY,
	  .about = "Stop containers and start them again", .options = stop_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_CONTAINER, .each = restart_one,
	  .echo = true },
	{ .paths = "container kill|kill", .usage = "[OPTIONS] " MANY,
	  .about = "Send running containers a signal", .options = kill_options, .min_args = 1,
	  .max_args = -1, .complete = COMPLETE_RUNNING, .each = kill_one, .echo = true },
	{ .paths = "container pause|pause", .usage = MANY,
	  .about = "Freeze all processes of containers", .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_RUNNING, .each = pause_one, .echo = true },
	{ .paths = "container unpause|unpause", .usage = MANY,
	  .about = "Let frozen containers go on", .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_RUNNING, .each = unpause_one, .echo = true },
	{ .paths = "container wait|wait", .usage = MANY,
	  .about = "Wait until containers end and print their exit codes", .min_args = 1,
	  .max_args = -1, .complete = COMPLETE_RUNNING, .each = wait_one },
	{ .paths = "container rm|container remove|rm", .usage = "[OPTIONS] " MANY,
	  .about = "Remove containers", .options = rm_options, .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_CONTAINER, .each = rm_one, .echo = true },
	{ .paths = "container rename|rename", .usage = "CONTAINER NEW_NAME",
	  .about = "Give a container another name", .min_args = 2, .max_args = 2,
	  .complete = COMPLETE_CONTAINER, .run = rename_verb },
	{ 0 },
};
