/* mount.c - mount(2): attach, bind, move, remount, change how mounts spread.
 *
 * One call does five different things, told apart by its flags in this order: remount,
 * bind, change the propagation, move, and only then mount something new.  Below them lie
 * the pieces that the newer calls (fsmount.c) use too: make a mount, graft it.
 */
#include "sim/mount_priv.h"

#include <string.h>

#include "core/cleanup.h"

int vfs_may_mount(const struct vfs_view *v)
{
	return vfs_capable(v->cred, SIM_CAP_SYS_ADMIN) ? 0 : -EPERM;
}

bool vfs_is_mount_root(const struct vfs_path *p)
{
	return p->d == p->mnt->root;
}

uint32_t vfs_attr_of(unsigned long ms)
{
	static const struct { unsigned long ms; uint32_t attr; } map[] = {
		{ SIM_MS_RDONLY, SIM_ATTR_RDONLY }, { SIM_MS_NOSUID, SIM_ATTR_NOSUID },
		{ SIM_MS_NODEV, SIM_ATTR_NODEV }, { SIM_MS_NOEXEC, SIM_ATTR_NOEXEC },
		{ SIM_MS_NOATIME, SIM_ATTR_NOATIME }, { SIM_MS_NODIRATIME, SIM_ATTR_NODIRATIME },
		{ SIM_MS_STRICTATIME, SIM_ATTR_STRICTATIME },
		{ SIM_MS_NOSYMFOLLOW, SIM_ATTR_NOSYMFOLLOW },
	};
	uint32_t attr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		attr |= ms & map[i].ms ? map[i].attr : 0;
	if (attr & SIM_ATTR_STRICTATIME)	/* it takes the others back */
		attr &= ~SIM_ATTR_NOATIME;
	return attr;
}

const struct vfs_type *vfs_type_of(struct vfs *fs, const char *name)
{
	for (size_t i = fs->n_types; i-- > 0;)
		if (!strcmp(fs->types[i]->name, name))
			return fs->types[i];
	return NULL;
}

/* ---- grafting ---- */

int vfs_graft(struct vfs_mount *tree, const struct vfs_path *at)
{
	struct vfs_path to = *at;

	vfs_mount_cross(&to);
	if (to.d->gone)
		return -ENOENT;
	if (vfs_is_dir(tree->root->inode) != vfs_is_dir(to.d->inode))
		return -ENOTDIR;
	vfs_spread(tree, to.mnt, to.d);
	vfs_mount_attach(tree, to.mnt, to.d);
	vfs_tree_to_ns(tree, to.mnt->ns);
	return 0;
}

/* Takes the reference to m over, whatever happens. */
static int add_mount(const struct vfs_view *v, struct vfs_mount *m, const struct vfs_path *at)
{
	int r;

	if (at->mnt->ns != v->ns)
		r = -EINVAL;
	else if (at->mnt->sb == m->sb && vfs_is_mount_root(at))
		r = -EBUSY;	/* the same once more in the same place */
	else
		r = vfs_graft(m, at);
	if (r < 0)
		vfs_mount_put(m);
	return r;
}

static int mount_new(const struct vfs_view *v, const char *source, const struct vfs_path *at,
		     const char *fstype, unsigned long flags, const char *data)
{
	const struct vfs_type *type = fstype ? vfs_type_of(v->fs, fstype) : NULL;
	struct vfs_super *sb;

	if (!type)
		return fstype ? -ENODEV : -EINVAL;
	int r = type->make(v, source, data ? data : "", type->arg, &sb);
	if (r < 0)
		return r;
	sb->readonly |= flags & SIM_MS_RDONLY;
	struct vfs_mount *m = vfs_mount_new(sb, sb->root, source);
	m->flags = vfs_attr_of(flags);
	vfs_super_put(sb);
	return add_mount(v, m, at);
}

/* ---- bind and move ---- */

static int bind(const struct vfs_view *v, const char *source, const struct vfs_path *at, bool deep)
{
	struct vfs_path from;
	struct vfs_mount *copy;
	int r = source && *source ? vfs_walk(v, NULL, source, 0, &from) : -EINVAL;

	if (r < 0)
		return r;
	if (from.mnt->ns != v->ns || at->mnt->ns != v->ns || from.mnt->unbindable)
		r = -EINVAL;
	else
		r = vfs_clone_tree(from.mnt, from.d, deep ? CLONE_DEEP : 0, &copy);
	if (r == 0 && (r = vfs_graft(copy, at)) < 0)
		vfs_drop_tree(copy);
	vfs_path_put(&from);
	return r;
}

static bool has_unbindable(struct vfs_mount *top)
{
	for (struct vfs_mount *m = top; m; m = vfs_mount_next(m, top))
		if (m->unbindable)
			return true;
	return false;
}

int vfs_check_move(const struct vfs_view *v, const struct vfs_path *from, const struct vfs_path *to)
{
	struct vfs_mount *m = from->mnt;

	if (to->mnt->ns != v->ns || (m->ns && m->ns != v->ns) || !vfs_is_mount_root(from))
		return -EINVAL;
	if (m->ns && !m->parent)
		return -EINVAL;
	if (vfs_is_dir(from->d->inode) != vfs_is_dir(to->d->inode))
		return -EINVAL;
	if (m->parent && m->parent->group)
		return -EINVAL;
	if (to->mnt->group && has_unbindable(m))
		return -EINVAL;
	for (const struct vfs_mount *p = to->mnt; p; p = p->parent)
		if (p == m)
			return -ELOOP;
	return to->d->gone ? -ENOENT : 0;
}

int vfs_move(const struct vfs_view *v, const struct vfs_path *from, const struct vfs_path *to)
{
	struct vfs_path at = *to;

	vfs_mount_cross(&at);
	int r = vfs_check_move(v, from, &at);
	if (r < 0)
		return r;
	vfs_spread(from->mnt, at.mnt, at.d);
	from->mnt->loose = false;
	if (from->mnt->parent)
		vfs_mount_detach(from->mnt);
	vfs_mount_attach(from->mnt, at.mnt, at.d);
	vfs_tree_to_ns(from->mnt, at.mnt->ns);
	return 0;
}

static int move_old(const struct vfs_view *v, const char *source, const struct vfs_path *at)
{
	struct vfs_path from;
	int r = source && *source ? vfs_walk(v, NULL, source, 0, &from) : -EINVAL;

	if (r < 0)
		return r;
	r = vfs_move(v, &from, at);
	vfs_path_put(&from);
	return r;
}

/* ---- changing what is there ---- */

static int set_type(const struct vfs_view *v, const struct vfs_path *at, unsigned long flags)
{
	unsigned long type = flags & ~(unsigned long)(SIM_MS_REC | SIM_MS_SILENT);
	bool one = !(type & (type - 1));

	if (at->mnt->ns != v->ns || !vfs_is_mount_root(at) || !one ||
	    type & ~(unsigned long)SIM_MS_PROPAGATION)
		return -EINVAL;
	for (struct vfs_mount *m = at->mnt; m; m = flags & SIM_MS_REC ? vfs_mount_next(m, at->mnt) : NULL)
		vfs_set_propagation(m, type);
	return 0;
}

static int remount(const struct vfs_view *v, const struct vfs_path *at, unsigned long flags,
		   const char *data)
{
	const unsigned long times = SIM_MS_NOATIME | SIM_MS_NODIRATIME | SIM_MS_RELATIME |
				    SIM_MS_STRICTATIME;
	uint32_t attr = vfs_attr_of(flags), keep = SIM_ATTR_ATIME | SIM_ATTR_NODIRATIME;
	struct vfs_mount *m = at->mnt;

	if (m->ns != v->ns || !vfs_is_mount_root(at))
		return -EINVAL;
	if (!(flags & SIM_MS_BIND)) {
		int r = !strcmp(m->sb->type, "tmpfs") ? vfs_tmpfs_remount(m->sb, data ? data : "") : 0;
		if (r < 0)
			return r;
		m->sb->readonly = flags & SIM_MS_RDONLY;
	}
	m->flags = flags & times ? attr : attr | (m->flags & keep);
	return 0;
}

static int do_mount(const struct vfs_view *v, const char *source, const struct vfs_path *at,
		    const char *fstype, unsigned long flags, const char *data)
{
	if (flags & SIM_MS_REMOUNT)
		return remount(v, at, flags, data);
	if (flags & SIM_MS_BIND)
		return bind(v, source, at, flags & SIM_MS_REC);
	if (flags & SIM_MS_PROPAGATION)
		return set_type(v, at, flags);
	if (flags & SIM_MS_MOVE)
		return move_old(v, source, at);
	return mount_new(v, source, at, fstype, flags, data);
}

int vfs_mount(const struct vfs_view *v, const char *source, const char *target,
	      const char *fstype, unsigned long flags, const char *data)
{
	struct vfs_path at;
	int r = vfs_walk(v, NULL, target, 0, &at);

	if (r < 0)
		return r;
	r = vfs_may_mount(v);
	if (r == 0)
		r = do_mount(v, source, &at, fstype, flags, data);
	vfs_path_put(&at);
	return r;
}
