/* overlay_look.c - finding a name in the layers, and listing what they show together. */
#include "sim/overlay.h"

#include <string.h>

bool ovl_is_whiteout(const struct vfs_dentry *d)
{
	const struct vfs_inode *i = vfs_real(d->inode);

	return S_ISCHR(i->mode) && i->rdev == 0;
}

bool ovl_is_opaque(const struct vfs_dentry *upper)
{
	const struct vfs_xattr *x = vfs_xattr_get(vfs_real(upper->inode), OVL_OPAQUE);

	return x && x->len == 1 && x->value[0] == 'y';
}

struct ovl_inode *ovl_inode_new(struct vfs_super *sb, struct vfs_dentry *upper,
				struct vfs_dentry *const *lower, size_t n)
{
	const struct ovl *o = sb->priv;
	struct vfs_inode *real = vfs_real((upper ? upper : lower[0])->inode);
	struct ovl_inode *i = (void *)vfs_inode_new(sb, sizeof(*i) + n * sizeof(*lower), &ovl_ops,
						     real->mode & S_IFMT);

	i->i.real = real;
	/* The number stays when the file is copied up: it is the first part's, with the
	 * filesystem's number in front where two might give the same. */
	const struct vfs_inode *first = vfs_real((n ? lower[0] : upper)->inode);
	i->i.ino = first->ino | (o && !o->same ? (uint64_t)sim_minor(first->sb->dev) << 32 : 0);
	i->upper = upper ? vfs_dentry_get(upper) : NULL;
	for (; i->n < n; i->n++)
		i->lower[i->n] = vfs_dentry_get(lower[i->n]);
	return i;
}

void ovl_free_inode(struct vfs_inode *inode)
{
	struct ovl_inode *i = (struct ovl_inode *)inode;

	if (inode->sb->fs->dying)
		return;
	if (i->upper)
		vfs_dentry_put(i->upper);
	while (i->n)
		vfs_dentry_put(i->lower[--i->n]);
}

/* ---- lookup ---- */

struct search {
	struct vfs_name name;
	struct vfs_dentry *found;	/* in the layer looked at last */
	bool dir;			/* a directory was found: only more of them count */
	bool stop;			/* deeper layers don't matter */
};

static int look_in_layer(struct vfs_dentry *dir, struct search *s)
{
	struct vfs_dentry *d;
	int r = vfs_lookup(dir, s->name, &d);

	s->found = NULL;
	if (r == -ENOENT || r == -ENAMETOOLONG || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	if (ovl_is_whiteout(d)) {
		s->stop = true;
	} else if (!vfs_is_dir(d->inode)) {
		s->stop = true;
		s->found = s->dir ? NULL : d;
	} else {
		s->dir = true;
		s->stop = ovl_is_opaque(d);
		s->found = d;
	}
	return 0;
}

int ovl_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out)
{
	const struct ovl_inode *in = ovl_of(dir);
	struct search s = { .name = name };
	struct vfs_dentry *upper = NULL, *lower[in->n + 1];
	size_t n = 0;
	int r = 0;

	if (!vfs_is_dir(dir->inode))
		return -ENOTDIR;
	if ((*out = vfs_dentry_find(dir, name)))
		return 0;
	if (in->upper) {
		r = look_in_layer(in->upper, &s);
		upper = s.found;
	}
	for (size_t i = 0; r == 0 && i < in->n && !s.stop; i++) {
		r = look_in_layer(in->lower[i], &s);
		if (r == 0 && s.found)
			lower[n++] = s.found;
	}
	if (r < 0)
		return r;
	if (!upper && !n)
		return -ENOENT;
	*out = vfs_dentry_add(dir, name, &ovl_inode_new(dir->inode->sb, upper, lower, n)->i);
	return 0;
}

bool ovl_lower_positive(const struct vfs_dentry *d)
{
	const struct ovl_inode *in = ovl_of(d->parent);
	struct vfs_dentry *low;

	if (!ovl_of(d)->upper)
		return true;
	for (size_t i = 0; i < in->n; i++)
		if (vfs_lookup(in->lower[i], vfs_dentry_name(d), &low) == 0)
			return !ovl_is_whiteout(low);
	return false;
}

/* ---- list ---- */

/* Names of a layer that the merged directory has not yet: looked up one by one, since
 * a name's upper layers may hide it. */
static int list_layer(struct vfs_dentry *dir, struct vfs_dentry *layer)
{
	struct vfs_dentry *found;
	int r = layer->inode->ops->list ? layer->inode->ops->list(layer) : 0;

	for (struct vfs_dentry *d = layer->first; r == 0 && d; d = d->next) {
		r = ovl_lookup(dir, vfs_dentry_name(d), &found);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

int ovl_list(struct vfs_dentry *dir)
{
	const struct ovl_inode *in = ovl_of(dir);
	int r = in->upper ? list_layer(dir, in->upper) : 0;

	for (size_t i = 0; r == 0 && i < in->n; i++)
		r = list_layer(dir, in->lower[i]);
	return r;
}

/* A directory that one layer alone has is listed as it lies there, with whiteouts of
 * names that nobody has below: the kernel looks for them only where it merges. */
struct vfs_dentry *ovl_also(struct vfs_dentry *dir)
{
	const struct ovl_inode *i = ovl_of(dir);

	return i->upper ? i->n ? NULL : i->upper : i->n == 1 ? i->lower[0] : NULL;
}
