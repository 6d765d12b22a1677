/* run.c - docker run and docker create.
 *
 * run is create, attach, begin to wait, start, copy, ask how it ended: attach
 * before start, or the first words are lost; wait before start, or a program
 * that is quick to end can't be waited for.  -d is create and start.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/body.h"
#include "client/image_name.h"
#include "client/pull.h"
#include "client/url.h"
#include "client/session.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct option create_options[] = {
#include "client/create_options.def"
	{ 0 },
};

static const struct option run_options[] = {
#include "client/create_options.def"
	{ "detach", 'd', &opt_flag, "Leave it running and print its id" },
	{ "detach-keys", 0, &opt_string, "Keys that leave the container running" },
	{ "sig-proxy", 0, &opt_flag, "Pass our signals on to it", "true" },
	{ 0 },
};

static bool attached_to(const struct options *o, const char *stream)
{
	char *const *list = opt_all(o, "attach");

	for (; *list; list++)
		if (strcasecmp(*list, stream) == 0)
			return true;
	return false;
}

/* Which streams: -a says so, else all of them unless -d. */
static void pick_streams(const struct options *o, bool detach, struct session *s)
{
	bool named = opt_given(o, "attach");

	s->tty = opt_on(o, "tty");
	s->in = !detach && (named ? attached_to(o, "stdin") : opt_on(o, "interactive"));
	s->out = !detach && (!named || attached_to(o, "stdout"));
	s->err = !detach && (!named || attached_to(o, "stderr"));
}

static void stream_fields(cJSON *body, const struct options *o, const struct session *s)
{
	bool open = opt_on(o, "interactive");

	json_put_bool(body, "AttachStdin", s->in);
	json_put_bool(body, "AttachStdout", s->out);
	json_put_bool(body, "AttachStderr", s->err);
	json_put_bool(body, "OpenStdin", open);
	json_put_bool(body, "StdinOnce", open && s->in);
	session_console(s, json_obj(body, "HostConfig"));
}

static int pull_missing(struct http *h, const struct options *o, const char *image, struct err *e)
{
	struct pull p = { image, opt_text(o, "platform"), opt_on(o, "quiet") ? NULL : stderr };

	return pull_image(h, &p, e);
}

static int post_create(struct http *h, const struct options *o, const cJSON *body,
		       struct http_answer *a, struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, "/containers/create", NULL, "");
	url_add(&path, "name", opt_text(o, "name"));
	url_add(&path, "platform", opt_text(o, "platform"));
	return http_call(h, "POST", path.s, body, a, e);
}

static bool image_missing(const struct err *e)
{
	return e->status == 404 && strstr(e->what, "o such image");
}

/* Creates, pulling the image first where --pull says so. */
static int create_pulling(struct http *h, const struct options *o, const cJSON *body,
			  struct http_answer *a, struct err *e)
{
	const char *pull = opt_text(o, "pull"), *image = o->args[0];
	struct image_name n;
	int r;

	if (str_eq(pull, "always")) {
		r = pull_missing(h, o, image, e);
		return r ? r : post_create(h, o, body, a, e);
	}
	r = post_create(h, o, body, a, e);
	if (!r || !image_missing(e) || !str_eq(pull, "missing") ||
	    image_name_parse(image, &n, NULL))
		return r;
	autofree char *shown = image_name_show(&n, false);
	image_name_free(&n);
	if (!opt_on(o, "quiet"))
		fprintf(stderr, "Unable to find image '%s' locally\n", shown);
	err_clear(e);
	r = pull_missing(h, o, image, e);
	return r ? r : post_create(h, o, body, a, e);
}

/* The file is made before the container: a name that can't be written is found
 * out in time.  NULL where none was asked for. */
static int open_cidfile(const char *path, FILE **out, struct err *e)
{
	*out = NULL;
	if (!path)
		return 0;
	if (access(path, F_OK) == 0)
		return err_set(e, EEXIST, "container ID file found, make sure the other container "
			       "isn't running or delete %s", path);
	*out = fopen(path, "we");
	if (*out)
		return 0;
	int code = errno;
	autofree char *why = str_dup(strerror(code));
	*why = (char)tolower((unsigned char)*why);
	return err_set(e, code, "failed to create the container ID file: open %s: %s", path, why);
}

static int check_words(const struct options *o, struct err *e)
{
	const char *pull = opt_text(o, "pull");
	struct image_name n;

	if (!str_eq(pull, "always") && !str_eq(pull, "missing") && !str_eq(pull, "never"))
		return err_set(e, EINVAL, "invalid pull option: '%s': must be one of \"always\", "
			       "\"missing\" or \"never\"", pull);
	int r = image_name_parse(o->args[0], &n, e);
	if (!r)
		image_name_free(&n);
	return r;
}

static void say_warnings(const cJSON *answer)
{
	const cJSON *w;

	cJSON_ArrayForEach(w, json_obj(answer, "Warnings"))
		if (cJSON_IsString(w))
			fprintf(stderr, "WARNING: %s\n", w->valuestring);
}

/* Makes the container; *id is the caller's. */
static int make_container(struct command *c, const cJSON *body, char **id, struct err *e)
{
	const char *cidfile = opt_text(&c->opt, "cidfile");
	autofile FILE *to = NULL;
	struct http_answer a = { 0 };
	struct http *h;
	int r = open_cidfile(cidfile, &to, e);

	r = r ? r : command_http(c, &h, e);
	r = r ? r : create_pulling(h, &c->opt, body, &a, e);
	if (r) {
		if (to)
			unlink(cidfile);
		return r;
	}
	*id = str_dup(a.json ? json_str(a.json, "Id") : NULL);
	say_warnings(a.json);
	http_answer_free(&a);
	if (to && *id)
		fputs(*id, to);
	return *id ? 0 : err_set(e, EPROTO, "the daemon's answer has no id in it");
}

static int dry_run(struct command *c, const cJSON *body)
{
	struct http_answer a = { 0 };
	struct err e = { 0 };
	struct http *h;

	if (command_http(c, &h, &e) ||
	    http_call(h, "POST", "/drydock/containers/plan", body, &a, &e))
		return command_fail_help(c, &e, EXIT_DOCKER);
	fputs(a.json ? json_str_or(a.json, "text", "") : a.body.s ? a.body.s : "", stdout);
	http_answer_free(&a);
	return 0;
}

static int create_verb(struct command *c)
{
	autojson cJSON *body = NULL;
	autofree char *id = NULL;
	struct session s = { 0 };
	struct err e = { 0 };

	pick_streams(&c->opt, false, &s);
	if (check_words(&c->opt, &e) || body_create(&c->opt, c->opt.args, &body, &e))
		return command_fail_help(c, &e, EXIT_DOCKER);
	stream_fields(body, &c->opt, &s);
	if (opt_on(&c->opt, "dry-run"))
		return dry_run(c, body);
	if (make_container(c, body, &id, &e))
		return command_fail(c, &e);
	puts(id);
	return 0;
}

/* Why a program did not start decides between 125, 126 and 127. */
static int start_code(const struct err *e)
{
	if (strstr(e->what, "executable file not found") ||
	    strstr(e->what, "no such file or directory"))
		return 127;
	if (strstr(e->what, "permission denied") || strstr(e->what, "is a directory"))
		return 126;
	return EXIT_DOCKER;
}

static int start(struct command *c, const char *id, struct err *e)
{
	autostr struct str path = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);

	url_path(&path, "/containers/", id, "/start");
	return r ? r : http_call(h, "POST", path.s, NULL, NULL, e);
}

/* Attached: returns the program's exit code, or -errno before it ran. */
static int run_attached(struct session *s, const struct options *o, struct err *e)
{
	int r = terminal_begin(&s->terminal, e);

	r = r ? r : session_attach(s, NULL, e);
	r = r ? r : session_wait(s, opt_on(o, "rm") ? "removed" : "next-exit", e);
	r = r ? r : start(s->c, s->id, e);
	if (r)
		return r;
	session_resize(s);
	return session_run(s, e);
}

static int run_container(struct command *c, struct session *s, bool detach)
{
	struct err e = { 0 };
	int r;

	if (detach) {
		if (start(c, s->id, &e))
			return command_fail_help(c, &e, start_code(&e));
		puts(s->id);
		return 0;
	}
	r = run_attached(s, &c->opt, &e);
	session_end(s);
	return r < 0 ? command_fail_help(c, &e, start_code(&e)) : r;
}

static int run_verb(struct command *c)
{
	bool detach = opt_on(&c->opt, "detach");
	struct session s = { .c = c, .stream.fd = -1, .terminal.signals = -1,
			     .sig_proxy = opt_on(&c->opt, "sig-proxy"),
			     .detach_keys = opt_text(&c->opt, "detach-keys") };
	autojson cJSON *body = NULL;
	autofree char *id = NULL;
	struct err e = { 0 };

	pick_streams(&c->opt, detach, &s);
	if (detach && opt_given(&c->opt, "attach")) {
		fprintf(stderr, "conflicting options: cannot specify both --attach and --detach\n");
		return 1;
	}
	if (check_words(&c->opt, &e) || body_create(&c->opt, c->opt.args, &body, &e))
		return command_fail_help(c, &e, EXIT_DOCKER);
	stream_fields(body, &c->opt, &s);
	if (opt_on(&c->opt, "dry-run"))
		return dry_run(c, body);
	if (s.in && s.tty && !isatty(STDIN_FILENO)) {
		fprintf(stderr, "the input device is not a TTY\n");
		return 1;
	}
	if (make_container(c, body, &id, &e))
		return command_fail_help(c, &e, start_code(&e));
	s.id = id;
	return run_container(c, &s, detach);
}

const struct verb verbs_run[] = {
	{ .paths = "container run|run", .usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	  .about = "Create and start a container from an image", .options = run_options,
	  .min_args = 1, .max_args = -1, .stop_early = true, .common = 1,
	  .complete = COMPLETE_IMAGE, .run = run_verb },
	{ .paths = "container create|create", .usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	  .about = "Create a container without starting it", .options = create_options,
	  .min_args = 1, .max_args = -1, .stop_early = true, .complete = COMPLETE_IMAGE,
	  .run = create_verb },
	{ 0 },
};
