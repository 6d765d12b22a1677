/* build.c - docker build: the context goes to the daemon as a tar, what happens comes
 * back as lines. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/context.h"
#include "client/credentials.h"
#include "client/git_run.h"
#include "client/human.h"
#include "client/image_name.h"
#include "client/pull.h"
#include "client/specs.h"
#include "client/url.h"
#include "client/values.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

#define STDIN_NAME ".dockerfile.stdin"	/* of `-f -` in the tar */

/* -- where the context comes from ----------------------------------------------------- */

struct building {
	struct command *c;
	const char *where;		/* PATH, URL or - */
	char *dockerfile;		/* its name in the context */
	char *folder;			/* NULL: standard input or a URL */
	char *clone;			/* of a git repository: gone at the end */
	struct str text;		/* a Dockerfile that isn't in the folder */
	bool quiet;
	struct context_pack *pack;
	struct str input;		/* standard input's beginning, or the whole tar of a text */
	size_t given;
	int64_t bytes;

	struct progress *progress;
	char *id;			/* the last that the daemon told */
	int code;			/* of a command that failed */
	int failed;
	struct err *e;
};

static bool is_url(const char *text)
{
	return str_starts(text, "http://") || str_starts(text, "https://");
}

static int read_all(int fd, struct str *out, struct err *e)
{
	char buf[65536];
	ssize_t n;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(out, buf, (size_t)n);
	return n < 0 ? err_sys(e, errno, "read standard input") : 0;
}

static int prepare_fail(struct err *e) { return err_wrap(e, "unable to prepare context"); }

/* The file's name in the folder, or its text where it lies elsewhere. */
static int find_dockerfile(struct building *b, const char *file, struct err *e)
{
	/* In a repository it can only be meant from there. */
	autofree char *path = file && !b->clone ? str_dup(file)
			      : str_printf("%s/%s", b->folder, file ? file : "Dockerfile");
	autofree char *lower = str_printf("%s/dockerfile", b->folder), *real = realpath(path, NULL);
	if (!real && !file)
		real = realpath(lower, NULL);
	if (!real) {
		autofree char *cwd = *path == '/' ? str_dup("") : getcwd(NULL, 0);
		err_set(e, ENOENT, "unable to evaluate symlinks in Dockerfile path: lstat %s%s%s: %s",
			cwd ? cwd : "", *path == '/' ? "" : "/", path, "no such file or directory");
		return prepare_fail(e);
	}
	size_t n = strlen(b->folder);
	if (strncmp(real, b->folder, n) == 0 && real[n] == '/') {
		b->dockerfile = str_dup(real + n + 1);
		return 0;
	}
	b->dockerfile = str_dup(STDIN_NAME);
	return file_read(real, &b->text, e);
}

static int open_files(struct building *b, const char *file, struct err *e)
{
	int r = 0;
	if (str_eq(file, "-")) {
		b->dockerfile = str_dup(STDIN_NAME);
		r = read_all(STDIN_FILENO, &b->text, e);
	} else {
		r = find_dockerfile(b, file, e);
	}
	if (r < 0)
		return r;
	struct context_options o = { b->folder, b->dockerfile,
				     str_eq(b->dockerfile, STDIN_NAME) ? b->text.s ? b->text.s : "" : NULL };
	return context_begin(&o, &b->pack, e);
}

static int open_folder(struct building *b, const char *file, struct err *e)
{
	struct stat st;
	b->folder = realpath(b->where, NULL);
	if (!b->folder || stat(b->folder, &st) < 0) {
		err_set(e, ENOENT, "path \"%s\" not found", b->where);
		return prepare_fail(e);
	}
	if (!S_ISDIR(st.st_mode)) {
		err_set(e, ENOTDIR, "context must be a directory: %s", b->folder);
		return prepare_fail(e);
	}
	return open_files(b, file, e);
}

/* gzip, bzip2, xz, zstd, or a tar's own mark; a Dockerfile is none of them. */
static bool looks_like_tar(const struct str *s)
{
	static const struct { size_t at; const char *magic; size_t n; } marks[] = {
		{ 0, "\x1f\x8b\x08", 3 }, { 0, "BZh", 3 }, { 0, "\xfd" "7zXZ", 5 },
		{ 0, "\x28\xb5\x2f\xfd", 4 }, { 257, "ustar", 5 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (s->len >= marks[i].at + marks[i].n &&
		    memcmp(s->s + marks[i].at, marks[i].magic, marks[i].n) == 0)
			return true;
	return false;
}

/* A tar is passed on as it comes; anything else is a Dockerfile without a context. */
static int open_input(struct building *b, const char *file, struct err *e)
{
	char buf[BUFSIZ];
	ssize_t n = 1;
	if (str_eq(file, "-")) {
		err_set(e, EINVAL, "invalid argument: can't use stdin for both build context and dockerfile");
		return -EINVAL;
	}
	while (b->input.len < BUFSIZ && (n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		str_addn(&b->input, buf, (size_t)n);
	if (looks_like_tar(&b->input)) {
		b->dockerfile = str_dup(file ? file : "Dockerfile");
		return 0;
	}
	int r = read_all(STDIN_FILENO, &b->input, e);
	char empty[] = "/tmp/drydock-context.XXXXXX";
	if (r == 0 && !mkdtemp(empty))
		r = err_sys(e, errno, "make %s", empty);
	if (r < 0)
		return r;
	b->dockerfile = str_dup("Dockerfile");
	struct context_options o = { empty, b->dockerfile, b->input.s ? b->input.s : "" };
	r = context_begin(&o, &b->pack, e);
	rmdir(empty);
	str_clear(&b->input);
	return r;
}

/* Fetched here, as docker's client does it: with the user's keys. */
static int open_git(struct building *b, const char *file, struct err *e)
{
	autogit struct git_source source = { 0 };
	char dir[] = "/tmp/drydock-git.XXXXXX";
	int r = git_source_parse(b->where, &source, e);
	if (r == 0 && !mkdtemp(dir))
		r = err_sys(e, errno, "make %s", dir);
	if (r < 0)
		return prepare_fail(e);
	b->clone = str_dup(dir);
	r = git_clone(&source, dir, &git_run_user, &b->folder, e);
	return r < 0 ? prepare_fail(e) : open_files(b, file, e);
}

static int open_context(struct building *b, struct err *e)
{
	const char *file = opt_text(&b->c->opt, "file");
	if (str_eq(b->where, "-"))
		return open_input(b, file, e);
	if (git_is_url(b->where))
		return open_git(b, file, e);
	if (is_url(b->where)) {
		b->dockerfile = str_dup(file ? file : "");
		return 0;
	}
	return open_folder(b, file, e);
}

static long give(void *arg, char *buf, size_t cap)
{
	struct building *b = arg;
	long n = 0;
	if (b->pack) {
		n = context_read(b->pack, buf, cap);
	} else if (b->given < b->input.len) {
		n = (long)(b->input.len - b->given < cap ? b->input.len - b->given : cap);
		memcpy(buf, b->input.s + b->given, (size_t)n);
		b->given += (size_t)n;
	} else if (str_eq(b->where, "-")) {
		n = read(STDIN_FILENO, buf, cap);
	}
	b->bytes += n > 0 ? n : 0;
	if (n == 0 && !b->quiet && b->bytes) {
		char size[32];
		human_size(size, sizeof(size), (double)b->bytes, 4);
		printf("Sending build context to Docker daemon %8s\r\r\n", size);
		fflush(stdout);
	}
	return n;
}

/* -- what is asked for ------------------------------------------------------------------- */

/* "NAME=value", or "NAME" alone: from our environment, null where that has none. */
static void add_pairs(struct str *path, const char *key, char *const *values, bool from_env)
{
	autojson cJSON *o = cJSON_CreateObject();
	for (; *values; values++) {
		const char *eq = strchr(*values, '=');
		autofree char *name = strndup(*values, strcspn(*values, "="));
		cJSON_DeleteItemFromObjectCaseSensitive(o, name);
		json_put_str(o, name, eq ? eq + 1 : from_env ? getenv(name) : "");
	}
	autofree char *text = json_line(o);
	if (o->child)
		url_add(path, key, text);
}

static void add_list(struct str *path, const char *key, char *const *values)
{
	autojson cJSON *a = cJSON_CreateArray();
	for (; *values; values++)
		cJSON_AddItemToArray(a, cJSON_CreateString(*values));
	autofree char *text = json_line(a);
	if (a->child)
		url_add(path, key, text);
}

static const struct { const char *option, *key; char kind; } params[] = {
	{ "no-cache", "nocache", 'f' }, { "pull", "pull", 'f' }, { "force-rm", "forcerm", 'f' },
	{ "quiet", "q", 'f' }, { "target", "target", 's' }, { "platform", "platform", 's' },
	{ "network", "networkmode", 's' }, { "cpuset-cpus", "cpusetcpus", 's' },
	{ "cpuset-mems", "cpusetmems", 's' }, { "cgroup-parent", "cgroupparent", 's' },
	{ "cpu-period", "cpuperiod", 'i' }, { "cpu-quota", "cpuquota", 'i' },
	{ "cpu-shares", "cpushares", 'i' }, { "memory", "memory", 'b' },
	{ "memory-swap", "memswap", 'b' }, { "shm-size", "shmsize", 'b' },
};

static void add_param(struct str *path, const struct options *o, size_t i)
{
	const char *name = params[i].option, *text;
	int64_t n;
	if (!opt_given(o, name))
		return;
	text = params[i].kind == 'f' ? NULL : opt_text(o, name);
	if (params[i].kind == 'f')
		url_flag(path, params[i].key, opt_on(o, name));
	else if (params[i].kind == 'b' && value_bytes(text, &n, NULL) == 0)
		url_int(path, params[i].key, n);
	else
		url_add(path, params[i].key, text);
}

static void add_hosts(struct str *path, char *const *hosts)
{
	autostr struct str all = { 0 };
	for (; *hosts; hosts++)
		str_addf(&all, "%s%s", all.len ? "," : "", *hosts);
	if (all.len)
		url_add(path, "extrahosts", all.s);
}

static void add_ulimits(struct str *path, char *const *values)
{
	autojson cJSON *a = cJSON_CreateArray();
	for (cJSON *one = NULL; *values; values++, one = NULL)
		if (spec_ulimit(*values, &one, NULL) == 0)
			cJSON_AddItemToArray(a, one);
	autofree char *text = json_line(a);
	if (a->child)
		url_add(path, "ulimits", text);
}

static void make_path(struct building *b, struct str *path)
{
	const struct options *o = &b->c->opt;
	url_path(path, "/build", NULL, "");
	url_add(path, "dockerfile", b->dockerfile);
	if (!b->clone && is_url(b->where))
		url_add(path, "remote", b->where);
	for (char *const *t = opt_all(o, "tag"); *t; t++)
		url_add(path, "t", *t);
	url_add(path, "rm", opt_on(o, "rm") ? "1" : "0");
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		add_param(path, o, i);
	add_pairs(path, "buildargs", opt_all(o, "build-arg"), true);
	add_pairs(path, "labels", opt_all(o, "label"), false);
	add_list(path, "cachefrom", opt_all(o, "cache-from"));
	add_list(path, "securityopt", opt_all(o, "security-opt"));
	add_ulimits(path, opt_all(o, "ulimit"));
	add_hosts(path, opt_all(o, "add-host"));
}

/* -- what comes back ------------------------------------------------------------------------ */

static void take_id(struct building *b, const cJSON *line)
{
	const char *id = json_str(json_obj(line, "aux"), "ID");
	if (id) {
		free(b->id);
		b->id = str_dup(id);
	}
}

static void take_line(struct building *b, char *text, size_t n)
{
	autojson cJSON *line = cJSON_ParseWithLength(text, n);
	if (!line || b->failed)
		return;
	take_id(b, line);
	b->code = (int)json_int(json_obj(line, "errorDetail"), "code", 0);
	b->failed = progress_line(b->progress, line, b->e);
}

static int read_lines(struct building *b, struct http *h, struct err *e)
{
	autostr struct str part = { 0 };
	char buf[16384];
	long n;
	while ((n = http_read(h, buf, sizeof(buf), e)) > 0) {
		str_addn(&part, buf, (size_t)n);
		char *nl, *from = part.s;
		while ((nl = memchr(from, '\n', part.len - (size_t)(from - part.s)))) {
			take_line(b, from, (size_t)(nl - from));
			from = nl + 1;
		}
		size_t left = part.len - (size_t)(from - part.s);
		memmove(part.s, from, left);
		part.len = left;
	}
	return (int)n;
}

static int write_id(struct building *b, struct err *e)
{
	const char *file = opt_text(&b->c->opt, "iidfile");
	if (!file || !b->id)
		return 0;
	return file_write_atomic(file, b->id, strlen(b->id), 0666, e);
}

static int run(struct building *b, struct err *e)
{
	autostr struct str path = { 0 };
	struct http_source src = { "application/x-tar", give, b };
	struct http *h;
	int r = open_context(b, e);
	if (r == 0)
		r = command_http(b->c, &h, e);
	if (r < 0)
		return r;
	make_path(b, &path);
	credentials_introduce_all(h);
	r = http_upload(h, "POST", path.s, &src, e);
	if (r < 0 && b->pack && context_error(b->pack)->code)
		*e = *context_error(b->pack);
	if (r == 0)
		r = read_lines(b, h, e);
	if (r == 0)
		r = b->failed;
	return r == 0 ? write_id(b, e) : r;
}

static int build_verb(struct command *c)
{
	struct err e = { 0 };
	struct building b = { .c = c, .where = c->opt.args[0], .e = &e };
	b.quiet = opt_on(&c->opt, "quiet");
	b.progress = progress_new(stdout);
	int r = run(&b, &e);
	progress_free(b.progress);
	if (r < 0)
		r = command_fail(c, &e);
	context_end(b.pack);
	str_free(&b.text);
	str_free(&b.input);
	free(b.dockerfile);
	free(b.folder);
	if (b.clone)
		dir_remove(b.clone, NULL);
	free(b.clone);
	free(b.id);
	return r && b.code ? b.code : r;
}

static int check_tag(const char *text, struct err *e)
{
	struct image_name n;
	int r = image_name_parse(text, &n, e);
	if (r == 0)
		image_name_free(&n);
	return r;
}

static const struct option_type opt_tag = { "list", false, true, .check = check_tag };

static const struct option build_options[] = {
	{ "add-host", 0, &opt_host, "Add a line to /etc/hosts of RUN's containers (host:ip)" },
	{ "build-arg", 0, &opt_list, "Give a value to an ARG (NAME=value)" },
	{ "cache-from", 0, &opt_strings, "Images whose history counts as cache", NULL, COMPLETE_IMAGE },
	{ "cgroup-parent", 0, &opt_string, "Control group above those of RUN's containers" },
	{ "compress", 0, &opt_flag, "Accepted and ignored: the daemon is on this machine" },
	{ "cpu-period", 0, &opt_int, "Length of a period of CPU time, in microseconds" },
	{ "cpu-quota", 0, &opt_int, "CPU time in each period, in microseconds" },
	{ "cpu-shares", 'c', &opt_int, "CPU time relative to others" },
	{ "cpuset-cpus", 0, &opt_string, "CPUs that RUN may use (0-3, 0,1)" },
	{ "cpuset-mems", 0, &opt_string, "Memory nodes that RUN may use (0-3, 0,1)" },
	{ "disable-content-trust", 0, &opt_flag, "Accepted and ignored: images are checked by digest",
	  "true" },
	{ "file", 'f', &opt_string, "The Dockerfile (default: PATH/Dockerfile)", NULL, COMPLETE_FILE },
	{ "force-rm", 0, &opt_flag, "Remove RUN's containers even where one failed" },
	{ "iidfile", 0, &opt_string, "Write the image's id to this file", NULL, COMPLETE_FILE },
	{ "isolation", 0, &opt_string, "Accepted and ignored: there is one way on Linux" },
	{ "label", 0, &opt_list, "Give the image a label" },
	{ "memory", 'm', &opt_bytes, "Memory limit of RUN" },
	{ "memory-swap", 0, &opt_bytes, "Limit of memory and swap together, -1 for none" },
	{ "network", 0, &opt_string, "Network of RUN's containers", "default" },
	{ "no-cache", 0, &opt_flag, "Do every step anew" },
	{ "platform", 0, &opt_string, "Platform of the base images (os/arch)" },
	{ "pull", 0, &opt_flag, "Fetch the base images even where they are here" },
	{ "quiet", 'q', &opt_flag, "Print only the image's id" },
	{ "rm", 0, &opt_flag, "Remove RUN's containers after a build that went well", "true" },
	{ "security-opt", 0, &opt_strings, "Security options of RUN" },
	{ "shm-size", 0, &opt_bytes, "Size of /dev/shm in RUN" },
	{ "tag", 't', &opt_tag, "Name of the image (name:tag)" },
	{ "target", 0, &opt_string, "The last stage to build" },
	{ "ulimit", 0, &opt_ulimit, "Limits of the processes of RUN (nofile=1024:2048)" },
	{ 0 },
};

const struct verb verbs_build[] = {
	{ .paths = "image build|build|builder build", .usage = "[OPTIONS] PATH | URL | -",
	  .about = "Build an image from a Dockerfile", .options = build_options,
	  .min_args = 1, .max_args = 1, .common = 4, .complete = COMPLETE_FILE, .run = build_verb },
	{ 0 },
};
