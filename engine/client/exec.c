/* exec.c - docker exec: a further program in a running container. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/body.h"
#include "client/url.h"
#include "client/session.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct option exec_options[] = {
	{ "detach", 'd', &opt_flag, "Leave it running in the background" },
	{ "detach-keys", 0, &opt_string, "Keys that leave it running", NULL, 0, "DetachKeys",
	  put_text },
	{ "env-file", 0, &opt_list, "File with environment variables, one a line", NULL,
	  COMPLETE_FILE, "Env", put_env_file },
	{ "env", 'e', &opt_env, "Set an environment variable", NULL, 0, "Env", put_env },
	{ "interactive", 'i', &opt_flag, "Keep stdin open" },
	{ "privileged", 0, &opt_flag, "Give it all capabilities", NULL, 0, "Privileged", put_flag },
	{ "tty", 't', &opt_flag, "Give it a terminal", NULL, 0, "Tty", put_flag },
	{ "user", 'u', &opt_string, "User to run as: name|uid[:group|gid]", NULL, 0, "User",
	  put_text },
	{ "workdir", 'w', &opt_string, "Working folder inside the container", NULL, 0,
	  "WorkingDir", put_text },
	{ 0 },
};

static int exec_body(const struct options *o, const struct session *s, bool detach, cJSON **out,
		     struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	int r = body_options(body, o, e);

	if (r)
		return r;
	json_put_bool(body, "AttachStdin", s->in);
	json_put_bool(body, "AttachStdout", s->out);
	json_put_bool(body, "AttachStderr", s->err);
	json_put_bool(body, "Detach", detach);
	json_put_strv(body, "Cmd", o->args + 1);
	*out = steal_ptr(body);
	return 0;
}

static int make_exec(struct http *h, const char *name, const cJSON *body, char **id,
		     struct err *e)
{
	struct http_answer a = { 0 };
	int r = url_call(h, "POST", "/containers/", name, "/exec", body, &a, e);

	if (r)
		return r;
	*id = str_dup(a.json ? json_str(a.json, "Id") : NULL);
	http_answer_free(&a);
	return *id ? 0 : err_set(e, EPROTO, "exec ID empty");
}

static cJSON *start_body(const struct session *s, bool detach)
{
	cJSON *body = cJSON_CreateObject();

	json_put_bool(body, "Detach", detach);
	json_put_bool(body, "Tty", s->tty);
	session_console(s, body);
	return body;
}

static int start_detached(struct http *h, const struct session *s, struct err *e)
{
	autojson cJSON *body = start_body(s, true);

	return url_call(h, "POST", "/exec/", s->id, "/start", body, NULL, e);
}

/* The streams may end a moment before the daemon knows the exit code. */
static int exit_code(struct http *h, const struct session *s, struct err *e)
{
	autostr struct str path = { 0 };
	struct timespec moment = { .tv_nsec = 2000000 };
	bool running = true;
	int r = 0;

	url_path(&path, "/exec/", s->id, "/json");
	for (int i = 0; running && i < 50; i++) {
		struct http_answer a = { 0 };

		if (i)
			nanosleep(&moment, NULL);
		r = http_call(h, "GET", path.s, NULL, &a, e);
		if (r)
			return r;
		running = json_bool(a.json, "Running");
		r = (int)json_int(a.json, "ExitCode", 0);
		http_answer_free(&a);
	}
	return r;
}

static int run_attached(struct session *s, struct http *h, struct err *e)
{
	autojson cJSON *body = start_body(s, false);
	int r = terminal_begin(&s->terminal, e);

	r = r ? r : session_attach(s, body, e);
	if (r)
		return r;
	session_resize(s);
	r = session_run(s, e);
	terminal_end(&s->terminal);
	r = r ? r : session_ended(s, e);
	return r ? r : exit_code(h, s, e);
}

static int exec_verb(struct command *c)
{
	bool detach = opt_on(&c->opt, "detach");
	struct session s = { .c = c, .exec = true, .tty = opt_on(&c->opt, "tty"),
			     .in = !detach && opt_on(&c->opt, "interactive"), .out = !detach,
			     .err = !detach, .stream.fd = -1, .terminal.signals = -1,
			     .detach_keys = opt_text(&c->opt, "detach-keys") };
	autojson cJSON *body = NULL;
	autofree char *id = NULL;
	struct err e = { 0 };
	struct http *h;
	int r;

	if (s.in && s.tty && !isatty(STDIN_FILENO)) {
		if (command_http(c, &h, &e) ||	/* a wrong name is told first */
		    url_call(h, "GET", "/containers/", c->opt.args[0], "/json", NULL, NULL, &e))
			return command_fail(c, &e);
		fprintf(stderr, "the input device is not a TTY\n");
		return 1;
	}
	r = command_http(c, &h, &e);
	r = r ? r : exec_body(&c->opt, &s, detach, &body, &e);
	r = r ? r : make_exec(h, c->opt.args[0], body, &id, &e);
	s.id = id;
	if (!r)
		r = detach ? start_detached(h, &s, &e) : run_attached(&s, h, &e);
	session_end(&s);
	return r < 0 ? command_fail(c, &e) : r;
}

const struct verb verbs_exec[] = {
	{ .paths = "container exec|exec", .usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	  .about = "Run a further command in a running container", .options = exec_options,
	  .min_args = 2, .max_args = -1, .stop_early = true, .common = 2,
	  .complete = COMPLETE_RUNNING, .run = exec_verb },
	{ 0 },
};
