/* mount_tree.c - mounts hang in trees.
 *
 * Where a mount sits is found by (parent, name) in one hash table of the machine; each
 * mount also lists its children in order of arrival.  Several may sit on one name: the
 * newest hides the others, and is itself the place where the next one goes.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>

struct vfs_mount *vfs_mount_new(struct vfs_super *sb, struct vfs_dentry *root, const char *source)
{
	struct vfs_mount *m = mem_alloc(sizeof(*m));
	struct vfs *fs = sb->fs;

	m->fs = fs;
	m->sb = vfs_super_get(sb);
	m->root = vfs_dentry_get(root);
	m->id = ++fs->next_mount;
	m->refs = 1;
	m->peer = m;
	m->source = str_dup(source ? source : "none");
	m->all_next = fs->all_mounts;
	if (fs->all_mounts)
		fs->all_mounts->all_prev = m;
	fs->all_mounts = m;
	return m;
}

struct vfs_mount *vfs_mount_get(struct vfs_mount *m)
{
	m->refs++;
	return m;
}

static void free_mount(struct vfs_mount *m)
{
	free(m->source);
	free(m);
}

void vfs_mount_put(struct vfs_mount *m)
{
	if (--m->refs)
		return;
	*(m->all_prev ? &m->all_prev->all_next : &m->fs->all_mounts) = m->all_next;
	if (m->all_next)
		m->all_next->all_prev = m->all_prev;
	vfs_set_propagation(m, SIM_MS_PRIVATE);
	vfs_dentry_put(m->root);
	vfs_super_put(m->sb);
	free_mount(m);
}

static struct vfs_mount **bucket(const struct vfs *fs, const struct vfs_mount *parent,
				 const struct vfs_dentry *point)
{
	uint64_t key = ((uintptr_t)parent >> 4) * 0x9e3779b97f4a7c15ull ^ (uintptr_t)point >> 4;

	return &fs->mounts[(key ^ key >> 31) & (fs->cap_mounts - 1)];
}

static void grow(struct vfs *fs)
{
	size_t old = fs->cap_mounts;
	struct vfs_mount **was = fs->mounts;

	fs->cap_mounts = old ? old * 2 : 64;
	fs->mounts = mem_alloc(fs->cap_mounts * sizeof(*fs->mounts));
	for (size_t i = 0; i < old; i++)
		for (struct vfs_mount *m = was[i], *next; m; m = next) {
			struct vfs_mount **b = bucket(fs, m->parent, m->point);
			next = m->chain;
			m->chain = *b;
			*b = m;
		}
	free(was);
}

struct vfs_mount *vfs_mount_on(const struct vfs_mount *parent, const struct vfs_dentry *point)
{
	const struct vfs *fs = parent->fs;

	if (!point->mounted || !fs->cap_mounts)
		return NULL;
	for (struct vfs_mount *m = *bucket(fs, parent, point); m; m = m->chain)
		if (m->parent == parent && m->point == point)
			return m;
	return NULL;
}

void vfs_mount_cross(struct vfs_path *p)
{
	for (struct vfs_mount *m; (m = vfs_mount_on(p->mnt, p->d));) {
		p->mnt = m;
		p->d = m->root;
	}
}

void vfs_mount_attach(struct vfs_mount *m, struct vfs_mount *parent, struct vfs_dentry *point)
{
	struct vfs *fs = m->fs;

	if (fs->n_mounts >= fs->cap_mounts)
		grow(fs);
	m->parent = parent;
	m->point = vfs_dentry_get(point);
	point->mounted++;
	struct vfs_mount **b = bucket(fs, parent, point);
	m->chain = *b;
	*b = m;
	fs->n_mounts++;
	m->prev = parent->last;
	m->next = NULL;
	*(parent->last ? &parent->last->next : &parent->first) = m;
	parent->last = m;
}

void vfs_mount_detach(struct vfs_mount *m)
{
	struct vfs_mount **b = bucket(m->fs, m->parent, m->point);

	while (*b != m)
		b = &(*b)->chain;
	*b = m->chain;
	m->fs->n_mounts--;
	*(m->prev ? &m->prev->next : &m->parent->first) = m->next;
	*(m->next ? &m->next->prev : &m->parent->last) = m->prev;
	m->prev = m->next = NULL;
	m->point->mounted--;
	vfs_dentry_put(m->point);
	m->point = NULL;
	m->parent = NULL;
}

struct vfs_mount *vfs_mount_next(const struct vfs_mount *m, const struct vfs_mount *top)
{
	if (m->first)
		return m->first;
	for (; m != top; m = m->parent)
		if (m->next)
			return m->next;
	return NULL;
}

bool vfs_mounted_here(const struct vfs_mntns *ns, const struct vfs_dentry *d)
{
	for (const struct vfs_mount *m = ns->root; m; m = vfs_mount_next(m, ns->root))
		if (m->point == d)
			return true;
	return false;
}

void vfs_free_mounts(struct vfs *fs)
{
	for (struct vfs_mount *m = fs->all_mounts, *next; m; m = next) {
		next = m->all_next;
		free_mount(m);
	}
	for (struct vfs_mntns *ns = fs->namespaces, *next; ns; ns = next) {
		next = ns->next;
		free(ns);
	}
	free(fs->mounts);
	free(fs->groups);
}
