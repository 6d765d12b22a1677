/* match.c - only the last * is ever tried again, so that no pattern takes long. */
#include "sim/userland/match.h"

#include <ctype.h>
#include <string.h>

static const struct { const char *name; int (*is)(int c); } classes[] = {
	{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
	{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
	{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
};

/* [:name:] at p: 1 or 0 for c in it or not, and *p behind it; -1: it is none. */
static int in_class(const char **p, unsigned char c)
{
	const char *end = strstr(*p, ":]");

	for (size_t i = 0; end && i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t n = strlen(classes[i].name);

		if ((size_t)(end - *p) == n + 2 && !strncmp(*p + 2, classes[i].name, n)) {
			*p = end + 2;
			return !!classes[i].is(c);
		}
	}
	return -1;
}

/* A [ ] at p: does c fit?  *end: behind it; NULL where it is no bracket at all. */
static bool in_bracket(const char *p, unsigned char c, const char **end)
{
	bool fits = false, not = p[1] == '!' || p[1] == '^';
	const char *s = p + 1 + not, *first = s;

	*end = NULL;
	while (*s && (*s != ']' || s == first)) {
		unsigned char low, high;
		int class = s[0] == '[' && s[1] == ':' ? in_class(&s, c) : -1;

		if (class >= 0) {
			fits |= class;
			continue;
		}
		if (*s == '\\' && s[1])
			s++;
		low = high = (unsigned char)*s++;
		if (s[0] == '-' && s[1] && s[1] != ']') {
			s += s[1] == '\\' && s[2] ? 2 : 1;
			high = (unsigned char)*s++;
		}
		fits |= low <= c && c <= high;
	}
	if (*s == ']')
		*end = s + 1;
	return fits != not;
}

/* One character of the pattern against c; the pattern's rest, or NULL. */
static const char *match_one(const char *p, char c)
{
	const char *end;

	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		bool fits = in_bracket(p, (unsigned char)c, &end);

		if (end)
			return fits ? end : NULL;
	}
	if (*p == '\\' && p[1])
		p++;
	return *p == c && *p ? p + 1 : NULL;
}

bool glob_matchn(const char *p, const char *s, size_t n)
{
	const char *end = s + n, *star = NULL, *from = NULL, *next;

	while (s < end) {
		if (*p == '*') {
			star = ++p;
			from = s;
		} else if ((next = match_one(p, *s))) {
			p = next;
			s++;
		} else if (star) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool glob_match(const char *pattern, const char *s)
{
	return glob_matchn(pattern, s, strlen(s));
}

bool glob_special(const char *p)
{
	for (; *p; p++)
		if (*p == '\\' && p[1])
			p++;
		else if (strchr("*?[", *p))
			return true;
	return false;
}
