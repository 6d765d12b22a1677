/* attr.c - what stat() tells of a file, and how it is changed: chmod, chown, utimens,
 * truncate.
 *
 * Rights first, then the filesystem is told that a change comes (an overlay copies the
 * file up), then the inode that holds the attributes is changed.
 */
#include "sim/mount_priv.h"

#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#define st_atim st_atimespec
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

/* ---- looking ---- */

static struct timespec moment(int64_t ns)
{
	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

void vfs_fill_stat(struct vfs_dentry *d, struct stat *st)
{
	const struct vfs_inode *i = vfs_real(d->inode);

	memset(st, 0, sizeof(*st));
	st->st_dev = (dev_t)i->sb->dev;
	st->st_ino = i->ino;
	st->st_mode = i->mode;
	st->st_nlink = i->nlink;
	st->st_uid = i->uid;
	st->st_gid = i->gid;
	st->st_rdev = i->rdev;
	st->st_size = i->size;
	st->st_blksize = 4096;
	st->st_blocks = S_ISREG(i->mode) ? (i->size + 4095) / 4096 * 8 : 0;
	st->st_atim = moment(i->atime);
	st->st_mtim = moment(i->mtime);
	st->st_ctim = moment(i->ctime);
	if (d->inode->sb->ops && d->inode->sb->ops->identify)
		d->inode->sb->ops->identify(d, st);
}

int vfs_stat(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
	     struct stat *out)
{
	struct vfs_path p;
	int r = vfs_walk(v, at, path, flags, &p);

	if (r < 0)
		return r;
	vfs_fill_stat(p.d, out);
	vfs_path_put(&p);
	return 0;
}

int vfs_readlink(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		 struct str *out)
{
	struct vfs_path p;
	int r = vfs_walk(v, at, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &p);

	if (r < 0)
		return r;
	r = S_ISLNK(p.d->inode->mode) ? vfs_get_link(p.d, v, out) : *path ? -EINVAL : -ENOENT;
	vfs_path_put(&p);
	return r;
}

static int may_access(const struct vfs_view *v, const struct vfs_path *p, int mode)
{
	uint32_t type = vfs_real(p->d->inode)->mode & S_IFMT;
	bool special = type != S_IFREG && type != S_IFDIR && type != S_IFLNK;

	if (mode & X_OK && type == S_IFREG && p->mnt->flags & SIM_ATTR_NOEXEC)
		return -EACCES;
	int r = vfs_permission(v->cred, p->d->inode, mode);
	return r == 0 && mode & W_OK && !special ? vfs_want_write(p) : r;
}

int vfs_access(const struct vfs_view *v, const struct vfs_path *at, const char *path, int mode)
{
	struct vfs_path p;
	int r = mode & ~(R_OK | W_OK | X_OK) ? -EINVAL : vfs_walk(v, at, path, 0, &p);

	if (r < 0)
		return r;
	r = mode ? may_access(v, &p, mode) : 0;
	vfs_path_put(&p);
	return r;
}

int vfs_statfs(const struct vfs_view *v, const struct vfs_path *at, const char *path,
	       struct vfs_statfs *out)
{
	struct vfs_path p;
	int r = vfs_walk(v, at, path, AT_EMPTY_PATH, &p);

	if (r < 0)
		return r;
	const struct vfs_super *sb = p.d->inode->sb;
	*out = (struct vfs_statfs){ sb->max_bytes, sb->max_bytes - sb->used_bytes, sb->max_inodes,
				    sb->max_inodes - sb->used_inodes, sb->magic };
	if (sb->ops && sb->ops->statfs)
		sb->ops->statfs(p.d->inode->sb, out);
	vfs_path_put(&p);
	return 0;
}

/* ---- changing ---- */

/* A change asked for; the members of those that aren't are VFS_OMIT or -1. */
struct change {
	int64_t mode;
	uint32_t uid, gid;
	int64_t atime, mtime;
};
#define NO_CHANGE { .mode = -1, .uid = -1u, .gid = -1u, .atime = VFS_OMIT, .mtime = VFS_OMIT }

static int may_change(const struct vfs_cred *c, struct vfs_inode *i, const struct change *ch)
{
	const struct vfs_inode *real = vfs_real(i);
	bool owner = c->uid == real->uid, chown = vfs_capable(c, SIM_CAP_CHOWN);

	if (ch->uid != -1u && !chown && !(owner && ch->uid == real->uid))
		return -EPERM;
	if (ch->gid != -1u && !chown &&
	    !(owner && (ch->gid == real->gid || vfs_in_group(c, ch->gid))))
		return -EPERM;
	if (ch->mode >= 0 && !vfs_owner_or_capable(c, i))
		return -EPERM;
	if (ch->atime == VFS_OMIT && ch->mtime == VFS_OMIT)
		return 0;
	if (vfs_owner_or_capable(c, i))
		return 0;
	if (ch->atime == VFS_NOW && ch->mtime == VFS_NOW)
		return vfs_permission(c, i, MAY_WRITE);
	return -EPERM;
}

/* A new owner, or a write, takes what let a program run as the old one. */
static uint32_t without_ids(uint32_t mode)
{
	uint32_t ids = S_ISUID | (mode & S_IXGRP ? S_ISGID : 0);

	return S_ISDIR(mode) ? mode : mode & ~ids;
}

void vfs_kill_privileges(struct vfs_inode *i)
{
	i->mode = without_ids(i->mode);
	vfs_xattr_drop(i, "security.capability");
}

static void apply(const struct vfs_cred *c, struct vfs_inode *i, const struct change *ch)
{
	int64_t now = vfs_now(i->sb->fs);

	if (ch->uid != -1u)
		i->uid = ch->uid;
	if (ch->gid != -1u)
		i->gid = ch->gid;
	if (ch->mode >= 0) {
		i->mode = (i->mode & S_IFMT) | ch->mode;
		if (!vfs_in_group(c, i->gid) && !vfs_capable(c, SIM_CAP_FSETID))
			i->mode &= ~S_ISGID;
	}
	if (ch->atime != VFS_OMIT)
		i->atime = ch->atime == VFS_NOW ? now : ch->atime;
	if (ch->mtime != VFS_OMIT)
		i->mtime = ch->mtime == VFS_NOW ? now : ch->mtime;
	i->ctime = now;
}

static int change(const struct vfs_view *v, struct vfs_path *p, const struct change *ch, bool owner)
{
	struct vfs_inode *i = p->d->inode;
	int r = vfs_want_write(p);

	if (r == 0)
		r = may_change(v->cred, i, ch);
	uint32_t mode = vfs_real(i)->mode;
	if (r == 0 && owner && without_ids(mode) != mode && !vfs_owner_or_capable(v->cred, i))
		r = -EPERM;
	if (r == 0 && i->ops->make_writable)
		r = i->ops->make_writable(p->d);
	if (r < 0)
		return r;
	if (owner)
		vfs_kill_privileges(vfs_real(i));
	apply(v->cred, vfs_real(i), ch);
	return 0;
}

static int change_at(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
		     const struct change *ch, bool owner)
{
	struct vfs_path p;
	int r = vfs_walk(v, at, path, flags, &p);

	if (r < 0)
		return r;
	r = ch->mode >= 0 && S_ISLNK(p.d->inode->mode) ? -EOPNOTSUPP : change(v, &p, ch, owner);
	vfs_path_put(&p);
	return r;
}

int vfs_chmod(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode,
	      int flags)
{
	struct change ch = NO_CHANGE;

	ch.mode = mode & 07777;
	return change_at(v, at, path, flags, &ch, false);
}

int vfs_chown(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t uid,
	      uint32_t gid, int flags)
{
	struct change ch = NO_CHANGE;

	ch.uid = uid;
	ch.gid = gid;
	return change_at(v, at, path, flags, &ch, true);
}

int vfs_utimens(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		int64_t atime, int64_t mtime, int flags)
{
	struct change ch = NO_CHANGE;

	ch.atime = atime;
	ch.mtime = mtime;
	if (atime == VFS_OMIT && mtime == VFS_OMIT)
		return 0;
	return change_at(v, at, path, flags, &ch, false);
}

/* ---- length ---- */

int vfs_resize(const struct vfs_cred *c, struct vfs_dentry *d, int64_t size)
{
	struct vfs_inode *i = d->inode;

	if (i->ops->make_writable) {
		int r = i->ops->make_writable(d);
		if (r < 0)
			return r;
	}
	i = vfs_real(i);
	int r = i->ops->resize ? i->ops->resize(i, size) : 0;
	if (r < 0)
		return r;
	i->mtime = i->ctime = vfs_now(i->sb->fs);
	if (!vfs_capable(c, SIM_CAP_FSETID))
		vfs_kill_privileges(i);
	return 0;
}

static int truncate_path(const struct vfs_view *v, struct vfs_path *p, int64_t size)
{
	uint32_t type = p->d->inode->mode & S_IFMT;

	if (type == S_IFDIR)
		return -EISDIR;
	if (type != S_IFREG)
		return -EINVAL;
	int r = vfs_want_write(p);
	if (r == 0)
		r = vfs_permission(v->cred, p->d->inode, MAY_WRITE);
	return r < 0 ? r : vfs_resize(v->cred, p->d, size);
}

int vfs_truncate(const struct vfs_view *v, const char *path, int64_t size)
{
	struct vfs_path p;
	int r = size < 0 ? -EINVAL : vfs_walk(v, NULL, path, 0, &p);

	if (r < 0)
		return r;
	r = truncate_path(v, &p, size);
	vfs_path_put(&p);
	return r;
}
