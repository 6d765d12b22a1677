/* file.c - open files: open, read, write, seek, readdir.
 *
 * An open file holds its path, and with it the mount and the inode: a file whose last
 * name was removed lives on until it is closed.  Which inode holds the data is asked for
 * at each read: after an overlay copied a file up, a descriptor from before reads the
 * copy, as with the kernel's.
 *
 * A directory's position is the number of entries given so far.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a file object ---- */

struct vfs_file *vfs_file_new(struct vfs *fs, const struct vfs_file_ops *ops, void *priv,
			      int flags)
{
	struct vfs_file *f = mem_alloc(sizeof(*f));

	f->fs = fs;
	f->ops = ops;
	f->priv = priv;
	f->flags = flags;
	f->refs = 1;
	f->next = fs->files;
	if (fs->files)
		fs->files->prev = f;
	fs->files = f;
	return f;
}

struct vfs_file *vfs_file_get(struct vfs_file *f)
{
	f->refs++;
	return f;
}

void vfs_file_put(struct vfs_file *f)
{
	if (--f->refs)
		return;
	if (f->ops && f->ops->release)
		f->ops->release(f);
	*(f->prev ? &f->prev->next : &f->fs->files) = f->next;
	if (f->next)
		f->next->prev = f->prev;
	if (f->path.d)
		vfs_path_put(&f->path);
	free(f);
}

/* ---- open ---- */

static int access_of(int flags)
{
	static const int may[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };

	return may[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

static int may_open(const struct vfs_view *v, const struct vfs_path *p, int flags)
{
	uint32_t type = vfs_real(p->d->inode)->mode & S_IFMT;
	int may = access_of(flags);

	if (type == S_IFLNK)
		return -ELOOP;
	if (type == S_IFDIR && may & MAY_WRITE)
		return -EISDIR;
	if ((type == S_IFCHR || type == S_IFBLK) && p->mnt->flags & SIM_ATTR_NODEV)
		return -EACCES;
	int r = vfs_permission(v->cred, p->d->inode, may);
	if (r == 0 && may & MAY_WRITE && (type == S_IFREG || type == S_IFDIR))
		r = vfs_want_write(p);
	return r;
}

static int open_special(const struct vfs_view *v, struct vfs_file *f)
{
	const struct vfs_hooks *h = &f->fs->hooks;

	return h->open_special ? h->open_special(h->arg, v, f) : -ENXIO;
}

/* What the open itself does, once it is allowed. */
static int do_open(const struct vfs_view *v, struct vfs_file *f, bool made)
{
	struct vfs_dentry *d = f->path.d;
	struct vfs_inode *i = d->inode;
	uint32_t type = vfs_real(i)->mode & S_IFMT;

	if (i->ops->open) {
		int r = i->ops->open(v, f);
		if (r < 0 || f->ops)
			return r;
	}
	if (type != S_IFREG && type != S_IFDIR)
		return open_special(v, f);
	f->ops = &vfs_data_ops;
	if (type == S_IFREG && access_of(f->flags) & MAY_WRITE && !made && i->ops->make_writable) {
		int r = i->ops->make_writable(d);
		if (r < 0)
			return r;
	}
	return f->flags & O_TRUNC && type == S_IFREG && !made ? vfs_resize(v->cred, d, 0) : 0;
}

static int finish_open(const struct vfs_view *v, struct vfs_path *p, int flags, bool made,
		       struct vfs_file **out)
{
	int r = flags & O_DIRECTORY && !vfs_is_dir(p->d->inode) ? -ENOTDIR : 0;

	if (r == 0 && !(flags & O_PATH) && !made)
		r = may_open(v, p, flags);
	if (r < 0) {
		vfs_path_put(p);
		return r;
	}
	struct vfs_file *f = vfs_file_new(v->fs, NULL, NULL, flags & ~(O_CREAT | O_EXCL));
	f->path = *p;
	f->keeps_ids = vfs_capable(v->cred, SIM_CAP_FSETID);
	if (!(flags & O_PATH) && (r = do_open(v, f, made)) < 0) {
		f->ops = NULL;
		vfs_file_put(f);
		return r;
	}
	f->flags &= ~O_TRUNC;
	*out = f;
	return 0;
}

static int open_plain(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
		      struct vfs_file **out)
{
	struct vfs_path p;
	int r = vfs_walk_how(v, at, path, flags & O_NOFOLLOW ? 0 : WALK_FOLLOW, &p);

	return r < 0 ? r : finish_open(v, &p, flags, false, out);
}

/* The last part of the path is known and its directory walked to: opens or makes it.
 * 1: it is a link to follow, whose text is in *link. */
static int open_last(const struct vfs_view *v, struct vfs_parent *p, int flags, uint32_t mode,
		     struct str *link, struct vfs_file **out)
{
	struct vfs_path to = p->dir;
	bool made = false;

	if (p->kind != LAST_NAME)
		return flags & O_EXCL ? -EEXIST : -EISDIR;
	if (p->slash)
		return -EISDIR;
	int r = vfs_lookup(to.d, p->name, &to.d);
	if (r == -ENOENT) {
		r = vfs_create_file(v, p, mode, &to.d);
		made = true;
	} else if (r == 0 && flags & O_EXCL) {
		r = -EEXIST;
	}
	if (r < 0)
		return r;
	vfs_mount_cross(&to);
	if (S_ISLNK(to.d->inode->mode) && !(flags & O_NOFOLLOW)) {
		struct vfs_path place;
		r = to.d->inode->ops->follow ? to.d->inode->ops->follow(to.d, v, &place) : -EINVAL;
		if (r == 0)
			return finish_open(v, &place, flags, false, out);
		r = vfs_may_follow(v, to.d);
		if (r == 0)
			r = vfs_get_link(to.d, v, link);
		return r < 0 ? r : 1;
	}
	if (vfs_is_dir(to.d->inode))
		return -EISDIR;
	if (!made && (r = vfs_may_reuse(v, to.d)) < 0)
		return r;
	vfs_path_get(&to);
	return finish_open(v, &to, flags, made, out);
}

static int open_create(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		       int flags, uint32_t mode, int links, struct vfs_file **out)
{
	struct vfs_parent p;
	struct str link = { 0 };
	int r = vfs_walk_parent(v, at, path, &p);

	if (r < 0)
		return r;
	r = open_last(v, &p, flags, mode, &link, out);
	if (r == 1)
		r = links >= 40 ? -ELOOP
				: open_create(v, &p.dir, link.s, flags, mode, links + 1, out);
	str_free(&link);
	vfs_path_put(&p.dir);
	return r;
}

int vfs_open(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     uint32_t mode, struct vfs_file **out)
{
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	return flags & O_CREAT ? open_create(v, at, path, flags, mode, 0, out)
			       : open_plain(v, at, path, flags, out);
}

/* ---- reading and writing ---- */

static bool readable(const struct vfs_file *f)
{
	return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct vfs_file *f)
{
	return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_RDONLY;
}

long vfs_read(struct vfs_file *f, void *buf, size_t n)
{
	if (!readable(f))
		return -EBADF;
	return f->ops->read ? f->ops->read(f, buf, n) : -EINVAL;
}

long vfs_write(struct vfs_file *f, const void *buf, size_t n)
{
	if (!writable(f))
		return -EBADF;
	return f->ops->write ? f->ops->write(f, buf, n) : -EINVAL;
}

int64_t vfs_seek(struct vfs_file *f, int64_t offset, int whence)
{
	if (f->flags & O_PATH)
		return -EBADF;
	return f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
}

long vfs_pread(struct vfs_file *f, void *buf, size_t n, int64_t at)
{
	if (!readable(f))
		return -EBADF;
	if (f->ops != &vfs_data_ops)
		return -ESPIPE;
	struct vfs_inode *i = vfs_real(f->path.d->inode);
	if (at < 0)
		return -EINVAL;
	return S_ISDIR(i->mode) ? -EISDIR : i->ops->read(i, buf, n, at);
}

static long write_at(struct vfs_file *f, const void *buf, size_t n, int64_t at)
{
	struct vfs_inode *i = vfs_real(f->path.d->inode);
	long r = n ? i->ops->write(i, buf, n, at) : 0;

	if (r > 0) {
		i->mtime = i->ctime = vfs_now(f->fs);
		if (!f->keeps_ids)
			vfs_kill_privileges(i);
		else if (i->xattrs)
			vfs_xattr_drop(i, "security.capability");
	}
	return r;
}

long vfs_pwrite(struct vfs_file *f, const void *buf, size_t n, int64_t at)
{
	if (!writable(f))
		return -EBADF;
	if (f->ops != &vfs_data_ops)
		return -ESPIPE;
	return at < 0 ? -EINVAL : write_at(f, buf, n, at);
}

int vfs_ftruncate(struct vfs_file *f, int64_t size)
{
	const struct vfs_cred opener = { .caps = f->keeps_ids ? 1ull << SIM_CAP_FSETID : 0 };

	if (f->flags & O_PATH)
		return -EBADF;
	if (size < 0 || f->ops != &vfs_data_ops || !writable(f))
		return -EINVAL;
	return vfs_resize(&opener, f->path.d, size);
}

static long data_read(struct vfs_file *f, void *buf, size_t n)
{
	long r = vfs_pread(f, buf, n, f->pos);

	if (r > 0)
		f->pos += r;
	return r;
}

static long data_write(struct vfs_file *f, const void *buf, size_t n)
{
	int64_t at = f->flags & O_APPEND ? vfs_real(f->path.d->inode)->size : f->pos;
	long r = write_at(f, buf, n, at);

	if (r > 0)
		f->pos = at + r;
	return r;
}

static int64_t data_seek(struct vfs_file *f, int64_t offset, int whence)
{
	int64_t from = whence == SEEK_CUR ? f->pos :
		       whence == SEEK_END ? vfs_real(f->path.d->inode)->size : 0;

	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	if (from + offset < 0)
		return -EINVAL;
	return f->pos = from + offset;
}

const struct vfs_file_ops vfs_data_ops = {
	.read = data_read, .write = data_write, .seek = data_seek,
};

/* ---- readdir ---- */

static uint64_t shown_ino(struct vfs_dentry *d)
{
	struct stat st;

	vfs_fill_stat(d, &st);
	return st.st_ino;
}

static int64_t emit_all(struct vfs_dentry *dir, const struct vfs_dentry *without, int64_t at,
			int64_t from, vfs_emit *emit, void *arg)
{
	for (struct vfs_dentry *d = dir->first; d; d = d->next) {
		if (without && vfs_dentry_find((struct vfs_dentry *)without, vfs_dentry_name(d)))
			continue;
		if (at++ >= from)
			emit(arg, d->name, shown_ino(d), d->inode->mode & S_IFMT);
	}
	return at;
}

long vfs_readdir(struct vfs_file *f, vfs_emit *emit, void *arg)
{
	struct vfs_dentry *dir = f->path.d;
	int64_t at = 0, from = f->pos;

	if (!vfs_is_dir(dir->inode))
		return -ENOTDIR;
	if (!readable(f))
		return -EBADF;
	if (dir->gone)
		return -ENOENT;
	int r = dir->inode->ops->list ? dir->inode->ops->list(dir) : 0;
	if (r < 0)
		return r;
	if (at++ >= from)
		emit(arg, ".", shown_ino(dir), S_IFDIR);
	if (at++ >= from)
		emit(arg, "..", shown_ino(dir->parent), S_IFDIR);
	at = emit_all(dir, NULL, at, from, emit, arg);
	struct vfs_dentry *also = dir->inode->ops->also ? dir->inode->ops->also(dir) : NULL;
	if (also)
		at = emit_all(also, dir, at, from, emit, arg);
	f->pos = at;
	return at - from < 0 ? 0 : (long)(at - from);
}
