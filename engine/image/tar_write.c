/* tar_write.c - walks a tree in the order of its names and writes it as tar.
 *
 * What overlayfs notes in an upper directory becomes what a layer says
 * (whiteout.h): a device 0:0 is an empty file ".wh.NAME", an opaque directory gets
 * ".wh..wh..opq" as its first entry.  Overlay's other notes stay behind; one of
 * them, a directory renamed by reference, can't be said in a layer, and is refused.
 *
 * A file that is written to meanwhile keeps the size that its header says: what
 * came later is left out, what was cut off becomes zeros, as with tar(1).
 */
#include "image/tar_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/str.h"
#include "image/whiteout.h"

#define BLOCK (256u << 10)	/* bytes a sink gets at once, as everywhere in image/ */
#define FILE_OPEN (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIR_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct seen { dev_t dev; ino_t ino; char *path; };	/* a file with several names */

struct tar_writer {
	struct archive *a;
	tar_sink sink;
	void *arg;
	struct err err;		/* of the sink */
	struct seen *seen;
	size_t n_seen;
	char *buf;
};

/* One name on its way: what it is, and open if it is a file or a directory. */
struct item {
	int dir, fd;
	const char *name, *as;
	struct stat st;
	struct archive_entry *ae;
};

/* Never fails for libarchive: after a failed write it would not give its buffers back.
 * What went wrong is kept, and done() looks after each step. */
static la_ssize_t give(struct archive *a, void *arg, const void *data, size_t len)
{
	struct tar_writer *t = arg;
	int r = t->err.code ? 0 : t->sink(t->arg, data, len, &t->err);
	if (r < 0 && !t->err.code)
		err_sys(&t->err, -r, "write the archive");
	return (la_ssize_t)len;
}

static int tar_failed(struct tar_writer *t, struct err *e)
{
	if (t->err.code && e)
		*e = t->err;
	if (t->err.code)
		return -t->err.code;
	const char *why = archive_error_string(t->a);
	return err_set(e, EIO, "write tar: %s", why ? why : "failed");
}

/* The end of a step: libarchive's word and the sink's. */
static int done(struct tar_writer *t, bool fine, struct err *e)
{
	return fine && !t->err.code ? 0 : tar_failed(t, e);
}

int tar_begin(tar_sink sink, void *arg, struct tar_writer **out, struct err *e)
{
	struct tar_writer *t = mem_alloc(sizeof(*t));
	t->sink = sink;
	t->arg = arg;
	t->buf = mem_alloc(BLOCK);
	t->a = archive_write_new();
	archive_write_set_format_pax_restricted(t->a);
	/* One spelling of extended attributes, the one that everybody reads. */
	archive_write_set_options(t->a, "xattrheader=SCHILY");
	archive_write_set_bytes_per_block(t->a, (int)BLOCK);
	archive_write_set_bytes_in_last_block(t->a, 512);
	int r = done(t, archive_write_open(t->a, t, NULL, give, NULL) == ARCHIVE_OK, e);
	if (r < 0)
		tar_free(&t);
	else
		*out = t;
	return r;
}

int tar_end(struct tar_writer *t, struct err *e)
{
	return done(t, archive_write_close(t->a) == ARCHIVE_OK, e);
}

void tar_free(struct tar_writer **tp)
{
	struct tar_writer *t = *tp;
	if (!t)
		return;
	/* Freeing would write the rest into a sink that has failed already. */
	archive_write_fail(t->a);
	archive_write_free(t->a);
	for (size_t i = 0; i < t->n_seen; i++)
		free(t->seen[i].path);
	free(t->seen);
	free(t->buf);
	free(t);
	*tp = NULL;
}

/* ---- one entry ------------------------------------------------------------------- */

static int add_xattrs(const struct item *it, struct err *e)
{
	char names[4096], value[4096], own[32];	/* ext4 keeps at most one block of them */
	ssize_t n = flistxattr(it->fd, names, sizeof(names));
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		if (str_ends(name, ".overlay.redirect") || str_ends(name, ".overlay.metacopy")) {
			err_set(e, EOPNOTSUPP, "%s: the overlay keeps this directory or file by "
				"reference", it->as);
			return err_hint(e, "mount the overlay with redirect_dir=off,metacopy=off");
		}
		if (whiteout_xattr_is_ours(name) || str_starts(name, "system."))
			continue;
		ssize_t len = fgetxattr(it->fd, name, value, sizeof(value));
		size_t caps = len < 0 ? 0 : idmap_caps_in(name, value, (size_t)len, own);
		if (len >= 0)
			archive_entry_xattr_add_entry(it->ae, name, caps ? own : value,
						      caps ? caps : (size_t)len);
	}
	return 0;
}

/* The first name under which this file was written, or NULL (and it is remembered). */
static const char *earlier_name(struct tar_writer *t, const struct item *it)
{
	for (size_t i = 0; i < t->n_seen; i++)
		if (t->seen[i].ino == it->st.st_ino && t->seen[i].dev == it->st.st_dev)
			return t->seen[i].path;
	t->seen = mem_grow(t->seen, (t->n_seen + 1) * sizeof(*t->seen));
	t->seen[t->n_seen++] = (struct seen){ it->st.st_dev, it->st.st_ino, str_dup(it->as) };
	return NULL;
}

static int add_target(const struct item *it, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(it->dir, it->name, target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(e, errno, "read link %s", it->as);
	target[n] = '\0';
	archive_entry_copy_symlink(it->ae, target);
	return 0;
}

static int describe(struct tar_writer *t, const struct item *it, struct err *e)
{
	archive_entry_copy_stat(it->ae, &it->st);
	archive_entry_set_uid(it->ae, idmap_uid_in(it->st.st_uid));
	archive_entry_set_gid(it->ae, idmap_gid_in(it->st.st_gid));
	archive_entry_unset_atime(it->ae);
	archive_entry_unset_ctime(it->ae);
	archive_entry_unset_birthtime(it->ae);
	archive_entry_set_mtime(it->ae, it->st.st_mtim.tv_sec, 0);
	archive_entry_copy_pathname(it->ae, it->as);
	if (!S_ISREG(it->st.st_mode))
		archive_entry_set_size(it->ae, 0);
	if (S_ISLNK(it->st.st_mode))
		return add_target(it, e);
	const char *first = S_ISREG(it->st.st_mode) && it->st.st_nlink > 1
		? earlier_name(t, it) : NULL;
	if (first) {
		archive_entry_copy_hardlink(it->ae, first);
		archive_entry_set_size(it->ae, 0);
		return 0;
	}
	return it->fd >= 0 ? add_xattrs(it, e) : 0;
}

static int write_content(struct tar_writer *t, int fd, int64_t size, const char *as,
			 struct err *e)
{
	while (size > 0) {
		size_t want = size < (int64_t)BLOCK ? (size_t)size : BLOCK;
		ssize_t n = read(fd, t->buf, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read %s", as);
		if (n == 0)
			break;		/* libarchive fills up with zeros */
		if (archive_write_data(t->a, t->buf, (size_t)n) != n || t->err.code)
			return tar_failed(t, e);
		size -= n;
	}
	return done(t, archive_write_finish_entry(t->a) >= ARCHIVE_WARN, e);
}

static int put_item(struct tar_writer *t, struct tar_tree *o, struct item *it, struct err *e)
{
	it->ae = archive_entry_new();
	int r = describe(t, it, e);
	int64_t size = archive_entry_size(it->ae);
	if (r == 0)
		r = done(t, archive_write_header(t->a, it->ae) >= ARCHIVE_WARN, e);
	archive_entry_free(it->ae);
	if (r < 0 || !S_ISREG(it->st.st_mode) || size == 0)
		return r;
	o->bytes += size;
	return write_content(t, it->fd, size, it->as, e);
}

/* An empty file with the mark's name, dated like what it stands for. */
static int put_mark(struct tar_writer *t, const char *dir, const char *prefix, const char *name,
		    const struct stat *like, struct err *e)
{
	autofree char *as = str_printf("%s%s%s%s", dir, *dir ? "/" : "", prefix, name);
	struct archive_entry *ae = archive_entry_new();
	archive_entry_copy_pathname(ae, as);
	archive_entry_set_mode(ae, S_IFREG | 0600);
	archive_entry_set_size(ae, 0);
	archive_entry_set_mtime(ae, like->st_mtim.tv_sec, 0);
	int r = done(t, archive_write_header(t->a, ae) >= ARCHIVE_WARN, e);
	archive_entry_free(ae);
	return r;
}

/* ---- the walk -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sorted_names(int dir, const char *as, char ***out, size_t *n, struct err *e)
{
	int fd = openat(dir, ".", DIR_OPEN);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	char **names = NULL;
	size_t count = 0, room = 0;
	if (!d)
		return err_sys(e, errno, "open %s", as);
	while ((de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		if (count == room)
			names = mem_grow(names, (room = room * 2 + 16) * sizeof(*names));
		names[count++] = str_dup(de->d_name);
	}
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	*out = names;
	*n = count;
	return 0;
}

/* Looks, and opens what can be opened without side effects; what was looked at is
 * what was opened.  1: there it is, 0: it went away meanwhile. */
static int open_item(struct item *it, struct err *e)
{
	it->fd = -1;
	if (fstatat(it->dir, it->name, &it->st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "look at %s", it->as);
	if (!S_ISREG(it->st.st_mode) && !S_ISDIR(it->st.st_mode))
		return 1;
	it->fd = openat(it->dir, it->name, S_ISDIR(it->st.st_mode) ? DIR_OPEN : FILE_OPEN);
	if (it->fd >= 0 && fstat(it->fd, &it->st) == 0 &&
	    (S_ISREG(it->st.st_mode) || S_ISDIR(it->st.st_mode)))
		return 1;
	return errno == ENOENT || errno == ELOOP || errno == ENOTDIR
	       ? 0 : err_sys(e, errno, "open %s", it->as);
}

static int put_opened(struct tar_writer *t, struct tar_tree *o, struct item *it, struct err *e)
{
	bool foreign = o->foreign && it->fd >= 0 && o->foreign(o->arg, it->fd);
	if (foreign && S_ISREG(it->st.st_mode))
		it->st.st_size = 0;
	int r = put_item(t, o, it, e);
	if (r < 0 || !S_ISDIR(it->st.st_mode) || foreign)
		return r;
	if (o->depth >= TAR_DEPTH)
		return err_set(e, ELOOP, "%.60s…: more than %d directories inside each other", it->as,
			       TAR_DEPTH);
	o->depth++;
	r = tar_put_tree(t, o, it->fd, it->as, e);
	o->depth--;
	return r;
}

int tar_put_entry(struct tar_writer *t, struct tar_tree *o, int dir, const char *name,
		  const char *as, struct err *e)
{
	struct item it = { .dir = dir, .name = name, .as = as };
	int r = open_item(&it, e);
	/* tar has no word for a socket. */
	if (r > 0)
		r = S_ISSOCK(it.st.st_mode) ? 0 : put_opened(t, o, &it, e);
	if (it.fd >= 0)
		close(it.fd);
	return r;
}

static int put_child(struct tar_writer *t, struct tar_tree *o, int dir, const char *as,
		     const char *name, struct err *e)
{
	struct stat st;
	if (o->layer && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    whiteout_is_node(&st))
		return put_mark(t, as, WHITEOUT_PREFIX, name, &st, e);
	autofree char *full = str_printf("%s%s%s", as, *as && !str_ends(as, "/") ? "/" : "", name);
	return tar_put_entry(t, o, dir, name, full, e);
}

static bool is_opaque(struct tar_tree *o, int dir)
{
	/* "/." makes it the directory itself: the look doesn't follow links. */
	autofree char *path = str_printf("/proc/self/fd/%d/.", dir);
	return o->layer && whiteout_is_opaque(o->k, path);
}

int tar_put_tree(struct tar_writer *t, struct tar_tree *o, int dir, const char *as,
		 struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	struct stat st;
	int r = sorted_names(dir, as, &names, &n, e);
	if (r == 0 && is_opaque(o, dir) && fstat(dir, &st) == 0)
		r = put_mark(t, as, "", WHITEOUT_OPAQUE, &st, e);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = put_child(t, o, dir, as, names[i], e);
		free(names[i]);
	}
	free(names);
	return r;
}

/* ---- things of our own ----------------------------------------------------------- */

static int put_header(struct tar_writer *t, const char *name, mode_t mode, int64_t size,
		      int64_t mtime, struct err *e)
{
	struct archive_entry *ae = archive_entry_new();
	archive_entry_copy_pathname(ae, name);
	archive_entry_set_mode(ae, mode);
	archive_entry_set_size(ae, size);
	archive_entry_set_mtime(ae, mtime, 0);
	int r = done(t, archive_write_header(t->a, ae) >= ARCHIVE_WARN, e);
	archive_entry_free(ae);
	return r;
}

int tar_put_dir(struct tar_writer *t, const char *name, int64_t mtime, struct err *e)
{
	return put_header(t, name, S_IFDIR | 0755, 0, mtime, e);
}

int tar_put_text(struct tar_writer *t, const char *name, const char *text, int64_t mtime,
		 struct err *e)
{
	size_t n = strlen(text);
	int r = put_header(t, name, S_IFREG | 0644, (int64_t)n, mtime, e);
	if (r == 0)
		r = done(t, archive_write_data(t->a, text, n) == (la_ssize_t)n, e);
	return r;
}

int tar_put_file(struct tar_writer *t, const char *name, int fd, int64_t size, int64_t mtime,
		 struct err *e)
{
	int r = put_header(t, name, S_IFREG | 0644, size, mtime, e);
	return r < 0 ? r : write_content(t, fd, size, name, e);
}
