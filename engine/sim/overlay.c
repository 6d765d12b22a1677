/* overlay.c - the overlay filesystem: many layers, one tree.
 *
 * An image is a stack of directories, and so is a container's root: read-only *lower*
 * layers, and one *upper* layer where all changes go.  The merged tree shows, for each
 * name, what the topmost layer has that has it at all:
 *
 *	upper    /etc/hosts*  /new              hosts: copied up, then changed
 *	lower 1  /etc/hosts   /bin              the image's newest layer
 *	lower 2  /etc/passwd  /bin/sh  /old     … and its base
 *	merged   /etc/{hosts,passwd}  /bin/sh  /new          /old was removed: a whiteout
 *
 * Rules, and where they stand:
 *   lookup      directories of the same name are merged; anything else hides what lies
 *               below it (overlay_look.c)
 *   whiteout    a name is removed from sight by a character device 0:0 of that name in a
 *               layer above; lower layers themselves are never touched
 *   opaque      a directory marked trusted.overlay.opaque=y is not merged with those
 *               below: what an emptied and newly made directory needs
 *   copy-up     a lower file is copied to the upper layer before its first change: whole,
 *               even for chmod; that is why touching a large file of an image costs its
 *               size (overlay_copy.c)
 *   rename      a file moves as a copy plus a whiteout; a directory that shows lower ones
 *               is EXDEV (overlay_names.c)
 *   readdir     the union of the names, without the whiteouts
 *   nlink       a merged directory counts 1: nobody adds up its subdirectories
 *   hard links  two names of one lower file part when one of them is copied up
 * As with the kernel's mount options index=off,redirect_dir=off,metacopy=off.
 *
 * `workdir` is where the kernel prepares what must appear in the upper layer in one
 * step; here every call is one step, so that it only has to be there.  The marks that
 * the kernel writes for its own use (trusted.overlay.origin, impure, uuid) are not kept:
 * no program sees them in the merged tree.
 *
 * Programs inside see no trusted.overlay.* names of this overlay; one that a program sets
 * itself is kept under trusted.overlay.overlay.*, so that an overlay may lie on an
 * overlay.
 */
#include "sim/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mount_priv.h"
#include "sim/overlay_make.h"

#define OVERLAY_MAGIC 0x794c7630
#define MARK "trusted.overlay."

static int ovl_readlink(struct vfs_dentry *d, const struct vfs_view *v, struct str *out)
{
	const struct ovl_inode *i = ovl_of(d);

	return vfs_get_link(i->upper ? i->upper : i->lower[0], v, out);
}

const struct vfs_inode_ops ovl_ops = {
	.lookup = ovl_lookup, .list = ovl_list, .also = ovl_also, .create = ovl_create, .link = ovl_link,
	.remove = ovl_remove, .rename = ovl_rename, .make_writable = ovl_copy_up,
	.readlink = ovl_readlink, .free = ovl_free_inode,
};

/* ---- what programs see ---- */

static void identify(struct vfs_dentry *d, struct stat *st)
{
	const struct ovl_inode *i = ovl_of(d);

	st->st_dev = (dev_t)d->inode->sb->dev;
	st->st_ino = i->i.ino;
	if (vfs_is_dir(d->inode) && (i->upper ? i->n > 0 : i->n > 1))
		st->st_nlink = 1;
}

/* Names of one file in the upper layer; lower ones will part. */
static bool same(const struct vfs_inode *a, const struct vfs_inode *b)
{
	return ((const struct ovl_inode *)a)->upper && ((const struct ovl_inode *)b)->upper &&
	       a->real == b->real;
}

static bool xattr_in(const char *name, char *out)
{
	bool mark = str_starts(name, MARK);

	return snprintf(out, VFS_XATTR_NAME, "%s%s", mark ? MARK "overlay." : "",
			mark ? name + strlen(MARK) : name) < VFS_XATTR_NAME;
}

static bool xattr_out(const char *name, char *out)
{
	bool mark = str_starts(name, MARK), escaped = str_starts(name, MARK "overlay.");

	if (mark && !escaped)
		return false;
	snprintf(out, VFS_XATTR_NAME, "%s%s", escaped ? MARK : "",
		 escaped ? name + strlen(MARK "overlay.") : name);
	return true;
}

static void ovl_statfs(struct vfs_super *sb, struct vfs_statfs *out)
{
	const struct ovl *o = sb->priv;
	const struct vfs_super *real = (o->upper ? o->upper : o->lower[0])->inode->sb;

	*out = (struct vfs_statfs){ real->max_bytes, real->max_bytes - real->used_bytes,
				    real->max_inodes, real->max_inodes - real->used_inodes,
				    OVERLAY_MAGIC };
}

static void free_super(struct vfs_super *sb)
{
	struct ovl *o = sb->priv;

	if (!o)
		return;
	for (size_t i = 0; i < o->n && !sb->fs->dying; i++)
		vfs_dentry_put(o->lower[i]);
	if (o->upper && !sb->fs->dying) {
		vfs_dentry_put(o->upper);
		vfs_dentry_put(o->work);
	}
	for (size_t i = 0; i < o->n_supers && !sb->fs->dying; i++)
		vfs_super_put(o->supers[i]);
	free(o->lower);
	free(o->supers);
	free(o);
}

static const struct vfs_super_ops super_ops = {
	.identify = identify, .same = same, .xattr_in = xattr_in, .xattr_out = xattr_out,
	.statfs = ovl_statfs, .free = free_super,
};

/* ---- making one ---- */

static bool overlap(const struct vfs_dentry *a, const struct vfs_dentry *b)
{
	return vfs_dentry_below(a, b) || vfs_dentry_below(b, a);
}

/* A layer inside another one, or given twice, would show the same file at two places. */
static int check_layers(const struct ovl_layers *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t j = 0; j < i; j++)
			if (overlap(l->lower[i].d, l->lower[j].d))
				return -ELOOP;
		if (l->upper.d && (overlap(l->lower[i].d, l->upper.d) ||
				   overlap(l->lower[i].d, l->work.d)))
			return -ELOOP;
	}
	return 0;
}

static int check(const struct ovl_layers *l)
{
	if (l->n == 0 || (!l->upper.d && l->n < 2) || (l->upper.d && !l->work.d))
		return -EINVAL;
	for (size_t i = 0; i < l->n; i++)
		if (!vfs_is_dir(l->lower[i].d->inode))
			return -EINVAL;
	if (l->upper.d) {
		if (!vfs_is_dir(l->upper.d->inode) || !vfs_is_dir(l->work.d->inode) ||
		    l->upper.mnt != l->work.mnt || overlap(l->upper.d, l->work.d) ||
		    vfs_want_write(&l->upper) < 0 || !l->upper.d->inode->ops->create)
			return -EINVAL;
	}
	return check_layers(l);
}

/* The kernel's own folder in workdir. */
static int make_work(struct vfs_dentry *dir)
{
	const struct vfs_new n = { .mode = S_IFDIR };
	struct vfs_dentry *d;
	int r = vfs_lookup(dir, vfs_name("work", 4), &d);

	return r == -ENOENT ? dir->inode->ops->create(dir, vfs_name("work", 4), &n, &d) : r;
}

static struct ovl *take_layers(const struct ovl_layers *l)
{
	struct ovl *o = mem_alloc(sizeof(*o));

	o->lower = mem_alloc(l->n * sizeof(*o->lower));
	o->supers = mem_alloc((l->n + 1) * sizeof(*o->supers));
	o->same = true;
	if (l->upper.d) {
		o->upper = vfs_dentry_get(l->upper.d);
		o->work = vfs_dentry_get(l->work.d);
		o->supers[o->n_supers++] = vfs_super_get(o->upper->inode->sb);
	}
	for (o->n = 0; o->n < l->n; o->n++) {
		o->lower[o->n] = vfs_dentry_get(l->lower[o->n].d);
		o->supers[o->n_supers++] = vfs_super_get(l->lower[o->n].d->inode->sb);
	}
	for (size_t i = 1; i < o->n_supers; i++)
		o->same &= o->supers[i] == o->supers[0];
	return o;
}

int ovl_make(struct vfs *fs, const struct ovl_layers *l, struct vfs_super **out)
{
	int r = check(l);

	if (r == 0 && l->upper.d)
		r = make_work(l->work.d);
	if (r < 0)
		return r;
	struct vfs_super *sb = vfs_super_new(fs, "overlay", OVERLAY_MAGIC, &super_ops);
	struct ovl *o = sb->priv = take_layers(l);
	sb->readonly = !o->upper;
	sb->root = vfs_dentry_root(&ovl_inode_new(sb, o->upper, o->lower, o->n)->i);
	free(sb->options);
	sb->options = str_dup(l->shown ? l->shown : "");
	*out = sb;
	return 0;
}
