/* archive.c - commit, export, import, save, load, push: images and containers that
 * come from somewhere else than a pull, or go somewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/credentials.h"
#include "client/image_name.h"
#include "client/pull.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

/* ---- commit ---------------------------------------------------------------------- */

static void add_changes(struct str *path, const struct options *o)
{
	for (char *const *change = opt_all(o, "change"); *change; change++)
		url_add(path, "changes", *change);
}

/* repo= and tag= of a name that may be missing. */
static int add_name(struct str *path, const char *name, struct err *e)
{
	struct image_name n;
	if (!name)
		return 0;
	int r = image_name_parse(name, &n, e);
	if (r < 0)
		return r;
	url_add(path, "repo", n.familiar);
	url_add(path, "tag", n.implied ? NULL : n.tag);
	image_name_free(&n);
	return 0;
}

static int commit_verb(struct command *c)
{
	autostr struct str path = { 0 };
	struct http_answer a = { 0 };
	struct http *h;
	struct err e = { 0 };

	url_path(&path, "/commit", NULL, "");
	url_add(&path, "container", c->opt.args[0]);
	url_add(&path, "comment", opt_text(&c->opt, "message"));
	url_add(&path, "author", opt_text(&c->opt, "author"));
	url_add(&path, "pause", opt_on(&c->opt, "pause") ? "1" : "0");
	add_changes(&path, &c->opt);
	int r = add_name(&path, c->opt.args[1], &e);
	if (r == 0)
		r = command_http(c, &h, &e);
	if (r == 0)
		r = http_call(h, "POST", path.s, NULL, &a, &e);
	if (r < 0)
		return command_fail(c, &e);
	puts(json_str_or(a.json, "Id", ""));
	http_answer_free(&a);
	return 0;
}

/* ---- to a file ------------------------------------------------------------------- */

static int write_piece(void *arg, const char *data, size_t n)
{
	return write_all(*(int *)arg, data, n);
}

/* Written beside and renamed: a broken download leaves the old file. */
static int receive_file(struct http *h, const char *path, const char *doing, const char *file,
			struct err *e)
{
	autofree char *tmp = str_printf("%s.tmp-%d", file, (int)getpid());
	autofree char *folder = str_dup(file);
	char *slash = strrchr(folder, '/');
	struct stat st;
	if (slash && slash != folder)
		*slash = '\0';
	if (slash && access(folder, F_OK) < 0)
		return err_set(e, ENOENT, "failed to %s: invalid output path: stat %s: no such file or "
			       "directory", doing, folder);
	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "failed to %s: cannot write to a directory", doing);
	autofd int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "open %s", file);
	int r = http_stream(h, "GET", path, NULL, write_piece, &fd, e);
	if (r == 0 && rename(tmp, file) < 0)
		r = err_sys(e, errno, "write %s", file);
	if (r < 0)
		unlink(tmp);
	return r;
}

/* What GET path answers goes to -o, or to standard output. */
static int receive(struct command *c, const char *path, const char *doing)
{
	const char *file = opt_text(&c->opt, "output");
	int out = STDOUT_FILENO;
	struct http *h;
	struct err e = { 0 };
	int r = 0;

	if (!file && isatty(STDOUT_FILENO))
		r = err_set(&e, EINVAL, "cowardly refusing to save to a terminal. "
			    "Use the -o flag or redirect");
	if (r == 0)
		r = command_http(c, &h, &e);
	if (r == 0)
		r = file ? receive_file(h, path, doing, file, &e)
			 : http_stream(h, "GET", path, NULL, write_piece, &out, &e);
	return r < 0 ? command_fail(c, &e) : 0;
}

static int export_verb(struct command *c)
{
	autostr struct str path = { 0 };
	url_path(&path, "/containers/", c->opt.args[0], "/export");
	return receive(c, path.s, "export container");
}

static int save_verb(struct command *c)
{
	autostr struct str path = { 0 };
	url_path(&path, "/images/get", NULL, "");
	for (char **name = c->opt.args; *name; name++)
		url_add(&path, "names", *name);
	return receive(c, path.s, "save image");
}

/* ---- from a file ----------------------------------------------------------------- */

static long read_fd(void *arg, char *buf, size_t cap)
{
	ssize_t n;
	do
		n = read(*(int *)arg, buf, cap);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int show_line(struct progress *p, const struct str *line, struct err *e)
{
	autojson cJSON *o = NULL;
	if (strspn(line->s ? line->s : "", " \r") == line->len)
		return 0;
	int r = json_parse(line->s, line->len, &o, e);
	return r < 0 ? r : progress_line(p, o, e);
}

/* The answer of a begun request: lines, as progress shows them. */
static int show_answer(struct http *h, struct progress *p, struct err *e)
{
	autostr struct str line = { 0 };
	char buf[8192];
	long n;
	int r = 0;
	while (r == 0 && (n = http_read(h, buf, sizeof(buf), e)) != 0) {
		if (n < 0)
			return (int)n;
		for (long i = 0; i < n && r == 0; i++) {
			if (buf[i] != '\n') {
				str_addn(&line, buf + i, 1);
				continue;
			}
			r = show_line(p, &line, e);
			str_clear(&line);
		}
	}
	return r == 0 ? show_line(p, &line, e) : r;
}

/* fd: the body, or -1 for none. */
static int send(struct command *c, const char *path, int fd, FILE *to, struct err *e)
{
	struct http_source src = { "application/x-tar", read_fd, &fd };
	struct http *h;
	int r = command_http(c, &h, e);
	if (r == 0)
		r = fd < 0 ? http_begin(h, "POST", path, NULL, e)
			   : http_upload(h, "POST", path, &src, e);
	if (r < 0)
		return r;
	struct progress *p = progress_new(to);
	r = show_answer(h, p, e);
	progress_free(p);
	return r;
}

static int open_input(const char *file, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)	/* in Go's words */
		return err_set(e, ENOENT, "open %s: no such file or directory", file);
	return fd < 0 ? err_sys(e, errno, "open %s", file) : fd;
}

static int load_verb(struct command *c)
{
	autostr struct str path = { 0 };
	const char *file = opt_text(&c->opt, "input");
	struct err e = { 0 };
	autofd int opened = file ? open_input(file, &e) : -1;
	bool quiet = opt_on(&c->opt, "quiet") || !isatty(STDOUT_FILENO);

	if (!e.code && !file && isatty(STDIN_FILENO))
		err_set(&e, EINVAL, "requested load from stdin, but stdin is empty");
	url_path(&path, "/images/load", NULL, "");
	url_add(&path, "quiet", quiet ? "1" : "0");
	if (!e.code)
		send(c, path.s, file ? opened : STDIN_FILENO, stdout, &e);
	return e.code ? command_fail(c, &e) : 0;
}

static int import_verb(struct command *c)
{
	autostr struct str path = { 0 };
	const char *src = c->opt.args[0];
	bool url = strstr(src, "://") != NULL, in = strcmp(src, "-") == 0;
	struct err e = { 0 };
	autofd int opened = url || in ? -1 : open_input(src, &e);

	url_path(&path, "/images/create", NULL, "");
	url_add(&path, "fromSrc", url ? src : "-");
	url_add(&path, "message", opt_text(&c->opt, "message"));
	url_add(&path, "platform", opt_text(&c->opt, "platform"));
	add_changes(&path, &c->opt);
	if (!e.code)
		add_name(&path, c->opt.args[1], &e);
	if (!e.code)
		send(c, path.s, url ? -1 : in ? STDIN_FILENO : opened, stdout, &e);
	return e.code ? command_fail(c, &e) : 0;
}

/* ---- push ------------------------------------------------------------------------ */

static int push_path(struct command *c, struct str *path, char **shown, struct err *e)
{
	struct image_name n;
	bool all = opt_on(&c->opt, "all-tags");
	int r = image_name_parse(c->opt.args[0], &n, e);
	if (r < 0)
		return r;
	if (all && !n.implied)
		r = err_set(e, EINVAL, "tag can't be used with --all-tags/-a");
	else if (n.digest)
		r = err_set(e, EINVAL, "cannot push a digest reference");
	else if (n.implied && !all && !opt_on(&c->opt, "quiet"))
		puts("Using default tag: latest");
	url_path(path, "/images/", n.familiar, "/push");
	url_add(path, "tag", all ? NULL : n.tag);
	*shown = all ? str_dup(n.full) : image_name_show(&n, true);
	image_name_free(&n);
	return r;
}

static int introduce(struct command *c, const char *full_name, struct err *e)
{
	struct http *h;
	int r = command_http(c, &h, e);

	if (r == 0)
		credentials_introduce(h, full_name);
	return r;
}

static int push_verb(struct command *c)
{
	autostr struct str path = { 0 };
	autofree char *shown = NULL;
	bool quiet = opt_on(&c->opt, "quiet");
	struct err e = { 0 };
	int r = push_path(c, &path, &shown, &e);
	fflush(stdout);
	if (r == 0)
		r = introduce(c, shown, &e);
	if (r == 0)
		r = send(c, path.s, -1, quiet ? NULL : stdout, &e);
	if (r < 0)
		return command_fail(c, &e);
	if (quiet)
		puts(shown);
	return 0;
}

/* ---- the table ------------------------------------------------------------------- */

static const struct option commit_options[] = {
	{ "author", 'a', &opt_string, "Who made it (\"Jo Bloggs <jo@example.org>\")" },
	{ "change", 'c', &opt_list, "A Dockerfile instruction for the image" },
	{ "message", 'm', &opt_string, "A note on what was done" },
	{ "pause", 'p', &opt_flag, "Pause the container meanwhile", "true" },
	{ 0 },
};

static const struct option output_options[] = {
	{ "output", 'o', &opt_string, "Write to a file instead of standard output", NULL,
	  COMPLETE_FILE },
	{ 0 },
};

static const struct option save_options[] = {
	{ "output", 'o', &opt_string, "Write to a file instead of standard output", NULL,
	  COMPLETE_FILE },
	{ "platform", 0, &opt_string, "Only this platform (os/arch)", .since = "1.48" },
	{ 0 },
};

static const struct option import_options[] = {
	{ "change", 'c', &opt_list, "A Dockerfile instruction for the image" },
	{ "message", 'm', &opt_string, "A note on where it is from" },
	{ "platform", 0, &opt_string, "Platform it is for (os/arch)" },
	{ 0 },
};

static const struct option load_options[] = {
	{ "input", 'i', &opt_string, "Read from a file instead of standard input", NULL,
	  COMPLETE_FILE },
	{ "platform", 0, &opt_string, "Platform to load (os/arch)", .since = "1.48" },
	{ "quiet", 'q', &opt_flag, "Say only what was loaded" },
	{ 0 },
};

static const struct option push_options[] = {
	{ "all-tags", 'a', &opt_flag, "Push all tags of the image" },
	{ "disable-content-trust", 0, &opt_flag, "Accepted and ignored: images are checked by digest",
	  "true" },
	{ "platform", 0, &opt_string, "Platform to push (os/arch)" },
	{ "quiet", 'q', &opt_flag, "Say only the image's name" },
	{ 0 },
};

const struct verb verbs_archive[] = {
	{ .paths = "container commit|commit", .usage = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
	  .about = "Make an image of a container's changes", .options = commit_options,
	  .min_args = 1, .max_args = 2, .complete = COMPLETE_CONTAINER, .run = commit_verb },
	{ .paths = "container export|export", .usage = "[OPTIONS] CONTAINER",
	  .about = "Write a container's files as a tar archive", .options = output_options,
	  .min_args = 1, .max_args = 1, .complete = COMPLETE_CONTAINER, .run = export_verb },
	{ .paths = "image import|import", .usage = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	  .about = "Make an image of a tar archive's files", .options = import_options,
	  .min_args = 1, .max_args = 2, .complete = COMPLETE_FILE, .run = import_verb },
	{ .paths = "image save|save", .usage = "[OPTIONS] IMAGE [IMAGE...]",
	  .about = "Write images to a tar archive", .options = save_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_IMAGE, .run = save_verb },
	{ .paths = "image load|load", .usage = "[OPTIONS]",
	  .about = "Read images from a tar archive", .options = load_options,
	  .complete = COMPLETE_NOTHING, .run = load_verb },
	{ .paths = "image push|push", .usage = "[OPTIONS] NAME[:TAG]",
	  .about = "Upload an image to a registry", .options = push_options, .min_args = 1,
	  .max_args = 1, .common = 6, .complete = COMPLETE_IMAGE, .run = push_verb },
	{ 0 },
};
