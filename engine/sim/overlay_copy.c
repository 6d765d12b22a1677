/* overlay_copy.c - copy-up: a file of a lower layer gets a twin in the upper one.
 *
 * It happens before the first change: open for writing, chmod, chown, a new attribute,
 * a link, a rename.  The whole file is copied, with owner, mode, times and extended
 * attributes, but not the overlay's own marks; its directories first, from the root down.
 * Names of one lower file (hard links) part here: only the name that was used gets the
 * copy.  A directory goes on showing the lower ones under it: it is merged.
 */
#include "sim/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define AT_ONCE (64 * 1024)

/* Marks of the overlay; those of another one inside (escaped) are content. */
static bool is_mark(const char *name)
{
	return str_starts(name, "trusted.overlay.") && !str_starts(name, "trusted.overlay.overlay.");
}

static int copy_data(struct vfs_inode *to, struct vfs_inode *from)
{
	autofree char *buf = from->size ? mem_alloc(AT_ONCE) : NULL;
	int r = to->ops->resize(to, from->size);
	long n;

	for (int64_t at = 0; r == 0 && at < from->size; at += n) {
		n = from->ops->read(from, buf, AT_ONCE, at);
		if (n <= 0)
			return (int)n;
		long w = to->ops->write(to, buf, (size_t)n, at);
		r = w < 0 ? (int)w : 0;
	}
	return r;
}

static int fill(struct vfs_inode *to, struct vfs_inode *from)
{
	int r = S_ISREG(from->mode) ? copy_data(to, from) : 0;

	if (r < 0)
		return r;
	vfs_xattr_copy(to, from, is_mark);
	to->mode = from->mode;
	to->atime = from->atime;
	to->mtime = from->mtime;
	return 0;
}

static int copy_one(struct vfs_dentry *d)
{
	struct ovl_inode *i = ovl_of(d);
	struct vfs_dentry *dir = ovl_of(d->parent)->upper, *made;
	struct vfs_inode *from = i->i.real;
	autostr struct str target = { 0 };
	struct vfs_new n = { from->mode, from->uid, from->gid, from->rdev };

	if (S_ISLNK(from->mode)) {
		int r = vfs_get_link(i->lower[0], NULL, &target);
		if (r < 0)
			return r;
		n.target = target.s;
	}
	int r = dir->inode->ops->create(dir, vfs_dentry_name(d), &n, &made);
	if (r < 0)
		return r;
	if ((r = fill(made->inode, from)) < 0) {
		dir->inode->ops->remove(made);
		return r;
	}
	i->upper = vfs_dentry_get(made);
	i->i.real = made->inode;
	while (!vfs_is_dir(made->inode) && i->n)
		vfs_dentry_put(i->lower[--i->n]);
	return 0;
}

int ovl_copy_up(struct vfs_dentry *d)
{
	while (!ovl_of(d)->upper) {
		struct vfs_dentry *next = d;	/* the highest that has no twin yet */
		while (!ovl_of(next->parent)->upper)
			next = next->parent;
		if (next->gone)
			return -ENOENT;
		int r = copy_one(next);
		if (r < 0)
			return r;
	}
	return 0;
}
