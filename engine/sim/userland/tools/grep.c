/* grep.c - grep by the C library's regular expressions. */
#include <regex.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

struct grep {
	struct opts o;
	struct list patterns;
	regex_t *re;
	bool any, names, fixed;
};

static bool has(const struct grep *g, char c) { return g->o.has[(unsigned char)c]; }

static void add_patterns(struct prog *p, struct grep *g, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		list_add(&g->patterns, arena_dupn(p->a, text, n));
		if (!text[n] || !text[n + 1])
			return;
		text += n + 1;
	}
}

/* The C library keeps memory of a compiled pattern that only regfree() gives back, and
 * a task may be gone before: each use compiles and frees between two system calls. */
static void compile(struct prog *p, struct grep *g)
{
	int flags = (has(g, 'E') ? REG_EXTENDED : 0) | (has(g, 'i') ? REG_ICASE : 0);

	g->re = arena_alloc(p->a, g->patterns.n * sizeof(*g->re));
	for (size_t i = 0; !g->fixed && i < g->patterns.n; i++) {
		char *why = arena_alloc(p->a, 128);
		int rc = regcomp(&g->re[i], g->patterns.v[i], flags);

		if (!rc)
			continue;
		regerror(rc, NULL, why, 128);
		for (size_t j = 0; j < i; j++)
			regfree(&g->re[j]);
		if (is_gnu(p))
			die(p, 2, "%s", why);
		die(p, 2, "bad regex '%s': %s", g->patterns.v[i], why);
	}
}

static void let_go(struct grep *g)
{
	for (size_t i = 0; !g->fixed && i < g->patterns.n; i++)
		regfree(&g->re[i]);
}

static const char *find_fixed(const char *s, const char *what, bool fold)
{
	size_t n = strlen(what);

	for (; *s || !n; s++) {
		if (fold ? !strncasecmp(s, what, n) : !strncmp(s, what, n))
			return s;
		if (!*s)
			break;
	}
	return NULL;
}

static bool is_word_char(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool fits(const struct grep *g, const char *line, size_t from, size_t to)
{
	if (has(g, 'x'))
		return !from && !line[to];
	return !has(g, 'w') || ((!from || !is_word_char(line[from - 1])) && !is_word_char(line[to]));
}

/* The first match at or behind `at`: where. */
static bool first_match(const struct grep *g, const char *line, size_t at, size_t *from, size_t *to)
{
	bool found = false;

	for (size_t i = 0; i < g->patterns.n; i++) {
		regmatch_t m;
		size_t start, end;

		if (g->fixed) {
			const char *s = find_fixed(line + at, g->patterns.v[i], has(g, 'i'));

			if (!s)
				continue;
			start = (size_t)(s - line);
			end = start + strlen(g->patterns.v[i]);
		} else if (!regexec(&g->re[i], line + at, 1, &m, at ? REG_NOTBOL : 0)) {
			start = at + (size_t)m.rm_so;
			end = at + (size_t)m.rm_eo;
		} else {
			continue;
		}
		if (fits(g, line, start, end) &&
		    (!found || start < *from || (start == *from && end > *to))) {
			*from = start;
			*to = end;
			found = true;
		}
	}
	return found;
}

/* -o: each match on a line of its own. */
static void only_matches(const struct grep *g, const char *prefix, const char *line, struct text *t)
{
	size_t at = 0, from, to, n = strlen(line);

	while (at <= n && first_match(g, line, at, &from, &to)) {
		if (to > from)
			text_addf(t, "%s%.*s\n", prefix, (int)(to - from), line + from);
		at = to > from ? to : to + 1;
	}
}

/* All that a file's lines give is found first, and written after: in between no call
 * may end this task (see compile()). */
static void grep_text(struct prog *p, struct grep *g, char *s, size_t size, const char *name)
{
	struct text found = { .a = p->a };
	unsigned long number = 0, count = 0;
	char *end = s + size;

	compile(p, g);
	while (s < end) {
		char *newline = memchr(s, '\n', (size_t)(end - s)), *line = s;
		size_t from, e;
		bool hit;

		s = newline ? newline + 1 : end;
		*(newline ? newline : end) = 0;
		number++;
		hit = first_match(g, line, 0, &from, &e) != has(g, 'v');
		count += hit;
		if (hit && (has(g, 'q') || has(g, 'l') || has(g, 'L')))
			break;
		if (hit && !has(g, 'c')) {
			char *prefix = arena_printf(p->a, g->names ? "%s:" : "", name);

			if (has(g, 'n'))
				prefix = arena_printf(p->a, "%s%lu:", prefix, number);
			if (has(g, 'o') && !has(g, 'v'))
				only_matches(g, prefix, line, &found);
			else
				text_addf(&found, "%s%s\n", prefix, line);
		}
		if (hit && g->o.arg['m'] && count >= strtoul(g->o.arg['m'], NULL, 10))
			break;
	}
	let_go(g);
	g->any |= count > 0;
	if (has(g, 'c') && !has(g, 'q'))
		text_addf(&found, "%s%s%lu\n", g->names ? name : "", g->names ? ":" : "", count);
	if ((has(g, 'l') && count) || (has(g, 'L') && !count))
		text_addf(&found, "%s\n", name);
	out(p, text_str(&found));
}

static void grep_one(struct prog *p, int fd, const char *name, void *arg)
{
	size_t n;
	long rc;
	char *s = read_fd(p, fd, &n, &rc);

	if (!s && (rc != -EISDIR || is_gnu(p)))
		complain_of(p, rc, "%s", name);
	else if (s)
		grep_text(p, arg, s, n, strcmp(name, "-") ? name : "(standard input)");
}

static int grep_visit(struct walk *w, const char *path, const struct stat *st, int depth)
{
	struct opts one = { .rest = (char *[]){ (char *)path, NULL }, .n = 1 };

	return S_ISREG(st->st_mode) || !depth ? each_input(w->p, &one, grep_one, w->arg) : 0;
}

int tool_grep(struct prog *p)
{
	static const struct long_option longs[] = {
		{"color", 'C'}, {"ignore-case", 'i'}, {"count", 'c'}, {NULL}};
	struct grep g = { .patterns.a = p->a };

	parse_options(p, "EFGive:cqnlLowxrRhHsm:aC", longs, &g.o);
	if (g.o.arg['e'])
		add_patterns(p, &g, g.o.arg['e']);
	else if (g.o.n)
		add_patterns(p, &g, g.o.rest[0]), g.o.rest++, g.o.n--;
	else
		missing_operand(p, NULL);
	if (!strcmp(p->name, "egrep"))
		g.o.has['E'] = 1;
	g.fixed = has(&g, 'F') || !strcmp(p->name, "fgrep");
	g.names = (g.o.n > 1 || has(&g, 'r') || has(&g, 'R') || has(&g, 'H')) && !has(&g, 'h');
	if ((has(&g, 'r') || has(&g, 'R')) && g.o.n) {
		struct walk w = { .p = p, .arg = &g, .deepest = -1, .visit = grep_visit };

		for (int i = 0; i < g.o.n; i++)
			walk_tree(&w, g.o.rest[i]);
	} else {
		each_input(p, &g.o, grep_one, &g);
	}
	if (p->status && !(has(&g, 'q') && g.any))
		return 2;
	return !g.any;
}

