/* list.c - ls. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

struct entry { char *name, *path; struct stat st; char *target; };
struct listing {
	struct prog *p;
	struct opts o;
	struct entry *e;
	size_t n, cap;
	bool long_form, classify, printed;
	int links, owner, group, size;	/* widths */
	unsigned long long blocks;
};

static bool has(const struct listing *l, char c) { return l->o.has[(unsigned char)c]; }

static long add_entry(struct listing *l, const char *path, const char *name, bool follow)
{
	struct entry e = { 0 };
	long rc = follow ? sys_stat(l->p->t, path, &e.st) : sys_lstat(l->p->t, path, &e.st);

	if (rc < 0 && follow)
		rc = sys_lstat(l->p->t, path, &e.st);
	if (rc < 0)
		return rc;
	e.name = arena_dup(l->p->a, name);
	e.path = arena_dup(l->p->a, path);
	if (S_ISLNK(e.st.st_mode) && l->long_form)
		e.target = read_link(l->p, path);
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;

		l->e = arena_grow(l->p->a, l->e, l->cap * sizeof(e), cap * sizeof(e));
		l->cap = cap;
	}
	l->e[l->n++] = e;
	l->blocks += (unsigned long long)e.st.st_blocks;
	return 0;
}

/* ---- order ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int by_time(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->st.st_mtim,
			      *y = &((const struct entry *)b)->st.st_mtim;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	if (x->tv_nsec != y->tv_nsec)
		return x->tv_nsec < y->tv_nsec ? 1 : -1;
	return by_name(a, b);
}

static int by_size(const void *a, const void *b)
{
	off_t x = ((const struct entry *)a)->st.st_size, y = ((const struct entry *)b)->st.st_size;

	return x != y ? (x < y ? 1 : -1) : by_name(a, b);
}

static void sort_entries(struct listing *l)
{
	if (l->n && !has(l, 'U') && !has(l, 'f'))
		qsort(l->e, l->n, sizeof(*l->e), has(l, 't') ? by_time : has(l, 'S') ? by_size : by_name);
	for (size_t i = 0; has(l, 'r') && i < l->n / 2; i++) {
		struct entry e = l->e[i];

		l->e[i] = l->e[l->n - 1 - i];
		l->e[l->n - 1 - i] = e;
	}
}

/* ---- lines ---- */

static const char *owner_text(struct listing *l, unsigned id, bool group)
{
	const char *name = has(l, 'n') ? NULL : group ? group_name(l->p, id) : user_name(l->p, id);

	return name ? name : arena_printf(l->p->a, "%u", id);
}

static const char *size_field(struct listing *l, const struct entry *e)
{
	if (S_ISCHR(e->st.st_mode) || S_ISBLK(e->st.st_mode))
		return arena_printf(l->p->a, "%u, %3u", (unsigned)(e->st.st_rdev >> 8) & 0xfff,
				    (unsigned)e->st.st_rdev & 0xff);
	if (has(l, 'h'))
		return size_text(l->p->a, (uint64_t)e->st.st_size);
	return arena_printf(l->p->a, "%lld", (long long)e->st.st_size);
}

static int widest(int width, const char *s)
{
	return (int)strlen(s) > width ? (int)strlen(s) : width;
}

/* coreutils makes columns as wide as they must be; busybox has fixed ones. */
static void measure(struct listing *l)
{
	l->links = l->owner = l->group = l->size = 0;
	if (!is_gnu(l->p)) {
		l->links = 5, l->owner = l->group = 8, l->size = 9;
		return;
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct entry *e = &l->e[i];

		l->links = widest(l->links, arena_printf(l->p->a, "%u", (unsigned)e->st.st_nlink));
		l->owner = widest(l->owner, owner_text(l, e->st.st_uid, false));
		l->group = widest(l->group, owner_text(l, e->st.st_gid, true));
		l->size = widest(l->size, size_field(l, e));
	}
}

static const char *when(struct listing *l, int64_t seconds)
{
	int64_t now = (int64_t)(sys_clock(l->p->t, CLOCK_REALTIME) / 1000000000);
	bool recent = seconds > now - 15778476 && seconds <= now;

	if (!is_gnu(l->p))
		recent = seconds > now - 3600 * 24 * 365 / 2 && seconds < now + 900;
	return time_text(l->p->a, recent ? "%b %e %H:%M" : "%b %e  %Y", seconds);
}

static char indicator(const struct listing *l, const struct entry *e)
{
	mode_t m = e->st.st_mode;

	if (S_ISDIR(m) && (has(l, 'F') || has(l, 'p')))
		return '/';
	if (!has(l, 'F'))
		return 0;
	if (S_ISLNK(m))
		return l->long_form ? 0 : '@';
	if (S_ISFIFO(m))
		return '|';
	if (S_ISSOCK(m))
		return '=';
	return S_ISREG(m) && (m & 0111) ? '*' : 0;
}

static void show_long(struct listing *l, const struct entry *e)
{
	struct prog *p = l->p;
	char mode[11];

	mode_text(e->st.st_mode, mode);
	outf(p, "%s %*u ", mode, l->links - (is_gnu(p) ? 0 : 1), (unsigned)e->st.st_nlink);
	outf(p, is_gnu(p) ? "%-*s %-*s " : "%-*.8s %-*.8s ", l->owner,
	     owner_text(l, e->st.st_uid, false), l->group, owner_text(l, e->st.st_gid, true));
	outf(p, "%*s %s %s", l->size, size_field(l, e), when(l, e->st.st_mtim.tv_sec), e->name);
	if (e->target)
		outf(p, " -> %s", e->target);
}

static void show(struct listing *l)
{
	size_t width = 0, columns = 1, rows;
	struct sim_winsize w;
	bool grid = !l->long_form && !has(l, '1') && sys_winsize(l->p->t, 1, &w) == 0;

	for (size_t i = 0; i < l->n; i++)
		width = strlen(l->e[i].name) + 2 > width ? strlen(l->e[i].name) + 2 : width;
	if (grid && width)
		columns = (w.cols ? w.cols : 80) / width ? (w.cols ? w.cols : 80) / width : 1;
	rows = (l->n + columns - 1) / columns;
	measure(l);
	for (size_t r = 0; r < rows; r++) {
		for (size_t i = r; i < l->n; i += rows) {
			struct entry *e = &l->e[i];
			char suffix[2] = { indicator(l, e), 0 };

			if (has(l, 'i'))
				outf(l->p, is_gnu(l->p) ? "%llu " : "%7llu ",
				     (unsigned long long)e->st.st_ino);
			if (l->long_form)
				show_long(l, e);
			else
				out(l->p, e->name);
			out(l->p, suffix);
			if (i + rows < l->n)
				outf(l->p, "%*s", (int)(width - strlen(e->name) - strlen(suffix)), "");
		}
		out(l->p, "\n");
	}
	l->printed |= l->n > 0;
}

/* ---- directories ---- */

static void list_directory(struct listing *l, const char *path, bool title, int depth)
{
	struct list names = { .a = l->p->a };
	struct listing inner = { .p = l->p, .o = l->o, .long_form = l->long_form };
	long rc = read_names(l->p, path, &names);

	if (rc < 0) {
		complain_of(l->p, rc,
			    is_gnu(l->p) ? "cannot open directory '%s'" : "can't open '%s'", path);
		if (is_gnu(l->p))
			l->p->status = 2;
		return;
	}
	if (title)
		outf(l->p, "%s%s:\n", l->printed ? "\n" : "", path);
	if (has(l, 'a')) {
		add_entry(&inner, path_join(l->p->a, path, "."), ".", false);
		add_entry(&inner, path_join(l->p->a, path, ".."), "..", false);
	}
	for (size_t i = 0; i < names.n; i++)
		if (names.v[i][0] != '.' || has(l, 'a') || has(l, 'A'))
			add_entry(&inner, path_join(l->p->a, path, names.v[i]), names.v[i], has(l, 'L'));
	sort_entries(&inner);
	if (l->long_form || has(l, 's'))
		outf(l->p, is_gnu(l->p) && has(l, 'h') ? "total %s\n" : "total %s\n",
		     has(l, 'h') ? size_text(l->p->a, inner.blocks * 512) :
		     arena_printf(l->p->a, "%llu", inner.blocks / 2));
	show(&inner);
	l->printed = true;
	for (size_t i = 0; has(l, 'R') && depth < 64 && i < inner.n; i++)
		if (S_ISDIR(inner.e[i].st.st_mode) && strcmp(inner.e[i].name, ".") &&
		    strcmp(inner.e[i].name, ".."))
			list_directory(l, inner.e[i].path, true, depth + 1);
}

/* What is no directory first, then each directory with its name above it. */
int tool_ls(struct prog *p)
{
	static const struct long_option longs[] = {{"all", 'a'},
						   {"human-readable", 'h'},
						   {"recursive", 'R'},
						   {"directory", 'd'},
						   {"color", 'C'},
						   {"almost-all", 'A'},
						   {NULL}};
	static char *const here[] = { ".", NULL };
	struct listing l = { .p = p };
	struct list dirs = { .a = p->a };
	char *const *name;

	parse_options(p, "1aAldhRrtSFpinsULfCg", longs, &l.o);
	l.long_form = has(&l, 'l') || has(&l, 'n') || has(&l, 'g');
	for (name = l.o.n ? l.o.rest : here; *name; name++) {
		struct stat st;
		long rc = has(&l, 'd') || (l.long_form && !has(&l, 'L') && strcmp(*name, ".") &&
					   sys_lstat(p->t, *name, &st) == 0 && S_ISLNK(st.st_mode))
				  ? -1
				  : sys_stat(p->t, *name, &st);

		if (rc == 0 && S_ISDIR(st.st_mode)) {
			list_add(&dirs, *name);
			continue;
		}
		if (rc == 0 || is_gnu(p) || l.long_form || has(&l, 'i') || has(&l, 'F') || has(&l, 's'))
			rc = add_entry(&l, *name, *name, has(&l, 'L'));
		else if ((rc = sys_stat(p->t, *name, &st)) == 0)
			rc = add_entry(&l, *name, *name, false);
		if (rc < 0) {
			complain_of(p, rc, is_gnu(p) ? "cannot access '%s'" : "%s", *name);
			p->status = is_gnu(p) ? 2 : 1;
		}
	}
	sort_entries(&l);
	show(&l);
	list_sort(&dirs, list_by_name);
	for (size_t i = 0; i < dirs.n; i++)
		list_directory(&l, dirs.v[i], l.o.n > 1 || has(&l, 'R'), 0);
	return p->status;
}
