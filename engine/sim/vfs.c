/* vfs.c - a machine's files as a whole: begin, end, views. */
#include "sim/mem.h"
#include "sim/mount_priv.h"

#include <stdlib.h>

#include "core/cleanup.h"

int64_t vfs_now(struct vfs *fs)
{
	return fs->hooks.now ? fs->hooks.now(fs->hooks.arg) : 0;
}

void *vfs_hook_arg(struct vfs *fs)
{
	return fs->hooks.arg;
}

void vfs_register(struct vfs *fs, const struct vfs_type *type)
{
	fs->types = mem_grow(fs->types, (fs->n_types + 1) * sizeof(*fs->types));
	fs->types[fs->n_types++] = type;
}

struct vfs *vfs_new(const struct vfs_hooks *hooks)
{
	struct vfs *fs = mem_alloc(sizeof(*fs));

	if (hooks)
		fs->hooks = *hooks;
	static const struct vfs_type *const types[] = {
		&vfs_tmpfs_type, &vfs_host_type, &vfs_overlay_type,
	};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		vfs_register(fs, types[i]);
	struct vfs_super *lowest = vfs_mem_super(fs, "rootfs", 0755);
	struct vfs_super *root = vfs_mem_super(fs, "tmpfs", 0755);
	struct vfs_mount *m = vfs_mount_new(lowest, lowest->root, "rootfs");
	vfs_mount_attach(vfs_mount_new(root, root->root, "root"), m, m->root);
	fs->init_ns = vfs_mntns_new(fs, m);
	vfs_super_put(lowest);
	vfs_super_put(root);
	return fs;
}

void vfs_free(struct vfs *fs)
{
	if (!fs)
		return;
	for (struct vfs_file *f = fs->files, *next; f; f = next) {
		next = f->next;
		if (f->ops && f->ops->release)
			f->ops->release(f);
		free(f);
	}
	vfs_free_names(fs);
	vfs_free_mounts(fs);
	free(fs->types);
	free(fs);
}

/* ---- views ---- */

void vfs_path_get(const struct vfs_path *p)
{
	if (p->mnt)
		vfs_mount_get(p->mnt);
	vfs_dentry_get(p->d);
}

void vfs_path_put(struct vfs_path *p)
{
	if (p->d)
		vfs_dentry_put(p->d);
	if (p->mnt)
		vfs_mount_put(p->mnt);
	*p = (struct vfs_path){ 0 };
}

void vfs_view_init(struct vfs_view *v, struct vfs *fs, const struct vfs_cred *cred)
{
	struct vfs_mount *root = fs->init_ns->root;

	*v = (struct vfs_view){ .fs = fs, .ns = vfs_mntns_get(fs->init_ns), .cred = cred,
				.umask = 022 };
	v->root = (struct vfs_path){ root, root->root };
	vfs_mount_cross(&v->root);
	v->cwd = v->root;
	vfs_path_get(&v->root);
	vfs_path_get(&v->cwd);
}

void vfs_view_copy(struct vfs_view *to, const struct vfs_view *from)
{
	*to = *from;
	vfs_mntns_get(to->ns);
	vfs_path_get(&to->root);
	vfs_path_get(&to->cwd);
}

void vfs_view_drop(struct vfs_view *v)
{
	vfs_path_put(&v->root);
	vfs_path_put(&v->cwd);
	vfs_mntns_put(v->ns);
	*v = (struct vfs_view){ 0 };
}
