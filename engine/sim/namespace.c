/* namespace.c - mount namespaces: each a tree of mounts of its own. */
#include "sim/mount_priv.h"

#include <stdlib.h>

/* Takes the reference to root over: the tree's. */
struct vfs_mntns *vfs_mntns_new(struct vfs *fs, struct vfs_mount *root)
{
	struct vfs_mntns *ns = mem_alloc(sizeof(*ns));

	ns->fs = fs;
	ns->id = ++fs->next_ns;
	ns->refs = 1;
	ns->root = root;
	root->ns = ns;
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

/* Children first: a mount holds nothing of its children, but they name it. */
static void drop_tree(struct vfs_mount *top)
{
	while (top->first) {
		struct vfs_mount *m = top;
		while (m->first)
			m = m->first;
		vfs_mount_detach(m);
		m->ns = NULL;
		vfs_mount_put(m);
	}
	top->ns = NULL;
	vfs_mount_put(top);
}

void vfs_mntns_put(struct vfs_mntns *ns)
{
	if (--ns->refs)
		return;
	drop_tree(ns->root);
	*(ns->prev ? &ns->prev->next : &ns->fs->namespaces) = ns->next;
	if (ns->next)
		ns->next->prev = ns->prev;
	free(ns);
}
