#include "kernel/linux.h"

long linux_mount(struct kernel *k, const char *source, const char *target, const char *fstype,
		 unsigned long flags, const char *data)
{
	return SYS(mount, source, target, fstype, flags, data);
}

long linux_umount(struct kernel *k, const char *target, unsigned long flags)
{
	return SYS(umount2, target, flags);
}

long linux_pivot_root(struct kernel *k, const char *new_root, const char *put_old)
{
	return SYS(pivot_root, new_root, put_old);
}

long linux_fsopen(struct kernel *k, const char *fstype, unsigned long flags)
{
	return SYS(fsopen, fstype, flags);
}

long linux_fsconfig(struct kernel *k, int fs, int cmd, const char *key, const char *value,
		    long aux)
{
	return SYS(fsconfig, fs, cmd, key, value, aux);
}

long linux_fsmount(struct kernel *k, int fs, unsigned long flags, unsigned long attr)
{
	return SYS(fsmount, fs, flags, attr);
}

long linux_move_mount(struct kernel *k, int from_fd, const char *from, int to_fd,
		      const char *to, unsigned long flags)
{
	return SYS(move_mount, from_fd, from, to_fd, to, flags);
}

long linux_open_tree(struct kernel *k, int dir, const char *path, unsigned long flags)
{
	return SYS(open_tree, dir, path, flags);
}

long linux_mount_setattr(struct kernel *k, int dir, const char *path, unsigned long flags,
			 const struct k_mount_attr *attr)
{
	return SYS(mount_setattr, dir, path, flags, attr, sizeof(*attr));	/* same layout */
}
