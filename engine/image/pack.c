/* pack.c - walks a tree in the order of its names and writes it as tar.
 *
 * The tree is an overlay's upper directory, or any other.  What overlayfs notes
 * in it becomes what a layer says (whiteout.h): a device 0:0 is an empty file
 * ".wh.NAME", an opaque directory gets ".wh..wh..opq" as its first entry.
 * Overlay's other notes stay behind; one of them, a directory renamed by
 * reference, can't be said in a layer, and is refused.
 *
 * One pass: the tar bytes are summed (DiffID), deflated, summed again (the
 * blob's digest) and written.
 */
#include "image/pack.h"

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
#include "core/str.h"
#include "image/deflate.h"
#include "image/stream.h"
#include "image/whiteout.h"

struct seen { dev_t dev; ino_t ino; char *path; };	/* a file with several names */

struct pack {
	struct kernel *k;
	struct archive *a;
	struct deflate *gzip;
	struct sha256 plain;
	struct err *e;		/* where the write callback says what went wrong */
	struct str root;	/* the tree */
	struct seen *seen;
	size_t n_seen;
	int64_t unpacked;
	char *buf;
};

static la_ssize_t sink(struct archive *a, void *arg, const void *data, size_t len)
{
	struct pack *p = arg;
	sha256_add(&p->plain, data, len);
	return deflate_add(p->gzip, data, len, p->e) < 0 ? -1 : (la_ssize_t)len;
}

static int pack_fail(struct pack *p, struct err *e)
{
	if (e && e->code)
		return -e->code;	/* sink() has said why */
	return err_set(e, EIO, "write layer: %s", archive_error_string(p->a));
}

static char *full_path(const struct pack *p, const char *rel)
{
	return str_printf("%s%s%s", p->root.s, *rel ? "/" : "", rel);
}

/* ---- one entry ------------------------------------------------------------------- */

static int add_xattrs(struct archive_entry *ae, const char *path, struct err *e)
{
	char names[4096], value[4096];	/* ext4 keeps at most one block of them */
	ssize_t n = llistxattr(path, names, sizeof(names));
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		if (str_ends(name, ".overlay.redirect") || str_ends(name, ".overlay.metacopy")) {
			err_set(e, EOPNOTSUPP, "%s: the overlay keeps this directory or file by "
				"reference", path);
			return err_hint(e, "mount the overlay with redirect_dir=off,metacopy=off");
		}
		if (whiteout_xattr_is_ours(name) || str_starts(name, "system."))
			continue;
		ssize_t len = lgetxattr(path, name, value, sizeof(value));
		if (len >= 0)
			archive_entry_xattr_add_entry(ae, name, value, (size_t)len);
	}
	return 0;
}

/* The first name under which this file was packed, or NULL (and it is remembered). */
static const char *earlier_name(struct pack *p, const struct stat *st, const char *rel)
{
	for (size_t i = 0; i < p->n_seen; i++)
		if (p->seen[i].ino == st->st_ino && p->seen[i].dev == st->st_dev)
			return p->seen[i].path;
	p->seen = mem_grow(p->seen, (p->n_seen + 1) * sizeof(*p->seen));
	p->seen[p->n_seen++] = (struct seen){ st->st_dev, st->st_ino, str_dup(rel) };
	return NULL;
}

static int describe(struct pack *p, struct archive_entry *ae, const char *path, const char *rel,
		    const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	archive_entry_copy_stat(ae, st);
	archive_entry_unset_atime(ae);
	archive_entry_unset_ctime(ae);
	archive_entry_unset_birthtime(ae);
	archive_entry_set_mtime(ae, st->st_mtim.tv_sec, 0);
	archive_entry_copy_pathname(ae, rel);
	if (!S_ISREG(st->st_mode))
		archive_entry_set_size(ae, 0);
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(e, errno, "read link %s", path);
		target[n] = '\0';
		archive_entry_copy_symlink(ae, target);
	}
	const char *first = S_ISREG(st->st_mode) && st->st_nlink > 1 ? earlier_name(p, st, rel) : NULL;
	if (first) {
		archive_entry_copy_hardlink(ae, first);
		archive_entry_set_size(ae, 0);
		return 0;
	}
	return S_ISLNK(st->st_mode) ? 0 : add_xattrs(ae, path, e);
}

static int write_content(struct pack *p, const char *path, int64_t size, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "read %s", path);
	while (size > 0) {
		size_t want = size < (int64_t)STREAM_BUF ? (size_t)size : STREAM_BUF;
		ssize_t n = read(fd, p->buf, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read %s", path);
		if (n == 0)
			return err_set(e, EIO, "%s became shorter while it was read", path);
		if (archive_write_data(p->a, p->buf, (size_t)n) != n)
			return pack_fail(p, e);
		size -= n;
	}
	return 0;
}

static int put_entry(struct pack *p, const char *rel, const struct stat *st, struct err *e)
{
	autofree char *path = full_path(p, rel);
	struct archive_entry *ae = archive_entry_new();
	int r = describe(p, ae, path, rel, st, e);
	int64_t size = archive_entry_size(ae);
	if (r == 0 && archive_write_header(p->a, ae) < ARCHIVE_WARN)
		r = pack_fail(p, e);
	archive_entry_free(ae);
	if (r == 0 && S_ISREG(st->st_mode) && size > 0) {
		p->unpacked += size;
		r = write_content(p, path, size, e);
	}
	return r;
}

/* An empty file with the mark's name, owned and dated like what it stands for. */
static int put_mark(struct pack *p, const char *dir, const char *prefix, const char *name,
		    const struct stat *like, struct err *e)
{
	autofree char *rel = str_printf("%s%s%s%s", dir, *dir ? "/" : "", prefix, name);
	struct archive_entry *ae = archive_entry_new();
	archive_entry_copy_pathname(ae, rel);
	archive_entry_set_mode(ae, S_IFREG | 0600);
	archive_entry_set_size(ae, 0);
	archive_entry_set_mtime(ae, like->st_mtim.tv_sec, 0);
	int r = archive_write_header(p->a, ae) < ARCHIVE_WARN ? pack_fail(p, e) : 0;
	archive_entry_free(ae);
	return r;
}

/* ---- the walk -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int sorted_names(const char *path, char ***out, size_t *n, struct err *e)
{
	autodir DIR *d = opendir(path);
	struct dirent *de;
	char **names = NULL;
	size_t count = 0, room = 0;
	if (!d)
		return err_sys(e, errno, "open %s", path);
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

static int put_tree(struct pack *p, const char *rel, struct err *e);

static int put_child(struct pack *p, const char *dir, const char *name, struct err *e)
{
	struct stat st;
	autofree char *rel = str_printf("%s%s%s", dir, *dir ? "/" : "", name);
	autofree char *path = full_path(p, rel);
	if (lstat(path, &st) < 0)
		return err_sys(e, errno, "look at %s", path);
	if (whiteout_is_node(&st))
		return put_mark(p, dir, WHITEOUT_PREFIX, name, &st, e);
	if (S_ISSOCK(st.st_mode))
		return 0;	/* tar has no word for it */
	int r = put_entry(p, rel, &st, e);
	return r == 0 && S_ISDIR(st.st_mode) ? put_tree(p, rel, e) : r;
}

static int put_tree(struct pack *p, const char *rel, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	struct stat st;
	autofree char *path = full_path(p, rel);
	int r = sorted_names(path, &names, &n, e);
	if (r == 0 && whiteout_is_opaque(p->k, path) && lstat(path, &st) == 0)
		r = put_mark(p, rel, "", WHITEOUT_OPAQUE, &st, e);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = put_child(p, rel, names[i], e);
		free(names[i]);
	}
	free(names);
	return r;
}

static int open_writer(struct pack *p, struct err *e)
{
	p->a = archive_write_new();
	archive_write_set_format_pax_restricted(p->a);
	/* One spelling of extended attributes, the one that everybody reads. */
	archive_write_set_options(p->a, "xattrheader=SCHILY");
	archive_write_set_bytes_per_block(p->a, (int)STREAM_BUF);
	archive_write_set_bytes_in_last_block(p->a, 512);
	return archive_write_open(p->a, p, NULL, sink, NULL) == ARCHIVE_OK ? 0 : pack_fail(p, e);
}

static void pack_end(struct pack *p)
{
	/* Freeing would write the rest into a sink that has failed already. */
	if (p->a) {
		archive_write_fail(p->a);
		archive_write_free(p->a);
	}
	deflate_free(&p->gzip);
	sha256_drop(&p->plain);
	for (size_t i = 0; i < p->n_seen; i++)
		free(p->seen[i].path);
	free(p->seen);
	free(p->buf);
	str_free(&p->root);
}

int layer_pack(struct kernel *k, const char *dir, int fd, struct packed *out, struct err *e)
{
	struct err here = { 0 };	/* the sink needs one even where the caller doesn't */
	__attribute__((cleanup(pack_end))) struct pack p = {
		.k = k, .e = &here, .gzip = deflate_begin(fd), .buf = mem_alloc(STREAM_BUF),
	};
	struct packed done = { .size = 0 };
	str_add(&p.root, dir);
	sha256_begin(&p.plain);
	int r = open_writer(&p, &here);
	if (r == 0)
		r = put_tree(&p, "", &here);
	if (r == 0 && archive_write_close(p.a) != ARCHIVE_OK)
		r = pack_fail(&p, &here);
	if (r == 0)
		r = deflate_end(p.gzip, done.digest, &done.size, &here);
	if (r < 0) {
		if (e)
			*e = here;
		return r;
	}
	sha256_end(&p.plain, done.diff_id);
	done.unpacked = p.unpacked;
	*out = done;
	return 0;
}
