/* side_kernel.c - the real kernel, on a tmpfs in a mount namespace of our own. */
#include "tests/sim/side.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int files[SIDE_FILES] = { -1, -1, -1, -1 };
static int base = -1, home = -1, top = -1;	/* folders: ours, the caller's, / */
static unsigned sequences;

static long result(long r)
{
	return r < 0 ? -errno : r;
}

static void k_user(uint32_t id)
{
	if (geteuid() != 0 && seteuid(0) < 0)
		abort();
	if (setegid(id) < 0 || (id && seteuid(id) < 0))
		abort();
}

static void k_close(int slot)
{
	if (files[slot] >= 0)
		close(files[slot]);
	files[slot] = -1;
}

static long k_open(int slot, const char *path, int flags, uint32_t mode)
{
	k_close(slot);
	files[slot] = open(path, flags | O_NONBLOCK | O_CLOEXEC, mode);
	return files[slot] < 0 ? -errno : 0;
}

static long k_read(int slot, void *buf, size_t n, int64_t at)
{
	return files[slot] < 0 ? -EBADF : result(pread(files[slot], buf, n, at));
}

static long k_write(int slot, const void *buf, size_t n, int64_t at)
{
	if (files[slot] < 0)
		return -EBADF;
	return result(at < 0 ? write(files[slot], buf, n) : pwrite(files[slot], buf, n, at));
}

static long k_truncate(const char *path, int64_t size) { return result(truncate(path, size)); }
static long k_mkdir(const char *path, uint32_t mode) { return result(mkdir(path, mode)); }
static long k_symlink(const char *to, const char *path) { return result(symlink(to, path)); }
static long k_link(const char *from, const char *to) { return result(link(from, to)); }
static long k_chmod(const char *path, uint32_t mode) { return result(chmod(path, mode)); }
static long k_stat(const char *path, struct stat *st) { return result(lstat(path, st)); }

static long k_mknod(const char *path, uint32_t mode, uint32_t major, uint32_t minor)
{
	return result(mknod(path, mode, makedev(major, minor)));
}

static long k_remove(const char *path, int dir)
{
	return result(dir ? rmdir(path) : unlink(path));
}

static long k_rename(const char *from, const char *to, unsigned flags)
{
	return result(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
}

static long k_chown(const char *path, uint32_t uid, uint32_t gid)
{
	return result(lchown(path, uid, gid));
}

static long k_utime(const char *path, int64_t seconds)
{
	const struct timespec ts[2] = { { seconds, 0 }, { seconds, 0 } };

	return result(utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW));
}

static long k_setxattr(const char *path, const char *name, const void *v, size_t n, int how)
{
	return result(lsetxattr(path, name, v, n, how));
}

static long k_getxattr(const char *path, const char *name, void *v, size_t n)
{
	return result(lgetxattr(path, name, v, n));
}

static long k_listxattr(const char *path, char *out, size_t n)
{
	return result(llistxattr(path, out, n));
}

static long k_removexattr(const char *path, const char *name)
{
	return result(lremovexattr(path, name));
}

static long k_readlink(const char *path, char *out, size_t n)
{
	long r = readlink(path, out, n - 1);

	out[r < 0 ? 0 : r] = 0;
	return result(r);
}

static long k_names(const char *path, char ***out)
{
	DIR *d = opendir(path);

	*out = NULL;
	if (!d)
		return -errno;
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_add(out, e->d_name);
	closedir(d);
	return 0;
}

static long k_access(const char *path, int how)
{
	return result(faccessat(AT_FDCWD, path, how, AT_EACCESS));
}

static void must(int r, const char *what)
{
	if (r < 0) {
		perror(what);
		abort();
	}
}

static void k_begin(unsigned layers)
{
	char name[16];

	must(fchdir(base), "fchdir");
	snprintf(name, sizeof(name), "s%u", sequences++);
	must(mkdir(name, 0755), name);
	must(chdir(name), name);
	must(chroot("."), name);	/* a link to /x or ../.. stays inside */
	for (unsigned i = 0; i < layers; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		must(mkdir(name, 0755), name);
	}
	must(mkdir("up", 0755), "up");
	must(mkdir("work", 0755), "work");
	must(mkdir("m", 0755), "m");
}

static long k_mount(unsigned layers)
{
	char data[256];
	int n = snprintf(data, sizeof(data), "index=off,redirect_dir=off,metacopy=off,xino=off,"
			 "upperdir=up,workdir=work,lowerdir=");

	for (unsigned i = 0; i < layers; i++)
		n += snprintf(data + n, sizeof(data) - (size_t)n, "%sl%u", i ? ":" : "", i);
	return result(mount("overlay", "m", "overlay", 0, data));
}

static void k_end(void)
{
	k_user(0);
	for (int i = 0; i < SIDE_FILES; i++)
		k_close(i);
	umount2("m", MNT_DETACH);
	must(fchdir(top), "fchdir");
	must(chroot("."), "chroot");
	must(fchdir(home), "fchdir");
}

const struct side side_kernel = {
	.user = k_user, .open = k_open, .close = k_close, .read = k_read, .write = k_write,
	.truncate = k_truncate, .mkdir = k_mkdir, .mknod = k_mknod, .symlink = k_symlink,
	.link = k_link, .remove = k_remove, .rename = k_rename, .chmod = k_chmod, .chown = k_chown,
	.utime = k_utime, .setxattr = k_setxattr, .getxattr = k_getxattr,
	.listxattr = k_listxattr, .removexattr = k_removexattr, .stat = k_stat,
	.readlink = k_readlink, .names = k_names, .access = k_access, .begin = k_begin,
	.mount = k_mount, .end = k_end,
};

const char *side_kernel_prepare(void)
{
	if (geteuid() != 0)
		return "needs root";
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "needs a mount namespace of its own";
	must(setgroups(0, NULL), "setgroups");
	umask(022);
	home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (home < 0 || top < 0 || mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755") < 0)
		return "needs a tmpfs";
	base = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return NULL;
}
