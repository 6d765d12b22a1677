/* perm.c - who may do what to a file.
 *
 * Three bits for the owner, the group and all others, and the first class that fits
 * decides (an owner without rights isn't saved by the group's).  Capabilities go round
 * them: CAP_DAC_OVERRIDE round everything but running a file nobody may run,
 * CAP_DAC_READ_SEARCH round reading and walking.  To remove or rename a name it takes
 * write and walk rights on its directory; in a sticky one (/tmp) also owning the file or
 * the directory, or CAP_FOWNER.
 */
#include "sim/vfs_priv.h"

bool vfs_capable(const struct vfs_cred *c, int cap)
{
	return c->caps >> cap & 1;
}

bool vfs_in_group(const struct vfs_cred *c, uint32_t gid)
{
	if (c->gid == gid)
		return true;
	for (size_t i = 0; i < c->n_groups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

static bool by_capability(const struct vfs_cred *c, const struct vfs_inode *i, int may)
{
	bool dir = S_ISDIR(i->mode);

	if ((dir ? !(may & MAY_WRITE) : may == MAY_READ) && vfs_capable(c, SIM_CAP_DAC_READ_SEARCH))
		return true;
	if (!dir && may & MAY_EXEC && !(i->mode & 0111))
		return false;
	return vfs_capable(c, SIM_CAP_DAC_OVERRIDE);
}

int vfs_permission(const struct vfs_cred *c, struct vfs_inode *asked, int may)
{
	const struct vfs_inode *i = vfs_real(asked);
	uint32_t type = i->mode & S_IFMT, bits = i->mode;

	if (may & MAY_WRITE && asked->sb->readonly &&
	    (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
		return -EROFS;
	if (c->uid == i->uid)
		bits >>= 6;
	else if (vfs_in_group(c, i->gid))
		bits >>= 3;
	if ((bits & may) == (uint32_t)may || by_capability(c, i, may))
		return 0;
	return -EACCES;
}

bool vfs_owner_or_capable(const struct vfs_cred *c, struct vfs_inode *i)
{
	return c->uid == vfs_real(i)->uid || vfs_capable(c, SIM_CAP_FOWNER);
}

int vfs_may_create(const struct vfs_cred *c, struct vfs_dentry *dir)
{
	return dir->gone ? -ENOENT : vfs_permission(c, dir->inode, MAY_WRITE | MAY_EXEC);
}

int vfs_may_delete(const struct vfs_cred *c, struct vfs_dentry *d, bool as_dir)
{
	struct vfs_inode *dir = vfs_real(d->parent->inode);
	int r = vfs_permission(c, d->parent->inode, MAY_WRITE | MAY_EXEC);

	if (r < 0)
		return r;
	if (dir->mode & S_ISVTX && c->uid != dir->uid && !vfs_owner_or_capable(c, d->inode))
		return -EPERM;
	if (as_dir != vfs_is_dir(d->inode))
		return as_dir ? -ENOTDIR : -EISDIR;
	if (d->parent == d)
		return -EBUSY;
	return d->parent->gone ? -ENOENT : 0;
}

int vfs_may_follow(const struct vfs_view *v, struct vfs_dentry *link)
{
	const struct vfs_inode *dir = vfs_real(link->parent->inode), *i = vfs_real(link->inode);
	const uint32_t open_to_all = S_ISVTX | S_IWOTH;

	if (!v->fs->hooks.protect.symlinks || v->cred->uid == i->uid || dir->uid == i->uid)
		return 0;
	return (dir->mode & open_to_all) == open_to_all ? -EACCES : 0;
}

int vfs_may_reuse(const struct vfs_view *v, struct vfs_dentry *d)
{
	const struct vfs_inode *dir = vfs_real(d->parent->inode), *i = vfs_real(d->inode);
	const struct vfs_protect *p = &v->fs->hooks.protect;
	unsigned level = S_ISREG(i->mode) ? p->regular : S_ISFIFO(i->mode) ? p->fifos : 1;

	if (!(dir->mode & S_ISVTX) || !level || i->uid == dir->uid || i->uid == v->cred->uid)
		return 0;
	if (dir->mode & S_IWOTH || (dir->mode & S_IWGRP && level >= 2))
		return -EACCES;
	return 0;
}

void vfs_init_owner(const struct vfs_view *v, struct vfs_dentry *dir, struct vfs_new *n)
{
	const struct vfs_inode *in = vfs_real(dir->inode);
	const uint32_t both = S_ISGID | S_IXGRP;

	n->uid = v->cred->uid;
	n->gid = v->cred->gid;
	if (!(in->mode & S_ISGID))
		return;
	n->gid = in->gid;
	if (S_ISDIR(n->mode))
		n->mode |= S_ISGID;
	else if ((n->mode & both) == both && !vfs_in_group(v->cred, n->gid) &&
		 !vfs_capable(v->cred, SIM_CAP_FSETID))
		n->mode &= ~S_ISGID;
}
