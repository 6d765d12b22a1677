/* deflate.h - gzip at ISA-L's level 1: ten times as fast as gzip -6, a tenth larger. */
#ifndef DRYDOCK_IMAGE_DEFLATE_H
#define DRYDOCK_IMAGE_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "image/digest.h"

struct deflate;		/* what is written is summed on the way */

struct deflate *deflate_begin(int fd);
int deflate_add(struct deflate *d, const void *data, size_t len, struct err *e);
/* Ends the file; digest and size of what was written. */
int deflate_end(struct deflate *d, char digest[DIGEST_TEXT], int64_t *size, struct err *e);
void deflate_free(struct deflate **d);
#define autodeflate __attribute__((cleanup(deflate_free)))

#endif
