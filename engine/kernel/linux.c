#include "kernel/linux.h"

const struct kernel_ops kernel_linux_ops = {
	.spawn = linux_spawn,
	.wait = linux_wait,
	.unshare = linux_unshare,
	.setns = linux_setns,
	.execve = linux_execve,
	.pidfd_open = linux_pidfd_open,
	.kill = linux_kill,
	.setsid = linux_setsid,
	.prctl = linux_prctl,
	.capset = linux_capset,
	.seccomp = linux_seccomp,
	.setgroups = linux_setgroups,
	.setgid = linux_setgid,
	.setuid = linux_setuid,
	.prlimit = linux_prlimit,
	.umask = linux_umask,
	.sethostname = linux_sethostname,
	.setdomainname = linux_setdomainname,

	.mount = linux_mount,
	.umount = linux_umount,
	.pivot_root = linux_pivot_root,
	.fsopen = linux_fsopen,
	.fsconfig = linux_fsconfig,
	.fsmount = linux_fsmount,
	.move_mount = linux_move_mount,
	.open_tree = linux_open_tree,
	.mount_setattr = linux_mount_setattr,

	.chdir = linux_chdir,
	.mknod = linux_mknod,
	.mkdir = linux_mkdir,
	.symlink = linux_symlink,
	.chown = linux_chown,
	.open = linux_open,
	.close = linux_close,
	.dup3 = linux_dup3,
	.access = linux_access,
	.setxattr = linux_setxattr,
	.getxattr = linux_getxattr,
	.close_range = linux_close_range,
	.cg_mkdir = linux_cg_mkdir,
	.cg_rmdir = linux_cg_rmdir,
	.write_file = linux_write_file,
	.write_fd = linux_write_fd,
	.read_file = linux_read_file,
	.tty_open = linux_tty_open,
	.tty_control = linux_tty_control,
	.tty_size = linux_tty_size,

	.socket = linux_socket,
	.bind = linux_bind,
	.listen = linux_listen,
	.connect = linux_connect,
	.rtnetlink = linux_rtnetlink,
	.nftables = linux_nftables,
	.notify_recv = linux_notify_recv,
	.notify_send = linux_notify_send,
};

struct kernel *kernel_linux(void)
{
	static struct kernel linux_kernel = { .ops = &kernel_linux_ops };
	return &linux_kernel;
}
