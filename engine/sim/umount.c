/* umount.c - taking mounts away.
 *
 * A mount that something uses (a working directory, an open file, a mount below) is busy.
 * A lazy umount (MNT_DETACH) takes it out of the tree at once, whoever uses it: they keep
 * it until they let go.  Copies that appeared elsewhere when it was mounted go too, except
 * where something else is mounted below them.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>

#include "core/cleanup.h"

struct list { struct vfs_mount **m; size_t n; };

static void add(struct vfs_mount *m, void *arg)
{
	struct list *l = arg;

	l->m = mem_grow(l->m, (l->n + 1) * sizeof(*l->m));
	l->m[l->n++] = m;
}

/* One mount without children, for good. */
static void drop(struct vfs_mount *m)
{
	if (m->parent)
		vfs_mount_detach(m);
	m->ns = NULL;
	vfs_set_propagation(m, SIM_MS_PRIVATE);
	vfs_mount_put(m);
}

void vfs_drop_tree(struct vfs_mount *top)
{
	while (top->first) {
		struct vfs_mount *m = top;
		while (m->first)
			m = m->first;
		drop(m);
	}
	drop(top);
}

/* A copy goes if nothing of its own is left on it; a mount that lies over all of it
 * stays, in its place. */
static void drop_copy(struct vfs_mount *m)
{
	struct vfs_mount *cover = vfs_mount_on(m, m->root), *on = m->parent;
	struct vfs_dentry *point = m->point;

	if (m->first && m->first != cover)
		return;
	if (m->first && m->first->next)
		return;
	if (cover)
		vfs_mount_detach(cover);
	vfs_dentry_get(point);
	drop(m);
	if (cover)
		vfs_mount_attach(cover, on, point);
	vfs_dentry_put(point);
}

void vfs_umount_tree(struct vfs_mount *top)
{
	struct list copies = { 0 };

	for (struct vfs_mount *m = top; m; m = vfs_mount_next(m, top))
		vfs_each_copy(m, add, &copies);
	for (size_t i = 0; i < copies.n; i++)
		vfs_mount_get(copies.m[i]);
	vfs_drop_tree(top);
	for (size_t i = copies.n; i-- > 0;) {	/* deeper ones first */
		if (copies.m[i]->parent)
			drop_copy(copies.m[i]);
		vfs_mount_put(copies.m[i]);
	}
	free(copies.m);
}

void vfs_umount_name(struct vfs_dentry *d)
{
	for (struct vfs_mount *m = d->mounted ? d->inode->sb->fs->all_mounts : NULL, *next; m; m = next) {
		next = m->all_next;
		if (m->point != d)
			continue;
		vfs_umount_tree(m);
		next = d->inode->sb->fs->all_mounts;	/* the list has changed */
		if (!d->mounted)
			return;
	}
}

static void note_busy(struct vfs_mount *m, void *arg)
{
	if (!m->first && m->refs > 1)
		*(bool *)arg = true;
}

/* `held`: references that don't count: the tree's and the caller's. */
static bool busy(struct vfs_mount *m, unsigned held)
{
	bool copies = false;

	if (m->first || m->refs > held)
		return true;
	vfs_each_copy(m, note_busy, &copies);
	return copies;
}

static int umount_path(const struct vfs_view *v, struct vfs_path *p, int flags)
{
	if (!vfs_is_mount_root(p) || p->mnt->ns != v->ns || !p->mnt->parent)
		return -EINVAL;
	if (flags & SIM_MNT_EXPIRE)
		return -EAGAIN;		/* a first call only marks it */
	if (p->mnt == v->root.mnt && !(flags & SIM_MNT_DETACH)) {
		p->mnt->sb->readonly = true;	/* what a shutdown wants of / */
		return 0;
	}
	if (!(flags & SIM_MNT_DETACH) && busy(p->mnt, 2))
		return -EBUSY;
	vfs_umount_tree(p->mnt);
	return 0;
}

int vfs_umount(const struct vfs_view *v, const char *target, int flags)
{
	struct vfs_path p;
	const int known = SIM_MNT_FORCE | SIM_MNT_DETACH | SIM_MNT_EXPIRE | SIM_UMOUNT_NOFOLLOW;

	if (flags & ~known)
		return -EINVAL;
	if (flags & SIM_MNT_EXPIRE && flags & (SIM_MNT_FORCE | SIM_MNT_DETACH))
		return -EINVAL;
	int r = vfs_walk(v, NULL, target, flags & SIM_UMOUNT_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &p);
	if (r < 0)
		return r;
	struct vfs_path top = p;	/* umount(".") means what lies over it */
	vfs_mount_cross(&top);
	vfs_path_get(&top);
	vfs_path_put(&p);
	r = vfs_may_mount(v);
	if (r == 0)
		r = umount_path(v, &top, flags);
	vfs_path_put(&top);
	return r;
}
