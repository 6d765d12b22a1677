/* names.c - names are made, removed, moved: mkdir, mknod, symlink, link, unlink, rename.
 *
 * The rules that hold for every filesystem, in the order in which Linux checks them,
 * since the first that fails is what a program sees: the path, then a read-only mount,
 * then whether the name is there, then the rights to the directory, then what the
 * filesystem itself has to say.
 */
#include "sim/mount_priv.h"

#include <string.h>

static void put_parent(struct vfs_parent *p)
{
	vfs_path_put(&p->dir);
}

#define autoparent __attribute__((cleanup(put_parent)))

static void changed(struct vfs_inode *dir)
{
	struct vfs_inode *i = vfs_real(dir);

	i->mtime = i->ctime = vfs_now(i->sb->fs);
}

/* The directory of a name that must not be there yet. */
static int new_name(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		    bool dir, struct vfs_parent *out)
{
	struct vfs_dentry *d;
	int r = vfs_walk_parent(v, at, path, out);

	if (r < 0)
		return r;
	r = out->kind != LAST_NAME ? -EEXIST : vfs_lookup(out->dir.d, out->name, &d);
	if (r == 0)
		r = -EEXIST;
	else if (r == -ENOENT)
		r = out->slash && !dir ? -ENOENT : vfs_want_write(&out->dir);
	if (r < 0)
		put_parent(out);
	return r;
}

static int create(const struct vfs_view *v, struct vfs_parent *p, struct vfs_new *n,
		  struct vfs_dentry **out)
{
	struct vfs_dentry *dir = p->dir.d;

	if (!dir->inode->ops->create)
		return -EPERM;
	vfs_init_owner(v, dir, n);
	int r = dir->inode->ops->create(dir, p->name, n, out);
	if (r == 0)
		changed(dir->inode);
	return r;
}

static int make(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		struct vfs_new n)
{
	struct vfs_dentry *made;
	struct vfs_parent p;
	int r = new_name(v, at, path, S_ISDIR(n.mode), &p);

	if (r < 0)
		return r;
	r = vfs_may_create(v->cred, p.dir.d);
	bool device = S_ISCHR(n.mode) || S_ISBLK(n.mode);
	bool whiteout = S_ISCHR(n.mode) && n.rdev == 0;
	if (r == 0 && device && !whiteout && !vfs_capable(v->cred, SIM_CAP_MKNOD))
		r = -EPERM;
	if (r == 0)
		r = create(v, &p, &n, &made);
	put_parent(&p);
	return r;
}

int vfs_mkdir(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode)
{
	return make(v, at, path, (struct vfs_new){ S_IFDIR | (mode & 01777 & ~v->umask) });
}

int vfs_mknod(const struct vfs_view *v, const struct vfs_path *at, const char *path, uint32_t mode,
	      uint32_t dev)
{
	uint32_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;

	if (type == S_IFDIR)
		return -EPERM;
	if (type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO &&
	    type != S_IFSOCK)
		return -EINVAL;
	return make(v, at, path, (struct vfs_new){ type | (mode & 07777 & ~v->umask),
			.rdev = type == S_IFCHR || type == S_IFBLK ? dev : 0 });
}

int vfs_symlink(const struct vfs_view *v, const char *target, const struct vfs_path *at,
		const char *path)
{
	if (!*target)
		return -ENOENT;
	if (strlen(target) >= VFS_PATH_MAX)
		return -ENAMETOOLONG;
	return make(v, at, path, (struct vfs_new){ S_IFLNK | 0777, .target = target });
}

/* Called by open() with O_CREAT, once it knows that the name is new. */
int vfs_create_file(const struct vfs_view *v, struct vfs_parent *p, uint32_t mode,
		    struct vfs_dentry **out)
{
	struct vfs_new n = { S_IFREG | (mode & 07777 & ~v->umask) };
	int r = vfs_want_write(&p->dir);

	if (r == 0)
		r = vfs_may_create(v->cred, p->dir.d);
	if (r == 0 && !p->dir.d->inode->ops->create)
		r = -EACCES;
	return r < 0 ? r : create(v, p, &n, out);
}

/* ---- link ---- */

/* fs.protected_hardlinks: whoever could not write a file can't keep it by a link. */
static bool may_link(const struct vfs_view *v, struct vfs_inode *i)
{
	const struct vfs_cred *c = v->cred;
	uint32_t mode = vfs_real(i)->mode;

	if (!v->fs->hooks.protect.hardlinks || vfs_owner_or_capable(c, i))
		return true;
	return S_ISREG(mode) && !(mode & S_ISUID) &&
	       (mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
	       vfs_permission(c, i, MAY_READ | MAY_WRITE) == 0;
}

static int link_to(const struct vfs_view *v, struct vfs_path *from, struct vfs_parent *to)
{
	struct vfs_inode *i = from->d->inode;

	if (from->mnt != to->dir.mnt)
		return -EXDEV;
	if (!may_link(v, i))
		return -EPERM;
	int r = vfs_may_create(v->cred, to->dir.d);
	if (r < 0)
		return r;
	if (!to->dir.d->inode->ops->link || vfs_is_dir(i))
		return -EPERM;
	if (vfs_real(i)->nlink == 0)
		return -ENOENT;
	r = to->dir.d->inode->ops->link(from->d, to->dir.d, to->name);
	if (r == 0)
		changed(to->dir.d->inode);
	return r;
}

int vfs_link(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
	     const struct vfs_path *to_at, const char *to, int flags)
{
	struct vfs_path old;
	struct vfs_parent p;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH && !vfs_capable(v->cred, SIM_CAP_DAC_READ_SEARCH))
		return -ENOENT;
	int r = vfs_walk(v, from_at, from, (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) |
			 (flags & AT_EMPTY_PATH), &old);
	if (r < 0)
		return r;
	r = new_name(v, to_at, to, false, &p);
	if (r == 0) {
		r = link_to(v, &old, &p);
		put_parent(&p);
	}
	vfs_path_put(&old);
	return r;
}

/* ---- unlink, rmdir ---- */

static int remove_name(const struct vfs_view *v, struct vfs_dentry *d, bool dir)
{
	int r = vfs_may_delete(v->cred, d, dir);
	struct vfs_inode *in = d->parent->inode;

	if (r < 0)
		return r;
	if (!in->ops->remove)
		return -EPERM;
	if (d->mounted && vfs_mounted_here(v->ns, d))
		return -EBUSY;
	if ((r = in->ops->remove(d)) < 0)
		return r;
	vfs_umount_name(d);	/* in other namespaces */
	changed(in);
	return 0;
}

/* What a last part that is no name gives. */
static int not_a_name(enum vfs_last kind, bool dir)
{
	return !dir ? -EISDIR : kind == LAST_DOT ? -EINVAL : kind == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
}

int vfs_unlink(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags)
{
	autoparent struct vfs_parent p = { { 0 } };
	struct vfs_dentry *d;
	bool dir = flags & AT_REMOVEDIR;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	int r = vfs_walk_parent(v, at, path, &p);
	if (r < 0)
		return r;
	if (p.kind != LAST_NAME)
		return not_a_name(p.kind, dir);
	if ((r = vfs_want_write(&p.dir)) < 0 || (r = vfs_lookup(p.dir.d, p.name, &d)) < 0)
		return r;
	if (p.slash && !dir)
		return vfs_is_dir(d->inode) ? -EISDIR : -ENOTDIR;
	vfs_dentry_get(d);
	r = remove_name(v, d, dir);
	vfs_dentry_put(d);
	return r;
}

/* ---- rename ---- */

struct rename {
	const struct vfs_view *v;
	struct vfs_parent from, to;
	struct vfs_move m;
};

/* The names and what hangs on their text; then m.from and m.to are there. */
static int look_both_up(struct rename *n)
{
	unsigned flags = n->m.flags;
	int r = vfs_lookup(n->from.dir.d, n->from.name, &n->m.from);

	if (r < 0)
		return r;
	vfs_dentry_get(n->m.from);
	r = vfs_lookup(n->to.dir.d, n->to.name, &n->m.to);
	if (r == -ENOENT)
		n->m.to = NULL;
	else if (r < 0)
		return r;
	if (n->m.to)
		vfs_dentry_get(n->m.to);
	if (n->m.to && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (flags & RENAME_EXCHANGE) {
		if (!n->m.to)
			return -ENOENT;
		if (!vfs_is_dir(n->m.to->inode) && n->to.slash)
			return -ENOTDIR;
	}
	if (!vfs_is_dir(n->m.from->inode) &&
	    (n->from.slash || (!(flags & RENAME_EXCHANGE) && n->to.slash)))
		return -ENOTDIR;
	return 0;
}

/* Neither may lie in the other. */
static int check_loop(const struct vfs_move *m)
{
	if (vfs_dentry_below(m->dir, m->from))
		return -EINVAL;
	if (m->to && vfs_dentry_below(m->from->parent, m->to))
		return m->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_rights(const struct vfs_view *v, const struct vfs_move *m)
{
	bool dir = vfs_is_dir(m->from->inode), swap = m->flags & RENAME_EXCHANGE;
	bool to_dir = m->to && vfs_is_dir(m->to->inode);
	int r = vfs_may_delete(v->cred, m->from, dir);

	if (r == 0)
		r = m->to ? vfs_may_delete(v->cred, m->to, swap ? to_dir : dir)
			  : vfs_may_create(v->cred, m->dir);
	if (r == 0 && !m->dir->inode->ops->rename)
		r = -EPERM;
	if (r < 0 || m->dir == m->from->parent)
		return r;
	/* A directory's ".." changes with its parent. */
	if (dir)
		r = vfs_permission(v->cred, m->from->inode, MAY_WRITE);
	if (r == 0 && swap && to_dir)
		r = vfs_permission(v->cred, m->to->inode, MAY_WRITE);
	return r;
}

static bool mounted(const struct vfs_view *v, const struct vfs_dentry *d)
{
	return d && d->mounted && vfs_mounted_here(v->ns, d);
}

static bool same_file(const struct vfs_inode *a, const struct vfs_inode *b)
{
	const struct vfs_super_ops *ops = a->sb->ops;

	return a == b || (a->sb == b->sb && ops && ops->same && ops->same(a, b));
}

static int carry_out(struct rename *n)
{
	struct vfs_move *m = &n->m;
	int r = look_both_up(n);

	if (r < 0 || (r = check_loop(m)) < 0)
		return r;
	if (m->to && same_file(m->to->inode, m->from->inode))
		return 0;
	if ((r = check_rights(n->v, m)) < 0)
		return r;
	if (mounted(n->v, m->from) || mounted(n->v, m->to))
		return -EBUSY;
	struct vfs_dentry *old = vfs_dentry_get(m->from->parent);
	r = m->dir->inode->ops->rename(m);
	if (r == 0) {
		changed(old->inode);
		changed(m->dir->inode);
	}
	vfs_dentry_put(old);
	return r;
}

static int rename_between(struct rename *n)
{
	if (n->from.dir.mnt != n->to.dir.mnt)
		return -EXDEV;
	if (n->from.kind != LAST_NAME)
		return -EBUSY;
	if (n->to.kind != LAST_NAME)
		return n->m.flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	int r = vfs_want_write(&n->from.dir);
	if (r < 0)
		return r;
	n->m.dir = n->to.dir.d;
	n->m.name = n->to.name;
	r = carry_out(n);
	if (n->m.from)
		vfs_dentry_put(n->m.from);
	if (n->m.to)
		vfs_dentry_put(n->m.to);
	return r;
}

int vfs_rename(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
	       const struct vfs_path *to_at, const char *to, unsigned flags)
{
	struct rename n = { .v = v, .m.flags = flags };

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT) ||
	    (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	int r = vfs_walk_parent(v, from_at, from, &n.from);
	if (r < 0)
		return r;
	if ((r = vfs_walk_parent(v, to_at, to, &n.to)) == 0) {
		r = rename_between(&n);
		put_parent(&n.to);
	}
	put_parent(&n.from);
	return r;
}
