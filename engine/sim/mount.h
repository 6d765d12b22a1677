/* mount.h - mounts and mount namespaces of the simulated kernel.
 *
 * The calls mirror mount(2), umount2(2), pivot_root(2) and the newer ones; flags are
 * abi.h's SIM_MS_* and so on, with Linux's numbers.  All that change something need
 * CAP_SYS_ADMIN (-EPERM).  fsopen(2) and its family hand out open files (vfs_file), which
 * the caller gives a descriptor number.
 */
#ifndef DRYDOCK_SIM_MOUNT_H
#define DRYDOCK_SIM_MOUNT_H

#include "sim/vfs.h"

struct vfs_super;

/* ---- mount namespaces ---- */

struct vfs_mntns *vfs_mntns_init(struct vfs *fs);	/* borrowed */
struct vfs_mntns *vfs_mntns_get(struct vfs_mntns *ns);
/* With the last one all its mounts go. */
void vfs_mntns_put(struct vfs_mntns *ns);
uint64_t vfs_mntns_id(const struct vfs_mntns *ns);	/* counts from 1: the initial one */
/* unshare(CLONE_NEWNS), or a clone's new view: a copy of all mounts; root and working
 * directory lead to the same places in it. */
int vfs_unshare(struct vfs_view *v);
/* setns(2): the view stands at the namespace's / afterwards. */
int vfs_setns(struct vfs_view *v, struct vfs_mntns *ns);
/* /proc/PID/mountinfo of a view, as `reader` may see it: its own view. */
void vfs_mountinfo(const struct vfs_view *v, struct str *out);

/* ---- mounts ---- */

int vfs_mount(const struct vfs_view *v, const char *source, const char *target,
	      const char *fstype, unsigned long flags, const char *data);
int vfs_umount(const struct vfs_view *v, const char *target, int flags);
/* Moves the root and working directory of all views that stand at the old root: of this
 * one, and of those that the machine's each_view hook names. */
int vfs_pivot_root(struct vfs_view *v, const char *new_root, const char *put_old);
int vfs_fsopen(const struct vfs_view *v, const char *fstype, struct vfs_file **out);
int vfs_fsconfig(const struct vfs_view *v, struct vfs_file *fs, int cmd, const char *key,
		 const char *value);
int vfs_fsmount(const struct vfs_view *v, struct vfs_file *fs, uint64_t attr,
		struct vfs_file **out);
/* With SIM_OPEN_TREE_CLONE a copy that is attached nowhere, and goes with its file unless
 * it is moved into place; AT_RECURSIVE: with what is mounted below. */
int vfs_open_tree(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
		  struct vfs_file **out);
int vfs_move_mount(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
		   const struct vfs_path *to_at, const char *to, int flags);
struct vfs_mount_attr { uint64_t set, clear, propagation; };
int vfs_mount_setattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		      int flags, const struct vfs_mount_attr *attr);

/* ---- types of filesystems ---- */

/* Something to mount: parses `options` (mount(2)'s data: "" or "size=1m,mode=755") and
 * makes a filesystem, or gives one that is there already; one reference. */
struct vfs_type {
	const char *name;
	int (*make)(const struct vfs_view *v, const char *source, const char *options,
		    void *arg, struct vfs_super **out);
	void *arg;
};
/* tmpfs, overlay and host (source: a directory of the machine) are there from the start.
 * *type is borrowed for ever. */
void vfs_register(struct vfs *fs, const struct vfs_type *type);

#endif
