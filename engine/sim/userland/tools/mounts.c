/* mounts.c - mount, df, du, sync. */
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

/* A line of /proc/mounts, cut into its fields. */
struct mounted { char *source, *target, *type, *options; };

static bool next_mount(struct prog *p, char **s, struct mounted *m)
{
	char **fields[] = { &m->source, &m->target, &m->type, &m->options };
	size_t len = strcspn(*s, "\n");
	char *line = arena_dupn(p->a, *s, len);

	if (!**s)
		return false;
	*s += len + ((*s)[len] == '\n');
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strcspn(line, " ");

		*fields[i] = arena_dupn(p->a, line, n);
		line += n + (line[n] == ' ');
	}
	return true;
}

static char *mount_table(struct prog *p)
{
	size_t n;
	long rc;
	char *s = read_whole(p, "/proc/mounts", &n, &rc);

	if (!s)
		complain_of(p, rc, is_gnu(p) ? "failed to read mtab" : "can't open '/proc/mounts'");
	return s;
}

static int show_mounts(struct prog *p, const char *type)
{
	struct mounted m;
	char *s = mount_table(p);

	while (s && next_mount(p, &s, &m))
		if (!type || !strcmp(type, m.type))
			outf(p, "%s on %s type %s (%s)\n", m.source, m.target, m.type, m.options);
	return p->status;
}

/* -o ro,remount ...: flags, and what is left as data. */
static unsigned long mount_flags(struct prog *p, const char *options, char **data)
{
	static const struct { const char *name; unsigned long set, clear; } flags[] = {
		{"ro", 1, 0},
		{"rw", 0, 1},
		{"nosuid", 2, 0},
		{"nodev", 4, 0},
		{"noexec", 8, 0},
		{"remount", 32, 0},
		{"bind", 4096, 0},
		{"rbind", 4096 | 16384, 0},
		{"private", 1 << 18, 0},
		{"slave", 1 << 19, 0},
		{"shared", 1 << 20, 0},
		{"defaults", 0, 0},
	};
	struct text rest = { .a = p->a };
	unsigned long all = 0;
	char *copy = arena_dup(p->a, options), *save;

	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(flags) && strcmp(flags[i].name, s))
			i++;
		if (i < ARRAY_SIZE(flags))
			all = (all & ~flags[i].clear) | flags[i].set;
		else
			text_addf(&rest, "%s%s", rest.n ? "," : "", s);
	}
	*data = text_str(&rest);
	return all;
}

int tool_mount(struct prog *p)
{
	static const struct long_option longs[] = { { "bind", 'B' }, { NULL } };
	struct opts o;
	unsigned long flags;
	char *data;
	long rc;

	parse_options(p, "t:o:arnB", longs, &o);
	if (!o.n)
		return show_mounts(p, o.arg['t']);
	flags = mount_flags(p, o.arg['o'] ? o.arg['o'] : "", &data) | (o.has['B'] ? 4096 : 0) |
		(o.has['r'] ? 1 : 0);
	rc = sys_mount(p->t, o.rest[0], o.rest[o.n - 1], o.arg['t'] ? o.arg['t'] : "", flags, data);
	if (rc < 0 && is_gnu(p))
		complain(p, rc == -EPERM ? "%s: permission denied." : "%s: mount failed: %s.",
			 o.rest[o.n - 1], strerror((int)-rc));
	else if (rc < 0)
		complain(p,
			 rc == -EPERM ? "permission denied (are you root?)"
				      : "mounting %s on %s failed: %s",
			 o.rest[0], o.rest[o.n - 1], strerror((int)-rc));
	return rc < 0 ? (is_gnu(p) ? 32 : 1) : 0;
}

/* ---- df ---- */

static void df_line(struct prog *p, const struct mounted *m, bool human)
{
	struct sim_statfs st;
	uint64_t used, all;

	if (sys_statfs(p->t, m->target, &st) < 0 || !st.total)
		return;
	used = st.total - st.free;
	all = used + st.free;
	if (human)
		outf(p, "%-20s %9s %9s %9s", m->source, size_text(p->a, st.total),
		     size_text(p->a, used), size_text(p->a, st.free));
	else
		outf(p, "%-20s %9llu %9llu %9llu", m->source, (unsigned long long)st.total / 1024,
		     (unsigned long long)used / 1024, (unsigned long long)st.free / 1024);
	outf(p, " %3llu%% %s\n", (unsigned long long)(all ? (used * 100 + all - 1) / all : 0), m->target);
}

/* Does `path` lie below the mount point? How long the point is, or -1. */
static long covers(const char *target, const char *path)
{
	size_t n = strlen(target);

	if (n == 1)
		return 1;
	return !strncmp(target, path, n) && (path[n] == '/' || !path[n]) ? (long)n : -1;
}

static void df_of(struct prog *p, const char *path, bool human)
{
	struct mounted m, best = { 0 };
	char *s = mount_table(p);
	struct stat st;
	long rc = sys_stat(p->t, path, &st), length = -1;

	if (rc < 0) {
		complain_of(p, rc, "%s", path);
		return;
	}
	while (s && next_mount(p, &s, &m))
		if (covers(m.target, path) >= length) {
			length = covers(m.target, path);
			best = m;
		}
	if (best.target)
		df_line(p, &best, human);
}

int tool_df(struct prog *p)
{
	struct opts o;
	struct mounted m;
	char *s;
	bool human;

	parse_options(p, "hkmPTaBt", NULL, &o);
	human = o.has['h'];
	outf(p,
	     human ? "%-20s %9s %9s %9s Use%% Mounted on\n"
		   : "%-20s %9s %9s %9s Use%% Mounted on\n",
	     "Filesystem", human ? "Size" : "1K-blocks", "Used",
	     human && is_gnu(p) ? "Avail" : "Available");
	for (int i = 0; i < o.n; i++)
		df_of(p, o.rest[i], human);
	s = o.n ? NULL : mount_table(p);
	while (s && next_mount(p, &s, &m))
		df_line(p, &m, human);
	return p->status;
}

/* ---- du ---- */

struct du { bool human, all, summary; };

static void du_line(struct prog *p, const struct du *d, uint64_t blocks, const char *path)
{
	if (d->human)
		outf(p, "%s\t%s\n", size_text(p->a, blocks * 512), path);
	else
		outf(p, "%llu\t%s\n", (unsigned long long)(blocks + 1) / 2, path);
}

static uint64_t du_tree(struct prog *p, const struct du *d, const char *path, int depth)
{
	struct list names = { .a = p->a };
	struct stat st;
	uint64_t blocks;
	long rc = sys_lstat(p->t, path, &st);

	if (rc < 0) {
		complain_of(p, rc, is_gnu(p) ? "cannot access '%s'" : "%s", path);
		return 0;
	}
	blocks = (uint64_t)st.st_blocks;
	if (S_ISDIR(st.st_mode) && depth < 200 && (rc = read_names(p, path, &names)) < 0)
		complain_of(p, rc, is_gnu(p) ? "cannot read directory '%s'" : "can't open '%s'", path);
	for (size_t i = 0; i < names.n; i++)
		blocks += du_tree(p, d, path_join(p->a, path, names.v[i]), depth + 1);
	if (!depth || (!d->summary && (d->all || S_ISDIR(st.st_mode))))
		du_line(p, d, blocks, path);
	return blocks;
}

int tool_du(struct prog *p)
{
	struct opts o;
	struct du d;

	parse_options(p, "ashkmxc", NULL, &o);
	d = (struct du){ .human = o.has['h'], .all = o.has['a'], .summary = o.has['s'] };
	for (int i = 0; i < o.n; i++)
		du_tree(p, &d, o.rest[i], 0);
	if (!o.n)
		du_tree(p, &d, ".", 0);
	return p->status;
}

int tool_sync(struct prog *p) { return 0; }
