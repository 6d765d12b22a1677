#include "image/merged.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "core/str.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

static int set(struct kernel *k, int fs, const char *key, const char *value)
{
	return (int)k_fsconfig(k, fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* An image may have the same layer twice, the overlay refuses one: what the upper one
 * says of its names hides whatever the lower one says of the same. */
static bool is_above(const struct merged *m, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(m->dir[j], m->dir[i]))
			return true;
	return false;
}

/* One layer a call.  A kernel that doesn't know "lowerdir+" says so here or, Debian
 * 12's, when the overlay is created: EINVAL either way. */
static int new_way(struct kernel *k, const struct merged *m)
{
	autofd int fs = (int)k_fsopen(k, "overlay", FSOPEN_CLOEXEC);
	int r = fs < 0 ? fs : set(k, fs, "source", "overlay");
	if (r == 0 && m->fleeting)	/* Linux 5.10; without it, it only takes longer */
		k_fsconfig(k, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
	if (r == 0 && rights_rootless())
		r = (int)k_fsconfig(k, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0);
	for (size_t i = 0; i < m->n && r == 0; i++)
		if (!is_above(m, i))
			r = set(k, fs, "lowerdir+", m->dir[i]);
	if (r == 0 && m->upper && (r = set(k, fs, "upperdir", m->upper)) == 0)
		r = set(k, fs, "workdir", m->work);
	if (r == 0)
		r = (int)k_fsconfig(k, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	return r < 0 ? r : (int)k_fsmount(k, fs, FSMOUNT_CLOEXEC, m->upper ? 0 : MOUNT_ATTR_RDONLY);
}

void merged_add_path(struct str *b, const char *path)
{
	for (; *path; path++) {
		if (*path == ':' || *path == ',' || *path == '\\')
			str_add(b, "\\");
		str_addn(b, path, 1);
	}
}

/* Mounted on a directory, opened, and detached at once: the descriptor keeps it. */
static int old_way(struct kernel *k, const struct merged *m, const char *at)
{
	autostr struct str data = { 0 };
	str_add(&data, rights_rootless() ? "userxattr,lowerdir=" : "lowerdir=");
	for (size_t i = 0; i < m->n; i++) {
		if (is_above(m, i))
			continue;
		str_add(&data, i ? ":" : "");
		merged_add_path(&data, m->dir[i]);
	}
	if (m->upper) {
		str_add(&data, ",upperdir=");
		merged_add_path(&data, m->upper);
		str_add(&data, ",workdir=");
		merged_add_path(&data, m->work);
	}
	int r = (int)k_mount(k, "overlay", at, "overlay", 0, data.s);
	if (r < 0)
		return r;
	int fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 ? -errno : 0;
	k_umount(k, at, MNT_DETACH);
	return failed ? failed : fd;
}

int merged_open(struct kernel *k, const struct merged *m, const char *at, struct err *e)
{
	int r;
	if (m->n == 1 && !m->upper) {	/* an overlay needs two layers, or a writable one */
		r = open(m->dir[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		return r < 0 ? err_sys(e, errno, "open %s", m->dir[0]) : r;
	}
	r = new_way(k, m);
	if (r == -EINVAL || r == -ENOSYS)
		r = old_way(k, m, at);
	return r < 0 ? err_sys(e, -r, "merge %zu layers", m->n) : r;
}
