/* basic.c - the smallest tools. */
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

int tool_true(struct prog *p) { return 0; }
int tool_false(struct prog *p) { return 1; }

static int digits_of(const char *s, int base, int most, int *n)
{
	int value = 0;

	for (*n = 0; *n < most; (*n)++) {
		char c = s[*n];
		int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;

		if (d >= base)
			break;
		value = value * base + d;
	}
	return value;
}

int put_escape(struct text *t, const char *s, bool zero)
{
	static const char from[] = "abefnrtv\\", to[] = "\a\b\033\f\n\r\t\v\\";
	const char *at = *s ? strchr(from, *s) : NULL;
	int n, value;

	if (*s == 'c')
		return -1;
	if (at) {
		text_addc(t, to[at - from]);
		return 1;
	}
	if (*s == 'x' && (value = digits_of(s + 1, 16, 2, &n), n)) {
		text_addc(t, (char)value);
		return n + 1;
	}
	if (*s == '0' || (!zero && *s > '0' && *s <= '7')) {
		value = digits_of(s + (zero || *s == '0'), 8, 3, &n);
		text_addc(t, (char)value);
		return n + (zero || *s == '0');
	}
	text_addc(t, '\\');
	return 0;
}

/* Is the word -n, -e, -neE ...?  Then it counts as options. */
static bool echo_options(const char *word, bool *newline, bool *escapes)
{
	if (word[0] != '-' || !word[1] || word[1 + strspn(word + 1, "neE")])
		return false;
	for (word++; *word; word++)
		if (*word == 'n')
			*newline = false;
		else
			*escapes = *word == 'e';
	return true;
}

static bool echo_word(struct text *t, const char *s)
{
	while (*s) {
		int n;

		if (*s != '\\' || !s[1]) {
			text_addc(t, *s++);
			continue;
		}
		n = put_escape(t, s + 1, true);
		if (n < 0)
			return false;
		s += n + 1;
	}
	return true;
}

int tool_echo(struct prog *p)
{
	struct text t = { .a = p->a };
	bool newline = true, escapes = false;
	int i = 1;

	while (i < p->argc && echo_options(p->argv[i], &newline, &escapes))
		i++;
	for (int first = i; i < p->argc; i++) {
		if (i > first)
			text_addc(&t, ' ');
		if (!escapes) {
			text_add(&t, p->argv[i]);
		} else if (!echo_word(&t, p->argv[i])) {
			newline = false;
			break;
		}
	}
	if (newline)
		text_addc(&t, '\n');
	outn(p, text_str(&t), t.n);
	return 0;
}

int tool_yes(struct prog *p)
{
	struct text t = { .a = p->a };

	for (int i = 1; i < p->argc; i++)
		text_addf(&t, "%s%s", i > 1 ? " " : "", p->argv[i]);
	if (p->argc < 2)
		text_add(&t, "y");
	text_addc(&t, '\n');
	for (;;)
		if (put_all(p->t, 1, t.s, t.n) < 0)
			return 1;
}

/* 1.5, 2m, 1h, 1d, infinity: nanoseconds; -1: no time at all. */
static int64_t duration(const char *s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *end;
	double n;

	if (!strcmp(s, "infinity") || !strcmp(s, "inf"))
		return INT64_MAX;
	n = strtod(s, &end);
	if (end == s || n < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (*end == units[i].unit && !end[1])
			return (int64_t)(n * 1e9 * (double)units[i].seconds);
	return *end ? -1 : (int64_t)(n * 1e9);
}

int tool_sleep(struct prog *p)
{
	int64_t all = 0;

	if (p->argc < 2)
		missing_operand(p, NULL);
	for (int i = 1; i < p->argc; i++) {
		int64_t ns = duration(p->argv[i]);

		if (ns < 0)
			return complain(
				p, is_gnu(p) ? "invalid time interval '%s'" : "invalid number '%s'",
				p->argv[i]);
		all = ns > INT64_MAX - all ? INT64_MAX : all + ns;
	}
	sys_sleep(p->t, (uint64_t)all);
	return 0;
}

int tool_basename(struct prog *p)
{
	char *base;
	size_t n, cut;

	if (p->argc < 2)
		missing_operand(p, NULL);
	base = path_base(p->a, p->argv[1]);
	n = strlen(base);
	cut = p->argc > 2 ? strlen(p->argv[2]) : 0;
	if (cut && cut < n && !strcmp(base + n - cut, p->argv[2]))
		base[n - cut] = 0;
	outf(p, "%s\n", base);
	return 0;
}

int tool_dirname(struct prog *p)
{
	if (p->argc < 2)
		missing_operand(p, NULL);
	outf(p, "%s\n", path_dir(p->a, p->argv[1]));
	return 0;
}

/* Whole numbers, or as many places behind the point as the longest argument has. */
int tool_seq(struct prog *p)
{
	struct opts o;
	double from = 1, step = 1, to;
	int places = 0;
	const char *separator;

	if (p->argc > 1 && p->argv[1][0] == '-' && (p->argv[1][1] >= '0' && p->argv[1][1] <= '9'))
		o = (struct opts){ .rest = p->argv + 1, .n = p->argc - 1 };
	else
		parse_options(p, "+s:w", NULL, &o);
	if (o.n < 1 || o.n > 3)
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		const char *point = strchr(o.rest[i], '.');
		char *end;

		strtod(o.rest[i], &end);
		if (*end || !*o.rest[i])
			return complain(p,
					is_gnu(p) ? "invalid floating point argument: '%s'"
						  : "invalid number '%s'",
					o.rest[i]);
		if (point && (int)strlen(point + 1) > places)
			places = (int)strlen(point + 1);
	}
	separator = o.arg['s'] ? o.arg['s'] : "\n";
	to = strtod(o.rest[o.n - 1], NULL);
	if (o.n > 1)
		from = strtod(o.rest[0], NULL);
	if (o.n > 2)
		step = strtod(o.rest[1], NULL);
	for (long i = 0; step > 0 ? from + (double)i * step <= to : from + (double)i * step >= to; i++)
		outf(p, "%s%.*f", i ? separator : "", places, from + (double)i * step);
	if (step > 0 ? from <= to : from >= to)
		out(p, "\n");
	return 0;
}

int tool_pwd(struct prog *p)
{
	char *cwd = arena_alloc(p->a, 4096);
	long rc = sys_getcwd(p->t, cwd, 4096);

	if (rc < 0)
		return complain_of(p, rc, "couldn't find directory entry in '..'");
	outf(p, "%s\n", cwd);
	return 0;
}
