/* cp.c - docker cp: files between this machine and a container, as tar over the API.
 *
 * The rules are cp's, with docker's additions: a path that ends in "/." means what is
 * in the directory, and its name stays behind; a target that is a directory gets the
 * source under its own name; one that isn't there becomes the source's new name; and
 * a target written with a "/" behind it must be there.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/context.h"
#include "client/human.h"
#include "client/url.h"
#include "client/ustar.h"
#include "client/verb.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

/* Go's os.FileMode, in which the API tells of paths. */
#define GO_DIR  (1u << 31)
#define GO_LINK (1u << 27)
#define GO_ODD  (1u << 26 | 1u << 25 | 1u << 24 | 1u << 21 | 1u << 19)	/* devices, pipes … */

/* One end of a copy. */
struct end { char *path; bool exists, is_dir; };

static void end_free(struct end *x) { free(x->path); }
#define autoend __attribute__((cleanup(end_free)))

/* ---- paths ----------------------------------------------------------------------- */

static bool names_content(const char *path)
{
	return str_eq(path, ".") || str_ends(path, "/.");
}

static bool asserts_directory(const char *path)
{
	return str_ends(path, "/") || names_content(path);
}

/* "a/b/" is "a" and "b"; "a/b/." is "a/b" and "."; "a" is "." and "a". */
static void split(const char *path, char **dir, char **base)
{
	autofree char *clean = str_dup(path);
	for (size_t n = strlen(clean); n > 1 && clean[n - 1] == '/'; )
		clean[--n] = '\0';
	char *slash = strrchr(clean, '/');
	*base = str_dup(slash && slash[1] ? slash + 1 : clean);
	*dir = !slash ? str_dup(".") : slash == clean ? str_dup("/")
	       : strndup(clean, (size_t)(slash - clean));
}

/* Where a source called `base` goes: into which directory, under which name. */
static int prepare(const char *base, bool is_dir, const struct end *to, char **dir, char **as,
		   struct err *e)
{
	if (to->exists && to->is_dir) {
		*dir = str_dup(to->path);
		*as = str_dup(base);
		return 0;
	}
	if (to->exists && is_dir)
		return err_set(e, ENOTDIR, "cannot copy directory");
	if (!is_dir && asserts_directory(to->path))
		return err_set(e, ENOENT, "no such directory");
	split(to->path, dir, as);
	return 0;
}

/* "container:path" taken apart; NULL for a path of this machine. */
static char *container_of(const char *arg, const char **path)
{
	const char *colon = strchr(arg, ':');
	*path = arg;
	if (*arg == '/' || *arg == '.' || !colon)
		return NULL;
	*path = colon + 1;
	return strndup(arg, (size_t)(colon - arg));
}

/* ---- what is there --------------------------------------------------------------- */

static int decode_stat(const char *text, cJSON **out, struct err *e)
{
	autostr struct str plain = { 0 };
	int r = base64_decode(text, &plain);
	return r < 0 ? err_set(e, EPROTO, "unable to decode container path stat header")
		     : json_parse(plain.s ? plain.s : "", plain.len, out, e);
}

static void archive_path(struct str *out, const char *container, const char *path)
{
	url_path(out, "/containers/", container, "/archive");
	url_add(out, "path", path);
}

static int stat_remote(struct http *h, const char *container, const char *path, cJSON **out,
		       struct err *e)
{
	autostr struct str url = { 0 };
	struct http_answer a = { 0 };
	archive_path(&url, container, path);
	int r = http_call(h, "HEAD", url.s, NULL, &a, e);
	if (r == 0)
		r = decode_stat(http_got(h, "X-Docker-Container-Path-Stat"), out, e);
	http_answer_free(&a);
	return r;
}

static uint32_t go_mode(const cJSON *stat) { return (uint32_t)json_int(stat, "mode", 0); }

/* A link's target as the API tells it; owned, NULL if it is no link. */
static char *link_target(const cJSON *stat)
{
	return go_mode(stat) & GO_LINK ? str_dup(json_str_or(stat, "linkTarget", "")) : NULL;
}

static int local_target(const char *path, struct end *out, struct err *e)
{
	struct stat st;
	autofree char *dir = NULL, *base = NULL;
	out->path = str_dup(path);
	out->exists = stat(path, &st) == 0;
	out->is_dir = out->exists && S_ISDIR(st.st_mode);
	split(path, &dir, &base);
	if (!out->exists && stat(dir, &st) < 0)
		return err_set(e, ENOENT, "invalid output path: directory \"%s\" does not exist", dir);
	return 0;
}

/* ---- the end of it --------------------------------------------------------------- */

static void tell(struct command *c, int64_t bytes, const char *container, const char *path)
{
	char size[32];
	bool quiet = opt_given(&c->opt, "quiet") ? opt_on(&c->opt, "quiet") : !isatty(STDOUT_FILENO);
	if (quiet)
		return;
	human_size(size, sizeof(size), (double)bytes, 3);
	fprintf(stderr, "Successfully copied %s to %s%s%s\n", size, container ? container : "",
		container ? ":" : "", path);
}

/* ---- out of a container ---------------------------------------------------------- */

static int print_piece(void *arg, const char *data, size_t n)
{
	return write_all(STDOUT_FILENO, data, n);
}

/* Unpacks the answer of a begun request: names beginning with `from` get `as`. */
static int receive(struct command *c, struct http *h, const char *dir, const char *from,
		   const char *as, int64_t *bytes, struct err *e)
{
	struct untar *untar;
	struct err why = { 0 };
	char buf[16384];
	long n;
	int r = untar_begin(dir, from, as, opt_on(&c->opt, "archive"), &untar, e);
	if (r < 0)
		return r;
	*bytes = 0;
	while (r == 0 && (n = http_read(h, buf, sizeof(buf), e)) != 0) {
		*bytes += n > 0 ? n : 0;
		r = n < 0 ? (int)n : untar_feed(untar, buf, (size_t)n);
	}
	bool broken = e->code != 0;
	int end = untar_end(untar, &why);
	if (end < 0 && !broken)
		*e = why;
	return broken ? -e->code : end;
}

/* With -L, where the link leads; what can't be asked about is the copy's to tell. */
static char *followed(struct command *c, struct http *h, const char *container, const char *path)
{
	autojson cJSON *stat = NULL;
	struct err ignored = { 0 };
	if (!opt_on(&c->opt, "follow-link") ||
	    stat_remote(h, container, path, &stat, &ignored) < 0)
		return NULL;
	return link_target(stat);
}

static int copy_out(struct command *c, const char *container, const char *path, const char *to,
		    struct err *e)
{
	autostr struct str url = { 0 };
	autojson cJSON *stat = NULL;
	autoend struct end dst = { 0 };
	autofree char *dir = NULL, *as = NULL, *up = NULL, *base = NULL;
	struct http *h;
	int64_t bytes;
	int r = command_http(c, &h, e);
	if (r < 0)
		return r;
	autofree char *target = followed(c, h, container, path);
	archive_path(&url, container, target ? target : path);
	if (str_eq(to, "-"))
		return http_stream(h, "GET", url.s, NULL, print_piece, NULL, e);
	if ((r = local_target(to, &dst, e)) < 0 ||
	    (r = http_begin(h, "GET", url.s, NULL, e)) < 0 ||
	    (r = decode_stat(http_got(h, "X-Docker-Container-Path-Stat"), &stat, e)) < 0)
		return r;
	split(path, &up, &base);
	r = prepare(base, go_mode(stat) & GO_DIR, &dst, &dir, &as, e);
	if (r == 0)
		r = receive(c, h, dir, json_str_or(stat, "name", base), as, &bytes, e);
	if (r == 0)
		tell(c, bytes, NULL, to);
	return r;
}

/* ---- into a container ------------------------------------------------------------ */

struct sending { struct context_pack *pack; int64_t bytes; };

static long send_piece(void *arg, char *buf, size_t cap)
{
	struct sending *x = arg;
	long n;
	do
		n = x->pack ? context_read(x->pack, buf, cap) : read(STDIN_FILENO, buf, cap);
	while (!x->pack && n < 0 && errno == EINTR);
	x->bytes += n > 0 ? n : 0;
	return n < 0 && !x->pack ? -errno : n;
}

/* The target as the container has it, behind a link where it is one. */
static int remote_target(struct http *h, const char *container, const char *path, struct end *out,
			 struct err *e)
{
	autojson cJSON *stat = NULL;
	struct err ignored = { 0 };
	out->path = str_dup(path);
	int r = stat_remote(h, container, path, &stat, &ignored);
	autofree char *target = r == 0 ? link_target(stat) : NULL;
	if (target) {
		free(out->path);
		out->path = str_dup(target);
		json_free(&stat);
		r = stat_remote(h, container, target, &stat, &ignored);
	}
	if (r == -EINTR || (r < 0 && !ignored.status)) {
		*e = ignored;
		return r;
	}
	if (r == 0 && go_mode(stat) & GO_ODD)
		return err_set(e, EINVAL, "destination \"%s:%s\" must be a directory or a regular file",
			       container, path);
	out->exists = r == 0;
	out->is_dir = r == 0 && go_mode(stat) & GO_DIR;
	return 0;
}

static int put(struct command *c, struct http *h, const char *container, const char *dir,
	       struct sending *x, struct err *e)
{
	autostr struct str url = { 0 };
	struct http_source src = { "application/x-tar", send_piece, x };
	struct http_answer a = { 0 };
	archive_path(&url, container, dir);
	url_add(&url, "noOverwriteDirNonDir", "true");
	url_flag(&url, "copyUIDGID", opt_on(&c->opt, "archive"));
	int r = http_upload(h, "PUT", url.s, &src, e);
	if (r == 0)
		r = http_finish(h, &a, e);
	http_answer_free(&a);
	if (r < 0 && x->pack && context_error(x->pack)->code)
		*e = *context_error(x->pack);
	return r;
}

/* The source, a link's target where links are followed; its name stays the link's. */
static int local_source(struct command *c, const char *path, char **real, bool *is_dir,
			struct err *e)
{
	struct stat st;
	bool follow = opt_on(&c->opt, "follow-link") || asserts_directory(path);
	if ((follow ? stat : lstat)(path, &st) < 0)
		return errno == ENOENT
		       ? err_set(e, ENOENT, "lstat %s: no such file or directory", path)
		       : err_sys(e, errno, "lstat %s", path);
	*is_dir = S_ISDIR(st.st_mode);
	*real = follow ? realpath(path, NULL) : str_dup(path);
	return *real ? 0 : err_sys(e, errno, "lstat %s", path);
}

static int send_source(struct command *c, struct http *h, const char *container, const char *from,
		       const struct end *dst, struct sending *x, struct err *e)
{
	autofree char *real = NULL, *up = NULL, *base = NULL, *dir = NULL, *as = NULL;
	bool is_dir = false;
	int r = local_source(c, from, &real, &is_dir, e);
	if (r < 0)
		return r;
	split(from, &up, &base);
	r = prepare(base, is_dir, dst, &dir, &as, e);
	struct context_options o = { .folder = real, .as = as, .alone = !is_dir };
	if (r == 0)
		r = context_begin(&o, &x->pack, e);
	return r < 0 ? r : put(c, h, container, dir, x, e);
}

static int copy_in(struct command *c, const char *from, const char *container, const char *path,
		   struct err *e)
{
	autoend struct end dst = { 0 };
	struct sending x = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);
	if (r == 0)
		r = remote_target(h, container, path, &dst, e);
	if (r < 0)
		return r;
	if (!str_eq(from, "-"))
		r = send_source(c, h, container, from, &dst, &x, e);
	else if (!dst.is_dir)
		r = err_set(e, EINVAL, "destination \"%s:%s\" must be a directory", container, path);
	else
		r = put(c, h, container, dst.path, &x, e);
	context_end(x.pack);
	if (r == 0)
		tell(c, x.bytes, container, path);
	return r;
}

/* ---- the verb -------------------------------------------------------------------- */

static int cp_verb(struct command *c)
{
	const char *from_path, *to_path;
	struct err e = { 0 };
	autofree char *from = container_of(c->opt.args[0], &from_path);
	autofree char *to = container_of(c->opt.args[1], &to_path);
	int r;
	if (!*c->opt.args[0])
		r = err_set(&e, EINVAL, "source can not be empty");
	else if (!*c->opt.args[1])
		r = err_set(&e, EINVAL, "destination can not be empty");
	else if (from && to)
		r = err_set(&e, EINVAL, "copying between containers is not supported");
	else if (!from && !to)
		r = err_set(&e, EINVAL, "must specify at least one container source");
	else
		r = from ? copy_out(c, from, from_path, to_path, &e)
			 : copy_in(c, from_path, to, to_path, &e);
	return r < 0 ? command_fail(c, &e) : 0;
}

static const struct option cp_options[] = {
	{ "archive", 'a', &opt_flag, "Keep owners" },
	{ "follow-link", 'L', &opt_flag, "Copy what a link leads to" },
	{ "quiet", 'q', &opt_flag, "Say nothing (so it is where no terminal is)" },
	{ 0 },
};

const struct verb verbs_cp[] = {
	{ .paths = "container cp|cp",
	  .usage = "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- "
		   "CONTAINER:DEST_PATH",
	  .about = "Copy files between a container and this machine", .options = cp_options,
	  .min_args = 2, .max_args = 2, .complete = COMPLETE_FILE, .run = cp_verb },
	{ 0 },
};
