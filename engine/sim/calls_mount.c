/* calls_mount.c - mount(2) and umount2(2) for programs; moving a root is the engine's. */
#include "sim/mount.h"
#include "sim/task.h"

long sys_mount(struct task *t, const char *source, const char *target, const char *fstype,
	       unsigned long flags, const char *data)
{
	return sys_leave(t, vfs_mount(&t->view, source, target, fstype, flags, data));
}

long sys_umount(struct task *t, const char *target, int flags)
{
	return sys_leave(t, vfs_umount(&t->view, target, flags));
}
