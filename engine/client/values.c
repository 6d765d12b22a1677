/* values.c - numbers as docker's users write them. */
#include "client/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/str.h"

#define INT64_LIMIT 9223372036854775808.0	/* 2^63 */

int value_bool(const char *text, bool *out, struct err *e)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*out = strcmp(text, yes[i]) == 0;
			return 0;
		}
	return err_set(e, EINVAL, "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
}

int value_int(const char *text, int64_t *out, struct err *e)
{
	char *end;

	errno = 0;
	int64_t v = strtoll(text, &end, 10);
	if (!*text || *end || isspace((unsigned char)*text))
		return err_set(e, EINVAL, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
	if (errno)
		return err_set(e, EINVAL, "strconv.ParseInt: parsing \"%s\": value out of range",
			       text);
	*out = v;
	return 0;
}

/* The power of 1024 that a suffix names ("", "b", "k", "kb", "KiB" …), or -1. */
static int size_power(const char *suffix)
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

int value_bytes(const char *text, int64_t *out, struct err *e)
{
	char *end;
	double v = strtod(text, &end);
	int power = end == text ? -1 : size_power(end);

	if (strcmp(text, "-1") == 0) {
		*out = -1;
		return 0;
	}
	if (power < 0 || !isdigit((unsigned char)*text) || strpbrk(text, "xX"))
		return err_set(e, EINVAL, "invalid size: '%s'", text);
	while (power-- > 0)
		v *= 1024;
	if (v >= INT64_LIMIT)
		return err_set(e, EINVAL, "invalid size: '%s': value out of range", text);
	*out = (int64_t)v;
	return 0;
}

int value_duration(const char *text, int64_t *out, struct err *e)
{
	return clock_duration(text, out) < 0
	       ? err_set(e, EINVAL, "time: invalid duration \"%s\"", text) : 0;
}

int value_nano(const char *text, int64_t *out, struct err *e)
{
	char *end;
	double v = strtod(text, &end);
	const char *dot = strchr(text, '.');

	if (end == text || *end || isspace((unsigned char)*text) || strpbrk(text, "xXnN"))
		return err_set(e, EINVAL, "failed to parse %s as a rational number", text);
	if ((dot && strspn(dot + 1, "0123456789") > 9) || v > 1e9 || v < 0)
		return err_set(e, EINVAL, "value is too precise");
	*out = (int64_t)(v * 1e9 + 0.5);
	return 0;
}

/* "2026-01-31", "2026-01-31T09:00", "2026-01-31T09:00:00": local time. */
static bool local_time(const char *text, time_t *out)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H",
					     "%Y-%m-%d" };
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end) {
			*out = mktime(&tm);
			return true;
		}
	}
	return false;
}

int value_timestamp(const char *text, char **out, struct err *e)
{
	uint64_t ns;
	int64_t ago;
	time_t t;

	if (value_duration(text, &ago, NULL) == 0)
		*out = str_printf("%lld", ((long long)clock_wall_ns() - ago) / 1000000000LL);
	else if (strspn(text, "0123456789.") == strlen(text) && *text)
		*out = str_dup(text);
	else if (local_time(text, &t))
		*out = str_printf("%lld.000000000", (long long)t);
	else if (clock_parse(text, &ns) == 0)
		*out = str_printf("%llu.%09llu", (unsigned long long)(ns / 1000000000),
				  (unsigned long long)(ns % 1000000000));
	else
		return err_set(e, EINVAL, "failed to parse value as time or duration: \"%s\"",
			       text);
	return 0;
}
