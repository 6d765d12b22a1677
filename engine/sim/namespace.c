/* namespace.c - mount namespaces: each a tree of mounts of its own; and pivot_root, which
 * makes another mount the root of one.
 *
 * A new namespace begins as a copy: the copies are peers of shared originals and slaves
 * beside slaves, so that what is mounted in one may appear in the other.  That is why a
 * container engine makes everything private first.
 *
 * The lowest mount, rootfs, can't be moved or taken away; what tasks see as / is mounted
 * on it.  pivot_root needs that: the root it replaces must itself be mounted somewhere.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>
#include <string.h>

/* Takes the reference to root over: the tree's. */
struct vfs_mntns *vfs_mntns_new(struct vfs *fs, struct vfs_mount *root)
{
	struct vfs_mntns *ns = mem_alloc(sizeof(*ns));

	ns->fs = fs;
	ns->id = ++fs->next_ns;
	ns->refs = 1;
	ns->root = root;
	vfs_tree_to_ns(root, ns);
	ns->next = fs->namespaces;
	if (fs->namespaces)
		fs->namespaces->prev = ns;
	fs->namespaces = ns;
	return ns;
}

struct vfs_mntns *vfs_mntns_init(struct vfs *fs)
{
	return fs->init_ns;
}

struct vfs_mntns *vfs_mntns_get(struct vfs_mntns *ns)
{
	ns->refs++;
	return ns;
}

uint64_t vfs_mntns_id(const struct vfs_mntns *ns)
{
	return ns->id;
}

void vfs_mntns_put(struct vfs_mntns *ns)
{
	if (--ns->refs)
		return;
	vfs_drop_tree(ns->root);
	*(ns->prev ? &ns->prev->next : &ns->fs->namespaces) = ns->next;
	if (ns->next)
		ns->next->prev = ns->prev;
	free(ns);
}

static void to_copy(struct vfs_path *p, const struct vfs_mntns *from)
{
	struct vfs_path was = *p;

	if (!p->mnt || p->mnt->ns != from)	/* a mount that was taken away stays what it is */
		return;
	p->mnt = p->mnt->copy;
	vfs_path_get(p);
	vfs_path_put(&was);
}

int vfs_unshare(struct vfs_view *v)
{
	struct vfs_mntns *from = v->ns;
	struct vfs_mount *root;
	int r = vfs_may_mount(v);

	if (r == 0)
		r = vfs_clone_tree(from->root, from->root->root, CLONE_DEEP | CLONE_UNBINDABLE, &root);
	if (r < 0)
		return r;
	v->ns = vfs_mntns_new(v->fs, root);
	to_copy(&v->root, from);
	to_copy(&v->cwd, from);
	vfs_mntns_put(from);
	return 0;
}

int vfs_setns(struct vfs_view *v, struct vfs_mntns *ns)
{
	struct vfs_path to = { ns->root, ns->root->root };

	if (vfs_may_mount(v) < 0 || !vfs_capable(v->cred, SIM_CAP_SYS_CHROOT))
		return -EPERM;
	vfs_mount_cross(&to);
	vfs_mntns_get(ns);
	vfs_path_get(&to);
	vfs_path_get(&to);
	vfs_path_put(&v->root);
	vfs_path_put(&v->cwd);
	vfs_mntns_put(v->ns);
	v->ns = ns;
	v->root = v->cwd = to;
	return 0;
}

/* ---- pivot_root ---- */

/* Is this place below that one, across mounts? */
static bool reachable(struct vfs_path p, const struct vfs_path *top)
{
	while (p.mnt != top->mnt && p.mnt->parent) {
		p.d = p.mnt->point;
		p.mnt = p.mnt->parent;
	}
	return p.mnt == top->mnt && vfs_dentry_below(p.d, top->d);
}

static bool shared(const struct vfs_mount *m)
{
	return m && m->group;
}

static int check_pivot(const struct vfs_view *v, const struct vfs_path *new,
		       const struct vfs_path *old)
{
	const struct vfs_mount *root = v->root.mnt;

	if (shared(old->mnt) || shared(new->mnt->parent) || shared(root->parent))
		return -EINVAL;
	if (root->ns != v->ns || new->mnt->ns != v->ns)
		return -EINVAL;
	if (new->d->gone || old->d->gone)
		return -ENOENT;
	if (new->mnt == root || old->mnt == root)
		return -EBUSY;
	if (!vfs_is_mount_root(&v->root) || !root->parent)
		return -EINVAL;
	if (!vfs_is_mount_root(new) || !new->mnt->parent)
		return -EINVAL;
	if (!reachable(*old, new) || !reachable(*new, &v->root))
		return -EINVAL;
	return 0;
}

struct move_views { struct vfs_path from, to; };

static void follow(struct vfs_path *p, const struct move_views *m)
{
	if (p->mnt != m->from.mnt || p->d != m->from.d)
		return;
	vfs_path_get(&m->to);
	vfs_path_put(p);
	*p = m->to;
}

static void follow_view(struct vfs_view *v, void *arg)
{
	follow(&v->root, arg);
	follow(&v->cwd, arg);
}

static void pivot(struct vfs_view *v, const struct vfs_path *new, const struct vfs_path *old)
{
	struct move_views m = { v->root, *new };
	struct vfs_mount *root = v->root.mnt, *on = root->parent;
	struct vfs_dentry *point = vfs_dentry_get(root->point);
	const struct vfs_hooks *h = &v->fs->hooks;

	vfs_path_get(&m.from);
	vfs_mount_detach(new->mnt);
	vfs_mount_detach(root);
	vfs_mount_attach(root, old->mnt, old->d);
	vfs_mount_attach(new->mnt, on, point);
	vfs_dentry_put(point);
	follow_view(v, &m);
	if (h->each_view)
		h->each_view(h->arg, follow_view, &m);
	vfs_path_put(&m.from);
}

int vfs_pivot_root(struct vfs_view *v, const char *new_root, const char *put_old)
{
	struct vfs_path new, old;
	int r = vfs_may_mount(v);

	if (r == 0)
		r = vfs_walk_how(v, NULL, new_root, WALK_FOLLOW | WALK_DIRECTORY, &new);
	if (r < 0)
		return r;
	r = vfs_walk_how(v, NULL, put_old, WALK_FOLLOW | WALK_DIRECTORY, &old);
	if (r == 0) {
		struct vfs_path top = old;
		vfs_mount_cross(&top);
		r = check_pivot(v, &new, &top);
		if (r == 0)
			pivot(v, &new, &top);
		vfs_path_put(&old);
	}
	vfs_path_put(&new);
	return r;
}
