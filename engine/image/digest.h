/* digest.h - content addresses: "sha256:" and 64 lower-case hex digits.
 *
 * Everything the store keeps is named by what is in it, so that one comparison
 * tells a right file from a wrong one, whoever sent it.  (OCI image
 * specification, descriptor.md; other algorithms are refused.)
 */
#ifndef DRYDOCK_IMAGE_DIGEST_H
#define DRYDOCK_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define DIGEST_TEXT 72	/* "sha256:" + 64 digits + NUL: exactly 72 bytes */

/* A running sum.  sha256_end() and sha256_drop() let go of it; both may be
 * called on one that was let go of, or is all zero. */
struct sha256 { void *ctx; };
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, char out[DIGEST_TEXT]);
void sha256_drop(struct sha256 *h);
#define autosha256 __attribute__((cleanup(sha256_drop)))

void digest_of(const void *data, size_t len, char out[DIGEST_TEXT]);
int digest_of_file(const char *path, char out[DIGEST_TEXT], struct err *e);

bool digest_ok(const char *text);		/* a well-formed sha256 digest? NULL is not */
const char *digest_hex(const char *digest);	/* the digits, borrowed */

#endif
