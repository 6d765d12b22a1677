#include "core/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static int digit_value(char c)
{
	const char *p = c ? strchr(COMMON, c) : NULL;
	if (p)
		return (int)(p - COMMON);
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

int base64_decode(const char *text, struct str *out)
{
	unsigned bits = 0;
	int n = 0;
	for (; *text; text++) {
		if (strchr("=\r\n ", *text))
			continue;
		int d = digit_value(*text);
		if (d < 0)
			return -EINVAL;
		bits = bits << 6 | (unsigned)d;
		if (++n % 4 != 1) {
			char c = (char)(bits >> (6 - 2 * ((n - 1) % 4)));
			str_addn(out, &c, 1);
		}
	}
	return 0;
}

char *base64_encode(const void *data, size_t len, bool url)
{
	const char *digits = url ? COMMON "-_" : COMMON "+/";
	const uint8_t *in = data;
	struct str out = { 0 };
	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = (unsigned)in[i] << 16;
		bits |= i + 1 < len ? (unsigned)in[i + 1] << 8 : 0;
		bits |= i + 2 < len ? in[i + 2] : 0;
		char four[4] = { digits[bits >> 18], digits[bits >> 12 & 63],
				 i + 1 < len ? digits[bits >> 6 & 63] : '=',
				 i + 2 < len ? digits[bits & 63] : '=' };
		str_addn(&out, four, sizeof(four));
	}
	return str_take(&out);
}
