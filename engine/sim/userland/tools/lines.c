/* lines.c - what works on lines: sort uniq cut tr. */
#include <ctype.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

/* ---- sort ---- */

struct sorting {
	struct list lines;
	bool fold, numeric, reverse, unique;
	int key, key_end;
	char separator;
};

static void collect(struct prog *p, int fd, const char *name, void *arg)
{
	struct sorting *s = arg;
	struct lines l = { .p = p, .fd = fd };
	size_t n;
	char *line;

	while ((line = next_line(&l, &n)))
		list_add(&s->lines, arena_dupn(p->a, line, n - (line[n - 1] == '\n')));
	if (l.rc < 0 && !strcmp(p->name, "uniq"))
		complain(p, "%s: I/O error", name);
}

/* Behind the first `n` fields. */
static const char *skip_fields(const char *s, int n, char separator)
{
	for (; n > 0 && *s; n--) {
		if (separator) {
			s += strcspn(s, (char[]){ separator, 0 });
			s += *s != 0;
			continue;
		}
		s += strspn(s, " \t");
		s += strcspn(s, " \t");
	}
	return s;
}

static char *key_of(struct prog *p, const struct sorting *s, const char *line)
{
	const char *from, *to;

	if (!s->key)
		return (char *)line;
	from = skip_fields(line, s->key - 1, s->separator);
	to = s->key_end ? skip_fields(line, s->key_end, s->separator) : line + strlen(line);
	if (s->key_end && s->separator && to > from && to[-1] == s->separator)
		to--;
	return arena_dupn(p->a, from, to > from ? (size_t)(to - from) : 0);
}

static int compare_lines(struct prog *p, const struct sorting *s, const char *a, const char *b)
{
	const char *x = key_of(p, s, a), *y = key_of(p, s, b);
	int order;

	if (s->numeric) {
		double n = strtod(x, NULL), m = strtod(y, NULL);

		order = (n > m) - (n < m);
	} else {
		order = s->fold ? strcasecmp(x, y) : strcmp(x, y);
	}
	if (!order && !s->unique)
		order = strcmp(a, b);
	return s->reverse ? -order : order;
}

/* Merging keeps what is equal in its order, and needs no variable outside. */
static void merge_sort(struct prog *p, const struct sorting *s, char **v, char **spare, size_t n)
{
	size_t half = n / 2, i = 0, j = half, k = 0;

	if (n < 2)
		return;
	merge_sort(p, s, v, spare, half);
	merge_sort(p, s, v + half, spare, n - half);
	memcpy(spare, v, n * sizeof(*v));
	while (i < half || j < n)
		v[k++] = j >= n || (i < half && compare_lines(p, s, spare[i], spare[j]) <= 0)
				 ? spare[i++]
				 : spare[j++];
}

static void sort_key(struct sorting *s, const char *key)
{
	char *end;

	s->key = (int)strtol(key, &end, 10);
	if (*end == ',')
		s->key_end = (int)strtol(end + 1, &end, 10);
	s->numeric |= strchr(end, 'n') != NULL;
	s->reverse |= strchr(end, 'r') != NULL;
}

int tool_sort(struct prog *p)
{
	struct opts o;
	struct sorting s = { .lines.a = p->a };
	const char *before = NULL;

	parse_options(p, "nrufk:t:bgmo:sz", NULL, &o);
	s.fold = o.has['f'];
	s.numeric = o.has['n'] || o.has['g'];
	s.reverse = o.has['r'];
	s.unique = o.has['u'];
	s.separator = o.arg['t'] ? o.arg['t'][0] : 0;
	if (o.arg['k'])
		sort_key(&s, o.arg['k']);
	each_input(p, &o, collect, &s);
	if (p->status)
		return 2;
	merge_sort(p, &s, s.lines.v, arena_alloc(p->a, (s.lines.n + 1) * sizeof(char *)), s.lines.n);
	for (size_t i = 0; i < s.lines.n; i++) {
		if (s.unique && before && !compare_lines(p, &s, before, s.lines.v[i]))
			continue;
		before = s.lines.v[i];
		outf(p, "%s\n", before);
	}
	return 0;
}

/* ---- uniq ---- */

static void uniq_out(struct prog *p, const struct opts *o, const char *line, unsigned long count)
{
	if ((o->has['d'] && count < 2) || (o->has['u'] && count > 1))
		return;
	if (o->has['c'])
		outf(p, "%7lu ", count);
	outf(p, "%s\n", line);
}

int tool_uniq(struct prog *p)
{
	struct opts o;
	struct sorting s = { .lines.a = p->a };
	unsigned long count = 0;

	parse_options(p, "cdui", NULL, &o);
	if (o.n > 1)
		o.rest[1] = NULL, o.n = 1;
	each_input(p, &o, collect, &s);
	for (size_t i = 0; i < s.lines.n; i++) {
		bool same = i + 1 < s.lines.n && !(o.has['i'] ? strcasecmp(s.lines.v[i], s.lines.v[i + 1]) :
							       strcmp(s.lines.v[i], s.lines.v[i + 1]));

		count++;
		if (same)
			continue;
		uniq_out(p, &o, s.lines.v[i], count);
		count = 0;
	}
	return p->status;
}

/* ---- cut ---- */

enum { MOST_RANGES = 32 };
struct cut {
	struct {
		long from, to;
	} range[MOST_RANGES];
	int n;
	bool fields, only;
	char separator;
	const char *list;
};

static void cut_ranges(struct prog *p, struct cut *c)
{
	const char *s = c->list;
	char *end;

	while (*s && c->n < MOST_RANGES) {
		long from = 1, to;

		if (*s != '-') {
			from = strtol(s, &end, 10);
			if (end == s || (from < 1 && is_gnu(p)))
				die(p, 1,
				    is_gnu(p) ? "invalid field value '%s'" : "invalid range %s",
				    c->list);
			from = from < 1 ? 1 : from;
			s = end;
		}
		to = from;
		if (*s == '-') {
			to = strtol(s + 1, &end, 10);
			if (end == s + 1)
				to = 1L << 40;
			s = end;
		}
		c->range[c->n].from = from;
		c->range[c->n++].to = to;
		s += *s == ',';
	}
}

static bool wanted(const struct cut *c, long i)
{
	for (int k = 0; k < c->n; k++)
		if (c->range[k].from <= i && i <= c->range[k].to)
			return true;
	return false;
}

static void cut_line(struct prog *p, const struct cut *c, const char *line, size_t n)
{
	long field = 1;
	bool any = false;

	if (!c->fields) {
		for (size_t i = 0; i < n; i++)
			if (wanted(c, (long)i + 1))
				outn(p, line + i, 1);
	} else if (!memchr(line, c->separator, n)) {
		if (c->only)
			return;
		outn(p, line, n);
	} else {
		for (size_t i = 0; i <= n; field++) {
			const char *end = memchr(line + i, c->separator, n - i);
			size_t len = end ? (size_t)(end - line) - i : n - i;

			if (wanted(c, field)) {
				if (any)
					outn(p, &c->separator, 1);
				outn(p, line + i, len);
				any = true;
			}
			i += len + 1;
		}
	}
	out(p, "\n");
}

static void cut_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct lines l = { .p = p, .fd = fd };
	size_t n;
	char *line;

	while ((line = next_line(&l, &n)))
		cut_line(p, arg, line, n - (line[n - 1] == '\n'));
}

int tool_cut(struct prog *p)
{
	struct opts o;
	struct cut c = { .separator = '\t' };

	parse_options(p, "d:f:c:b:s", NULL, &o);
	c.fields = o.arg['f'];
	c.only = o.has['s'];
	c.list = c.fields ? o.arg['f'] : o.arg['c'] ? o.arg['c'] : o.arg['b'];
	if (o.arg['d'])
		c.separator = o.arg['d'][0];
	if (!c.list)
		return complain(p, is_gnu(p) ? "you must specify a list of bytes, characters, or fields" :
				"expected a list of bytes, characters, or fields");
	cut_ranges(p, &c);
	return each_input(p, &o, cut_one, &c);
}

/* ---- tr ---- */

/* a-z, \n, [:upper:]: the characters themselves. */
static size_t tr_set(const char *s, unsigned char *set, size_t cap)
{
	static const struct { const char *name; int (*is)(int c); } classes[] = {
		{"[:upper:]", isupper}, {"[:lower:]", islower}, {"[:digit:]", isdigit},
		{"[:alpha:]", isalpha}, {"[:alnum:]", isalnum}, {"[:space:]", isspace},
		{"[:punct:]", ispunct}, {"[:blank:]", isblank},
	};
	size_t n = 0;

	while (*s && n < cap) {
		size_t k = 0;
		unsigned char from, to;

		while (k < ARRAY_SIZE(classes) && strncmp(s, classes[k].name, 9))
			k++;
		if (k < ARRAY_SIZE(classes)) {
			for (int c = 0; c < 256 && n < cap; c++)
				if (classes[k].is(c))
					set[n++] = (unsigned char)c;
			s += 9;
			continue;
		}
		if (*s == '\\' && s[1]) {
			s++;

			from = (unsigned char)(*s == 'n' ? '\n' : *s == 'r' ? '\r' : *s == 't' ? '\t' : *s);
		} else {
			from = (unsigned char)*s;
		}
		to = s[1] == '-' && s[2] ? (unsigned char)s[2] : from;
		s += s[1] == '-' && s[2] ? 3 : 1;
		for (int c = from; c <= to && n < cap; c++)
			set[n++] = (unsigned char)c;
	}
	return n;
}

struct tr { bool in[256], squeeze[256], complement, delete; unsigned char to[256]; int last; };

static void tr_plan(struct prog *p, const struct opts *o, struct tr *t)
{
	unsigned char *a = arena_alloc(p->a, 512), *b = arena_alloc(p->a, 512);
	size_t n = tr_set(o->rest[0], a, 512), m = o->n > 1 ? tr_set(o->rest[1], b, 512) : 0;

	for (int c = 0; c < 256; c++)
		t->to[c] = (unsigned char)c;
	for (size_t i = 0; i < n; i++) {
		t->in[a[i]] = true;
		if (m && !t->delete && !t->complement)
			t->to[a[i]] = b[i < m ? i : m - 1];
	}
	for (int c = 0; c < 256; c++) {
		t->in[c] = t->in[c] != t->complement;
		if (t->complement && t->in[c] && m && !t->delete)
			t->to[c] = b[m - 1];
	}
	for (size_t i = 0; o->has['s'] && i < m; i++)
		t->squeeze[b[i]] = true;
	for (int c = 0; o->has['s'] && !m && c < 256; c++)
		t->squeeze[c] = t->in[c];
}

int tool_tr(struct prog *p)
{
	struct opts o;
	struct tr *t = arena_alloc(p->a, sizeof(*t));
	unsigned char *buf = arena_alloc(p->a, 4096);
	long n;

	parse_options(p, "+cCds", NULL, &o);
	if (!o.n || (o.n < 2 && !o.has['d'] && !o.has['s']))
		missing_operand(p, NULL);
	t->last = -1;
	t->complement = o.has['c'] || o.has['C'];
	t->delete = o.has['d'];
	tr_plan(p, &o, t);
	while ((n = sys_read(p->t, 0, buf, 4096)) > 0)
		for (long i = 0; i < n; i++) {
			unsigned char c = t->to[buf[i]];

			if ((t->delete && t->in[buf[i]]) || (t->squeeze[c] && t->last == c))
				continue;
			t->last = c;
			outn(p, (char *)&c, 1);
		}
	return 0;
}
