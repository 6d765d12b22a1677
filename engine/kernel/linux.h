/* linux.h - private to linux*.c: the real kernel, one file a group of calls.
 *
 * Every function here has the signature of its row in kernel_ops.def, makes the
 * system calls the row's `syscalls` column names and nothing else, allocates
 * nothing, takes no lock, and works with glibc and musl alike.
 */
#ifndef DRYDOCK_KERNEL_LINUX_H
#define DRYDOCK_KERNEL_LINUX_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"

/* A system call by number: its result, or -errno. */
#define SYS(name, ...) linux_result(syscall(SYS_##name, ##__VA_ARGS__))

static inline long linux_result(long r) { return r < 0 ? -errno : r; }

/* linux_spawn.c */
long linux_spawn(struct kernel *k, const struct k_spawn *how);

/* linux_process.c */
long linux_wait(struct kernel *k, int pid, unsigned long options, struct k_exit *status);
long linux_unshare(struct kernel *k, unsigned long flags);
long linux_setns(struct kernel *k, int ns, unsigned long type);
long linux_execve(struct kernel *k, const char *file, char *const *argv, char *const *envp);
long linux_pidfd_open(struct kernel *k, int pid, unsigned long flags);
long linux_kill(struct kernel *k, int pidfd, int sig);
long linux_setsid(struct kernel *k);
long linux_umask(struct kernel *k, unsigned int mask);
long linux_sethostname(struct kernel *k, const char *name);
long linux_setdomainname(struct kernel *k, const char *name);

/* linux_security.c */
long linux_prctl(struct kernel *k, int option, long a, long b);
long linux_capset(struct kernel *k, const struct k_caps *caps);
long linux_seccomp(struct kernel *k, const struct k_filter *filter, unsigned long flags);
long linux_setgroups(struct kernel *k, long n, const struct k_gids *groups);
long linux_setgid(struct kernel *k, unsigned int gid);
long linux_setuid(struct kernel *k, unsigned int uid);
long linux_prlimit(struct kernel *k, int resource, const struct k_rlimit *limit);
long linux_notify_recv(struct kernel *k, int listener, struct k_notify *event);
long linux_notify_send(struct kernel *k, int listener, const struct k_notify *event);

/* linux_mount.c */
long linux_mount(struct kernel *k, const char *source, const char *target, const char *fstype,
		 unsigned long flags, const char *data);
long linux_umount(struct kernel *k, const char *target, unsigned long flags);
long linux_pivot_root(struct kernel *k, const char *new_root, const char *put_old);
long linux_fsopen(struct kernel *k, const char *fstype, unsigned long flags);
long linux_fsconfig(struct kernel *k, int fs, int cmd, const char *key, const char *value,
		    long aux);
long linux_fsmount(struct kernel *k, int fs, unsigned long flags, unsigned long attr);
long linux_move_mount(struct kernel *k, int from_fd, const char *from, int to_fd,
		      const char *to, unsigned long flags);
long linux_open_tree(struct kernel *k, int dir, const char *path, unsigned long flags);
long linux_mount_setattr(struct kernel *k, int dir, const char *path, unsigned long flags,
			 const struct k_mount_attr *attr);

/* linux_file.c */
long linux_chdir(struct kernel *k, const char *path);
long linux_mknod(struct kernel *k, int dir, const char *path, unsigned int mode, long dev);
long linux_mkdir(struct kernel *k, int dir, const char *path, unsigned int mode);
long linux_symlink(struct kernel *k, const char *target, int dir, const char *path);
long linux_chown(struct kernel *k, int dir, const char *path, unsigned int uid,
		 unsigned int gid, unsigned long flags);
long linux_open(struct kernel *k, int dir, const char *path, unsigned long flags,
		unsigned int mode);
long linux_close(struct kernel *k, int fd);
long linux_dup3(struct kernel *k, int from, int to, unsigned long flags);
long linux_access(struct kernel *k, int dir, const char *path, unsigned long mode);
long linux_setxattr(struct kernel *k, const char *path, const char *name, const void *value,
		    size_t len);
long linux_getxattr(struct kernel *k, const char *path, const char *name, struct k_buf *value);
long linux_close_range(struct kernel *k, int first, int last, unsigned long flags);
long linux_cg_mkdir(struct kernel *k, const char *path, unsigned int mode);
long linux_cg_rmdir(struct kernel *k, const char *path);
long linux_write_file(struct kernel *k, const char *path, const char *text);
long linux_bpf_load(struct kernel *k, const struct k_filter *program);
long linux_bpf_attach(struct kernel *k, int group, int program, unsigned long flags);
long linux_write_fd(struct kernel *k, int fd, const char *text);
long linux_read_file(struct kernel *k, const char *path, struct k_buf *text);
long linux_tty_open(struct kernel *k, int devpts, struct k_tty *pair);
long linux_tty_control(struct kernel *k, int tty);
long linux_tty_size(struct kernel *k, int tty, long rows, long cols);

/* linux_net.c */
long linux_socket(struct kernel *k, int family, unsigned long type, long protocol);
long linux_bind(struct kernel *k, int sock, const struct sockaddr *address, size_t len);
long linux_listen(struct kernel *k, int sock, long backlog);
long linux_connect(struct kernel *k, int sock, const struct sockaddr *address, size_t len);
long linux_rtnetlink(struct kernel *k, int sock, const struct k_nlmsg *request,
		     struct k_buf *reply);
long linux_nftables(struct kernel *k, const char *commands);

#endif
