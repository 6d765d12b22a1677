/* mount_priv.h - what a mount is; shared by mount*.c, namespace.c and namei.c.
 *
 * A mount shows the tree below `root` of a filesystem at one place: on the dentry `point`
 * of its `parent`.  It belongs to the namespace whose tree it is in; one that is in none
 * is detached (fsmount, open_tree's copy, a lazy umount) and lives as long as somebody
 * holds it.  The tree holds one reference to each of its mounts.
 *
 * Propagation (mount_namespaces(7)): mounts of one `group` are peers, linked in a ring by
 * `peer`; what is mounted below one of them appears below all.  A mount with a `master`
 * receives what its master's group gets and gives nothing back; it stands in the master's
 * list of `slaves`.  A mount may be both: slave of one group, peer of another.
 */
#ifndef DRYDOCK_SIM_MOUNT_PRIV_H
#define DRYDOCK_SIM_MOUNT_PRIV_H

#include "sim/mount.h"
#include "sim/vfs_priv.h"

struct vfs_mount {
	struct vfs *fs;
	struct vfs_super *sb;
	struct vfs_dentry *root;
	struct vfs_mount *parent;		/* NULL: a root, or detached */
	struct vfs_dentry *point;		/* held; NULL with parent */
	struct vfs_mntns *ns;			/* NULL: in no namespace */
	struct vfs_mount *chain;		/* of the table of mount points */
	struct vfs_mount *first, *last, *prev, *next;	/* children, siblings */
	struct vfs_mount *all_prev, *all_next;
	struct vfs_mount *peer;			/* ring; itself: alone */
	struct vfs_mount *master, *slaves, *slave_next;
	uint32_t group;				/* 0: not shared */
	uint32_t id, flags, refs;		/* flags: SIM_ATTR_* */
	uint64_t order;				/* of the namespace's list */
	bool unbindable;
	bool loose;				/* attached nowhere: the file that made it owns it */
	bool mark;				/* while mounts spread: was here already */
	struct vfs_mount *copy;			/* while a tree is cloned */
	char *source;
};

struct vfs_mntns {
	struct vfs *fs;
	struct vfs_mount *root;
	struct vfs_mntns *prev, *next;
	uint64_t id;
	unsigned refs;
};

/* ---- mount_tree.c ---- */

struct vfs_mount *vfs_mount_new(struct vfs_super *sb, struct vfs_dentry *root, const char *source);
struct vfs_mount *vfs_mount_get(struct vfs_mount *m);
void vfs_mount_put(struct vfs_mount *m);
/* The mount that sits on a name, the newest one; NULL. */
struct vfs_mount *vfs_mount_on(const struct vfs_mount *parent, const struct vfs_dentry *point);
/* Down into whatever is mounted there. */
void vfs_mount_cross(struct vfs_path *p);
void vfs_mount_attach(struct vfs_mount *m, struct vfs_mount *parent, struct vfs_dentry *point);
void vfs_mount_detach(struct vfs_mount *m);	/* the tree's reference passes to the caller */
/* The next one of the tree below top, parents first; NULL: that was all. */
struct vfs_mount *vfs_mount_next(const struct vfs_mount *m, const struct vfs_mount *top);
bool vfs_mounted_here(const struct vfs_mntns *ns, const struct vfs_dentry *d);
void vfs_free_mounts(struct vfs *fs);

/* ---- propagate.c ---- */

void vfs_set_propagation(struct vfs_mount *m, unsigned long type);	/* one SIM_MS_* */
enum {
	CLONE_DEEP = 1,		/* with what is mounted below */
	CLONE_UNBINDABLE = 2,	/* unbindable ones too */
	CLONE_SLAVE = 4,	/* slaves of what they are copies of */
	CLONE_PRIVATE = 8,	/* related to nobody */
	CLONE_SHARED = 16,	/* each begins a group, if it is in none */
};
/* A copy of the tree from `root` (a directory of top's) on, attached nowhere.  Each
 * original's `copy` leads to its copy until the next call. */
int vfs_clone_tree(struct vfs_mount *top, struct vfs_dentry *root, int how, struct vfs_mount **out);
void vfs_tree_to_ns(struct vfs_mount *top, struct vfs_mntns *ns);
/* A tree is about to be attached at on/point: makes it shared, if `on` is, and puts its
 * copies where they appear too. */
void vfs_spread(struct vfs_mount *tree, struct vfs_mount *on, struct vfs_dentry *point);
/* The mounts that appeared when `m` was mounted. */
typedef void vfs_copies(struct vfs_mount *copy, void *arg);
void vfs_each_copy(struct vfs_mount *m, vfs_copies *fn, void *arg);

/* ---- umount.c ---- */

/* Out of the tree with all that is below, and its copies elsewhere; those in use live on
 * without a place. */
void vfs_umount_tree(struct vfs_mount *top);
void vfs_drop_tree(struct vfs_mount *top);	/* the same without the copies */
void vfs_umount_name(struct vfs_dentry *d);	/* a name is gone: so is what sat on it */

/* ---- mount.c ---- */

/* Attaches a tree that is attached nowhere; the tree's reference passes on. */
int vfs_graft(struct vfs_mount *tree, const struct vfs_path *at);
int vfs_may_mount(const struct vfs_view *v);
int vfs_check_move(const struct vfs_view *v, const struct vfs_path *from, const struct vfs_path *to);
int vfs_move(const struct vfs_view *v, const struct vfs_path *from, const struct vfs_path *to);
bool vfs_is_mount_root(const struct vfs_path *p);
const struct vfs_type *vfs_type_of(struct vfs *fs, const char *name);
uint32_t vfs_attr_of(unsigned long ms);		/* SIM_MS_* as SIM_ATTR_* */

extern const struct vfs_type vfs_tmpfs_type, vfs_host_type, vfs_overlay_type;
int vfs_tmpfs_remount(struct vfs_super *sb, const char *options);

/* ---- namespace.c ---- */

/* A namespace whose / is `root`; takes the reference to it. */
struct vfs_mntns *vfs_mntns_new(struct vfs *fs, struct vfs_mount *root);

#endif
