/* backend.h - the rows of kernel_ops.def on the simulated kernel; one file a group.
 *
 * Each row is a function over the task that makes the call; backend.c takes the lock,
 * finds the task and lets signals be seen when the call is over. */
#ifndef DRYDOCK_SIM_BACKEND_H
#define DRYDOCK_SIM_BACKEND_H

#include "sim/task.h"

typedef long sim_row(struct task *t, const struct k_call *c);

/* backend_process.c */
sim_row row_spawn, row_wait, row_unshare, row_setns, row_execve, row_pidfd_open, row_kill,
	row_setsid, row_sethostname, row_setdomainname;
/* backend_security.c */
sim_row row_prctl, row_capset, row_seccomp, row_setgroups, row_setgid, row_setuid, row_prlimit,
	row_umask, row_notify_recv, row_notify_send;
/* backend_mount.c */
sim_row row_mount, row_umount, row_pivot_root, row_fsopen, row_fsconfig, row_fsmount,
	row_move_mount, row_open_tree, row_mount_setattr;
/* backend_file.c */
sim_row row_chdir, row_mknod, row_mkdir, row_symlink, row_chown, row_open, row_close, row_dup3,
	row_access, row_setxattr, row_getxattr, row_close_range, row_cg_mkdir, row_cg_rmdir,
	row_write_file, row_write_fd, row_read_file, row_tty_open, row_tty_control, row_tty_size;
/* backend_net.c */
sim_row row_socket, row_bind, row_listen, row_connect, row_rtnetlink, row_nftables;

/* The open file that a number means to a task of the engine; NULL: a real descriptor, or
 * none at all. */
struct vfs_file *engine_file(struct task *t, int fd);
/* The directory of an …at() call, as vfs.h wants it. */
long engine_dir(struct task *t, int dir, const char *path, const struct vfs_path **out);
/* The program is the engine's own: a supervisor, which closes real descriptors itself. */
void engine_program(struct task *t);

#endif
