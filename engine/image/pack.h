/* pack.h - a directory becomes a layer: the way back of unpack.h. */
#ifndef DRYDOCK_IMAGE_PACK_H
#define DRYDOCK_IMAGE_PACK_H

#include <stdint.h>

#include "core/error.h"
#include "image/digest.h"
#include "kernel/kernel.h"

struct packed {
	char digest[DIGEST_TEXT], diff_id[DIGEST_TEXT];
	int64_t size, unpacked;		/* bytes: the gzip file, and all regular files */
};
/* Writes the tree as tar.gz to fd.  The same tree gives the same DiffID: names
 * are sorted, times cut to whole seconds, no user names.  (The gzip bytes may
 * differ between processors, since ISA-L chooses its code by theirs.) */
int layer_pack(struct kernel *k, const char *dir, int fd, struct packed *out, struct err *e);

#endif
