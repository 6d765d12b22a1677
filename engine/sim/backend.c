/* backend.c - struct kernel on top of the machine: who calls, under which lock. */
#include "sim/backend.h"

#include <errno.h>

#include "kernel/hook.h"
#include "kernel/meta.h"

static sim_row *const rows[K_COUNT] = {
	[K_SPAWN] = row_spawn, [K_WAIT] = row_wait, [K_UNSHARE] = row_unshare,
	[K_SETNS] = row_setns, [K_EXECVE] = row_execve, [K_PIDFD_OPEN] = row_pidfd_open,
	[K_KILL] = row_kill, [K_SETSID] = row_setsid, [K_SETHOSTNAME] = row_sethostname,
	[K_SETDOMAINNAME] = row_setdomainname,
	[K_PRCTL] = row_prctl, [K_CAPSET] = row_capset, [K_SECCOMP] = row_seccomp,
	[K_SETGROUPS] = row_setgroups, [K_SETGID] = row_setgid, [K_SETUID] = row_setuid,
	[K_PRLIMIT] = row_prlimit, [K_UMASK] = row_umask,
	[K_NOTIFY_RECV] = row_notify_recv, [K_NOTIFY_SEND] = row_notify_send,
	[K_CHDIR] = row_chdir, [K_MKNOD] = row_mknod, [K_MKDIR] = row_mkdir,
	[K_SYMLINK] = row_symlink, [K_CHOWN] = row_chown, [K_OPEN] = row_open,
	[K_CLOSE] = row_close, [K_DUP3] = row_dup3, [K_ACCESS] = row_access,
	[K_SETXATTR] = row_setxattr, [K_GETXATTR] = row_getxattr,
	[K_CLOSE_RANGE] = row_close_range, [K_CG_MKDIR] = row_cg_mkdir,
	[K_CG_RMDIR] = row_cg_rmdir, [K_WRITE_FILE] = row_write_file,
	[K_WRITE_FD] = row_write_fd, [K_READ_FILE] = row_read_file,
	[K_TTY_CONTROL] = row_tty_control,
	[K_TTY_SIZE] = row_tty_size,
	[K_SOCKET] = row_socket, [K_BIND] = row_bind, [K_LISTEN] = row_listen,
	[K_CONNECT] = row_connect, [K_RTNETLINK] = row_rtnetlink, [K_NFTABLES] = row_nftables,
};

static long call(struct kernel *k, const struct k_call *c)
{
	struct sim_backend *b = k->priv;
	struct sim *s = b->sim;
	bool inside = sched_inside(s);

	if (!inside)
		sim_enter(s);
	struct task *t = sim_current(s);
	long r;
	do
		r = rows[c->op] ? rows[c->op](t, c) : -ENOSYS;
	while (sys_again(t, r));
	if (!inside)
		sim_leave(s);
	return r;
}

void backend_init(struct sim *s)
{
	s->backend = (struct sim_backend){ .hook = { .backend = call }, .sim = s };
	s->kernel = (struct kernel){ .ops = &kernel_hook_ops, .priv = &s->backend };
}

struct kernel *sim_kernel(struct sim *s) { return &s->kernel; }

struct sim *sim_of(struct kernel *k)
{
	while (k->next)
		k = k->next;
	struct k_hook *hook = k->ops == &kernel_hook_ops ? k->priv : NULL;
	return hook && hook->backend == call ? ((struct sim_backend *)hook)->sim : NULL;
}

int32_t sim_self_pid(struct kernel *k)
{
	struct sim *s = sim_of(k);
	bool inside = sched_inside(s);

	if (!inside)
		sim_enter(s);
	int nr = sim_current(s)->pid->n[0].nr;
	if (!inside)
		sim_leave(s);
	return nr;
}

struct vfs_file *engine_file(struct task *t, int fd) { return fd_file(t, fd); }

long engine_dir(struct task *t, int dir, const char *path, const struct vfs_path **out)
{
	*out = NULL;
	if (dir == AT_FDCWD || *path == '/')
		return 0;
	struct vfs_file *f = engine_file(t, dir);
	if (!f)
		return -EBADF;
	if (!f->path.mnt)
		return -ENOTDIR;
	*out = &f->path;
	return 0;
}

void engine_program(struct task *t) { t->engine = t->owner = true; }
