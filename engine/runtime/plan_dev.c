/* plan_dev.c - /proc, /sys and /dev as Docker sets them up.
 *
 * None of them is the host's: proc shows the new pid namespace, sysfs is read
 * only, /dev is an empty tmpfs that gets the few devices every program may
 * expect.  The numbers are those of Documentation/admin-guide/devices.txt.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"

static const struct node { const char *path; int major, minor; } nodes[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty", 5, 0 },
};

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

static void add_dev(struct plan_builder *p, const struct plan_input *in)
{
	const unsigned long quiet = MS_NOSUID | MS_NOEXEC;
	const struct spec *s = in->spec;
	char shm[64];

	add_mount(p, WHY_ROOT_DEV, "tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME,
		  "mode=755,size=65536k");
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		plan_add(p, K_MKNOD, WHY_ROOT_NODE, INT(AT_FDCWD), TEXT(nodes[i].path),
			 INT(S_IFCHR | 0666), INT(makedev(nodes[i].major, nodes[i].minor)));
	add_devices(p, s);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		plan_add(p, K_SYMLINK, WHY_ROOT_LINK, TEXT(links[i].target), INT(AT_FDCWD),
			 TEXT(links[i].path));
	snprintf(shm, sizeof(shm), "mode=1777,size=%lld", (long long)s->shm_size);
	add_mount(p, WHY_ROOT_PTS, "devpts", "/dev/pts", quiet,
		  "newinstance,ptmxmode=0666,mode=0620,gid=5");
	if (!s->no_shm && s->ipc_mode == NS_PRIVATE)
		add_mount(p, WHY_ROOT_SHM, "tmpfs", "/dev/shm", quiet | MS_NODEV,
			  s->shm_size > 0 ? shm : "mode=1777,size=65536k");
	add_mount(p, WHY_ROOT_MQUEUE, "mqueue", "/dev/mqueue", quiet | MS_NODEV, NULL);
	if (plan_nodev(in))
		seal_dev(p, s);
}

void plan_kernel_filesystems(struct plan_builder *p, const struct plan_input *in)
{
	const unsigned long quiet = MS_NOSUID | MS_NOEXEC | MS_NODEV;
	unsigned long sys = quiet | (in->spec->privileged ? 0 : MS_RDONLY);

	/* Modes below are meant as written. */
	plan_add(p, K_UMASK, WHY_TABLE, INT(0));
	add_mount(p, WHY_ROOT_PROC, "proc", "/proc", quiet, NULL);
	add_dev(p, in);
	add_mount(p, WHY_ROOT_SYS, "sysfs", "/sys", sys, NULL);
	plan_cgroup_mounts(p, in);
}
