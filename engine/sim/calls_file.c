/* calls_file.c - the calls about files: the task's view and descriptors around vfs.h. */
#include "sim/task.h"

#include <errno.h>
#include <string.h>

#include "sim/ready.h"

/* The directory that `dir` names, for vfs.h: NULL is the working directory. */
static long at(struct task *t, int dir, const char *path, const struct vfs_path **out)
{
	*out = NULL;
	if (dir == AT_FDCWD || *path == '/')
		return 0;
	struct vfs_file *f = fd_file(t, dir);
	if (!f)
		return -EBADF;
	if (!f->path.mnt)
		return -ENOTDIR;
	*out = &f->path;
	return 0;
}

long task_open(struct task *t, int dir, const char *path, int flags, mode_t mode)
{
	const struct vfs_path *from;
	struct vfs_file *f;
	long r = at(t, dir, path, &from);

	if (r == 0)
		r = vfs_open(&t->view, from, path, flags & ~O_CLOEXEC, mode, &f);
	return r < 0 ? r : fd_add(t, f, flags & O_CLOEXEC);
}

long sys_openat(struct task *t, int dir, const char *path, int flags, mode_t mode)
{
	return sys_leave(t, task_open(t, dir, path, flags, mode));
}

long sys_open(struct task *t, const char *path, int flags, mode_t mode)
{
	return sys_openat(t, AT_FDCWD, path, flags, mode);
}

long sys_close(struct task *t, int fd) { return sys_leave(t, fd_close(t, fd)); }

long sys_read(struct task *t, int fd, void *buf, size_t n)
{
	long r;

	do {
		struct vfs_file *f = fd_file(t, fd);
		r = f ? vfs_read(f, buf, n) : -EBADF;
	} while (sys_again(t, r));
	return r;
}

long sys_write(struct task *t, int fd, const void *buf, size_t n)
{
	long r;

	do {
		struct vfs_file *f = fd_file(t, fd);
		r = f ? vfs_write(f, buf, n) : -EBADF;
		if (r == -EPIPE)
			signal_send(t, SIGPIPE, t);
	} while (sys_again(t, r));
	return r;
}

int64_t sys_lseek(struct task *t, int fd, int64_t offset, int whence)
{
	struct vfs_file *f = fd_file(t, fd);
	return sys_leave(t, f ? vfs_seek(f, offset, whence) : -EBADF);
}

long sys_ftruncate(struct task *t, int fd, int64_t size)
{
	struct vfs_file *f = fd_file(t, fd);
	return sys_leave(t, f ? vfs_ftruncate(f, size) : -EBADF);
}

static long do_dup2(struct task *t, int from, int to)
{
	struct vfs_file *f = fd_file(t, from);

	if (!f)
		return -EBADF;
	return from == to ? to : fd_put_at(t, vfs_file_get(f), to, false);
}

long sys_dup2(struct task *t, int from, int to) { return sys_leave(t, do_dup2(t, from, to)); }

long sys_dup(struct task *t, int from) { return sys_fcntl(t, from, F_DUPFD, 0); }

static long do_fcntl(struct task *t, int fd, int cmd, long arg)
{
	struct fd *slot = fd_slot(t, fd);
	const int changes = O_APPEND | O_NONBLOCK;

	if (!slot || !slot->file)
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg < 0)
			return -EINVAL;
		return fd_add_from(t, vfs_file_get(slot->file), cmd == F_DUPFD_CLOEXEC, (size_t)arg);
	case F_GETFD:
		return slot->cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		slot->cloexec = arg & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return slot->file->flags;
	case F_SETFL:
		slot->file->flags = (slot->file->flags & ~changes) | ((int)arg & changes);
		return 0;
	}
	return -EINVAL;
}

long sys_fcntl(struct task *t, int fd, int cmd, long arg)
{
	return sys_leave(t, do_fcntl(t, fd, cmd, arg));
}

/* ---- names ---- */

#define CALL(...) return sys_leave(t, __VA_ARGS__)

long sys_stat(struct task *t, const char *path, struct stat *out)
{
	CALL(vfs_stat(&t->view, NULL, path, 0, out));
}

long sys_lstat(struct task *t, const char *path, struct stat *out)
{
	CALL(vfs_stat(&t->view, NULL, path, AT_SYMLINK_NOFOLLOW, out));
}

static long do_fstat(struct task *t, int fd, struct stat *out)
{
	struct vfs_file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (f->path.mnt)
		return vfs_stat(&t->view, &f->path, "", AT_EMPTY_PATH, out);
	memset(out, 0, sizeof(*out));
	out->st_mode = ready_mode(f);
	out->st_nlink = 1;
	return 0;
}

long sys_fstat(struct task *t, int fd, struct stat *out) { CALL(do_fstat(t, fd, out)); }

long sys_access(struct task *t, const char *path, int mode)
{
	CALL(vfs_access(&t->view, NULL, path, mode));
}

struct one_entry { struct sim_dirent *out; bool have; struct vfs_file *f; };

static void keep_entry(void *arg, const char *name, uint64_t ino, uint32_t type)
{
	struct one_entry *e = arg;

	if (e->have)
		return;
	e->have = true;
	e->out->ino = ino;
	e->out->type = (unsigned char)(type >> 12);	/* S_IFMT to DT_* */
	snprintf(e->out->name, sizeof(e->out->name), "%s", name);
}

long sys_readdir(struct task *t, int fd, struct sim_dirent *out)
{
	struct vfs_file *f = fd_file(t, fd);
	struct one_entry e = { .out = out, .f = f };
	int64_t from = f ? vfs_seek(f, 0, SEEK_CUR) : 0;
	long r = f ? vfs_readdir(f, keep_entry, &e) : -EBADF;

	if (e.have)
		vfs_seek(f, from + 1, SEEK_SET);	/* the others come with the next calls */
	CALL(r < 0 ? r : e.have);
}

long sys_mkdir(struct task *t, const char *path, mode_t mode)
{
	CALL(vfs_mkdir(&t->view, NULL, path, mode));
}

long sys_rmdir(struct task *t, const char *path)
{
	CALL(vfs_unlink(&t->view, NULL, path, AT_REMOVEDIR));
}

long sys_unlink(struct task *t, const char *path) { CALL(vfs_unlink(&t->view, NULL, path, 0)); }

long sys_rename(struct task *t, const char *from, const char *to)
{
	CALL(vfs_rename(&t->view, NULL, from, NULL, to, 0));
}

long sys_link(struct task *t, const char *from, const char *to)
{
	CALL(vfs_link(&t->view, NULL, from, NULL, to, 0));
}

long sys_symlink(struct task *t, const char *target, const char *path)
{
	CALL(vfs_symlink(&t->view, target, NULL, path));
}

static long copy_out(struct str *text, char *buf, size_t cap, long r)
{
	size_t n = text->len < cap ? text->len : cap;

	if (r >= 0 && n)
		memcpy(buf, text->s, n);
	str_free(text);
	return r < 0 ? r : (long)n;
}

long sys_readlink(struct task *t, const char *path, char *buf, size_t cap)
{
	struct str text = { 0 };
	long r = vfs_readlink(&t->view, NULL, path, &text);

	CALL(copy_out(&text, buf, cap, r));
}

long sys_mknod(struct task *t, const char *path, mode_t mode, dev_t dev)
{
	CALL(vfs_mknod(&t->view, NULL, path, mode, (uint32_t)dev));
}

long sys_chmod(struct task *t, const char *path, mode_t mode)
{
	CALL(vfs_chmod(&t->view, NULL, path, mode, 0));
}

long sys_chown(struct task *t, const char *path, uid_t uid, gid_t gid, int flags)
{
	CALL(vfs_chown(&t->view, NULL, path, uid, gid, flags));
}

static int64_t time_of(const struct timespec *ts)
{
	if (!ts || ts->tv_nsec == UTIME_NOW)
		return VFS_NOW;
	return ts->tv_nsec == UTIME_OMIT ? VFS_OMIT : ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

long sys_utimens(struct task *t, const char *path, const struct timespec ts[2], int flags)
{
	CALL(vfs_utimens(&t->view, NULL, path, time_of(ts), time_of(ts ? ts + 1 : NULL), flags));
}

long sys_getxattr(struct task *t, const char *path, const char *name, void *buf, size_t cap)
{
	CALL(vfs_getxattr(&t->view, NULL, path, name, buf, cap, 0));
}

long sys_setxattr(struct task *t, const char *path, const char *name, const void *v, size_t n)
{
	CALL(vfs_setxattr(&t->view, NULL, path, name, v, n, 0, 0));
}

long sys_listxattr(struct task *t, const char *path, char *buf, size_t cap)
{
	CALL(vfs_listxattr(&t->view, NULL, path, buf, cap, 0));
}

long sys_removexattr(struct task *t, const char *path, const char *name)
{
	CALL(vfs_removexattr(&t->view, NULL, path, name, 0));
}

long sys_chdir(struct task *t, const char *path) { CALL(vfs_chdir(&t->view, path)); }

static long do_getcwd(struct task *t, char *buf, size_t cap)
{
	struct str text = { 0 };
	long r = vfs_getcwd(&t->view, &text);

	if (r >= 0 && text.len >= cap)
		r = -ERANGE;
	if (r >= 0)
		str_addn(&text, "", 1);
	return copy_out(&text, buf, cap, r);
}

long sys_getcwd(struct task *t, char *buf, size_t cap) { CALL(do_getcwd(t, buf, cap)); }

long sys_chroot(struct task *t, const char *path) { CALL(vfs_chroot(&t->view, path)); }

long sys_statfs(struct task *t, const char *path, struct sim_statfs *out)
{
	struct vfs_statfs fs;
	long r = vfs_statfs(&t->view, NULL, path, &fs);

	if (r == 0)
		*out = (struct sim_statfs){ fs.total, fs.free, fs.inodes, fs.free_inodes,
					    (long)fs.magic };
	CALL(r);
}

/* ---- poll ---- */

#define POLLED 64	/* descriptors at a time */

static int look(struct task *t, struct pollfd *p, size_t n)
{
	int ready = 0;

	for (size_t i = 0; i < n; i++) {
		struct vfs_file *f = fd_file(t, p[i].fd);
		p[i].revents = 0;
		if (p[i].fd >= 0 && !f)
			p[i].revents = POLLNVAL;
		else if (f)
			p[i].revents = ready_now(f) & (p[i].events | POLLHUP | POLLERR);
		ready += p[i].revents != 0;
	}
	return ready;
}

static long do_poll(struct task *t, struct pollfd *p, size_t n, int timeout_ms)
{
	struct sim_queue *q[POLLED];
	size_t n_q = 0;
	uint64_t deadline = timeout_ms < 0 ? SIM_NEVER :
			    sched_now(t->sim) + (uint64_t)timeout_ms * 1000000;
	int ready;

	if (n > POLLED)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		struct vfs_file *f = fd_file(t, p[i].fd);
		if (f && (q[n_q] = ready_queue(f)))
			n_q++;
	}
	while (!(ready = look(t, p, n)) && timeout_ms != 0) {
		int r = ready_wait(t, p, n, q, n_q, deadline);
		if (r < 0)
			return r == -ETIMEDOUT ? 0 : r;
	}
	return ready;
}

long sys_poll(struct task *t, struct pollfd *p, size_t n, int timeout_ms)
{
	long r = do_poll(t, p, n, timeout_ms);

	return sys_leave(t, r);
}
