/* overlay_names.c - creating, linking, removing and renaming in the merged tree.
 *
 * All of it happens in the upper layer.  What a lower layer shows under a name is hidden
 * by a whiteout when the name goes; a whiteout goes when the name comes back.  A new
 * directory where a whiteout was is opaque: nothing from below may show through; so is
 * one that is moved to where a lower directory might lie under it.
 *
 * A directory that shows lower ones can't be renamed: its contents lie in layers that
 * nobody may touch.  The kernel says EXDEV, and mv(1) copies instead.
 */
#include "sim/overlay.h"

#include <string.h>

static bool is_merge(const struct vfs_dentry *dir)
{
	const struct ovl_inode *i = ovl_of(dir);

	return i->upper ? i->n > 0 : i->n > 1;
}

static struct vfs_dentry *upper_of(const struct vfs_dentry *d)
{
	return ovl_of(d)->upper;
}

static int remove_real(struct vfs_dentry *upper)
{
	return upper->parent->inode->ops->remove(upper);
}

/* The whiteout under a name of the upper directory, or NULL. */
static struct vfs_dentry *whiteout_at(struct vfs_dentry *upper_dir, struct vfs_name name)
{
	struct vfs_dentry *d;

	return vfs_lookup(upper_dir, name, &d) == 0 && ovl_is_whiteout(d) ? d : NULL;
}

static int make_whiteout(struct vfs_dentry *upper_dir, struct vfs_name name)
{
	const struct vfs_new n = { .mode = S_IFCHR };
	struct vfs_dentry *made;

	return upper_dir->inode->ops->create(upper_dir, name, &n, &made);
}

static void set_opaque(struct vfs_dentry *upper)
{
	vfs_xattr_put(vfs_real(upper->inode), OVL_OPAQUE, "y", 1);
}

/* ---- create and link ---- */

int ovl_create(struct vfs_dentry *dir, struct vfs_name name, const struct vfs_new *n,
	       struct vfs_dentry **out)
{
	struct vfs_dentry *made, *hidden;

	if (S_ISCHR(n->mode) && n->rdev == 0)
		return -EPERM;	/* it would be a whiteout */
	int r = ovl_copy_up(dir);
	if (r < 0)
		return r;
	struct vfs_dentry *up = upper_of(dir);
	hidden = whiteout_at(up, name);
	if (hidden && (r = remove_real(hidden)) < 0)
		return r;
	if ((r = up->inode->ops->create(up, name, n, &made)) < 0)
		return r;
	if (hidden && S_ISDIR(n->mode))
		set_opaque(made);
	*out = vfs_dentry_add(dir, name, &ovl_inode_new(dir->inode->sb, made, NULL, 0)->i);
	return 0;
}

int ovl_link(struct vfs_dentry *from, struct vfs_dentry *dir, struct vfs_name name)
{
	int r = ovl_copy_up(from);

	if (r == 0)
		r = ovl_copy_up(dir);
	if (r < 0)
		return r;
	struct vfs_dentry *up = upper_of(dir), *hidden = whiteout_at(up, name);
	if (hidden && (r = remove_real(hidden)) < 0)
		return r;
	if ((r = up->inode->ops->link(upper_of(from), up, name)) < 0)
		return r;
	struct ovl_inode *i = ovl_inode_new(dir->inode->sb, vfs_dentry_find(up, name), NULL, 0);
	i->i.ino = from->inode->ino;
	vfs_dentry_add(dir, name, &i->i);
	return 0;
}

/* ---- remove ---- */

static int check_empty(struct vfs_dentry *d)
{
	int r = vfs_is_dir(d->inode) ? ovl_list(d) : 0;

	return r < 0 ? r : d->first ? -ENOTEMPTY : 0;
}

/* A directory that looks empty may hold whiteouts; they go with it. */
static int drop_whiteouts(struct vfs_dentry *upper)
{
	int r = 0;

	if (!vfs_is_dir(upper->inode))
		return 0;
	while (r == 0 && upper->first)
		r = remove_real(upper->first);
	return r;
}

static int remove_upper(struct vfs_dentry *upper)
{
	int r = drop_whiteouts(upper);

	return r < 0 ? r : remove_real(upper);
}

int ovl_remove(struct vfs_dentry *d)
{
	bool hide = ovl_lower_positive(d);
	int r = check_empty(d);

	if (r == 0)
		r = ovl_copy_up(d->parent);
	if (r == 0 && upper_of(d))
		r = remove_upper(upper_of(d));
	if (r == 0 && hide)
		r = make_whiteout(upper_of(d->parent), vfs_dentry_name(d));
	if (r == 0)
		vfs_dentry_remove(d);
	return r;
}

/* ---- rename ---- */

static bool can_move(const struct vfs_dentry *d)
{
	return !vfs_is_dir(d->inode) || (upper_of(d) && !is_merge(d));
}

/* A directory on its way to `parent`, where something might show through it. */
static void seal(struct vfs_dentry *d, const struct vfs_dentry *parent)
{
	if (vfs_is_dir(d->inode) && is_merge(parent) && !ovl_is_opaque(upper_of(d)))
		set_opaque(upper_of(d));
}

static int prepare(struct vfs_move *m)
{
	bool swap = m->flags & RENAME_EXCHANGE;
	int r = 0;

	if (m->flags & RENAME_WHITEOUT)
		return -EINVAL;
	if (!can_move(m->from) || (swap && !can_move(m->to)))
		return -EXDEV;
	/* One without lower parts is left to the upper layer, after the mark. */
	if (!swap && m->to && (!upper_of(m->to) || is_merge(m->to)))
		r = check_empty(m->to);
	if (r == 0)
		r = ovl_copy_up(m->from);
	if (r == 0)
		r = ovl_copy_up(m->dir);
	if (r == 0 && swap)
		r = ovl_copy_up(m->to);
	return r;
}

static int real_rename(struct vfs_dentry *from, struct vfs_dentry *dir, struct vfs_dentry *to,
		       struct vfs_name name, unsigned flags)
{
	struct vfs_move real = { .from = from, .dir = dir, .to = to, .name = name, .flags = flags };

	return dir->inode->ops->rename(&real);
}

static int swap_names(struct vfs_move *m)
{
	seal(m->from, m->dir);
	seal(m->to, m->from->parent);
	int r = real_rename(upper_of(m->from), upper_of(m->dir), upper_of(m->to), m->name,
			    RENAME_EXCHANGE);
	if (r == 0)
		vfs_dentry_swap(m->from, m->to);
	return r;
}

static int move_over(struct vfs_move *m)
{
	struct vfs_dentry *up = upper_of(m->dir), *over = m->to ? upper_of(m->to) : NULL;
	unsigned flags = ovl_lower_positive(m->from) ? RENAME_WHITEOUT : 0;
	int r;

	seal(m->from, m->dir);
	if (over && ((r = check_empty(m->to)) < 0 || (r = drop_whiteouts(over)) < 0))
		return r;
	struct vfs_dentry *hidden = over ? NULL : whiteout_at(up, m->name);
	if (hidden && flags) {		/* the two whiteouts change places */
		over = hidden;
		flags = RENAME_EXCHANGE;
	} else if (hidden && (r = remove_real(hidden)) < 0) {
		return r;
	}
	if ((r = real_rename(upper_of(m->from), up, over, m->name, flags)) < 0)
		return r;
	if (m->to)
		vfs_dentry_remove(m->to);
	vfs_dentry_move(m->from, m->dir, m->name);
	return 0;
}

int ovl_rename(struct vfs_move *m)
{
	int r = prepare(m);

	if (r < 0)
		return r;
	return m->flags & RENAME_EXCHANGE ? swap_names(m) : move_over(m);
}
