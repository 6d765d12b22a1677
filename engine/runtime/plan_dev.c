/* plan_dev.c - /proc, /sys and /dev as Docker sets them up.
 *
 * None of them is the host's: proc shows the new pid namespace, sysfs is read
 * only, /dev is an empty tmpfs that gets the few devices every program may
 * expect.  The numbers are those of Documentation/admin-guide/devices.txt.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/idmap.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static const struct node { const char *path; int major, minor; } nodes[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty", 5, 0 },
};

#define PTS_OPTIONS "newinstance,ptmxmode=0666,mode=0620"
#define TTY_GROUP   "5"		/* of Debian and most others */

static const struct link { const char *target, *path; } links[] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
	{ "/proc/kcore", "/dev/core" },
	{ "pts/ptmx", "/dev/ptmx" },
};

static void add_dir(struct plan_builder *p, const char *path, int why)
{
	plan_add(p, K_MKDIR, why, INT(AT_FDCWD), TEXT(path), INT(0755));
	plan_expect(p, EEXIST, -1);
}

static void add_mount(struct plan_builder *p, int why, const char *type, const char *path,
		      unsigned long flags, const char *data)
{
	add_dir(p, path, why);
	plan_add(p, K_MOUNT, why, TEXT(type), TEXT(path), TEXT(type), INT(flags),
		 data ? TEXT(data) : NOTEXT);
}

/* Without device rules: each node becomes a mount of its own, where devices may
 * be opened; in the rest of /dev, as everywhere else, they may not. */
static void seal_dev(struct plan_builder *p, const struct spec *s)
{
	for (size_t i = 0; i < s->n_devices; i++)
		plan_add(p, K_MOUNT, WHY_ROOT_NODE, TEXT(s->devices[i].path),
			 TEXT(s->devices[i].path), NOTEXT, INT(MS_BIND), NOTEXT);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		plan_add(p, K_MOUNT, WHY_ROOT_NODE, TEXT(nodes[i].path), TEXT(nodes[i].path),
			 NOTEXT, INT(MS_BIND), NOTEXT);
	plan_add(p, K_MOUNT, WHY_ROOT_DEV, NOTEXT, TEXT("/dev"), NOTEXT,
		 INT(MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV), NOTEXT);
}

static void add_devices(struct plan_builder *p, const struct spec *s)
{
	for (size_t i = 0; i < s->n_devices; i++) {
		const struct spec_device *d = &s->devices[i];
		const char *slash = strrchr(d->path, '/');
		autofree char *parent = str_printf("%.*s", (int)(slash - d->path), d->path);
		if (*parent && strcmp(parent, "/dev"))
			plan_make_dirs(p, parent);
		plan_add(p, K_MKNOD, WHY_ROOT_NODE, INT(AT_FDCWD), TEXT(d->path), INT(d->mode),
			 INT(d->dev));
		plan_expect(p, EEXIST, -1);
	}
}

static void add_nodes(struct plan_builder *p, const struct plan_input *in)
{
	add_mount(p, WHY_ROOT_DEV, "tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME,
		  "mode=755,size=65536k");
	if (in->host->rootless)		/* they are bound from the host's: plan_mounts.c */
		return;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		plan_add(p, K_MKNOD, WHY_ROOT_NODE, INT(AT_FDCWD), TEXT(nodes[i].path),
			 INT(S_IFCHR | 0666), INT(makedev(nodes[i].major, nodes[i].minor)));
	add_devices(p, in->spec);
}

const char *plan_device(size_t i)
{
	return i < ARRAY_SIZE(nodes) ? nodes[i].path : NULL;
}

/* ---- for a user namespace ---- */

static void give_ahead(struct plan_builder *p, int dev, const char *name)
{
	plan_add(p, K_CHOWN, WHY_ROOT_NODE, SLOT(dev), TEXT(name), INT(idmap_uid_out(0)),
		 INT(idmap_gid_out(0)), INT(0));
}

static void node_ahead(struct plan_builder *p, int dev, const char *path, mode_t mode, dev_t number)
{
	const char *name = path + strlen("/dev/");

	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		autofree char *above = str_printf("%.*s", (int)(slash - name), name);
		plan_add(p, K_MKDIR, WHY_ROOT_DEV, SLOT(dev), TEXT(above), INT(0755));
		plan_expect(p, EEXIST, -1);
		give_ahead(p, dev, above);
	}
	plan_add(p, K_MKNOD, WHY_ROOT_NODE, SLOT(dev), TEXT(name), INT(mode), INT(number));
	plan_expect(p, EEXIST, -1);
	give_ahead(p, dev, name);
}

void plan_dev_ahead(struct plan_builder *p, const struct plan_input *in, struct plan_sources *s)
{
	static const char *const options[][2] = { { "source", "tmpfs" }, { "mode", "755" },
						      { "size", "65536k" } };
	int fs = plan_slot(p, "tmpfs"), dev = plan_slot(p, "dev");

	plan_add(p, K_FSOPEN, WHY_ROOT_DEV, TEXT("tmpfs"), INT(FSOPEN_CLOEXEC));
	plan_into(p, fs);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		plan_add(p, K_FSCONFIG, WHY_ROOT_DEV, SLOT(fs), INT(FSCONFIG_SET_STRING),
			 TEXT(options[i][0]), TEXT(options[i][1]), INT(0));
	plan_add(p, K_FSCONFIG, WHY_ROOT_DEV, SLOT(fs), INT(FSCONFIG_CMD_CREATE), NOTEXT, NOTEXT,
		 INT(0));
	plan_add(p, K_FSMOUNT, WHY_ROOT_DEV, SLOT(fs), INT(FSMOUNT_CLOEXEC),
		 INT(MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));
	plan_into(p, dev);
	plan_add(p, K_CLOSE, WHY_TABLE, SLOT(fs));
	plan_add(p, K_CHOWN, WHY_ROOT_DEV, SLOT(dev), TEXT(""), INT(idmap_uid_out(0)),
		 INT(idmap_gid_out(0)), INT(AT_EMPTY_PATH));
	plan_add(p, K_UMASK, WHY_TABLE, INT(0));
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		node_ahead(p, dev, nodes[i].path, S_IFCHR | 0666,
			   makedev(nodes[i].major, nodes[i].minor));
	for (size_t i = 0; i < in->spec->n_devices; i++)
		node_ahead(p, dev, in->spec->devices[i].path, in->spec->devices[i].mode,
			   in->spec->devices[i].dev);
	plan_add(p, K_UMASK, WHY_TABLE, INT(022));
	s->dev = dev;
}

/* ---- both ---- */

static void attach_dev(struct plan_builder *p, int dev)
{
	add_dir(p, "/dev", WHY_ROOT_DEV);
	plan_add(p, K_MOVE_MOUNT, WHY_ROOT_DEV, SLOT(dev), TEXT(""), INT(AT_FDCWD), TEXT("/dev"),
		 INT(MOVE_MOUNT_F_EMPTY_PATH));
}

static void add_dev(struct plan_builder *p, const struct plan_input *in,
		    const struct plan_sources *sources)
{
	const unsigned long quiet = MS_NOSUID | MS_NOEXEC;
	const struct spec *s = in->spec;
	char shm[64];

	if (plan_in_userns(in))
		attach_dev(p, sources->dev);
	else
		add_nodes(p, in);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		plan_add(p, K_SYMLINK, WHY_ROOT_LINK, TEXT(links[i].target), INT(AT_FDCWD),
			 TEXT(links[i].path));
	snprintf(shm, sizeof(shm), "mode=1777,size=%lld", (long long)s->shm_size);
	add_mount(p, WHY_ROOT_PTS, "devpts", "/dev/pts", quiet,
		  in->host->one_user ? PTS_OPTIONS : PTS_OPTIONS ",gid=" TTY_GROUP);
	if (!s->no_shm && s->ipc_mode == NS_PRIVATE)
		add_mount(p, WHY_ROOT_SHM, "tmpfs", "/dev/shm", quiet | MS_NODEV,
			  s->shm_size > 0 ? shm : "mode=1777,size=65536k");
	add_mount(p, WHY_ROOT_MQUEUE, "mqueue", "/dev/mqueue", quiet | MS_NODEV, NULL);
	if (plan_in_userns(in))		/* of another's IPC namespace */
		plan_expect(p, EPERM, -1);
	if (plan_nodev(in))
		seal_dev(p, s);
}

void plan_kernel_filesystems(struct plan_builder *p, const struct plan_input *in,
			     const struct plan_sources *s)
{
	const unsigned long quiet = MS_NOSUID | MS_NOEXEC | MS_NODEV;
	unsigned long sys = quiet | (in->spec->privileged ? 0 : MS_RDONLY);

	/* Modes below are meant as written. */
	plan_add(p, K_UMASK, WHY_TABLE, INT(0));
	add_mount(p, WHY_ROOT_PROC, "proc", "/proc", quiet, NULL);
	add_dev(p, in, s);
	add_mount(p, WHY_ROOT_SYS, "sysfs", "/sys", sys, NULL);
	plan_cgroup_mounts(p, in);
}
