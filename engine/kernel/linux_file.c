#include "kernel/linux.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

long linux_chdir(struct kernel *k, const char *path)
{
	return SYS(chdir, path);
}

long linux_mknod(struct kernel *k, int dir, const char *path, unsigned int mode, long dev)
{
	return SYS(mknodat, dir, path, mode, dev);
}

long linux_mkdir(struct kernel *k, int dir, const char *path, unsigned int mode)
{
	return SYS(mkdirat, dir, path, mode);
}

long linux_symlink(struct kernel *k, const char *target, int dir, const char *path)
{
	return SYS(symlinkat, target, dir, path);
}

long linux_chown(struct kernel *k, int dir, const char *path, unsigned int uid,
		 unsigned int gid, unsigned long flags)
{
	return SYS(fchownat, dir, path, uid, gid, flags);
}

long linux_open(struct kernel *k, int dir, const char *path, unsigned long flags,
		unsigned int mode)
{
	return SYS(openat, dir, path, flags, mode);
}

long linux_close(struct kernel *k, int fd)
{
	return SYS(close, fd);
}

long linux_dup3(struct kernel *k, int from, int to, unsigned long flags)
{
	return SYS(dup3, from, to, flags);
}

long linux_access(struct kernel *k, int dir, const char *path, unsigned long mode)
{
	return SYS(faccessat, dir, path, mode);
}

long linux_setxattr(struct kernel *k, const char *path, const char *name, const void *value,
		    size_t len)
{
	return SYS(lsetxattr, path, name, value, len, 0);
}

long linux_getxattr(struct kernel *k, const char *path, const char *name, struct k_buf *value)
{
	long r = SYS(lgetxattr, path, name, value->data, value->cap);

	if (r >= 0)
		value->len = (size_t)r;
	return r;
}

long linux_close_range(struct kernel *k, int first, int last, unsigned long flags)
{
	return SYS(close_range, first, (unsigned int)last, flags);
}

long linux_cg_mkdir(struct kernel *k, const char *path, unsigned int mode)
{
	return SYS(mkdirat, AT_FDCWD, path, mode);
}

long linux_cg_rmdir(struct kernel *k, const char *path)
{
	return SYS(unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

long linux_write_fd(struct kernel *k, int fd, const char *text)
{
	return SYS(write, fd, text, strlen(text));
}

/* Kernel files take a value in one write, or not at all. */
long linux_write_file(struct kernel *k, const char *path, const char *text)
{
	long fd = SYS(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	long r = linux_write_fd(k, (int)fd, text);
	SYS(close, fd);
	return r;
}

/* Until the end: /proc gives a long text a page at a time. */
static long read_to_end(int fd, struct k_buf *text)
{
	long r;

	for (text->len = 0; text->len + 1 < text->cap; text->len += (size_t)r) {
		r = SYS(read, fd, text->data + text->len, text->cap - 1 - text->len);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	text->data[text->len] = '\0';
	return (long)text->len;
}

long linux_read_file(struct kernel *k, const char *path, struct k_buf *text)
{
	long fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	long r = read_to_end((int)fd, text);
	SYS(close, fd);
	return r;
}

/* The container's end is opened through ours: its path may mean another
 * terminal in the mount namespace we stand in. */
long linux_tty_open(struct kernel *k, int devpts, struct k_tty *pair)
{
	int unlock = 0;
	long master = SYS(openat, devpts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0)
		return master;
	long r = SYS(ioctl, master, TIOCSPTLCK, &unlock);
	if (r >= 0)
		r = SYS(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (r < 0) {
		SYS(close, master);
		return r;
	}
	*pair = (struct k_tty){ .master = (int)master, .slave = (int)r };
	return 0;
}

long linux_tty_control(struct kernel *k, int tty)
{
	return SYS(ioctl, tty, TIOCSCTTY, 0);
}

long linux_tty_size(struct kernel *k, int tty, long rows, long cols)
{
	struct winsize w = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	return SYS(ioctl, tty, TIOCSWINSZ, &w);
}
