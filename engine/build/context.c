/* context.c - see context.h.
 *
 * The tar may come from anybody: it is unpacked below a directory of our own, every
 * name resolved beneath it (image/unpack.h).  Its size is bounded, since it is kept
 * on the daemon's disk.
 */
#include "build/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/fetch_file.h"
#include "build/git_run.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/pattern.h"
#include "image/store.h"
#include "image/stream.h"
#include "image/unpack.h"
#include "runtime/container_files.h"

#define CONTEXT_LIMIT (16ll << 30)	/* bytes, unpacked or not: far more is a mistake */
#define DOCKERFILE_LIMIT (4u << 20)

void context_free(struct context *c)
{
	if (c->dir)
		dir_remove(c->dir, NULL);
	free(c->dir);
	free(c->name);
	str_free(&c->text);
	*c = (struct context){ 0 };
}

static int make_dir(struct image_store *s, struct context *c, struct err *e)
{
	c->dir = store_tmp_path(s, "context");
	return dir_make(c->dir, 0700, e);
}

/* ---- the Dockerfile ------------------------------------------------------------------- */

static int read_in(const struct context *c, const char *name, struct str *out)
{
	struct layers tree = { { c->dir }, 1 };
	return layers_read_path(&tree, name, DOCKERFILE_LIMIT, out);
}

static int read_dockerfile(struct context *c, const char **name, struct err *e)
{
	bool usual = !**name || str_eq(*name, "Dockerfile");
	*name = usual ? "Dockerfile" : *name;
	int r = read_in(c, *name, &c->text);
	if (r == -ENOENT && usual && read_in(c, "dockerfile", &c->text) == 0) {
		*name = "dockerfile";
		r = 0;
	}
	if (r < 0)
		return err_set(e, ENOENT, "Cannot locate specified Dockerfile: %s", *name);
	if (!c->text.len)
		return err_set(e, EINVAL, "the Dockerfile (%s) cannot be empty", *name);
	return 0;
}

/* The client sends both files in any case, since we need them; a COPY doesn't get
 * them where .dockerignore names them, nor a Dockerfile that was never in the folder
 * (clients send it as .dockerfile.SOMETHING). */
static void hide_ignored(const struct context *c, const char *dockerfile)
{
	autostr struct str text = { 0 };
	const char *names[] = { ".dockerignore", dockerfile };
	autofree char *guest = str_printf("%s/%s", c->dir, dockerfile);
	if (str_starts(dockerfile, ".dockerfile."))
		unlink(guest);
	if (read_in(c, ".dockerignore", &text) < 0)
		return;
	struct patterns *p = NULL;
	if (patterns_read(text.s ? text.s : "", &p, NULL) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		autofree char *path = str_printf("%s/%s", c->dir, names[i]);
		if (patterns_match(p, names[i]))
			unlink(path);
	}
	patterns_free(p);
}

/* The files are there. */
static int take_files(struct context *c, const char *dockerfile, struct err *e)
{
	c->files = true;
	int r = read_dockerfile(c, &dockerfile, e);
	if (r < 0)
		return r;
	hide_ignored(c, dockerfile);
	c->name = str_dup(dockerfile);
	return 0;
}

/* ---- where it comes from ------------------------------------------------------------------ */

static int unpack(struct kernel *k, struct stream *tar, const char *dir, struct err *e)
{
	autofd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, errno, "open %s", dir);
	struct unpack_options o = { .k = k, .root = root, .below = "" };
	return tar_unpack(&o, tar, e);
}

static int fill(struct kernel *k, struct stream *in, const char *dockerfile, struct context *c,
		struct err *e)
{
	autostream struct stream *inflated = NULL, *plain = NULL;
	struct tee bounded;
	int r = stream_inflate(in, &inflated, e);
	if (r < 0)
		return r;
	plain = stream_unfilter(inflated);
	tee_begin(&bounded, plain, -1);
	bounded.limit = CONTEXT_LIMIT;
	r = unpack(k, &bounded.s, c->dir, e);
	sha256_drop(&bounded.sum);
	return r < 0 ? err_wrap(e, "Error processing tar file") : take_files(c, dockerfile, e);
}

int context_from_tar(struct image_store *s, int fd, const char *dockerfile,
		     struct context *out, struct err *e)
{
	autostream struct stream *in = stream_fd(fd, "the build context");
	int r = make_dir(s, out, e);
	if (r == 0)
		r = fill(s->k, in, dockerfile, out, e);
	if (r < 0)
		context_free(out);
	return r;
}

static int from_file(struct kernel *k, const char *path, const char *type,
		     const char *dockerfile, struct context *c, struct err *e)
{
	if (str_starts(type ? type : "", "text/plain")) {
		int r = file_read(path, &c->text, e);
		return r == 0 && !c->text.len ? err_set(e, EINVAL, "the Dockerfile (%s) cannot be empty",
							"Dockerfile") : r;
	}
	autostream struct stream *in = NULL;
	int r = stream_file(path, &in, e);
	return r == 0 ? fill(k, in, dockerfile, c, e) : r;
}

/* The folder that is meant takes the repository's place, which goes. */
static int keep_folder(struct image_store *s, const char *folder, struct context *c, struct err *e)
{
	char *place = store_tmp_path(s, "context");
	if (rename(folder, place) < 0) {
		free(place);
		return err_sys(e, errno, "take %s", folder);
	}
	dir_remove(c->dir, NULL);
	free(c->dir);
	c->dir = place;
	return 0;
}

static int context_from_git(struct image_store *s, const char *url, const char *dockerfile,
			    struct context *out, struct err *e)
{
	autogit struct git_source source = { 0 };
	autofree char *folder = NULL;
	int r = git_source_parse(url, &source, e);
	r = r ? r : make_dir(s, out, e);
	r = r ? r : git_clone(&source, out->dir, &git_run_alone, &folder, e);
	r = r ? r : keep_folder(s, folder, out, e);
	r = r ? r : take_files(out, dockerfile, e);
	if (r < 0)
		context_free(out);
	return r;
}

int context_from_url(struct image_store *s, const char *url,
		     const char *dockerfile, struct context *out, struct err *e)
{
	autofree char *type = NULL, *path = NULL;
	if (git_is_url(url))
		return context_from_git(s, url, dockerfile, out, e);
	if (!str_starts(url, "http://") && !str_starts(url, "https://"))
		return err_set(e, EINVAL, "remoteURL (%s) could not be recognized as URL", url);
	int r = make_dir(s, out, e);
	if (r < 0)
		return r;
	path = store_tmp_path(s, "remote");
	r = fetch_to(url, path, &type, e);
	if (r == 0)
		r = from_file(s->k, path, type, dockerfile, out, e);
	unlink(path);
	if (r < 0)
		context_free(out);
	return r;
}
