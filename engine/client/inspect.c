/* inspect.c - docker inspect: the API's answer as it is, or through a template.
 *
 * Without a kind the name is looked up as a container, an image, a network and a
 * volume, in docker's order.  The JSON is laid out anew and not re-made, so that
 * numbers and the order of fields stay the daemon's.
 */
#include "client/inspect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/url.h"
#include "client/rows.h"
#include "client/template.h"
#include "core/cleanup.h"
#include "core/json.h"

#define EXIT_TEMPLATE 64	/* docker's code for a template that can't be parsed */

static const struct { const char *kind, *before, *after; } kinds[] = {
	{ "container", "/containers/", "/json" },
	{ "image", "/images/", "/json" },
	{ "network", "/networks/", "" },
	{ "volume", "/volumes/", "" },
};

/* What the verb prints, gathered: output first, failures after it, as docker does. */
struct report {
	struct template *format;	/* NULL: whole documents */
	bool json;			/* --format json: on one line */
	struct str out, said;
	int shown;
};

static int get(struct command *c, size_t kind, const char *name, bool size,
	       struct http_answer *a, struct err *e)
{
	autostr struct str path = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);

	url_path(&path, kinds[kind].before, name, kinds[kind].after);
	url_flag(&path, "size", size && kind == 0);
	return r ? r : http_call(h, "GET", path.s, NULL, a, e);
}

/* The first kind that has it; only: a kind, or NULL for all. */
static int find(struct command *c, const char *only, const char *name, bool size,
		struct http_answer *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (only && !str_eq(only, kinds[i].kind))
			continue;
		err_clear(e);
		if (get(c, i, name, size, a, e) == 0)
			return 0;
		if (only || e->status != 404)
			return -e->code;
	}
	err_clear(e);
	return err_set(e, ENOENT, "Error: No such object: %s", name);
}

static int show(struct report *r, const struct http_answer *a, struct err *e)
{
	if (r->format) {
		int rc = template_run(r->format, a->json, NULL, &r->out, e);
		str_add(&r->out, rc ? "" : "\n");
		return rc;
	}
	str_add(&r->out, r->shown++ ? "," : "");
	if (r->json)
		go_json(a->json, &r->out);
	else
		str_addn(&r->out, a->body.s, a->body.len);
	return 0;
}

static void print(const struct report *r)
{
	autostr struct str laid = { 0 }, array = { 0 };

	if (r->format) {
		printf("%s", r->out.len ? r->out.s : "\n");
		return;
	}
	str_addf(&array, "[%s]", r->out.s ? r->out.s : "");
	if (!r->json)
		json_indent(array.s, array.len, "    ", &laid);
	puts(r->json ? array.s : laid.s);
}

static int inspect_all(struct command *c, struct report *r, const char *only, bool size)
{
	struct err e = { 0 };
	int code = 0;

	for (char **name = c->opt.args; *name; name++) {
		struct http_answer a = { 0 };

		err_clear(&e);
		if (find(c, only, *name, size, &a, &e)) {
			if (e.code == EINTR)
				return command_fail(c, &e);
			str_addf(&r->said, "%s%s\n", e.status ? "Error response from daemon: " : "",
				 e.what);
			code = 1;
		} else if (show(r, &a, &e)) {
			str_addf(&r->said, "template parsing error: %s\n", e.what);
			code = 1;
			http_answer_free(&a);
			break;
		}
		http_answer_free(&a);
	}
	print(r);
	fflush(stdout);
	fputs(r->said.s ? r->said.s : "", stderr);
	return code;
}

static int inspect(struct command *c, const char *only, bool size)
{
	const char *format = opt_text(&c->opt, "format");
	struct report r = { .json = format && str_eq(format, "json") };
	struct err e = { 0 };
	int code;

	if (format && *format && !r.json && template_parse(format, &r.format, &e)) {
		fprintf(stderr, "template parsing error: %s\n", e.what);
		return EXIT_TEMPLATE;
	}
	code = inspect_all(c, &r, only, size);
	template_free(r.format);
	str_free(&r.out);
	str_free(&r.said);
	return code;
}

int inspect_kind(struct command *c, const char *kind)
{
	return inspect(c, kind, false);
}

static int inspect_verb(struct command *c)
{
	const char *type = opt_text(&c->opt, "type");

	for (size_t i = 0; type && *type && i < ARRAY_SIZE(kinds); i++)
		if (str_eq(type, kinds[i].kind))
			return inspect(c, type, opt_on(&c->opt, "size"));
	if (type && *type) {
		fprintf(stderr, "unknown type: \"%s\": must be one of \"config\", \"container\", \"image\", "
			"\"network\", \"node\", \"plugin\", \"secret\", \"service\", \"task\", "
			"\"volume\"\n", type);
		return 1;
	}
	return inspect(c, NULL, opt_on(&c->opt, "size"));
}

static int container_inspect_verb(struct command *c)
{
	return inspect(c, "container", opt_on(&c->opt, "size"));
}

static int image_inspect_verb(struct command *c)
{
	return inspect_kind(c, "image");
}

static const struct option inspect_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ "size", 's', &opt_flag, "Say what a container takes on disk" },
	{ "type", 0, &opt_string, "Only look for this kind: container, image, network, volume" },
	{ 0 },
};

static const struct option container_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ "size", 's', &opt_flag, "Say what it takes on disk" },
	{ 0 },
};

const struct option inspect_one_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ 0 },
};

static const struct option image_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ "platform", 0, &opt_string, "Only this platform (os/arch)", .since = "1.49" },
	{ 0 },
};

const struct verb verbs_inspect[] = {
	{ .paths = "inspect", .usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	  .about = "Show everything about containers, images, networks or volumes",
	  .options = inspect_options, .min_args = 1, .max_args = -1, .complete = COMPLETE_OBJECT,
	  .run = inspect_verb },
	{ .paths = "container inspect", .usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	  .about = "Show everything about containers", .options = container_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_CONTAINER,
	  .run = container_inspect_verb },
	{ .paths = "image inspect", .usage = "[OPTIONS] IMAGE [IMAGE...]",
	  .about = "Show everything about images", .options = image_options, .min_args = 1,
	  .max_args = -1, .complete = COMPLETE_IMAGE, .run = image_inspect_verb },
	{ 0 },
};
