/* values.c - numbers as docker's users write them. */
#include "client/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/size.h"
#include "core/str.h"

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

int value_bytes(const char *text, int64_t *out, struct err *e)
{
	int64_t v = strcmp(text, "-1") == 0 ? -1 : size_read(text, 1024);

	if (v == -ERANGE)
		return err_set(e, EINVAL, "invalid size: '%s': value out of range", text);
	if (v < -1)
		return err_set(e, EINVAL, "invalid size: '%s'", text);
	*out = v;
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
