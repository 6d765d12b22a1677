/* pull.c - docker pull, and run's "Unable to find image". */
#include "client/pull.h"

#include <errno.h>
#include <unistd.h>

#include "client/credentials.h"
#include "client/image_name.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

struct feed { struct progress *p; struct err *e; int failed; };

static int on_message(void *arg, cJSON *line)
{
	struct feed *f = arg;

	f->failed = progress_line(f->p, line, f->e);
	return f->failed;
}

int pull_image(struct http *h, const struct pull *p, struct err *e)
{
	autostr struct str path = { 0 };
	struct image_name n;
	struct feed f = { .e = e };
	int r = image_name_parse(p->image, &n, e);

	if (r)
		return r;
	url_path(&path, "/images/create", NULL, "");
	url_add(&path, "fromImage", n.full);
	url_add(&path, "tag", p->all ? NULL : n.tag);
	url_add(&path, "platform", p->platform);
	credentials_introduce(h, n.full);
	image_name_free(&n);
	f.p = progress_new(p->to);
	r = http_lines(h, "POST", path.s, NULL, on_message, &f, e);
	progress_free(f.p);
	return r ? r : f.failed;
}

static int pull_verb(struct command *c)
{
	bool quiet = opt_on(&c->opt, "quiet");
	struct pull p = { c->opt.args[0], opt_text(&c->opt, "platform"), quiet ? NULL : stdout,
			  opt_on(&c->opt, "all-tags") };
	struct image_name n;
	struct http *h;
	struct err e = { 0 };

	if (image_name_parse(p.image, &n, &e) || command_http(c, &h, &e))
		return command_fail(c, &e);
	if (p.all && !n.implied)
		err_set(&e, EINVAL, "tag can't be used with --all-tags/-a");
	if (n.implied && !quiet && !p.all)
		printf("Using default tag: latest\n");
	autofree char *full = p.all ? str_dup(n.full) : image_name_show(&n, true);
	image_name_free(&n);
	if (e.code)
		return command_fail(c, &e);
	if (pull_image(h, &p, &e))
		return command_fail(c, &e);
	puts(full);
	return 0;
}

static const struct option pull_options[] = {
	{ "all-tags", 'a', &opt_flag, "Pull all tags of the name" },
	{ "disable-content-trust", 0, &opt_flag, "Accepted and ignored: images are checked by digest",
	  "true" },
	{ "platform", 0, &opt_string, "Platform to pull (os/arch)" },
	{ "quiet", 'q', &opt_flag, "Say only the image's name" },
	{ 0 },
};

const struct verb verbs_pull[] = {
	{ .paths = "image pull|pull", .usage = "[OPTIONS] NAME[:TAG|@DIGEST]",
	  .about = "Download an image from a registry", .options = pull_options,
	  .min_args = 1, .max_args = 1, .common = 5, .complete = COMPLETE_IMAGE,
	  .run = pull_verb },
	{ 0 },
};
