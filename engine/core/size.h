/* size.h - sizes as people write them: "64m", "1.5 GiB", "100kb". */
#ifndef DRYDOCK_CORE_SIZE_H
#define DRYDOCK_CORE_SIZE_H

#include <stdint.h>

/* base: what "k" stands for, 1000 or 1024; "KiB" and "kb" are the same then, as in
 * go-units, which docker reads sizes with.  -EINVAL for what is none (a sign, too),
 * -ERANGE for one that no int64_t holds. */
int64_t size_read(const char *text, unsigned base);

#endif
