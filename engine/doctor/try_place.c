/* try_place.c - folders, what they lie on, and what should be in them. */
#include "doctor/try.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/rights.h"
#include "rootless/rootless.h"

#define ENOUGH_MIB    200	/* the course images' layers, and a container's own */
#define ENOUGH_INODES 5000

int try_settings(struct trial *t)
{
	if (!t->ask->settings_wrong)
		return 0;
	says(t, "%s", t->ask->settings_wrong);
	return -EINVAL;
}

/* As the daemon would: everything up to it is made.  Here a file in the nearest folder
 * that is there must do. */
static int try_folder(struct trial *t, const char *path)
{
	autofree char *near = nearest_folder(path);
	autofree char *file = str_printf("%s/.drydock-doctor.%d", near, getpid());
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : write_all(fd, "", 1);

	if (fd >= 0) {
		close(fd);
		unlink(file);
	}
	if (r == -ENOSPC)	/* a row of its own */
		r = 0;
	if (r < 0)
		says(t, "%s: %s", near, strerror(-r));
	else
		says(t, "%s", path);
	if (r == -EROFS)
		mends(t, "# mount -o remount,rw %s", near);
	return r;
}

int try_data_root(struct trial *t) { return try_folder(t, t->ask->data_root); }
int try_exec_root(struct trial *t) { return try_folder(t, t->ask->exec_root); }

static int stat_data(struct trial *t, struct statvfs *v)
{
	autofree char *near = nearest_folder(t->ask->data_root);

	return statvfs(near, v) < 0 ? -errno : 0;
}

int try_space(struct trial *t)
{
	struct statvfs v;

	if (stat_data(t, &v) < 0)
		return TRY_UNCLEAR;
	unsigned long long mib = (unsigned long long)v.f_bavail * v.f_frsize >> 20;
	says(t, mib < 10240 ? "%llu MiB free" : "%llu GiB free", mib < 10240 ? mib : mib >> 10);
	return mib < ENOUGH_MIB ? -ENOSPC : 0;
}

/* btrfs and the like count none: they make them as they need them. */
int try_inodes(struct trial *t)
{
	struct statvfs v;

	if (stat_data(t, &v) < 0)
		return TRY_UNCLEAR;
	if (v.f_files == 0)
		return 0;
	says(t, "%llu free", (unsigned long long)v.f_favail);
	return v.f_favail < ENOUGH_INODES ? -ENOSPC : 0;
}

int try_mount_options(struct trial *t)
{
	static const struct { unsigned long flag; const char *name; } all[] = {
		{ ST_NOEXEC, "noexec" }, { ST_NOSUID, "nosuid" }, { ST_NODEV, "nodev" },
	};
	autofree char *near = nearest_folder(t->ask->data_root);
	struct statvfs v;
	autostr struct str set = { 0 };

	if (stat_data(t, &v) < 0)
		return TRY_UNCLEAR;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (v.f_flag & all[i].flag)
			str_addf(&set, "%s%s", set.len ? "," : "", all[i].name);
	if (!set.len)
		return 0;
	says(t, "%s is mounted with %s", near, set.s);
	mends(t, "# mount -o remount,exec,suid,dev %s", near);
	return v.f_flag & (ST_NOEXEC | ST_NOSUID) ? -EPERM : 0;	/* devices come from elsewhere */
}

int try_images(struct trial *t)
{
	autostr struct str names = { 0 };

	if (!t->ask->unbaked)
		return TRY_UNCLEAR;
	for (char *const *v = t->ask->unbaked; *v; v++)
		str_addf(&names, "%s%s", names.len ? ", " : "",
			 str_starts(*v, "library/") ? *v + strlen("library/") : *v);
	if (names.len)
		says(t, "not baked: %s", names.s);
	return names.len ? -ENOENT : 0;
}

/* Wanted only as long as there is something to bake. */
int try_bake_tools(struct trial *t)
{
	static const struct { const char *program, *package; } tools[] = {
		{ "mmdebstrap", "mmdebstrap" }, { "dpkg-scanpackages", "dpkg-dev" },
	};
	autostr struct str lack = { 0 };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (!run_there(tools[i].program, path))
			str_addf(&lack, " %s", tools[i].package);
	if (access("/usr/share/keyrings/debian-archive-keyring.gpg", R_OK) < 0)
		str_add(&lack, " debian-archive-keyring");
	if (!lack.len)
		return 0;
	says(t, "not installed:%s", lack.s);
	mends(t, "# apt-get install --no-install-recommends%s", lack.s);
	return t->ask->unbaked && !t->ask->unbaked[0] ? 0 : -ENOENT;
}
