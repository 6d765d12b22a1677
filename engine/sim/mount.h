/* mount.h - mounts and mount namespaces of the simulated kernel.
 *
 * The calls mirror mount(2), umount2(2), pivot_root(2) and the newer ones; flags are
 * abi.h's SIM_MS_* and so on, with Linux's numbers.  All need CAP_SYS_ADMIN.
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

/* ---- types of filesystems ---- */

/* Something to mount: parses `options` (mount(2)'s data, "" or "size=1m,mode=755") and
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
