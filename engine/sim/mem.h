/* mem.h - filesystems in memory, empty or begun from a real directory. */
#ifndef DRYDOCK_SIM_MEM_H
#define DRYDOCK_SIM_MEM_H

#include "sim/vfs_priv.h"

/* How the machine's real files look inside. */
struct mem_host {
	bool own_as_root;	/* files of the user `uid` (who runs us) belong to root */
	uid_t uid;
	/* May correct what stat said, by what else lies there (extended attributes of an
	 * unpacked layer, an owner that could not be given to the real file); or NULL. */
	void (*look)(void *arg, const char *path, struct vfs_inode *i);
	void *arg;
};

/* An empty tmpfs without limits; one reference. */
struct vfs_super *vfs_mem_super(struct vfs *fs, const char *type, uint32_t mode);
/* One that begins with what lies below `path`; *how is copied, NULL: as it is. */
int vfs_host_super(struct vfs *fs, const char *path, const struct mem_host *how,
		   struct vfs_super **out);

#endif
