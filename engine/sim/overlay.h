/* overlay.h - what overlay*.c share.  overlay.c has the theory. */
#ifndef DRYDOCK_SIM_OVERLAY_H
#define DRYDOCK_SIM_OVERLAY_H

#include "sim/vfs_priv.h"

#define OVL_OPAQUE "trusted.overlay.opaque"

struct ovl {
	struct vfs_dentry *upper, *work;	/* NULL: read-only; held */
	struct vfs_dentry **lower;		/* topmost first; held */
	size_t n;
	struct vfs_super **supers;		/* of the layers, held: upper first if there */
	size_t n_supers;
	bool same;				/* all layers lie in one filesystem */
};

/* A file of the merged tree.  It has an upper part, or lower ones, or (a merged
 * directory) both; a file that isn't a directory has exactly one. */
struct ovl_inode {
	struct vfs_inode i;
	struct vfs_dentry *upper;
	size_t n;
	struct vfs_dentry *lower[];		/* topmost first */
};

static inline struct ovl_inode *ovl_of(const struct vfs_dentry *d)
{
	return (struct ovl_inode *)d->inode;
}

extern const struct vfs_inode_ops ovl_ops;

/* ---- overlay_look.c ---- */

bool ovl_is_whiteout(const struct vfs_dentry *d);
bool ovl_is_opaque(const struct vfs_dentry *upper);
/* `lower` is held by the new inode from then on, as is upper. */
struct ovl_inode *ovl_inode_new(struct vfs_super *sb, struct vfs_dentry *upper,
				struct vfs_dentry *const *lower, size_t n);
int ovl_lookup(struct vfs_dentry *dir, struct vfs_name name, struct vfs_dentry **out);
int ovl_list(struct vfs_dentry *dir);
struct vfs_dentry *ovl_also(struct vfs_dentry *dir);
void ovl_free_inode(struct vfs_inode *i);
/* Does a lower layer show something under this name of the directory? */
bool ovl_lower_positive(const struct vfs_dentry *d);

/* ---- overlay_copy.c ---- */

int ovl_copy_up(struct vfs_dentry *d);

/* ---- overlay_names.c ---- */

int ovl_create(struct vfs_dentry *dir, struct vfs_name name, const struct vfs_new *n,
	       struct vfs_dentry **out);
int ovl_link(struct vfs_dentry *from, struct vfs_dentry *dir, struct vfs_name name);
int ovl_remove(struct vfs_dentry *d);
int ovl_rename(struct vfs_move *m);

#endif
