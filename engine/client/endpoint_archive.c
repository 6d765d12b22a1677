/* endpoint_archive.c - docker context export and import: a context as a tar.
 *
 * meta.json is in it, and tls/ENDPOINT/FILE for each key or certificate.  This client uses
 * none of those, but it passes on what docker's own client has put there.  An archive may
 * come from anybody: it is undone in a folder of its own first, and only plain files under
 * these names are taken from there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/endpoint.h"
#include "client/ustar.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

#define MAX_ARCHIVE (10 << 20)	/* bytes, as docker's client has it */

/* ---- the tls folder: one folder an endpoint, files in it --------------------------------- */

struct tls_walk {
	int (*file)(struct tls_walk *w, const char *endpoint, const char *name,
		    const struct str *data, struct err *e);
	const char *to;		/* import: the folder that gets them */
	struct str *tar;	/* export */
};

static int tls_endpoint(struct tls_walk *w, const char *folder, const char *endpoint, struct err *e)
{
	autofree char *path = str_printf("%s/%s", folder, endpoint);
	int r = 0;
	DIR *d = opendir(path);

	for (struct dirent *ent; d && r == 0 && (ent = readdir(d));) {
		autofree char *file = str_printf("%s/%s", path, ent->d_name);
		autostr struct str data = { 0 };
		struct stat st;

		if (lstat(file, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		r = file_read(file, &data, e);
		r = r ? r : w->file(w, endpoint, ent->d_name, &data, e);
	}
	if (d)
		closedir(d);
	return r;
}

static int tls_walk(struct tls_walk *w, const char *folder, struct err *e)
{
	int r = 0;
	DIR *d = opendir(folder);

	for (struct dirent *ent; d && r == 0 && (ent = readdir(d));) {
		autofree char *path = str_printf("%s/%s", folder, ent->d_name);
		struct stat st;

		if (ent->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = tls_endpoint(w, folder, ent->d_name, e);
	}
	if (d)
		closedir(d);
	return r;
}

/* ---- export ---------------------------------------------------------------------------- */

static void add_file(struct str *tar, const char *name, mode_t mode, const char *data, size_t n)
{
	static const char zeroes[USTAR_BLOCK];
	const struct stat st = { .st_mode = mode, .st_size = (off_t)n };

	ustar_add(tar, &(struct ustar_entry){ name, "", '0', &st, false });
	str_addn(tar, data, n);
	str_addn(tar, zeroes, ustar_padding((int64_t)n));
}

static int pack_tls(struct tls_walk *w, const char *endpoint, const char *name,
		    const struct str *data, struct err *e)
{
	autofree char *path = str_printf("tls/%s/%s", endpoint, name);

	add_file(w->tar, path, 0600, data->s, data->len);
	return 0;
}

static int pack(const char *name, struct str *tar, struct err *e)
{
	static const char end[2 * USTAR_BLOCK];
	struct tls_walk w = { .file = pack_tls, .tar = tar };
	const struct stat folder = { .st_mode = 0700 };
	autofree char *tls = endpoint_tls_path(name);
	autojson cJSON *meta = NULL;
	int r = endpoint_load(name, &meta, e);

	if (r)
		return r;
	autofree char *text = json_line(meta);
	add_file(tar, "meta.json", 0644, text, strlen(text));
	ustar_add(tar, &(struct ustar_entry){ "tls", "", '5', &folder, false });
	r = tls_walk(&w, tls, e);
	str_addn(tar, end, sizeof(end));
	return r;
}

static int write_new(const char *path, const struct str *tar, struct err *e)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, errno, "open %s: %s", path,
			       errno == EEXIST ? "file exists" : strerror(errno));
	int r = write_all(fd, tar->s, tar->len);
	return r ? err_sys(e, -r, "write %s", path) : 0;
}

static int export_verb(struct command *c)
{
	const char *name = c->opt.args[0], *given = c->opt.args[1];
	autofree char *path = given ? str_dup(given) : str_printf("%s.dockercontext", name);
	bool out = str_eq(path, "-");
	autostr struct str tar = { 0 };
	struct err e = { 0 };
	int r = out && isatty(STDOUT_FILENO)
		? err_set(&e, EINVAL, "cowardly refusing to export to a terminal, specify a file path")
		: pack(name, &tar, &e);

	if (r == 0 && out && (r = write_all(STDOUT_FILENO, tar.s, tar.len)))
		err_sys(&e, -r, "write the archive");
	else if (r == 0 && !out && (r = write_new(path, &tar, &e)) == 0)
		fprintf(stderr, "Written file \"%s\"\n", path);
	return r ? command_fail(c, &e) : 0;
}

/* ---- import ---------------------------------------------------------------------------- */

static int keep_tls(struct tls_walk *w, const char *endpoint, const char *name,
		    const struct str *data, struct err *e)
{
	autofree char *folder = str_printf("%s/%s", w->to, endpoint);
	autofree char *path = str_printf("%s/%s", folder, name);
	int r = dir_make(folder, 0700, e);

	return r ? r : file_write_atomic(path, data->s, data->len, 0600, e);
}

static int undo(int fd, const char *folder, struct err *e)
{
	struct untar *u;
	char buf[32768];
	size_t all = 0;
	ssize_t n;
	int r = untar_begin(folder, ".", ".", false, &u, e);

	if (r)
		return r;
	while (r == 0 && (n = read(fd, buf, sizeof(buf))) > 0 && (all += (size_t)n) <= MAX_ARCHIVE)
		r = untar_feed(u, buf, (size_t)n);
	untar_lenient(u);	/* docker's own client writes no end */
	r = untar_end(u, e);
	if (all > MAX_ARCHIVE)
		r = err_set(e, EFBIG, "read exceeds the defined limit");
	return r;
}

static int take(const char *name, const char *from, struct err *e)
{
	autofree char *path = str_printf("%s/meta.json", from), *tls = str_printf("%s/tls", from);
	autofree char *to = endpoint_tls_path(name);
	struct tls_walk w = { .file = keep_tls, .to = to };
	autostr struct str text = { 0 };
	autojson cJSON *meta = NULL;
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "invalid context: no metadata found");
	if (file_read(path, &text, e) || json_parse(text.s ? text.s : "", text.len, &meta, e))
		return -e->code;
	if (!cJSON_IsObject(meta))
		return err_set(e, EINVAL, "invalid context: meta.json is no object");
	cJSON_DeleteItemFromObjectCaseSensitive(meta, "Name");
	json_put_str(meta, "Name", name);
	int r = lstat(tls, &st) == 0 && S_ISDIR(st.st_mode) ? tls_walk(&w, tls, e) : 0;
	return r ? r : endpoint_save(name, meta, e);
}

static int import_verb(struct command *c)
{
	const char *name = c->opt.args[0], *file = c->opt.args[1];
	char folder[] = "/tmp/drydock-context.XXXXXX";
	struct err e = { 0 };
	int r = endpoint_name_free(name, &e);
	autofd int fd = r ? -1 : str_eq(file, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
						   : open(file, O_RDONLY | O_CLOEXEC);

	if (r)
		return command_fail(c, &e);
	if (fd < 0)
		r = err_set(&e, errno, "open %s: %s", file,
			    errno == ENOENT ? "no such file or directory" : strerror(errno));
	else if (!mkdtemp(folder))
		r = err_sys(&e, errno, "make %s", folder);
	else if ((r = undo(fd, folder, &e)) == 0)
		r = take(name, folder, &e);
	dir_remove(folder, NULL);
	if (r)
		return command_fail(c, &e);
	puts(name);
	fflush(stdout);
	fprintf(stderr, "Successfully imported context \"%s\"\n", name);
	return 0;
}

const struct verb verbs_context_archive[] = {
	{ .paths = "context export", .usage = "[OPTIONS] CONTEXT [FILE|-]",
	  .about = "Write a context to a tar archive", .min_args = 1, .max_args = 2,
	  .complete = COMPLETE_FILE, .run = export_verb },
	{ .paths = "context import", .usage = "CONTEXT FILE|-",
	  .about = "Make a context of such an archive", .min_args = 2, .max_args = 2,
	  .complete = COMPLETE_FILE, .run = import_verb },
	{ 0 },
};
