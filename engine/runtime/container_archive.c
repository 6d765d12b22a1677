#include "runtime/container_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "image/resolve.h"
#include "image/tar_write.h"
#include "image/unpack.h"
#include "runtime/container_internal.h"
#include "runtime/user.h"

#define MAX_LINKS 40	/* as the kernel: path_resolution(7) */

/* ---- paths ----------------------------------------------------------------------- */

/* The path cleaned by its text alone, "/" in front; a trailing "/" or "/." stays. */
struct where { char *clean; char *dir; const char *base; bool what_is_there; };

static void where_free(struct where *w)
{
	free(w->clean);
	free(w->dir);
}
#define autowhere __attribute__((cleanup(where_free)))

static void where_read(const char *path, struct where *w)
{
	autofree char *clean = str_clean_path(path);
	w->clean = str_printf("%s%s", *clean ? "/" : "", clean);
	char *slash = strrchr(w->clean, '/');
	w->dir = strndup(w->clean, slash ? (size_t)(slash - w->clean) : 0);
	w->what_is_there = !slash || str_ends(path, "/") || str_ends(path, "/.") || str_eq(path, ".");
	w->base = str_ends(path, "/.") || str_eq(path, ".") ? "." : slash ? slash + 1 : "/";
}

static int not_found(const char *path, const char *shown, struct err *e)
{
	return err_http(e, 404, ENOENT, "Could not find the file %s in container %s", path, shown);
}

/* Opens the path (O_PATH); what is hidden isn't there. */
static int open_path(struct container_root *r, const struct where *w, const char *path,
		     const char *shown, struct err *e)
{
	int fd = resolve_open(container_root_fd(r), *w->clean ? w->clean : ".",
			      O_PATH | (w->what_is_there ? O_DIRECTORY : O_NOFOLLOW));
	if (fd == -ENOTDIR)
		return err_set(e, EINVAL, "lstat %s: not a directory", path);
	if (fd == -ENOENT || (fd >= 0 && container_root_hides(r, fd))) {
		if (fd >= 0)
			close(fd);
		return not_found(path, shown, e);
	}
	return fd < 0 ? err_sys(e, -fd, "open %s", path) : fd;
}

/* ---- stat ------------------------------------------------------------------------ */

/* Go's os.FileMode: the permissions, and the kind in bits of its own. */
static const struct { mode_t kind; uint32_t bits; } go_kinds[] = {
	{ S_IFDIR, 1u << 31 }, { S_IFLNK, 1u << 27 }, { S_IFBLK, 1u << 26 },
	{ S_IFIFO, 1u << 25 }, { S_IFSOCK, 1u << 24 }, { S_IFCHR, 1u << 26 | 1u << 21 },
};
static const struct { mode_t bit; uint32_t bits; } go_bits[] = {
	{ S_ISUID, 1u << 23 }, { S_ISGID, 1u << 22 }, { S_ISVTX, 1u << 20 },
};

static uint32_t go_mode(mode_t mode)
{
	uint32_t m = mode & 0777;
	for (size_t i = 0; i < ARRAY_SIZE(go_kinds); i++)
		if ((mode & S_IFMT) == go_kinds[i].kind)
			m |= go_kinds[i].bits;
	for (size_t i = 0; i < ARRAY_SIZE(go_bits); i++)
		if (mode & go_bits[i].bit)
			m |= go_bits[i].bits;
	return m;
}

/* The link's own text as a path from the container's root. */
static char *link_text(struct container_root *r, const char *path)
{
	char text[PATH_MAX];
	autofd int fd = resolve_open(container_root_fd(r), path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", text, sizeof(text) - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	const char *slash = strrchr(path, '/');
	return *text == '/' ? str_dup(text)
	       : str_printf("%.*s/%s", slash ? (int)(slash - path) : 0, path, text);
}

/* From link to link, as far as there are any. */
static char *final_target(struct container_root *r, const char *path)
{
	char *at = str_dup(path);
	for (int hops = 0; hops < MAX_LINKS; hops++) {
		char *next = link_text(r, at);
		if (!next)
			break;
		struct where w = { 0 };
		where_read(next, &w);
		free(next);
		free(at);
		at = steal_ptr(w.clean);
		where_free(&w);
	}
	return at;
}

int container_path_stat(struct container_root *r, const char *path, const char *shown,
			struct path_stat *out, struct err *e)
{
	struct stat st;
	autowhere struct where w = { 0 };
	where_read(path, &w);
	autofd int fd = open_path(r, &w, path, shown, e);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "stat %s", path);
	*out = (struct path_stat){
		.name = str_dup(w.base), .size = st.st_size, .mode = go_mode(st.st_mode),
		.target = S_ISLNK(st.st_mode) ? final_target(r, w.clean) : str_dup(""),
		.mtime = st.st_mtim,
	};
	return 0;
}

void path_stat_free(struct path_stat *s)
{
	free(s->name);
	free(s->target);
}

/* ---- out ------------------------------------------------------------------------- */

int container_archive_get(struct container_root *r, const char *path,
			  int (*sink)(void *arg, const void *data, size_t len, struct err *e),
			  void *arg, struct err *e)
{
	struct stat st;
	autotar struct tar_writer *tar = NULL;
	struct tar_tree tree = { .foreign = container_root_hides, .arg = r };
	autowhere struct where w = { 0 };
	where_read(path, &w);
	autofd int fd = open_path(r, &w, path, container_root_of(r)->id, e);
	int n = fd < 0 ? fd : fstat(fd, &st) < 0 ? err_sys(e, errno, "stat %s", path) : 0;
	if (n == 0)
		n = tar_begin(sink, arg, &tar, e);
	if (n < 0)
		return n;
	if (S_ISDIR(st.st_mode)) {
		n = tar_put_entry(tar, &tree, fd, ".", w.base, e);
	} else {
		autofd int dir = resolve_dir(container_root_fd(r), w.dir);
		n = dir < 0 ? err_sys(e, -dir, "open %s", w.dir)
			    : tar_put_entry(tar, &tree, dir, w.base, w.base, e);
	}
	return n == 0 ? tar_end(tar, e) : n;
}

/* ---- in -------------------------------------------------------------------------- */

static bool on_the_root(const struct container_root *r, int fd)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && fstat(container_root_fd(r), &b) == 0 && a.st_dev == b.st_dev;
}

/* The directory to unpack into: there, one, and writable. */
static int check_target(struct container_root *r, const struct where *w,
			const struct archive_put *o, struct err *e)
{
	struct stat st;
	struct statvfs fs;
	autofd int fd = resolve_open(container_root_fd(r), *w->clean ? w->clean : ".", O_PATH);
	if (fd < 0 || container_root_hides(r, fd))
		return not_found(o->path, o->shown, e);
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_http(e, 400, ENOTDIR, "extraction point is not a directory");
	if (fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY)
		return err_http(e, 403, EROFS, on_the_root(r, fd)
				? "container rootfs is marked read-only"
				: "mounted volume is marked read-only");
	return 0;
}

/* The user that the container's program runs as; none set: the archive's owners stay. */
static int find_user(struct container *c, struct unpack_options *u, struct err *e)
{
	struct user who = { 0 };
	struct layers l;
	const char *name = json_str_or(c->config, "User", "");
	if (!*name)
		return 0;
	int n = container_layers(c, &l, e);
	if (n == 0)
		n = user_resolve(&l, name, NULL, &who, e);
	if (n < 0)
		return n;
	u->give = true;
	u->uid = who.uid;
	u->gid = who.gid;
	user_free(&who);
	return 0;
}

int container_archive_put(struct container_root *r, const struct archive_put *o, int fd,
			  struct err *e)
{
	autostream struct stream *file = stream_fd(fd, "the archive"), *inflated = NULL, *plain = NULL;
	autowhere struct where w = { 0 };
	struct container *c = container_root_of(r);
	where_read(o->path, &w);
	struct unpack_options u = {
		.k = c->all->kernel, .root = container_root_fd(r),
		.below = *w.clean ? w.clean + 1 : "", .keep_kinds = o->keep_kinds,
		.foreign = container_root_hides, .arg = r,
	};
	int n = check_target(r, &w, o, e);
	if (n == 0 && o->give)
		n = find_user(c, &u, e);
	if (n == 0)
		n = stream_inflate(file, &inflated, e);
	if (n < 0)
		return n;
	plain = stream_unfilter(inflated);
	return tar_unpack(&u, plain, e);
}
