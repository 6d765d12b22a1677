/* sha256.h - SHA-256 (FIPS 180-4), small: the supervisor links no library. */
#ifndef DRYDOCK_SUPERVISOR_SHA256_H
#define DRYDOCK_SUPERVISOR_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 { uint32_t h[8]; uint64_t bytes; unsigned char block[64]; };

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t n);
void sha256_hex(struct sha256 *s, char out[65]);	/* ends the sum */

#endif
