#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1000000000ull

static uint64_t now(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ns(void) { return now(CLOCK_MONOTONIC); }

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
