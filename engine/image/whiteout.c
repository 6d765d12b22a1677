#include "image/whiteout.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "core/str.h"
#include "image/resolve.h"

const char *whiteout_opaque_name(void)
{
	return !rights_rootless() ? "trusted.overlay.opaque" : "user.overlay.opaque";
}

bool whiteout_is_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

bool whiteout_xattr_is_ours(const char *name)
{
	return str_starts(name, "trusted.overlay.") || str_starts(name, "user.overlay.");
}

int whiteout_make(struct kernel *k, int dir, const char *name)
{
	return (int)k_mknod(k, dir, name, S_IFCHR, (long)makedev(0, 0));
}

int whiteout_mark_opaque(struct kernel *k, int dir)
{
	/* By its path, since lsetxattr(2) takes no descriptor; it holds no link. */
	autofree char *path = resolve_where(dir);
	if (!path)
		return -ENOENT;
	return (int)k_setxattr(k, path, whiteout_opaque_name(), "y", 1);
}

bool whiteout_is_opaque(struct kernel *k, const char *path)
{
	char value[8];
	struct k_buf b = { value, sizeof(value), 0 };
	return k_getxattr(k, path, whiteout_opaque_name(), &b) == 1 && value[0] == 'y';
}
