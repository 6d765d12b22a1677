/* fuzz.h - what the fuzzers share.  libFuzzer calls LLVMFuzzerTestOneInput() with bytes
 * of its own making; whatever it returns, nothing may crash, hang or leak. */
#ifndef DRYDOCK_TESTS_FUZZ_H
#define DRYDOCK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a C string; the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return strndup((const char *)data, size);
}

/* A rule that must hold whatever the input is. */
#define MUST(what) do { if (!(what)) abort(); } while (0)

#endif
