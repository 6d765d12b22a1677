/* mountinfo.c - /proc/PID/mountinfo: what is mounted where (proc_pid_mountinfo(5)).
 *
 *	36 35 0:21 / /proc rw,nosuid shared:5 - proc proc rw
 *
 * Mounts that the process can't reach from its root are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/mount_priv.h"

/* White space and backslashes in octal, so that a line has its fields. */
static void add_text(struct str *out, const char *s)
{
	for (; *s; s++)
		if (strchr(" \t\n\\", *s))
			str_addf(out, "\\%03o", (unsigned char)*s);
		else
			str_addn(out, s, 1);
}

static void add_flags(struct str *out, uint32_t flags)
{
	static const struct { uint32_t attr; const char *name; } names[] = {
		{ SIM_ATTR_NOSUID, ",nosuid" }, { SIM_ATTR_NODEV, ",nodev" },
		{ SIM_ATTR_NOEXEC, ",noexec" }, { SIM_ATTR_NOATIME, ",noatime" },
		{ SIM_ATTR_NODIRATIME, ",nodiratime" }, { SIM_ATTR_NOSYMFOLLOW, ",nosymfollow" },
	};

	str_add(out, flags & SIM_ATTR_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].attr)
			str_add(out, names[i].name);
	if (!(flags & SIM_ATTR_ATIME))
		str_add(out, ",relatime");
}

/* The part of the filesystem that the mount shows. */
static void add_root(struct str *out, const struct vfs_dentry *d)
{
	autofree char *path = str_dup("");

	for (; d->parent != d; d = d->parent) {
		char *longer = str_printf("/%s%s", d->name, path);
		free(path);
		path = longer;
	}
	add_text(out, *path ? path : "/");
}

/* The nearest group above the master's that has a mount below this view's root. */
static uint32_t from_group(const struct vfs_view *v, const struct vfs_mount *m)
{
	for (const struct vfs_mount *master = m->master; master; master = master->master) {
		const struct vfs_mount *p = master;
		do {
			struct vfs_path at = { (struct vfs_mount *)p, p->root };
			autostr struct str text = { 0 };
			if (p->ns == v->ns) {
				vfs_path_text(v, &at, &text);
				if (*text.s == '/')
					return p->group;
			}
			p = p->peer;
		} while (p != master);
	}
	return 0;
}

static void add_groups(const struct vfs_view *v, struct str *out, const struct vfs_mount *m)
{
	if (m->group)
		str_addf(out, " shared:%u", m->group);
	if (m->master) {
		uint32_t from = from_group(v, m);
		str_addf(out, " master:%u", m->master->group);
		if (from && from != m->master->group)
			str_addf(out, " propagate_from:%u", from);
	}
	if (m->unbindable)
		str_add(out, " unbindable");
}

static void add_line(const struct vfs_view *v, const struct vfs_mount *m, struct str *out)
{
	struct vfs_path at = { (struct vfs_mount *)m, m->root };
	autostr struct str place = { 0 };

	vfs_path_text(v, &at, &place);
	if (*place.s != '/')
		return;
	str_addf(out, "%u %u %u:%u ", m->id, m->parent ? m->parent->id : m->id,
		 sim_major(m->sb->dev), sim_minor(m->sb->dev));
	add_root(out, m->root);
	str_add(out, " ");
	add_text(out, place.s);
	str_add(out, " ");
	add_flags(out, m->flags);
	add_groups(v, out, m);
	str_addf(out, " - %s ", m->sb->type);
	add_text(out, m->source);
	str_addf(out, " %s%s\n", m->sb->readonly ? "ro" : "rw", m->sb->options);
}

static int by_id(const void *a, const void *b)
{
	const struct vfs_mount *x = *(struct vfs_mount *const *)a, *y = *(struct vfs_mount *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

void vfs_mountinfo(const struct vfs_view *v, struct str *out)
{
	struct vfs_mount **all = NULL;
	size_t n = 0;

	for (struct vfs_mount *m = v->ns->root; m; m = vfs_mount_next(m, v->ns->root)) {
		all = mem_grow(all, (n + 1) * sizeof(*all));
		all[n++] = m;
	}
	qsort(all, n, sizeof(*all), by_id);
	for (size_t i = 0; i < n; i++)
		add_line(v, all[i], out);
	free(all);
}
