/* base64.h - RFC 4648, both alphabets: credentials in headers and files. */
#ifndef DRYDOCK_CORE_BASE64_H
#define DRYDOCK_CORE_BASE64_H

#include <stdbool.h>

#include "core/str.h"

/* Takes both alphabets; padding and line ends are passed over.  -EINVAL for anything
 * else.  What comes out may hold zero bytes: out->len counts. */
int base64_decode(const char *text, struct str *out);

/* url: the alphabet that is safe in URLs and headers.  Padded; caller frees. */
char *base64_encode(const void *data, size_t len, bool url);

#endif
