#include "core/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"

#define NS 1000000000ull

static uint64_t now(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ns(void) { return now(CLOCK_MONOTONIC); }

char *clock_duration_text(int64_t ns, char *buf)
{
	const int64_t minute = 60000000000ll;
	int n = 0;
	if (ns && ns < 1000000000)
		return snprintf(buf, 40, "%gms", (double)ns / 1e6), buf;
	if (ns >= 60 * minute)
		n = snprintf(buf, 40, "%lldh", (long long)(ns / (60 * minute)));
	if (ns >= minute)
		n += snprintf(buf + n, 40 - (size_t)n, "%lldm", (long long)(ns / minute % 60));
	snprintf(buf + n, 40 - (size_t)n, "%gs", (double)(ns % minute) / 1e9);
	return buf;
}

void clock_wait_ms(pthread_cond_t *c, pthread_mutex_t *m, unsigned ms)
{
	uint64_t until = clock_mono_ns() + ms * 1000000ull;
	struct timespec t = { .tv_sec = (time_t)(until / NS), .tv_nsec = (long)(until % NS) };
	pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, &t);
}

uint64_t clock_wall_ns(void)
{
	const char *fixed = getenv("DRYDOCK_CLOCK");
	return fixed ? strtoull(fixed, NULL, 10) : now(CLOCK_REALTIME);
}

char *clock_rfc3339(uint64_t wall_ns, char *buf)
{
	time_t s = (time_t)(wall_ns / NS);
	struct tm tm;
	gmtime_r(&s, &tm);
	size_t n = strftime(buf, 36, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, 36 - n, ".%09lluZ", (unsigned long long)(wall_ns % NS));
	return buf;
}

/* ".123" -> nanoseconds; *end after the digits. */
static uint64_t fraction(const char *s, const char **end)
{
	uint64_t v = 0, unit = NS;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++)
			if (unit > 1)
				v += (uint64_t)(*s - '0') * (unit /= 10);
	*end = s;
	return v;
}

static int zone(const char *s, long *offset)
{
	int h, m;
	char sign, rest;
	if (*s == 'Z' && !s[1]) {
		*offset = 0;
		return 0;
	}
	if (sscanf(s, "%c%2d:%2d%c", &sign, &h, &m, &rest) != 3 || !strchr("+-", sign))
		return -EINVAL;
	*offset = (h * 60 + m) * 60 * (sign == '-' ? -1 : 1);
	return 0;
}

int clock_parse(const char *text, uint64_t *wall_ns)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ns;
	long offset;

	if (rest) {
		ns = fraction(rest, &rest);
		if (zone(rest, &offset) < 0)
			return -EINVAL;
		*wall_ns = (uint64_t)(timegm(&tm) - offset) * NS + ns;
		return 0;
	}
	char *end;
	unsigned long long s = strtoull(text, &end, 10);
	if (end == text)
		return -EINVAL;
	ns = fraction(end, &rest);
	if (*rest)
		return -EINVAL;
	*wall_ns = s * NS + ns;
	return 0;
}

static const struct { const char *unit; double ns; } duration_units[] = {
	{ "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 },
	{ "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
};

/* One "12.5ms" of a duration; NULL if there is none. */
static const char *duration_part(const char *s, double *ns)
{
	char *end;
	double v = strtod(s, &end);
	size_t best = 0, best_len = 0;

	if (end == s || !(isdigit((unsigned char)*s) || *s == '.'))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++) {
		size_t len = strlen(duration_units[i].unit);
		if (len > best_len && strncmp(end, duration_units[i].unit, len) == 0) {
			best = i;
			best_len = len;
		}
	}
	*ns += v * duration_units[best].ns;
	return best_len ? end + best_len : NULL;
}

int clock_duration(const char *text, int64_t *ns)
{
	const char *p = text;
	double sum = 0;
	bool minus = *p == '-';

	if (*p == '-' || *p == '+')
		p++;
	bool zero = strcmp(p, "0") == 0;
	if (!*p)
		return -EINVAL;
	while (!zero && p && *p)
		p = duration_part(p, &sum);
	if (!p || sum >= 0x1p63)
		return -EINVAL;
	*ns = minus ? -(int64_t)sum : (int64_t)sum;
	return 0;
}
