/* layer_in.h - a layer that comes as a tar from anywhere but a registry. */
#ifndef DRYDOCK_IMAGE_LAYER_IN_H
#define DRYDOCK_IMAGE_LAYER_IN_H

#include "core/error.h"
#include "image/store.h"
#include "image/stream.h"

/* Reads `in` to its end: tar, plain or packed by gzip or zstd.  A plain one is
 * packed on the way, since blobs are what a push sends.  The layer is pinned under
 * `holder` until layer_unpin().  raw: the digest of the bytes as they came. */
int layer_from_stream(struct image_store *s, struct stream *in, const char *holder,
		      struct layer_record *out, char raw[DIGEST_TEXT], struct err *e);

#endif
