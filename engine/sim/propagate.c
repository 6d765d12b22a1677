/* propagate.c - what is mounted here appears there: shared subtrees.
 *
 * Mounts that were cloned from one another while shared are peers.  Mounting something
 * below one of them mounts a copy at the same place below each peer, and below each
 * slave of theirs (and the slaves' peers, and their slaves); the copies are peers and
 * slaves of one another in the same way as the mounts they sit on.  Unmounting goes the
 * same ways.  A peer that shows another part of the filesystem, where that place isn't,
 * gets nothing.
 *
 * Docker makes a container's mounts private or slaves, so that what it mounts stays
 * inside: this is what that is about.
 */
#include "sim/mount_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- groups ---- */

static uint32_t new_group(struct vfs *fs)
{
	size_t g = 1;

	while (g < fs->cap_groups && fs->groups[g])
		g++;
	if (g >= fs->cap_groups) {
		size_t cap = fs->cap_groups ? fs->cap_groups * 2 : 64;
		fs->groups = mem_grow(fs->groups, cap);
		memset(fs->groups + fs->cap_groups, 0, cap - fs->cap_groups);
		fs->cap_groups = cap;
	}
	fs->groups[g] = 1;
	return (uint32_t)g;
}

static void share(struct vfs_mount *m)
{
	if (!m->group)
		m->group = new_group(m->fs);
	m->unbindable = false;
}

static void join_peers(struct vfs_mount *m, struct vfs_mount *of)
{
	m->peer = of->peer;
	of->peer = m;
	m->group = of->group;
}

static void leave_master(struct vfs_mount *m)
{
	struct vfs_mount **s;

	if (!m->master)
		return;
	for (s = &m->master->slaves; *s != m; s = &(*s)->slave_next)
		;
	*s = m->slave_next;
	m->master = NULL;
	m->slave_next = NULL;
}

static void enslave(struct vfs_mount *m, struct vfs_mount *master)
{
	m->master = master;
	m->slave_next = master->slaves;
	master->slaves = m;
}

/* Out of its group.  Its slaves, and itself, follow whom it left: a peer (one that shows
 * the same part, if there is one), else its own master. */
static void leave_peers(struct vfs_mount *m)
{
	struct vfs_mount *heir = m->peer != m ? m->peer : NULL, *p = m;

	for (struct vfs_mount *q = m->peer; q != m; q = q->peer)
		if (q->root == m->root) {
			heir = q;
			break;
		}
	while (p->peer != m)
		p = p->peer;
	p->peer = m->peer;
	m->peer = m;
	if (!heir && m->group)
		m->fs->groups[m->group] = 0;
	m->group = 0;
	struct vfs_mount *master = heir ? heir : m->master;
	for (struct vfs_mount *s; (s = m->slaves);) {
		leave_master(s);
		if (master)
			enslave(s, master);
	}
	if (heir) {
		leave_master(m);
		enslave(m, heir);
	}
}

void vfs_set_propagation(struct vfs_mount *m, unsigned long type)
{
	if (type == SIM_MS_SHARED) {
		share(m);
		return;
	}
	leave_peers(m);
	if (type != SIM_MS_SLAVE)
		leave_master(m);
	m->unbindable = type == SIM_MS_UNBINDABLE;
}

/* ---- copies ---- */

static struct vfs_mount *clone_one(struct vfs_mount *m, struct vfs_dentry *root, int how)
{
	struct vfs_mount *c = vfs_mount_new(m->sb, root, m->source);

	c->flags = m->flags;
	if (how & CLONE_SLAVE) {
		enslave(c, m);
	} else if (!(how & CLONE_PRIVATE)) {
		if (m->group)
			join_peers(c, m);
		if (m->master)
			enslave(c, m->master);
		c->unbindable = m->unbindable;
	}
	if (how & CLONE_SHARED)
		share(c);
	m->copy = c;
	return c;
}

static const struct vfs_mount *skip_tree(const struct vfs_mount *m, const struct vfs_mount *top)
{
	for (; m != top; m = m->parent)
		if (m->next)
			return m->next;
	return NULL;
}

int vfs_clone_tree(struct vfs_mount *top, struct vfs_dentry *root, int how, struct vfs_mount **out)
{
	bool unbindable = how & CLONE_UNBINDABLE;

	if (!unbindable && top->unbindable)
		return -EINVAL;
	*out = clone_one(top, root, how);
	if (!(how & CLONE_DEEP))
		return 0;
	for (struct vfs_mount *m = top->first; m;) {
		bool inside = m->parent != top || vfs_dentry_below(m->point, root);
		if (!inside || (!unbindable && m->unbindable)) {
			m = (struct vfs_mount *)skip_tree(m, top);
			continue;
		}
		struct vfs_mount *c = clone_one(m, m->root, how);
		vfs_mount_attach(c, m->parent->copy, m->point);
		m = vfs_mount_next(m, top);
	}
	return 0;
}

void vfs_tree_to_ns(struct vfs_mount *top, struct vfs_mntns *ns)
{
	for (struct vfs_mount *m = top; m; m = vfs_mount_next(m, top))
		m->ns = ns;
}

/* ---- mounting spreads ---- */

/* Puts a copy below `on`.  What is mounted there already goes on top of the copy. */
static void place(struct vfs_mount *copy, struct vfs_mount *on, struct vfs_dentry *point)
{
	struct vfs_mount *there = vfs_mount_on(on, point);

	vfs_mount_attach(copy, on, point);
	vfs_tree_to_ns(copy, on->ns);
	if (there && there != copy) {
		vfs_mount_detach(there);
		vfs_mount_attach(there, copy, copy->root);
	}
}

/* `m` and its peers: slaves of a group that has its copies. */
static void spread_to_group(struct vfs_mount *m, struct vfs_mount *source, struct vfs_dentry *point);

static void spread_to_slaves(struct vfs_mount *of, struct vfs_mount *source,
			     struct vfs_dentry *point)
{
	for (struct vfs_mount *s = of->slaves; s; s = s->slave_next)
		if (!s->mark)
			spread_to_group(s, source, point);
}

static bool shows(const struct vfs_mount *m, const struct vfs_dentry *point)
{
	return m->ns && vfs_dentry_below(point, m->root);
}

static void spread_to_group(struct vfs_mount *m, struct vfs_mount *source, struct vfs_dentry *point)
{
	struct vfs_mount *copy = NULL, *first = NULL, *p = m;

	do {
		p->mark = true;
		if (shows(p, point)) {
			vfs_clone_tree(first ? first : source, source->root,
				       first ? CLONE_DEEP | CLONE_UNBINDABLE
					     : CLONE_DEEP | CLONE_UNBINDABLE | CLONE_SLAVE |
					       (p->group ? CLONE_SHARED : 0), &copy);
			place(copy, p, point);
			first = first ? first : copy;
		}
		p = p->peer;
	} while (p != m);
	do {
		spread_to_slaves(p, first ? first : source, point);
		p = p->peer;
	} while (p != m);
}

void vfs_spread(struct vfs_mount *tree, struct vfs_mount *on, struct vfs_dentry *point)
{
	struct vfs_mount *copy;

	if (!on->group)
		return;
	for (struct vfs_mount *m = tree; m; m = vfs_mount_next(m, tree))
		share(m);
	for (struct vfs_mount *m = on->fs->all_mounts; m; m = m->all_next)
		m->mark = false;
	on->mark = true;
	for (struct vfs_mount *p = on->peer; p != on; p = p->peer) {
		p->mark = true;
		if (!shows(p, point))
			continue;
		vfs_clone_tree(tree, tree->root, CLONE_DEEP | CLONE_UNBINDABLE, &copy);
		place(copy, p, point);
	}
	struct vfs_mount *p = on;
	do {
		spread_to_slaves(p, tree, point);
		p = p->peer;
	} while (p != on);
}

/* ---- and so does unmounting ---- */

/* What was received at `point` below the slaves of a mount. */
static void each_slave(struct vfs_mount *of, struct vfs_dentry *point, vfs_copies *fn, void *arg);

static void each_in_group(struct vfs_mount *m, struct vfs_dentry *point, vfs_copies *fn, void *arg)
{
	struct vfs_mount *p = m;

	do {
		struct vfs_mount *child = p->ns ? vfs_mount_on(p, point) : NULL;
		p->mark = true;
		if (child)
			fn(child, arg);
		p = p->peer;
	} while (p != m);
	do {
		each_slave(p, point, fn, arg);
		p = p->peer;
	} while (p != m);
}

static void each_slave(struct vfs_mount *of, struct vfs_dentry *point, vfs_copies *fn, void *arg)
{
	for (struct vfs_mount *s = of->slaves; s; s = s->slave_next)
		if (!s->mark)
			each_in_group(s, point, fn, arg);
}

void vfs_each_copy(struct vfs_mount *m, vfs_copies *fn, void *arg)
{
	struct vfs_mount *on = m->parent;

	if (!on || !on->group)
		return;
	for (struct vfs_mount *q = m->fs->all_mounts; q; q = q->all_next)
		q->mark = false;
	struct vfs_dentry *point = m->point;
	on->mark = true;
	for (struct vfs_mount *p = on->peer; p != on; p = p->peer) {
		struct vfs_mount *child = p->ns ? vfs_mount_on(p, point) : NULL;
		p->mark = true;
		if (child)
			fn(child, arg);
	}
	struct vfs_mount *p = on;
	do {
		each_slave(p, point, fn, arg);
		p = p->peer;
	} while (p != on);
}
