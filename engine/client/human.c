/* human.c - see human.h. */
#include "client/human.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"

static char *scaled(char *buf, size_t cap, double v, double base, int digits,
		    const char *const *units, size_t n)
{
	size_t i = 0;

	while (v >= base && i + 1 < n) {
		v /= base;
		i++;
	}
	snprintf(buf, cap, "%.*g%s", digits, v, units[i]);
	return buf;
}

char *human_size(char *buf, size_t cap, double bytes, int digits)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };

	return scaled(buf, cap, bytes, 1000, digits, units, ARRAY_SIZE(units));
}

char *human_bytes(char *buf, size_t cap, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	return scaled(buf, cap, bytes, 1024, 4, units, ARRAY_SIZE(units));
}

/* Up to `below` of a unit: "%d unit"; rows in growing order. */
static const struct { int64_t below, unit; const char *name; } spans[] = {
	{ 60, 1, "seconds" },
	{ 3600, 60, "minutes" },
	{ 48 * 3600, 3600, "hours" },
	{ 14 * 86400, 86400, "days" },
	{ 60 * 86400, 7 * 86400, "weeks" },
	{ 730 * 86400, 30 * 86400, "months" },
	{ INT64_MAX, 365 * 86400, "years" },
};

char *human_duration(char *buf, size_t cap, int64_t s)
{
	int64_t hours = (s + 1800) / 3600;	/* rounded, as go-units does */
	size_t i = 0;

	if (s < 1)
		snprintf(buf, cap, "Less than a second");
	else if (s == 1)
		snprintf(buf, cap, "1 second");
	else if (s >= 60 && s < 120)
		snprintf(buf, cap, "About a minute");
	else if (s >= 3600 && hours == 1)
		snprintf(buf, cap, "About an hour");
	else {
		int64_t v = s < 3600 ? s : hours * 3600;

		while (v >= spans[i].below)
			i++;
		snprintf(buf, cap, "%lld %s", (long long)(v / spans[i].unit), spans[i].name);
	}
	return buf;
}

char *human_ago(char *buf, size_t cap, int64_t t)
{
	size_t n;

	human_duration(buf, cap, (int64_t)(clock_wall_ns() / 1000000000) - t);
	n = strlen(buf);
	snprintf(buf + n, cap - n, " ago");
	return buf;
}

char *human_time(char *buf, size_t cap, int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(buf, cap, "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return buf;
}
