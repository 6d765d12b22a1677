/* inputs.c - what reads one file after the other: cat head tail tee wc rev. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

/* coreutils look before they read; busybox reads, and each tool says what it makes of that. */
static bool is_directory(struct prog *p, int fd)
{
	struct stat st;

	return is_gnu(p) && sys_fstat(p->t, fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static void wont_open(struct prog *p, const struct opts *o, long rc, const char *name)
{
	bool says_open = !strcmp(p->name, "tail") || !strcmp(p->name, "uniq") ||
			 (!strcmp(p->name, "cat") && !o->has['n'] && !o->has['b']);

	if (is_gnu(p) && (!strcmp(p->name, "head") || !strcmp(p->name, "tail")))
		complain_of(p, rc, "cannot open '%s' for reading", name);
	else if (is_gnu(p) && (!strcmp(p->name, "sed") || !strcmp(p->name, "sort")))
		complain_of(p, rc,
			    *p->name && p->name[1] == 'e' ? "can't read %s" : "cannot read: %s",
			    name);
	else
		complain_of(p, rc, says_open && !is_gnu(p) ? "can't open '%s'" : "%s", name);
}

int each_input(struct prog *p, const struct opts *o, input_fn *fn, void *arg)
{
	static char *const only_stdin[] = { "-", NULL };
	char *const *name = o->n ? o->rest : only_stdin;

	for (; *name; name++) {
		long fd = open_input(p, *name);

		if (fd < 0)
			wont_open(p, o, fd, *name);
		else if (is_directory(p, (int)fd))
			complain_of(p, -EISDIR, "%s", *name);
		else
			fn(p, (int)fd, *name, arg);
		if (fd > 0)
			sys_close(p->t, (int)fd);
	}
	return p->status;
}

long count_of(struct prog *p, const char *s)
{
	static const struct {
		char unit;
		long times;
	} units[] = {{'b', 512}, {'k', 1024}, {'K', 1024}, {'m', 1 << 20}, {'M', 1 << 20}};
	char *end;
	long n = strtol(s, &end, 10);

	for (size_t i = 0; end > s && i < ARRAY_SIZE(units); i++)
		if (*end == units[i].unit && !end[1])
			return n * units[i].times;
	if (end == s || *end)
		die(p, 1, is_gnu(p) ? "invalid number of lines: '%s'" : "invalid number '%s'", s);
	return n;
}

/* ---- cat ---- */

struct cat {
	bool number, number_full, ends, tabs, visible, squeeze;
	unsigned long line;
	bool inside, blank;
};

static void cat_char(struct prog *p, struct cat *c, unsigned char ch)
{
	if (!c->inside) {
		if (c->number && !(c->number_full && ch == '\n'))
			outf(p, "%6lu\t", ++c->line);
		c->inside = true;
	}
	if (ch == '\n') {
		out(p, c->ends ? "$\n" : "\n");
		c->inside = false;
	} else if (ch == '\t') {
		out(p, c->tabs ? "^I" : "\t");
	} else if (c->visible && (ch < 32 || ch == 127)) {
		outf(p, "^%c", ch ^ 64);
	} else {
		outn(p, (char *)&ch, 1);
	}
}

static void cat_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct cat *c = arg;
	bool plain = !c->number && !c->ends && !c->tabs && !c->visible;
	char *buf = arena_alloc(p->a, 4096);
	long n;

	while ((n = sys_read(p->t, fd, buf, 4096)) > 0 || n == -EINTR) {
		if (plain && n > 0) {
			if (put_all(p->t, 1, buf, (size_t)n) < 0)
				leave(p, 1);
			continue;
		}
		for (long i = 0; i < n; i++)
			cat_char(p, c, (unsigned char)buf[i]);
		flush(p);
	}
	if (n < 0)
		complain_of(p, n, is_gnu(p) ? "%s" : "read error", name);
}

int tool_cat(struct prog *p)
{
	struct opts o;
	struct cat c = { 0 };

	parse_options(p, "nbAetvEuT", NULL, &o);
	c.number = o.has['n'] || o.has['b'];
	c.number_full = o.has['b'];
	c.ends = o.has['E'] || o.has['e'] || o.has['A'];
	c.tabs = o.has['T'] || o.has['t'] || o.has['A'];
	c.visible = o.has['v'] || o.has['e'] || o.has['t'] || o.has['A'];
	return each_input(p, &o, cat_one, &c);
}

/* ---- head ---- */

struct part { long n; bool bytes, from_start, quiet, headers, follow; int files; };

static void header(struct prog *p, struct part *h, const char *name)
{
	if (h->headers)
		outf(p, "%s==> %s <==\n", h->files++ ? "\n" : "",
		     strcmp(name, "-") ? name : "standard input");
}

static long head_bytes(struct prog *p, int fd, long n)
{
	char *buf = arena_alloc(p->a, 4096);
	long got = 0;

	while (n > 0 && (got = sys_read(p->t, fd, buf, n < 4096 ? (size_t)n : 4096)) > 0) {
		outn(p, buf, (size_t)got);
		n -= got;
	}
	return got;
}

/* All but the last n lines or bytes. */
static void head_but(struct prog *p, int fd, const struct part *h)
{
	size_t size = 0, end;
	long rc, n = -h->n;
	char *s = read_fd(p, fd, &size, &rc);

	if (!s)
		return;
	for (end = size; n > 0 && end > 0; n--) {
		end--;
		while (!h->bytes && end > 0 && s[end - 1] != '\n')
			end--;
	}
	outn(p, s, end);
}

static void head_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct part *h = arg;
	struct lines l = { .p = p, .fd = fd };
	size_t n;
	char *s;

	header(p, h, name);
	if (h->n < 0)
		head_but(p, fd, h);
	else if (h->bytes)
		l.rc = head_bytes(p, fd, h->n);
	else
		for (long i = 0; i < h->n && (s = next_line(&l, &n)); i++)
			outn(p, s, n);
	if (l.rc < 0)
		complain_of(p, -EIO, "%s", name);
}

/* -5 means -n 5. */
static void old_number(struct prog *p)
{
	char *s = p->argc > 1 ? p->argv[1] : NULL;

	if (s && s[0] == '-' && s[1] >= '0' && s[1] <= '9')
		p->argv[1] = arena_printf(p->a, "-n%s", s + 1);
}

static void part_options(struct prog *p, struct part *h, struct opts *o)
{
	static const struct long_option longs[] = {
		{"lines", 'n'}, {"bytes", 'c'}, {"follow", 'f'}, {NULL}};
	const char *n;

	old_number(p);
	parse_options(p, "n:c:qvfF", longs, o);
	h->bytes = o->has['c'];
	n = h->bytes ? o->arg['c'] : o->arg['n'];
	h->from_start = n && *n == '+';
	h->n = n ? count_of(p, n) : 10;
	h->headers = (o->n > 1 && !o->has['q']) || o->has['v'];
	h->follow = o->has['f'] || o->has['F'];
}

int tool_head(struct prog *p)
{
	struct part h = { 0 };
	struct opts o;

	part_options(p, &h, &o);
	return each_input(p, &o, head_one, &h);
}

/* ---- tail ---- */

/* Where the part that is wanted begins. */
static size_t tail_start(const char *s, size_t size, const struct part *h)
{
	long n = h->n < 0 ? -h->n : h->n;
	size_t at = h->from_start ? 0 : size;

	if (h->from_start) {
		for (n--; n > 0 && at < size; n--) {
			const char *end = h->bytes ? s + at : memchr(s + at, '\n', size - at);

			at = end ? (size_t)(end - s) + 1 : size;
		}
		return at;
	}
	if (h->bytes)
		return (size_t)n < size ? size - (size_t)n : 0;
	for (; n > 0 && at > 0; n--) {
		at--;
		while (at > 0 && s[at - 1] != '\n')
			at--;
	}
	return at;
}

static void follow(struct prog *p, int fd)
{
	char *buf = arena_alloc(p->a, 4096);

	flush(p);
	for (;;) {
		long n = sys_read(p->t, fd, buf, 4096);

		if (n > 0)
			put_all(p->t, 1, buf, (size_t)n);
		else
			sys_sleep(p->t, 1000000000);
	}
}

static void tail_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct part *h = arg;
	size_t size, at;
	long rc;
	char *s;

	header(p, h, name);
	s = read_fd(p, fd, &size, &rc);
	h->files++;
	if (!s) {
		complain_of(p, rc, is_gnu(p) ? "%s" : "read error", name);
		return;
	}
	at = tail_start(s, size, h);
	outn(p, s + at, size - at);
	if (h->follow)
		follow(p, fd);
}

int tool_tail(struct prog *p)
{
	struct part h = { 0 };
	struct opts o;

	part_options(p, &h, &o);
	each_input(p, &o, tail_one, &h);
	if (!h.files && !is_gnu(p))
		complain(p, "no files");
	return p->status;
}

/* ---- wc ---- */

struct wc { unsigned long count[4], total[4]; bool show[4]; int width; };

static void wc_line(struct prog *p, struct wc *w, const unsigned long *count, const char *name)
{
	bool first = true;

	for (int i = 0; i < 4; i++)
		if (w->show[i]) {
			outf(p, first ? "%*lu" : " %*lu", w->width, count[i]);
			first = false;
		}
	outf(p, name ? " %s\n" : "\n", name);
}

static void wc_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct wc *w = arg;
	char *buf = arena_alloc(p->a, 4096);
	bool inside = false;
	long n;

	memset(w->count, 0, sizeof(w->count));
	while ((n = sys_read(p->t, fd, buf, 4096)) > 0)
		for (long i = 0; i < n; i++) {
			unsigned char c = (unsigned char)buf[i];
			bool blank = c == ' ' || (c >= '\t' && c <= '\r');

			w->count[0] += c == '\n';
			w->count[1] += !blank && !inside && c > ' ';
			w->count[2] += (c & 0xc0) != 0x80;
			w->count[3]++;
			inside = !blank && (inside || c > ' ');
		}
	if (n < 0)
		complain_of(p, n, "%s", name);
	for (int i = 0; i < 4; i++)
		w->total[i] += w->count[i];
	wc_line(p, w, w->count, strcmp(name, "-") ? name : NULL);
}

/* coreutils: as wide as the sizes of all files together, 7 where one has no size. */
static int wc_width(struct prog *p, const struct opts *o, int shown)
{
	unsigned long long all = 0;
	struct stat st;

	if (shown == 1 && o->n < 2)
		return 1;
	for (int i = 0; i < o->n; i++)
		if (sys_stat(p->t, o->rest[i], &st) == 0) {
			if (!S_ISREG(st.st_mode))
				return 7;
			all += (unsigned long long)st.st_size;
		}
	return o->n ? (int)strlen(arena_printf(p->a, "%llu", all)) : 7;
}

int tool_wc(struct prog *p)
{
	static const char letters[] = "lwmc";
	struct opts o;
	struct wc w = { 0 };
	int shown = 0;

	parse_options(p, "lwcmL", NULL, &o);
	for (int i = 0; i < 4; i++)
		shown += w.show[i] = o.has[(unsigned char)letters[i]];
	if (!shown)
		w.show[0] = w.show[1] = w.show[3] = true;
	/* One number alone stands at the left; of several each has its column. */
	if (is_gnu(p))
		w.width = wc_width(p, &o, shown);
	else
		w.width = shown == 1 && o.n < 2 ? 0 : 9;
	each_input(p, &o, wc_one, &w);
	if (o.n > 1)
		wc_line(p, &w, w.total, "total");
	return p->status;
}

/* ---- tee, rev ---- */

int tool_tee(struct prog *p)
{
	struct opts o;
	int *fd;
	char *buf = arena_alloc(p->a, 4096);
	long n;

	parse_options(p, "ai", NULL, &o);
	fd = arena_alloc(p->a, ((size_t)o.n + 1) * sizeof(*fd));
	for (int i = 0; i < o.n; i++) {
		fd[i] = (int)sys_open(p->t, o.rest[i],
				      O_WRONLY | O_CREAT | (o.has['a'] ? O_APPEND : O_TRUNC), 0666);
		if (fd[i] < 0)
			complain_of(p, fd[i], "%s", o.rest[i]);
	}
	while ((n = sys_read(p->t, 0, buf, 4096)) > 0 || n == -EINTR)
		for (int i = -1; n > 0 && i < o.n; i++)
			if (i < 0 || fd[i] >= 0)
				put_all(p->t, i < 0 ? 1 : fd[i], buf, (size_t)n);
	return p->status;
}

static void rev_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct lines l = { .p = p, .fd = fd };
	size_t n;
	char *s;

	while ((s = next_line(&l, &n))) {
		bool newline = s[n - 1] == '\n';

		for (size_t i = n - newline; i > 0; i--)
			outn(p, s + i - 1, 1);
		if (newline)
			out(p, "\n");
	}
}

int tool_rev(struct prog *p)
{
	struct opts o;

	parse_options(p, "", NULL, &o);
	return each_input(p, &o, rev_one, NULL);
}
