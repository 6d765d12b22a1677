/* overlay_make.h - an overlay out of layers that are found already. */
#ifndef DRYDOCK_SIM_OVERLAY_MAKE_H
#define DRYDOCK_SIM_OVERLAY_MAKE_H

#include "sim/vfs_priv.h"

struct ovl_layers {
	struct vfs_path *lower;		/* topmost first; borrowed, as all here */
	size_t n;
	struct vfs_path upper, work;	/* d NULL: none, read-only */
	const char *shown;		/* the options as mountinfo shows them */
};

/* -EINVAL: too few layers, no workdir, or workdir elsewhere than upper; -ELOOP: layers
 * inside one another.  One reference. */
int ovl_make(struct vfs *fs, const struct ovl_layers *l, struct vfs_super **out);

#endif
