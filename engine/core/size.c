/* size.c - see size.h. */
#include "core/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT 9.2e18	/* just below 2^63 */

/* The power of the base that a suffix names ("", "b", "k", "kb", "KiB" …), or -1. */
static int power_of(const char *suffix)
{
	static const char letters[] = "bkmgtp";

	while (*suffix == ' ')
		suffix++;
	if (!*suffix)
		return 0;
	const char *at = strchr(letters, tolower((unsigned char)*suffix));
	if (!at)
		return -1;
	suffix++;
	if (at > letters && strncasecmp(suffix, "ib", 2) == 0)
		suffix += 2;
	else if (at > letters && tolower((unsigned char)*suffix) == 'b')
		suffix++;
	return *suffix ? -1 : (int)(at - letters);
}

int64_t size_read(const char *text, unsigned base)
{
	char *end;
	double v = strtod(text, &end);
	int power = end == text ? -1 : power_of(end);

	if (power < 0 || !isdigit((unsigned char)*text) || memchr(text, 'x', (size_t)(end - text)) ||
	    memchr(text, 'X', (size_t)(end - text)))
		return -EINVAL;
	while (power-- > 0)
		v *= base;
	return v >= LIMIT ? -ERANGE : (int64_t)v;
}
