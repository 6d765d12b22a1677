/* whiteout.h - how a layer says that something below it is gone.
 *
 *	in a tar (OCI layer.md)			on an overlay (overlayfs.rst)
 *	an empty file ".wh.NAME"		NAME as a character device 0:0
 *	an empty file ".wh..wh..opq" in DIR	xattr trusted.overlay.opaque=y on DIR
 *
 * Both calls that make the right side go through the waist: they are taught.
 */
#ifndef DRYDOCK_IMAGE_WHITEOUT_H
#define DRYDOCK_IMAGE_WHITEOUT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "kernel/kernel.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define WHITEOUT_META   ".wh..wh."	/* other notes of AUFS: nothing to us */

/* The mark's name: user.overlay.opaque where the overlay is mounted without
 * privilege (userxattr), trusted.overlay.opaque otherwise. */
const char *whiteout_opaque_name(void);
bool whiteout_is_node(const struct stat *st);
bool whiteout_xattr_is_ours(const char *name);	/* trusted.overlay.*, user.overlay.* */

/* 0 or -errno.  dir is an open directory, name an entry of it. */
int whiteout_make(struct kernel *k, int dir, const char *name);
int whiteout_mark_opaque(struct kernel *k, int dir);
bool whiteout_is_opaque(struct kernel *k, const char *path);

#endif
