/* side_sim.c - the simulated kernel behind the calls of side.h. */
#include "tests/sim/side.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "sim/mount.h"

static struct vfs *fs;
static struct vfs_view v;
static struct vfs_file *files[SIDE_FILES];
static struct vfs_cred cred;
static struct vfs_hooks hooks;

static void s_user(uint32_t id)
{
	cred = (struct vfs_cred){ .uid = id, .gid = id, .caps = id ? 0 : ~0ull };
}

static void s_close(int slot)
{
	if (files[slot])
		vfs_file_put(files[slot]);
	files[slot] = NULL;
}

static long s_open(int slot, const char *path, int flags, uint32_t mode)
{
	s_close(slot);
	return vfs_open(&v, NULL, path, flags, mode, &files[slot]);
}

static long s_read(int slot, void *buf, size_t n, int64_t at)
{
	return files[slot] ? vfs_pread(files[slot], buf, n, at) : -EBADF;
}

static long s_write(int slot, const void *buf, size_t n, int64_t at)
{
	if (!files[slot])
		return -EBADF;
	return at < 0 ? vfs_write(files[slot], buf, n) : vfs_pwrite(files[slot], buf, n, at);
}

static long s_truncate(const char *path, int64_t size) { return vfs_truncate(&v, path, size); }
static long s_mkdir(const char *path, uint32_t mode) { return vfs_mkdir(&v, NULL, path, mode); }
static long s_symlink(const char *to, const char *path) { return vfs_symlink(&v, to, NULL, path); }
static long s_link(const char *from, const char *to) { return vfs_link(&v, NULL, from, NULL, to, 0); }
static long s_chmod(const char *path, uint32_t mode) { return vfs_chmod(&v, NULL, path, mode, 0); }

static long s_stat(const char *path, struct stat *st)
{
	return vfs_stat(&v, NULL, path, AT_SYMLINK_NOFOLLOW, st);
}

static long s_mknod(const char *path, uint32_t mode, uint32_t major, uint32_t minor)
{
	return vfs_mknod(&v, NULL, path, mode, sim_makedev(major, minor));
}

static long s_remove(const char *path, int dir)
{
	return vfs_unlink(&v, NULL, path, dir ? AT_REMOVEDIR : 0);
}

static long s_rename(const char *from, const char *to, unsigned flags)
{
	return vfs_rename(&v, NULL, from, NULL, to, flags);
}

static long s_chown(const char *path, uint32_t uid, uint32_t gid)
{
	return vfs_chown(&v, NULL, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

static long s_utime(const char *path, int64_t seconds)
{
	return vfs_utimens(&v, NULL, path, seconds * 1000000000, seconds * 1000000000,
			   AT_SYMLINK_NOFOLLOW);
}

static long s_setxattr(const char *path, const char *name, const void *value, size_t n, int how)
{
	return vfs_setxattr(&v, NULL, path, name, value, n, how, AT_SYMLINK_NOFOLLOW);
}

static long s_getxattr(const char *path, const char *name, void *value, size_t n)
{
	return vfs_getxattr(&v, NULL, path, name, value, n, AT_SYMLINK_NOFOLLOW);
}

static long s_listxattr(const char *path, char *out, size_t n)
{
	return vfs_listxattr(&v, NULL, path, out, n, AT_SYMLINK_NOFOLLOW);
}

static long s_removexattr(const char *path, const char *name)
{
	return vfs_removexattr(&v, NULL, path, name, AT_SYMLINK_NOFOLLOW);
}

static long s_readlink(const char *path, char *out, size_t n)
{
	struct str text = { 0 };
	int r = vfs_readlink(&v, NULL, path, &text);

	snprintf(out, n, "%s", text.s ? text.s : "");
	str_free(&text);
	return r < 0 ? r : (long)strlen(out);
}

static void add_name(void *arg, const char *name, uint64_t ino, uint32_t type)
{
	if (strcmp(name, ".") && strcmp(name, ".."))
		strv_add(arg, name);
}

static long s_names(const char *path, char ***out)
{
	struct vfs_file *f;
	int r = vfs_open(&v, NULL, path, O_RDONLY | O_DIRECTORY, 0, &f);

	*out = NULL;
	if (r < 0)
		return r;
	r = (int)vfs_readdir(f, add_name, out);
	vfs_file_put(f);
	return r < 0 ? r : 0;
}

static long s_access(const char *path, int how) { return vfs_access(&v, NULL, path, how); }

static int64_t now(void *arg) { return 2000000000ll * 1000000000; }

/* As this machine's kernel is set. */
static unsigned setting(const char *name)
{
	char path[64], text[8] = "0";
	snprintf(path, sizeof(path), "/proc/sys/fs/protected_%s", name);
	FILE *f = fopen(path, "r");

	if (f && !fgets(text, sizeof(text), f))
		*text = '0';
	if (f)
		fclose(f);
	return (unsigned)(*text - '0');
}

void side_sim_prepare(void)
{
	hooks.now = now;
	hooks.protect = (struct vfs_protect){ setting("hardlinks"), setting("symlinks"),
					      setting("regular"), setting("fifos") };
}

static void s_begin(unsigned layers)
{
	char name[16];

	fs = vfs_new(&hooks);
	s_user(0);
	vfs_view_init(&v, fs, &cred);
	for (unsigned i = 0; i < layers; i++) {
		snprintf(name, sizeof(name), "l%u", i);
		s_mkdir(name, 0755);
	}
	s_mkdir("up", 0755);
	s_mkdir("work", 0755);
	s_mkdir("m", 0755);
}

static long s_mount(unsigned layers)
{
	char data[256];
	int n = snprintf(data, sizeof(data), "index=off,redirect_dir=off,metacopy=off,xino=off,"
			 "upperdir=up,workdir=work,lowerdir=");

	for (unsigned i = 0; i < layers; i++)
		n += snprintf(data + n, sizeof(data) - (size_t)n, "%sl%u", i ? ":" : "", i);
	return vfs_mount(&v, "overlay", "m", "overlay", 0, data);
}

static void s_end(void)
{
	for (int i = 0; i < SIDE_FILES; i++)
		s_close(i);
	vfs_view_drop(&v);
	vfs_free(fs);
}

const struct side side_sim = {
	.user = s_user, .open = s_open, .close = s_close, .read = s_read, .write = s_write,
	.truncate = s_truncate, .mkdir = s_mkdir, .mknod = s_mknod, .symlink = s_symlink,
	.link = s_link, .remove = s_remove, .rename = s_rename, .chmod = s_chmod, .chown = s_chown,
	.utime = s_utime, .setxattr = s_setxattr, .getxattr = s_getxattr,
	.listxattr = s_listxattr, .removexattr = s_removexattr, .stat = s_stat,
	.readlink = s_readlink, .names = s_names, .access = s_access, .begin = s_begin,
	.mount = s_mount, .end = s_end,
};
