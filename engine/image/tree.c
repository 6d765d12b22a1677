/* tree.c - see tree.h.  Sources are ours alone (a context unpacked, layers), so their
 * paths may be trusted once resolved; the target is a layer, where a link could lead
 * out: its directories are opened beneath its root, and names in them never followed. */
#include "image/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/idmap.h"
#include "core/rights.h"
#include "core/str.h"
#include "image/resolve.h"
#include "image/whiteout.h"

#define BLOCK (128u << 10)	/* bytes read at a time */
#define NAMES 4096		/* bytes of attribute names, and of one value */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_names(const char *path, char ***out, struct err *e)
{
	autodir DIR *d = opendir(path);
	struct dirent *de;
	size_t n = 0, room = 16;
	if (!d)
		return err_sys(e, errno, "open %s", path);
	char **names = mem_grow(NULL, room * sizeof(*names));
	while ((de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		if (n + 1 == room)
			names = mem_grow(names, (room *= 2) * sizeof(*names));
		names[n++] = str_dup(de->d_name);
	}
	names[n] = NULL;
	qsort(names, n, sizeof(*names), by_name);
	*out = names;
	return 0;
}

/* ---- sums -------------------------------------------------------------------------- */

static void add_text(struct sha256 *h, const char *text)
{
	sha256_add(h, text, strlen(text) + 1);
}

static int add_content(struct sha256 *h, const char *path, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *buf = mem_alloc(BLOCK);
	ssize_t n;
	if (fd < 0)
		return err_sys(e, errno, "read %s", path);
	while ((n = read(fd, buf, BLOCK)) > 0)
		sha256_add(h, buf, (size_t)n);
	return n < 0 ? err_sys(e, errno, "read %s", path) : 0;
}

static void add_xattrs(struct sha256 *h, const char *path)
{
	char names[NAMES], value[NAMES];
	ssize_t n = llistxattr(path, names, sizeof(names));
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len = lgetxattr(path, name, value, sizeof(value));
		if (len < 0 || whiteout_xattr_is_ours(name))
			continue;
		add_text(h, name);
		sha256_add(h, value, (size_t)len);
	}
}

static int add_tree(struct sha256 *h, const char *path, const char *rel, struct err *e);

static int add_children(struct sha256 *h, const char *path, const char *rel, struct err *e)
{
	char **names = NULL;
	int r = tree_names(path, &names, e);
	for (size_t i = 0; r == 0 && names[i]; i++) {
		autofree char *inner = str_printf("%s/%s", path, names[i]);
		autofree char *name = str_printf("%s/%s", rel, names[i]);
		r = add_tree(h, inner, name, e);
	}
	strv_free(names);
	return r;
}

/* Where a link leads; owned.  Not on the stack: trees may be deep. */
static char *link_target(const char *path)
{
	char *target = mem_alloc(PATH_MAX);
	ssize_t n = readlink(path, target, PATH_MAX - 1);
	target[n < 0 ? 0 : n] = '\0';
	return target;
}

static int add_tree(struct sha256 *h, const char *path, const char *rel, struct err *e)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return err_sys(e, errno, "look at %s", path);
	bool file = S_ISREG(st.st_mode);
	autofree char *link = S_ISLNK(st.st_mode) ? link_target(path) : str_dup("");
	autofree char *head = str_printf("%s %o %u %u %lld %s %llu", rel, st.st_mode,
					 idmap_uid_in(st.st_uid), idmap_gid_in(st.st_gid),
					 file ? (long long)st.st_size : 0, link,
					 (unsigned long long)st.st_rdev);
	add_text(h, head);
	if (!S_ISLNK(st.st_mode))
		add_xattrs(h, path);
	if (S_ISDIR(st.st_mode))
		return add_children(h, path, rel, e);
	return file ? add_content(h, path, e) : 0;
}

int tree_sum(const char *path, char sum[DIGEST_TEXT], struct err *e)
{
	autosha256 struct sha256 h;
	sha256_begin(&h);
	int r = add_tree(&h, path, "", e);
	if (r == 0)
		sha256_end(&h, sum);
	return r;
}

/* ---- directories of the target -------------------------------------------------------- */

int tree_make_dir(const struct tree_copy *o, int root, const char *path)
{
	int dir = resolve_dir(root, path);
	if (dir != -ENOENT)
		return dir;
	autofree char *above = str_dup(path);
	for (size_t n = strlen(above); n && above[n - 1] == '/'; )
		above[--n] = '\0';
	char *slash = strrchr(above, '/');
	const char *name = slash ? slash + 1 : above;
	if (!*name || str_eq(name, ".") || str_eq(name, ".."))
		return -ENOENT;
	autofree char *last = str_dup(name);
	*(slash ? slash : above) = '\0';
	autofd int parent = tree_make_dir(o, root, above);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, last, 0755) < 0)
		return errno == EEXIST ? -ENOTDIR : -errno;
	if (fchownat(parent, last, idmap_uid_out(o->uid), idmap_gid_out(o->gid),
		     AT_SYMLINK_NOFOLLOW) < 0 && rights_owners())
		return -errno;
	return resolve_dir(root, path);
}

/* ---- copying --------------------------------------------------------------------------- */

/* Files of several names, within one copy: they are one file again. */
struct known { dev_t dev; ino_t ino; char *path; };	/* path: of its first name, from `top` */
struct copying {
	const struct tree_copy *o;
	int top;		/* the open directory that all goes to */
	struct str at;		/* from there, where it goes now: "" or "a/b/" */
	struct known *known;
	size_t n, room;
};

struct item {
	struct copying *c;
	const struct tree_copy *o;
	const char *from, *name;
	int dir;
	struct stat st;
};

static void copying_end(struct copying *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->known[i].path);
	free(c->known);
	str_free(&c->at);
}
#define autocopying __attribute__((cleanup(copying_end)))

static char *place_of(const struct item *t)
{
	return str_printf("%s%s", t->c->at.s ? t->c->at.s : "", t->name);
}

static const char *first_name(const struct item *t)
{
	for (size_t i = 0; i < t->c->n; i++)
		if (t->c->known[i].ino == t->st.st_ino && t->c->known[i].dev == t->st.st_dev)
			return t->c->known[i].path;
	return NULL;
}

static void remember(const struct item *t)
{
	struct copying *c = t->c;
	if (t->st.st_nlink < 2)
		return;
	if (c->n == c->room)
		c->known = mem_grow(c->known, (c->room = c->room * 2 + 16) * sizeof(*c->known));
	c->known[c->n++] = (struct known){ t->st.st_dev, t->st.st_ino, place_of(t) };
}

static int fail(const struct item *t, const char *doing, struct err *e)
{
	return err_sys(e, errno, "%s %s", doing, t->name);
}

static int set_owner_at(const struct item *t, struct err *e)
{
	uid_t uid = t->o->keep_owner ? t->st.st_uid : idmap_uid_out(t->o->uid);
	gid_t gid = t->o->keep_owner ? t->st.st_gid : idmap_gid_out(t->o->gid);
	if (rights_owners() && fchownat(t->dir, t->name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(t, "give an owner to", e);
	return 0;
}

static int set_xattrs(const struct item *t, int fd, struct err *e)
{
	char names[NAMES], value[NAMES];
	ssize_t n = llistxattr(t->from, names, sizeof(names));
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len = lgetxattr(t->from, name, value, sizeof(value));
		if (len < 0 || whiteout_xattr_is_ours(name))
			continue;
		if (fsetxattr(fd, name, value, (size_t)len, 0) < 0 && errno != ENOTSUP &&
		    errno != EPERM)
			return fail(t, "set an attribute of", e);
	}
	return 0;
}

/* chown takes set-uid bits away, so the mode comes after it. */
static int set_meta(const struct item *t, int fd, struct err *e)
{
	struct timespec when[2] = { t->st.st_mtim, t->st.st_mtim };
	mode_t mode = t->o->mode >= 0 ? (mode_t)t->o->mode : t->st.st_mode & 07777;
	int r = set_owner_at(t, e);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = fail(t, "set the mode of", e);
	if (r == 0)
		r = set_xattrs(t, fd, e);
	if (r == 0 && futimens(fd, when) < 0)
		r = fail(t, "set the time of", e);
	return r;
}

/* Takes away what has the name; a whole directory too. */
static int make_room(const struct item *t, struct err *e)
{
	if (unlinkat(t->dir, t->name, 0) == 0 || errno == ENOENT)
		return 0;
	autofree char *path = str_printf("/proc/self/fd/%d/%s", t->dir, t->name);
	return dir_remove(path, e);
}

static int copy_bytes(const struct item *t, int from, int to, struct err *e)
{
	off_t left = t->st.st_size;
	while (left > 0) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
		if (n <= 0)
			break;
		left -= n;
	}
	autofree char *buf = left > 0 ? mem_alloc(BLOCK) : NULL;
	while (left > 0) {	/* where the two filesystems have no way of their own */
		ssize_t n = read(from, buf, BLOCK);
		int r = n > 0 ? write_all(to, buf, (size_t)n) : n < 0 ? -errno : -EIO;
		if (r < 0)
			return err_sys(e, -r, "copy %s", t->name);
		left -= n;
	}
	return 0;
}

/* 1: linked to its first name; 0: that isn't there, or not any more. */
static int copy_name(const struct item *t)
{
	const char *first = t->st.st_nlink > 1 ? first_name(t) : NULL;
	const char *slash = first ? strrchr(first, '/') : NULL;
	autofree char *above = slash ? strndup(first, (size_t)(slash - first)) : str_dup("");
	autofd int dir = first ? resolve_dir(t->c->top, above) : -1;
	return dir >= 0 && linkat(dir, slash ? slash + 1 : first, t->dir, t->name, 0) == 0;
}

static int copy_file(const struct item *t, struct err *e)
{
	int r = make_room(t, e);
	if (r < 0 || copy_name(t))
		return r;
	autofd int from = open(t->from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autofd int to = openat(t->dir, t->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       0600);
	if (from < 0 || to < 0)
		return fail(t, "copy", e);
	r = copy_bytes(t, from, to, e);
	remember(t);
	return r < 0 ? r : set_meta(t, to, e);
}

static int copy_inside(struct copying *c, const char *from, int dir, struct err *e);

static int copy_dir(const struct item *t, struct err *e)
{
	struct stat st;
	bool there = fstatat(t->dir, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	int r = there && !S_ISDIR(st.st_mode) ? make_room(t, e) : 0;
	if (r < 0)
		return r;
	if (mkdirat(t->dir, t->name, 0700) < 0 && errno != EEXIST)
		return fail(t, "make directory", e);
	autofd int fd = openat(t->dir, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(t, "open directory", e);
	size_t here = t->c->at.len;
	str_addf(&t->c->at, "%s/", t->name);
	r = copy_inside(t->c, t->from, fd, e);
	t->c->at.len = here;
	t->c->at.s[here] = '\0';
	return r < 0 ? r : set_meta(t, fd, e);
}

static int set_time_at(const struct item *t, struct err *e)
{
	struct timespec when[2] = { t->st.st_mtim, t->st.st_mtim };
	if (utimensat(t->dir, t->name, when, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(t, "set the time of", e);
	return 0;
}

static int copy_link(const struct item *t, struct err *e)
{
	autofree char *target = link_target(t->from);
	int r = make_room(t, e);
	if (r < 0)
		return r;
	if (symlinkat(target, t->dir, t->name) < 0)
		return fail(t, "link", e);
	r = set_owner_at(t, e);
	return r < 0 ? r : set_time_at(t, e);
}

static int copy_node(const struct item *t, struct err *e)
{
	int r = make_room(t, e);
	if (r < 0)
		return r;
	long n = k_mknod(t->o->k, t->dir, t->name, t->st.st_mode, (long)t->st.st_rdev);
	if (n < 0)
		return err_sys(e, (int)-n, "make device %s", t->name);
	r = set_owner_at(t, e);
	return r < 0 ? r : set_time_at(t, e);
}

static int copy_one(struct copying *c, const char *from, int dir, const char *name, struct err *e)
{
	struct item t = { .c = c, .o = c->o, .from = from, .name = name, .dir = dir };
	if (lstat(from, &t.st) < 0)
		return fail(&t, "look at", e);
	switch (t.st.st_mode & S_IFMT) {
	case S_IFREG: return copy_file(&t, e);
	case S_IFDIR: return copy_dir(&t, e);
	case S_IFLNK: return copy_link(&t, e);
	case S_IFSOCK: return 0;	/* no layer can hold it */
	default: return copy_node(&t, e);
	}
}

static int copy_inside(struct copying *c, const char *from, int dir, struct err *e)
{
	char **names = NULL;
	int r = tree_names(from, &names, e);
	for (size_t i = 0; r == 0 && names[i]; i++) {
		autofree char *inner = str_printf("%s/%s", from, names[i]);
		r = copy_one(c, inner, dir, names[i], e);
	}
	strv_free(names);
	return r;
}

int tree_copy(const struct tree_copy *o, const char *from, int dir, const char *name,
	      struct err *e)
{
	autocopying struct copying c = { .o = o, .top = dir };
	return copy_one(&c, from, dir, name, e);
}

int tree_copy_inside(const struct tree_copy *o, const char *from, int dir, struct err *e)
{
	autocopying struct copying c = { .o = o, .top = dir };
	return copy_inside(&c, from, dir, e);
}
