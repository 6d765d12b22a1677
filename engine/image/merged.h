/* merged.h - layers as one tree, for the engine itself to look at or write into.
 *
 * The kernel's own overlay, mounted nowhere: all there is of it is a descriptor of
 * its root, and when that is closed, or the daemon is killed, it is gone.  Work
 * below it with openat2(2) and RESOLVE_IN_ROOT.
 */
#ifndef DRYDOCK_IMAGE_MERGED_H
#define DRYDOCK_IMAGE_MERGED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/str.h"
#include "kernel/kernel.h"

struct merged {
	const char *const *dir;		/* layers, top first */
	size_t n;
	const char *upper, *work;	/* what is written goes there; NULL: read only */
	bool fleeting;			/* nothing of it will be missed: its end needn't wait for disks */
};

/* at: an empty directory that nobody else uses meanwhile; a kernel before 6.8 needs
 * it for a moment, to mount on.  Returns the root's descriptor (the caller closes) or
 * -errno. */
int merged_open(struct kernel *k, const struct merged *m, const char *at, struct err *e);
/* A path for lowerdir= and the like, where colons and commas separate: escaped as
 * overlayfs.rst says. */
void merged_add_path(struct str *b, const char *path);

#endif
