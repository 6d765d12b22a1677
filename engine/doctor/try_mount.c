/* try_mount.c - the mounts of a container's root, each for real. */
#include "doctor/try.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/rights.h"
#include "image/merged.h"

/* A directory that is there wherever we are.  What comes on it is in a mount namespace
 * of the try's own. */
#define HERE "/proc"

static int mount_here(struct trial *t, const char *type, unsigned long flags, const char *data)
{
	return (int)k_mount(t->k, type, HERE, type, flags, data);
}

/* Both kinds that containers use; the other ways round change the host's. */
int try_propagation(struct trial *t)
{
	long r = k_mount(t->k, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);

	return (int)(r < 0 ? r : k_mount(t->k, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* Of the process namespace that we were born in: there we are the first. */
int try_proc(struct trial *t)
{
	int r = mount_here(t, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);

	return r < 0 ? r : access("/proc/1/status", R_OK) == 0 ? 0 : -errno;
}

int try_sysfs(struct trial *t)
{
	return mount_here(t, "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
}

static int write_file(const char *path)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : write_all(fd, "drydock\n", 8);
}

int try_tmpfs(struct trial *t)
{
	int r = mount_here(t, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k");

	return r < 0 ? r : write_file(HERE "/file");
}

int try_devpts(struct trial *t)
{
	struct k_tty pair;
	int r = mount_here(t, "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");

	if (r < 0)
		return r;
	autofd int fd = open(HERE, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return (int)k_tty_open(t->k, fd, &pair);
}

int try_device(struct trial *t)
{
	int r = mount_here(t, "tmpfs", MS_NOSUID, "size=64k");

	r = r < 0 ? r : (int)k_mknod(t->k, AT_FDCWD, HERE "/null", S_IFCHR | 0666, (long)makedev(1, 3));
	if (r < 0)
		return r;
	autofd int fd = open(HERE "/null", O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

/* ---- the overlay ---- */

struct layers { char *lower, *upper, *work, *at; };

static int layers_make(struct layers *l, const char *scratch)
{
	char **const all[] = { &l->lower, &l->upper, &l->work, &l->at };
	static const char *const names[] = { "lower", "upper", "work", "at" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		*all[i] = str_printf("%s/overlay/%s", scratch, names[i]);
		r = r < 0 ? r : dir_make(*all[i], 0755, NULL);
	}
	autofree char *file = str_printf("%s/file", l->lower);
	return r < 0 ? r : write_file(file);
}

static void layers_free(struct layers *l)
{
	char *const all[] = { l->lower, l->upper, l->work, l->at };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(all[i]);
}

/* What overlayfs.rst says of a file that was removed above: a character device 0/0, or
 * in a user namespace an empty file with an attribute. */
static bool is_whiteout(struct kernel *k, const char *path)
{
	struct stat st;
	char value[8];
	struct k_buf b = { value, sizeof(value), 0 };

	if (lstat(path, &st) < 0)
		return false;
	return (S_ISCHR(st.st_mode) && st.st_rdev == 0) ||
	       k_getxattr(k, path, "user.overlay.whiteout", &b) >= 0;
}

/* Written and removed through the merged view; looked at from below. */
static int use(struct trial *t, const struct layers *l, int root)
{
	autofree char *mark = str_printf("%s/file", l->upper), *made = str_printf("%s/new", l->upper);
	autofd int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int fd = openat(dir, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write_all(fd, "new\n", 4) < 0 || unlinkat(dir, "file", 0) < 0)
		return -errno;
	if (access(made, F_OK) == 0 && is_whiteout(t->k, mark))
		return 0;
	says(t, "what was changed doesn't show up in the upper layer");
	return -EIO;
}

static int merge(struct trial *t, const struct layers *l)
{
	const char *lower = l->lower;
	const struct merged m = { .dir = &lower, .n = 1, .upper = l->upper, .work = l->work,
				  .fleeting = true };
	struct err e = { 0 };
	autofd int root = merged_open(t->k, &m, l->at, &e);

	return root < 0 ? root : use(t, l, root);
}

/* Not every filesystem has what an upper layer needs; an overlay itself hasn't. */
static void blame_filesystem(struct trial *t)
{
	static const struct { long type; const char *name; } known[] = {
		{ OVERLAYFS_SUPER_MAGIC, "an overlay: of a container, most likely" },
		{ NFS_SUPER_MAGIC, "NFS" }, { SMB2_SUPER_MAGIC, "a Windows share" },
		{ V9FS_MAGIC, "a folder of the virtual machine's host (9p)" },
		{ FUSE_SUPER_MAGIC, "FUSE" }, { MSDOS_SUPER_MAGIC, "FAT" },
		{ ECRYPTFS_SUPER_MAGIC, "eCryptfs" },
	};
	const char *name = "a filesystem";
	struct statfs v;

	if (statfs(t->scratch, &v) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if ((long)v.f_type == known[i].type)
				name = known[i].name;
	says(t, "%s lies on %s, which can't be the upper layer", t->ask->data_root, name);
	mends(t, "$ export DRYDOCK_ROOT=$(mktemp -d /dev/shm/drydock.XXXXXX)");
}

/* A full disk or a folder that is another's are rows of their own. */
int try_overlay(struct trial *t)
{
	struct layers l = { 0 };
	int r = t->scratch ? layers_make(&l, t->scratch) : -ENOENT;

	if (r < 0) {
		says(t, "no folder to try it in");
		r = TRY_UNCLEAR;
	} else if ((r = merge(t, &l)) == -ENOSPC) {
		r = TRY_UNCLEAR;
	}
	if (r == -EINVAL)
		blame_filesystem(t);
	autofree char *all = str_printf("%s/overlay", t->scratch ? t->scratch : "/nowhere");
	dir_remove(all, NULL);
	layers_free(&l);
	return r;
}
