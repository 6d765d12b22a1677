/* fsmount.c - the newer way to mount: one call a step.
 *
 *	fsopen("overlay") → fsconfig(lowerdir+ …, upperdir …) → fsconfig(create)
 *	→ fsmount: a mount that is attached nowhere → move_mount: into place
 *
 * open_tree(OPEN_TREE_CLONE) gives such a mount too, as a copy of one that is there:
 * a bind in two steps, between which mount_setattr() can make it read-only, and the
 * process can change its root.  A mount attached nowhere goes with its file.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/mount_priv.h"

/* ---- a filesystem being configured ---- */

struct context {
	const struct vfs_type *type;
	char *source;
	struct str options, lower;	/* as mount(2)'s data; lowerdir+ one by one */
	struct vfs_super *sb;		/* once created */
	bool readonly;
};

static void context_release(struct vfs_file *f)
{
	struct context *c = f->priv;

	if (c->sb && !f->fs->dying)
		vfs_super_put(c->sb);
	free(c->source);
	str_free(&c->options);
	str_free(&c->lower);
	free(c);
}

static const struct vfs_file_ops context_ops = { .release = context_release };

int vfs_fsopen(const struct vfs_view *v, const char *fstype, struct vfs_file **out)
{
	const struct vfs_type *type = vfs_type_of(v->fs, fstype);

	if (vfs_may_mount(v) < 0)
		return -EPERM;
	if (!type)
		return -ENODEV;
	struct context *c = mem_alloc(sizeof(*c));
	c->type = type;
	*out = vfs_file_new(v->fs, &context_ops, c, O_RDWR);
	return 0;
}

static void add_escaped(struct str *b, const char *text)
{
	for (; *text; text++)
		str_addf(b, "%s%c", strchr(":,\\", *text) ? "\\" : "", *text);
}

/* The overlay's folders are looked up when they are named. */
static int check_folder(const struct vfs_view *v, const char *path)
{
	struct vfs_path p;
	int r = vfs_walk(v, NULL, path, 0, &p);

	if (r < 0)
		return r;
	r = vfs_is_dir(p.d->inode) ? 0 : -EINVAL;
	vfs_path_put(&p);
	return r;
}

static int set_string(const struct vfs_view *v, struct context *c, const char *key, const char *value)
{
	bool folder = !strcmp(c->type->name, "overlay") &&
		      (!strcmp(key, "lowerdir+") || !strcmp(key, "upperdir") || !strcmp(key, "workdir"));
	int r = folder ? check_folder(v, value) : 0;

	if (r < 0)
		return r;
	if (!strcmp(key, "source")) {
		if (c->source)
			return -EINVAL;
		c->source = str_dup(value);
	} else if (folder && !strcmp(key, "lowerdir+")) {
		str_add(&c->lower, c->lower.len ? ":" : "");
		add_escaped(&c->lower, value);
	} else {
		str_addf(&c->options, "%s%s=", c->options.len ? "," : "", key);
		if (folder)
			add_escaped(&c->options, value);
		else
			str_add(&c->options, value);
	}
	return 0;
}

static int set_flag(struct context *c, const char *key)
{
	if (!strcmp(key, "ro") || !strcmp(key, "rw"))
		c->readonly = !strcmp(key, "ro");
	else
		str_addf(&c->options, "%s%s", c->options.len ? "," : "", key);
	return 0;
}

static int create(const struct vfs_view *v, struct context *c)
{
	autofree char *options = str_printf("%s%s%s%s", c->lower.len ? "lowerdir=" : "",
					    c->lower.len ? c->lower.s : "",
					    c->lower.len && c->options.len ? "," : "",
					    c->options.len ? c->options.s : "");
	int r = c->type->make(v, c->source, options, c->type->arg, &c->sb);

	if (r == 0)
		c->sb->readonly |= c->readonly;
	return r;
}

int vfs_fsconfig(const struct vfs_view *v, struct vfs_file *fs, int cmd, const char *key,
		 const char *value)
{
	struct context *c = fs->priv;

	if (fs->ops != &context_ops)
		return -EINVAL;
	if (c->sb)
		return -EBUSY;
	if (cmd == SIM_FSCONFIG_STRING)
		return key && value ? set_string(v, c, key, value) : -EINVAL;
	if (cmd == SIM_FSCONFIG_FLAG)
		return key && !value ? set_flag(c, key) : -EINVAL;
	if (cmd != SIM_FSCONFIG_CREATE)
		return -EOPNOTSUPP;
	return key || value ? -EINVAL : create(v, c);
}

/* ---- mounts that are attached nowhere ---- */

static void loose_release(struct vfs_file *f)
{
	struct vfs_mount *m = f->priv;

	if (m->loose && !f->fs->dying)
		vfs_drop_tree(m);
}

static const struct vfs_file_ops loose_ops = { .release = loose_release };

/* The file takes the tree's reference over, and holds one more by its path. */
static struct vfs_file *loose_file(struct vfs_mount *m)
{
	struct vfs_file *f = vfs_file_new(m->fs, &loose_ops, m, O_PATH);

	m->loose = true;
	f->path = (struct vfs_path){ m, m->root };
	vfs_path_get(&f->path);
	return f;
}

int vfs_fsmount(const struct vfs_view *v, struct vfs_file *fs, uint64_t attr,
		struct vfs_file **out)
{
	struct context *c = fs->priv;
	const uint64_t known = SIM_ATTR_RDONLY | SIM_ATTR_NOSUID | SIM_ATTR_NODEV | SIM_ATTR_NOEXEC |
			       SIM_ATTR_ATIME | SIM_ATTR_NODIRATIME | SIM_ATTR_NOSYMFOLLOW;

	if (vfs_may_mount(v) < 0)
		return -EPERM;
	if (attr & ~known || fs->ops != &context_ops || !c->sb)
		return -EINVAL;
	struct vfs_mount *m = vfs_mount_new(c->sb, c->sb->root, c->source);
	m->flags = (uint32_t)attr;
	vfs_super_put(c->sb);
	c->sb = NULL;
	*out = loose_file(m);
	return 0;
}

static int take_copy(const struct vfs_view *v, const struct vfs_path *p, bool deep, struct vfs_file **out)
{
	struct vfs_mount *copy;

	if (vfs_may_mount(v) < 0)
		return -EPERM;
	if (p->mnt->unbindable || (p->mnt->ns != v->ns && p->mnt->ns))
		return -EINVAL;
	int r = vfs_clone_tree(p->mnt, p->d, deep ? CLONE_DEEP : 0, &copy);
	if (r == 0)
		*out = loose_file(copy);
	return r;
}

int vfs_open_tree(const struct vfs_view *v, const struct vfs_path *at, const char *path, int flags,
		  struct vfs_file **out)
{
	struct vfs_path p;
	bool copy = flags & SIM_OPEN_TREE_CLONE;
	const int known = SIM_OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW |
			  AT_NO_AUTOMOUNT | O_CLOEXEC;

	if (flags & ~known || (flags & AT_RECURSIVE && !copy))
		return -EINVAL;
	if (!copy)
		return vfs_open(v, at, path, O_PATH | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0), 0,
				out);
	int r = vfs_walk(v, at, path, flags, &p);
	if (r < 0)
		return r;
	r = take_copy(v, &p, flags & AT_RECURSIVE, out);
	vfs_path_put(&p);
	return r;
}

/* ---- moving and changing ---- */

static int walk_end(const struct vfs_view *v, const struct vfs_path *at, const char *path, bool links,
		    bool empty, struct vfs_path *out)
{
	return vfs_walk_how(v, at, path, (links ? WALK_FOLLOW : 0) | (empty ? WALK_EMPTY : 0), out);
}

int vfs_move_mount(const struct vfs_view *v, const struct vfs_path *from_at, const char *from,
		   const struct vfs_path *to_at, const char *to, int flags)
{
	struct vfs_path a, b;
	const int known = SIM_MOVE_F_SYMLINKS | SIM_MOVE_F_EMPTY | SIM_MOVE_T_SYMLINKS |
			  SIM_MOVE_T_EMPTY | 2 | 0x20;	/* 2, 0x20: automounts, there are none */

	if (vfs_may_mount(v) < 0)
		return -EPERM;
	if (flags & ~known)
		return -EINVAL;
	int r = walk_end(v, from_at, from, flags & SIM_MOVE_F_SYMLINKS, flags & SIM_MOVE_F_EMPTY, &a);
	if (r < 0)
		return r;
	r = walk_end(v, to_at, to, flags & SIM_MOVE_T_SYMLINKS, flags & SIM_MOVE_T_EMPTY, &b);
	if (r == 0) {
		r = vfs_move(v, &a, &b);
		vfs_path_put(&b);
	}
	vfs_path_put(&a);
	return r;
}

static bool one_of(uint64_t type)
{
	return type == SIM_MS_SHARED || type == SIM_MS_PRIVATE || type == SIM_MS_SLAVE ||
	       type == SIM_MS_UNBINDABLE;
}

static int set_attr(const struct vfs_view *v, const struct vfs_path *p, bool deep,
		    const struct vfs_mount_attr *a)
{
	/* The times of access are one choice of three, and changed as one. */
	uint32_t clear = (uint32_t)a->clear, set = (uint32_t)a->set;

	if (!vfs_is_mount_root(p) || (p->mnt->ns && p->mnt->ns != v->ns))
		return -EINVAL;
	if (set & SIM_ATTR_ATIME && (clear & SIM_ATTR_ATIME) != SIM_ATTR_ATIME)
		return -EINVAL;
	for (struct vfs_mount *m = p->mnt; m; m = deep ? vfs_mount_next(m, p->mnt) : NULL) {
		m->flags = (m->flags & ~clear) | set;
		if (a->propagation)
			vfs_set_propagation(m, (unsigned long)a->propagation);
	}
	return 0;
}

int vfs_mount_setattr(const struct vfs_view *v, const struct vfs_path *at, const char *path,
		      int flags, const struct vfs_mount_attr *attr)
{
	struct vfs_path p;

	if (flags & ~(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (attr->propagation && !one_of(attr->propagation))
		return -EINVAL;
	if (!attr->set && !attr->clear && !attr->propagation)
		return 0;
	if (vfs_may_mount(v) < 0)
		return -EPERM;
	int r = vfs_walk(v, at, path, flags, &p);
	if (r < 0)
		return r;
	r = set_attr(v, &p, flags & AT_RECURSIVE, attr);
	vfs_path_put(&p);
	return r;
}
