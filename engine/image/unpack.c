/* unpack.c - the writer of layers.
 *
 * libarchive's own writer can't be used: its safe mode turns a link such as
 * `lib -> usr/lib` into a real directory as soon as an entry `lib/x` arrives,
 * and every merged-/usr distribution has that link.  What a layer means is what
 * a program with the layer as its root would get; so the parent of each entry is
 * opened beneath the layer's directory (resolve.c), and the last name is then
 * made there without following anything: O_EXCL, O_NOFOLLOW, *at() calls.  An
 * entry can replace one of the same layer, a directory with all that is in it.
 *
 * Entries must not trust each other either: overlay's own marks are made from
 * whiteouts only (a layer that could set trusted.overlay.redirect would see
 * files of other layers), and names with ".." are refused.
 *
 * Directories get their times at the end, since filling them changes them.
 */
#include "image/unpack.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/file.h"
#include "core/rights.h"
#include "core/str.h"
#include "image/resolve.h"
#include "image/whiteout.h"

#define DIR_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct dir_time { char *path; struct timespec mtime; };

struct unpack {
	struct unpack_options *o;
	struct archive *a;
	struct tar_source src;
	bool own;		/* we may give files away (root) */
	char *parent;		/* the last entry's directory: most share it with the next */
	int parent_fd;
	struct dir_time *dirs;
	size_t n_dirs;
};

struct entry {
	struct archive_entry *ae;
	char *path;		/* clean: "usr/lib/x" */
	const char *name;	/* its last part, in path */
	int dir;		/* its parent, open; borrowed from struct unpack */
};

static int fail(const struct entry *t, int code, const char *doing, struct err *e)
{
	return err_sys(e, code, "%s /%s", doing, t->path);
}

/* A clean name of the archive as a path of the tree; owned. */
static char *below(const struct unpack *u, const char *name)
{
	const char *base = u->o->below;
	return str_printf("%s%s%s", base, *base && *name ? "/" : "", name);
}

/* ---- where an entry goes --------------------------------------------------------- */

static void forget_parent(struct unpack *u)
{
	free(u->parent);
	u->parent = NULL;
	if (u->parent_fd >= 0)
		close(u->parent_fd);
	u->parent_fd = -1;
}

static int open_parent(struct unpack *u, struct entry *t, struct err *e)
{
	char *slash = strrchr(t->path, '/');
	autofree char *parent = slash ? strndup(t->path, (size_t)(slash - t->path)) : str_dup("");
	t->name = slash ? slash + 1 : t->path;
	if (!str_eq(parent, u->parent)) {
		forget_parent(u);
		int fd = resolve_dir(u->o->root, parent);
		if (fd == -ENOENT && resolve_make_dirs(u->o->root, parent) == 0)
			fd = resolve_dir(u->o->root, parent);
		if (fd < 0)
			return fail(t, -fd, "open the directory of", e);
		if (u->o->foreign && u->o->foreign(u->o->arg, fd)) {
			close(fd);
			return err_set(e, EACCES, "/%s is on a filesystem of the kernel's or the "
				       "container's own", t->path);
		}
		u->parent_fd = fd;
		u->parent = steal_ptr(parent);
	}
	t->dir = u->parent_fd;
	return 0;
}

/* Takes away what is there under the name: an earlier entry's, or in a tree that was
 * there before, what the archive replaces. */
static int make_room(struct unpack *u, struct entry *t, struct err *e)
{
	struct stat st;
	bool there = fstatat(t->dir, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (u->o->keep_kinds && there && S_ISDIR(st.st_mode))
		return err_set(e, EINVAL, "cannot overwrite directory \"/%s\" with non-directory "
			       "\"/%s\"", t->path, u->o->below);
	int r = dir_remove_at(t->dir, t->name);
	if (r < 0)
		return fail(t, -r, "replace", e);
	forget_parent(u);	/* a directory below it may have been the one kept open */
	return open_parent(u, t, e);
}

/* ---- owner, mode, attributes, times ---------------------------------------------- */

static int set_xattrs(struct entry *t, int fd, struct err *e)
{
	const char *name;
	const void *value;
	size_t len, caps;
	char own[32];

	archive_entry_xattr_reset(t->ae);
	while (archive_entry_xattr_next(t->ae, &name, &value, &len) == ARCHIVE_OK) {
		if ((caps = idmap_caps_out(name, value, len, own))) {
			value = own;
			len = caps;
		}
		if (whiteout_xattr_is_ours(name) || fsetxattr(fd, name, value, len, 0) == 0)
			continue;
		/* What this filesystem or user can't keep, tar(1) leaves out as well. */
		if (errno != ENOTSUP && errno != EPERM)
			return fail(t, errno, "set an attribute of", e);
	}
	return 0;
}

static struct timespec mtime_of(const struct entry *t)
{
	return (struct timespec){ archive_entry_mtime(t->ae), archive_entry_mtime_nsec(t->ae) };
}

/* A number that containers here don't have: no file of theirs could be its. */
static int check_owner(const struct unpack *u, const struct entry *t, struct err *e)
{
	uid_t uid = (uid_t)archive_entry_uid(t->ae);
	gid_t gid = (gid_t)archive_entry_gid(t->ae);
	if (!u->own || u->o->give || (idmap_has_uid(uid) && idmap_has_gid(gid)))
		return 0;
	err_set(e, EINVAL, "/%s: Container ID %u cannot be mapped to a host ID", t->path,
		idmap_has_uid(uid) ? gid : uid);
	return err_hint(e, "--userns-remap's user has too few numbers in /etc/subuid or /etc/subgid");
}

static uid_t uid_of(const struct unpack *u, const struct entry *t)
{
	return idmap_uid_out(u->o->give ? u->o->uid : (uid_t)archive_entry_uid(t->ae));
}

static gid_t gid_of(const struct unpack *u, const struct entry *t)
{
	return idmap_gid_out(u->o->give ? u->o->gid : (gid_t)archive_entry_gid(t->ae));
}

/* In this order: chown clears set-uid bits and capabilities, all change the time. */
static int set_metadata(struct unpack *u, struct entry *t, int fd, struct err *e)
{
	struct timespec when[2] = { mtime_of(t), mtime_of(t) };
	if (u->own && fchown(fd, uid_of(u, t), gid_of(u, t)) < 0)
		return fail(t, errno, "give an owner to", e);
	if (fchmod(fd, archive_entry_perm(t->ae)) < 0)
		return fail(t, errno, "set the mode of", e);
	int r = set_xattrs(t, fd, e);
	if (r < 0)
		return r;
	return futimens(fd, when) < 0 ? fail(t, errno, "set the time of", e) : 0;
}

/* The same for what can't be opened without side effects: links and nodes. */
static int set_metadata_at(struct unpack *u, struct entry *t, struct err *e)
{
	struct timespec when[2] = { mtime_of(t), mtime_of(t) };
	if (u->own && fchownat(t->dir, t->name, uid_of(u, t), gid_of(u, t),
			       AT_SYMLINK_NOFOLLOW) < 0)
		return fail(t, errno, "give an owner to", e);
	if (archive_entry_filetype(t->ae) != AE_IFLNK &&
	    fchmodat(t->dir, t->name, archive_entry_perm(t->ae), AT_SYMLINK_NOFOLLOW) < 0)
		return fail(t, errno, "set the mode of", e);
	if (utimensat(t->dir, t->name, when, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(t, errno, "set the time of", e);
	return 0;
}

/* ---- one function a kind of entry ------------------------------------------------ */

static int write_data(struct unpack *u, struct entry *t, int fd, struct err *e)
{
	const char *p;
	const void *block;
	size_t len;
	la_int64_t at;
	int r;

	while ((r = archive_read_data_block(u->a, &block, &len, &at)) == ARCHIVE_OK) {
		for (p = block; len; ) {
			ssize_t n = pwrite(fd, p, len, at);
			if (n < 0 && errno != EINTR)
				return fail(t, errno, "write", e);
			n = n < 0 ? 0 : n;
			p += n, at += n, len -= (size_t)n;
		}
	}
	if (r != ARCHIVE_EOF)
		return tar_fail(u->a, &u->src, e);
	/* A sparse file may end in a hole. */
	if (archive_entry_sparse_count(t->ae) &&
	    ftruncate(fd, archive_entry_size(t->ae)) < 0)
		return fail(t, errno, "write", e);
	u->o->bytes += archive_entry_size(t->ae);
	return 0;
}

static int put_file(struct unpack *u, struct entry *t, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	autofd int fd = openat(t->dir, t->name, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		int r = make_room(u, t, e);
		if (r < 0)
			return r;
		fd = openat(t->dir, t->name, flags, 0600);
	}
	if (fd < 0)
		return fail(t, errno, "create", e);
	int r = write_data(u, t, fd, e);
	return r < 0 ? r : set_metadata(u, t, fd, e);
}

static void remember_time(struct unpack *u, const struct entry *t)
{
	u->dirs = mem_grow(u->dirs, (u->n_dirs + 1) * sizeof(*u->dirs));
	u->dirs[u->n_dirs++] = (struct dir_time){ str_dup(t->path), mtime_of(t) };
}

static int put_dir(struct unpack *u, struct entry *t, struct err *e)
{
	struct stat st;
	bool there = fstatat(t->dir, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	bool hides = u->o->layer && there && whiteout_is_node(&st);	/* what is below it stays so */
	if (u->o->keep_kinds && there && !S_ISDIR(st.st_mode))
		return err_set(e, EINVAL, "cannot overwrite non-directory \"/%s\" with directory "
			       "\"/%s\"", t->path, u->o->below);
	int r = there && !S_ISDIR(st.st_mode) ? make_room(u, t, e) : 0;

	if (r < 0)
		return r;
	if ((!there || !S_ISDIR(st.st_mode)) && mkdirat(t->dir, t->name, 0700) < 0)
		return fail(t, errno, "make directory", e);
	autofd int fd = openat(t->dir, t->name, DIR_OPEN);
	if (fd < 0)
		return fail(t, errno, "open directory", e);
	if (hides && (r = whiteout_mark_opaque(u->o->k, fd)) < 0)
		return fail(t, -r, "mark as opaque", e);
	remember_time(u, t);
	return set_metadata(u, t, fd, e);
}

static int put_symlink(struct unpack *u, struct entry *t, struct err *e)
{
	const char *target = archive_entry_symlink(t->ae);
	if (!target)
		return err_set(e, EBADMSG, "archive/tar: link /%s has no target", t->path);
	int r = symlinkat(target, t->dir, t->name);
	if (r < 0 && errno == EEXIST) {
		if ((r = make_room(u, t, e)) < 0)
			return r;
		r = symlinkat(target, t->dir, t->name);
	}
	return r < 0 ? fail(t, errno, "link", e) : set_metadata_at(u, t, e);
}

static int put_node(struct unpack *u, struct entry *t, struct err *e)
{
	mode_t kind = archive_entry_filetype(t->ae);
	long dev = kind == AE_IFIFO ? 0 : (long)makedev(archive_entry_rdevmajor(t->ae),
							 archive_entry_rdevminor(t->ae));
	if (rights_rootless() && kind != AE_IFIFO)
		return 0;	/* only the host's root makes devices; /dev is the engine's anyway */
	int r = (int)k_mknod(u->o->k, t->dir, t->name, kind | 0600, dev);
	if (r == -EEXIST) {
		if ((r = make_room(u, t, e)) < 0)
			return r;
		r = (int)k_mknod(u->o->k, t->dir, t->name, kind | 0600, dev);
	}
	return r < 0 ? fail(t, -r, "make device", e) : set_metadata_at(u, t, e);
}

/* The target is a path of this layer too, and resolved like one. */
static int put_hardlink(struct unpack *u, struct entry *t, struct err *e)
{
	autofree char *clean = tar_clean_name(archive_entry_hardlink(t->ae));
	autofree char *target = clean ? below(u, clean) : NULL;
	if (!clean || !*clean)
		return err_set(e, EBADMSG, "archive/tar: /%s links to a name outside", t->path);
	char *slash = strrchr(target, '/');
	const char *name = slash ? slash + 1 : target;
	if (slash)
		*slash = '\0';
	autofd int dir = resolve_dir(u->o->root, slash ? target : "");
	if (dir < 0)
		return fail(t, -dir, "find the target of link", e);
	int r = linkat(dir, name, t->dir, t->name, 0);
	if (r < 0 && errno == EEXIST) {
		if ((r = make_room(u, t, e)) < 0)
			return r;
		r = linkat(dir, name, t->dir, t->name, 0);
	}
	return r < 0 ? fail(t, errno, "hard link", e) : 0;
}

static const struct kind {
	mode_t type;
	int (*put)(struct unpack *u, struct entry *t, struct err *e);
} kinds[] = {
	{ AE_IFREG, put_file }, { AE_IFDIR, put_dir }, { AE_IFLNK, put_symlink },
	{ AE_IFCHR, put_node }, { AE_IFBLK, put_node }, { AE_IFIFO, put_node },
};

/* ---- whiteouts ------------------------------------------------------------------- */

/* A whiteout hides what is below this layer, never what the layer itself brings:
 * a file here hides it anyway, a directory has to be told. */
static int put_whiteout(struct unpack *u, struct entry *t, struct err *e)
{
	struct stat st;
	t->name += strlen(WHITEOUT_PREFIX);
	if (!*t->name || str_eq(t->name, ".") || str_eq(t->name, ".."))
		return err_set(e, EBADMSG, "archive/tar: /%s hides no name", t->path);
	int r = 0;
	if (fstatat(t->dir, t->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = whiteout_make(u->o->k, t->dir, t->name);
	else if (S_ISDIR(st.st_mode)) {
		autofd int fd = openat(t->dir, t->name, DIR_OPEN);
		r = fd < 0 ? -errno : whiteout_mark_opaque(u->o->k, fd);
	}
	return r < 0 ? fail(t, -r, "make whiteout", e) : 0;
}

static int put_opaque(struct unpack *u, struct entry *t, struct err *e)
{
	int r = whiteout_mark_opaque(u->o->k, t->dir);
	return r < 0 ? fail(t, -r, "mark the directory of", e) : 0;
}

/* ---- the whole ------------------------------------------------------------------- */

static int put_root(struct unpack *u, struct entry *t, struct err *e)
{
	if (archive_entry_filetype(t->ae) != AE_IFDIR)
		return err_set(e, EBADMSG, "archive/tar: the root is no directory");
	if (!u->o->layer)
		return 0;	/* it was there before, and stays as it is */
	remember_time(u, t);
	return set_metadata(u, t, u->o->root, e);
}

/* 1: it was a mark of a layer, and is done. */
static int put_layer_mark(struct unpack *u, struct entry *t, struct err *e)
{
	int r = 0;
	if (str_eq(t->name, WHITEOUT_OPAQUE))
		r = put_opaque(u, t, e);
	else if (!str_starts(t->name, WHITEOUT_PREFIX))
		return 0;
	else if (!str_starts(t->name, WHITEOUT_META))
		r = put_whiteout(u, t, e);
	return r < 0 ? r : 1;
}

static int put(struct unpack *u, struct entry *t, struct err *e)
{
	int r = check_owner(u, t, e);
	if (r < 0)
		return r;
	if (str_eq(t->path, u->o->below))
		return put_root(u, t, e);
	r = open_parent(u, t, e);
	if (r == 0 && u->o->layer)
		r = put_layer_mark(u, t, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (archive_entry_hardlink(t->ae))
		return put_hardlink(u, t, e);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == archive_entry_filetype(t->ae))
			return kinds[i].put(u, t, e);
	return err_set(e, EBADMSG, "archive/tar: /%s is of no known kind", t->path);
}

static int put_all(struct unpack *u, struct err *e)
{
	struct entry t = { 0 };
	int r;
	while ((r = tar_next(u->a, &u->src, &t.ae, e)) > 0) {
		const char *name = archive_entry_pathname(t.ae);
		autofree char *clean = tar_clean_name(name);
		autofree char *path = clean ? below(u, clean) : NULL;
		if (!clean)
			return err_set(e, EBADMSG, "archive/tar: %s leaves the layer", name);
		t.path = path;
		if ((r = put(u, &t, e)) < 0)
			return r;
	}
	return r;
}

/* Quietly: a directory may have been replaced since. */
static void set_dir_times(struct unpack *u)
{
	for (size_t i = u->n_dirs; i-- > 0; ) {
		struct timespec when[2] = { u->dirs[i].mtime, u->dirs[i].mtime };
		autofd int dir = resolve_dir(u->o->root, u->dirs[i].path);
		if (dir >= 0)
			utimensat(dir, ".", when, AT_SYMLINK_NOFOLLOW);
	}
}

static void unpack_end(struct unpack *u)
{
	forget_parent(u);
	tar_close(u->a, &u->src);
	for (size_t i = 0; i < u->n_dirs; i++)
		free(u->dirs[i].path);
	free(u->dirs);
}

int tar_unpack(struct unpack_options *o, struct stream *tar, struct err *e)
{
	__attribute__((cleanup(unpack_end))) struct unpack u = {
		.o = o, .src = { .in = tar }, .own = rights_owners(), .parent_fd = -1,
	};
	o->bytes = 0;
	u.a = tar_open(&u.src, e);
	if (!u.a)
		return e ? -e->code : -EBADMSG;
	int r = put_all(&u, e);
	/* What follows the end mark is part of the digest, if of nothing else. */
	if (r == 0)
		r = stream_drain(tar, e);
	if (r < 0)
		return r;
	set_dir_times(&u);
	return 0;
}

int layer_unpack(struct kernel *k, struct stream *tar, const char *dir, int64_t *bytes,
		 struct err *e)
{
	autofd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct unpack_options o = { .k = k, .root = root, .below = "", .layer = true };
	if (root < 0)
		return err_sys(e, errno, "open %s", dir);
	int r = tar_unpack(&o, tar, e);
	if (r == 0)
		*bytes = o.bytes;
	return r;
}
