/* rights.c - chmod, chown, chgrp; stat, readlink and realpath, which show what they did. */
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

/* ---- chmod ---- */

struct chmod { const char *mode; mode_t umask; };

static int chmod_visit(struct walk *w, const char *path, const struct stat *st, int depth)
{
	struct chmod *c = w->arg;
	struct stat target = *st;
	long mode, rc;

	if (S_ISLNK(st->st_mode)) {
		if (depth)
			return 0;
		rc = sys_stat(w->p->t, path, &target);
		if (rc < 0)
			return complain_of(w->p, rc,
					   is_gnu(w->p) ? "cannot operate on dangling symlink '%s'"
							: "%s",
					   path);
	}
	mode = mode_change(c->mode, target.st_mode, c->umask);
	if (mode < 0)
		die(w->p, 1, "invalid mode '%s'", c->mode);
	rc = sys_chmod(w->p->t, path, (mode_t)mode);
	return rc < 0 ? complain_of(w->p, rc, is_gnu(w->p) ? "changing permissions of '%s'" : "%s",
				    path)
		      : 0;
}

static int no_access(struct walk *w, const char *path, long rc)
{
	return complain_of(w->p, rc, is_gnu(w->p) ? "cannot access '%s'" : "%s", path);
}

/* "-x" is a mode and no option. */
static void guard_mode(struct prog *p)
{
	for (int i = 1; i < p->argc; i++)
		if (p->argv[i][0] == '-' && p->argv[i][1] && strchr("rwxst", p->argv[i][1])) {
			p->argv[i] = arena_printf(p->a, "a%s", p->argv[i]);
			return;
		}
}

int tool_chmod(struct prog *p)
{
	struct opts o;
	struct chmod c = { .umask = sys_umask(p->t, 0) };
	struct walk w = { .p = p, .arg = &c, .visit = chmod_visit, .unreadable = no_access };

	sys_umask(p->t, c.umask);
	guard_mode(p);
	parse_options(p, "Rvcf", NULL, &o);
	if (o.n < 2)
		missing_operand(p, NULL);
	c.mode = o.rest[0];
	if (is_gnu(p) && mode_change(c.mode, 0, 0) < 0)
		return complain(p, "invalid mode: '%s'", c.mode);
	w.deepest = o.has['R'] ? -1 : 0;
	for (int i = 1; i < o.n; i++)
		walk_tree(&w, o.rest[i]);
	return p->status;
}

/* ---- chown ---- */

struct chown { long uid, gid; bool link; };

static int chown_visit(struct walk *w, const char *path, const struct stat *st, int depth)
{
	struct chown *c = w->arg;
	bool link = c->link || (depth && S_ISLNK(st->st_mode));
	long rc = sys_chown(w->p->t, path, (uid_t)c->uid, (gid_t)c->gid, link ? AT_SYMLINK_NOFOLLOW : 0);

	return rc < 0 ? complain_of(w->p, rc, is_gnu(w->p) ? "changing ownership of '%s'" : "%s", path) : 0;
}

static long id_of(struct prog *p, const char *s, bool group, const char *whole)
{
	long id = group ? group_id(p, s) : user_id(p, s, NULL, NULL);

	if (id < 0 && *s && !s[strspn(s, "0123456789")])
		return strtol(s, NULL, 10);
	if (id < 0 && whole && !is_gnu(p))
		die(p, 1, "unknown user/group %s", whole);
	if (id < 0)
		die(p, 1, is_gnu(p) ? "invalid %s: '%s'" : "unknown %s %s", group ? "group" : "user", s);
	return id;
}

static int change_owner(struct prog *p, bool group_only)
{
	struct opts o;
	struct chown c = { .uid = -1, .gid = -1 };
	struct walk w = { .p = p, .arg = &c, .visit = chown_visit, .unreadable = no_access };
	char *colon, *user;

	parse_options(p, "RhvcfLHP", NULL, &o);
	if (o.n < 2)
		missing_operand(p, NULL);
	user = arena_dup(p->a, o.rest[0]);
	colon = group_only ? user : strpbrk(user, ":");
	if (group_only)
		c.gid = id_of(p, user, true, NULL);
	else if (colon) {
		*colon = 0;
		if (colon[1])
			c.gid = id_of(p, colon + 1, true, o.rest[0]);
	}
	if (!group_only && *user)
		c.uid = id_of(p, user, false, colon ? o.rest[0] : NULL);
	c.link = o.has['h'];
	w.deepest = o.has['R'] ? -1 : 0;
	for (int i = 1; i < o.n; i++)
		walk_tree(&w, o.rest[i]);
	return p->status;
}

int tool_chown(struct prog *p) { return change_owner(p, false); }
int tool_chgrp(struct prog *p) { return change_owner(p, true); }

/* ---- stat ---- */

static const char *type_name(const struct stat *st)
{
	static const struct { mode_t type; const char *name; } types[] = {
		{S_IFDIR, "directory"},
		{S_IFLNK, "symbolic link"},
		{S_IFCHR, "character special file"},
		{S_IFBLK, "block special file"},
		{S_IFIFO, "fifo"},
		{S_IFSOCK, "socket"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((st->st_mode & S_IFMT) == types[i].type)
			return types[i].name;
	return st->st_size ? "regular file" : "regular empty file";
}

static char *full_time(struct prog *p, const struct timespec *ts)
{
	return arena_printf(p->a, "%s.%09ld +0000",
			    time_text(p->a, "%Y-%m-%d %H:%M:%S", ts->tv_sec), ts->tv_nsec);
}

static const char *name_or(const char *name) { return name ? name : "UNKNOWN"; }

static char *quoted_name(struct prog *p, const char *path, const struct stat *st)
{
	char *target = S_ISLNK(st->st_mode) ? read_link(p, path) : NULL;

	return target ? arena_printf(p->a, "'%s' -> '%s'", path, target) : arena_printf(p->a, "'%s'", path);
}

/* What one letter of stat -c stands for; NULL: nothing. */
static char *stat_field(struct prog *p, char c, const char *path, const struct stat *st)
{
	const struct { char c; unsigned long long n; } numbers[] = {
		{'s', (unsigned long long)st->st_size},
		{'h', st->st_nlink},
		{'i', st->st_ino},
		{'u', st->st_uid},
		{'g', st->st_gid},
		{'b', (unsigned long long)st->st_blocks},
		{'B', 512},
		{'o', 4096},
		{'d', st->st_dev},
		{'X', (unsigned long long)st->st_atime},
		{'Y', (unsigned long long)st->st_mtime},
		{'Z', (unsigned long long)st->st_ctime},
	};
	char mode[11];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].c == c)
			return arena_printf(p->a, "%llu", numbers[i].n);
	switch (c) {
	case 'n': return arena_dup(p->a, path);
	case 'N': return quoted_name(p, path, st);
	case 'a': return arena_printf(p->a, "%o", (unsigned)st->st_mode & 07777);
	case 'f': return arena_printf(p->a, "%x", (unsigned)st->st_mode);
	case 'A': mode_text(st->st_mode, mode); return arena_dup(p->a, mode);
	case 'F': return arena_dup(p->a, type_name(st));
	case 'U': return arena_dup(p->a, name_or(user_name(p, st->st_uid)));
	case 'G': return arena_dup(p->a, name_or(group_name(p, st->st_gid)));
	case 'x': return full_time(p, &st->st_atim);
	case 'y': return full_time(p, &st->st_mtim);
	case 'z': return full_time(p, &st->st_ctim);
	case '%': return arena_dup(p->a, "%");
	default: return NULL;
	}
}

static void stat_format(struct prog *p, const char *format, const char *path, const struct stat *st)
{
	for (; *format; format++) {
		char *field = *format == '%' && format[1] ? stat_field(p, format[1], path, st) : NULL;

		if (field) {
			out(p, field);
			format++;
		} else {
			outn(p, format, 1);
		}
	}
}

static void stat_whole(struct prog *p, const char *path, const struct stat *st)
{
	char *target = S_ISLNK(st->st_mode) ? read_link(p, path) : NULL;

	outf(p, target ? "  File: %s -> %s\n" : "  File: %s\n", path, target);
	outf(p, "  Size: %-10lld\tBlocks: %-10lld IO Block: 4096   %s\n", (long long)st->st_size,
	     (long long)st->st_blocks, type_name(st));
	outf(p,
	     is_gnu(p) ? "Device: %u,%u\tInode: %-10llu  Links: %u\n"
		       : "Device: %xh/%ud\tInode: %-10llu  Links: %u\n",
	     is_gnu(p) ? (unsigned)(st->st_dev >> 8) : (unsigned)st->st_dev,
	     is_gnu(p) ? (unsigned)st->st_dev & 0xff : (unsigned)st->st_dev,
	     (unsigned long long)st->st_ino, (unsigned)st->st_nlink);
	stat_format(p, "Access: (0", path, st);
	outf(p, "%03o/%s)  Uid: (%5u/%8s)   Gid: (%5u/%8s)\n", (unsigned)st->st_mode & 07777,
	     stat_field(p, 'A', path, st), (unsigned)st->st_uid, name_or(user_name(p, st->st_uid)),
	     (unsigned)st->st_gid, name_or(group_name(p, st->st_gid)));
	stat_format(p, is_gnu(p) ? "Access: %x\nModify: %y\nChange: %z\n Birth: -\n" :
		    "Access: %x\nModify: %y\nChange: %z\n", path, st);
}

int tool_stat(struct prog *p)
{
	static const struct long_option longs[] = { { "format", 'c' }, { "dereference", 'L' }, { NULL } };
	struct opts o;

	parse_options(p, "c:Lft", longs, &o);
	if (!o.n)
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		struct stat st;
		long rc = o.has['L'] ? sys_stat(p->t, o.rest[i], &st) : sys_lstat(p->t, o.rest[i], &st);

		if (rc < 0) {
			complain_of(p, rc, is_gnu(p) ? "cannot statx '%s'" : "can't stat '%s'", o.rest[i]);
		} else if (o.arg['c']) {
			stat_format(p, o.arg['c'], o.rest[i], &st);
			out(p, "\n");
		} else {
			stat_whole(p, o.rest[i], &st);
		}
	}
	return p->status;
}

/* ---- readlink, realpath ---- */

/* The path without links and dots; `missing_last`: its last part need not exist. */
static char *canonical(struct prog *p, const char *path, bool missing_last, long *rc)
{
	struct text done = { .a = p->a };
	char *rest = arena_dup(p->a, path), *cwd = arena_alloc(p->a, 4096);
	int links = 0;

	if (*path != '/' && sys_getcwd(p->t, cwd, 4096) > 0)
		rest = path_join(p->a, cwd, path);
	*rc = *path ? 0 : -ENOENT;
	while (*rc == 0 && *rest) {
		size_t n = strcspn(rest, "/"), before = done.n;
		char *target;
		struct stat st;

		if (n == 2 && !strncmp(rest, "..", 2)) {
			while (done.n && done.s[--done.n] != '/')
				;
		} else if (n && !(n == 1 && *rest == '.')) {
			text_addf(&done, "/%.*s", (int)n, rest);
			target = read_link(p, text_str(&done));
			*rc = target ? 0 : sys_lstat(p->t, done.s, &st);
			if (*rc == -ENOENT && missing_last && !rest[n + strspn(rest + n, "/")])
				*rc = 0;
			if (target && ++links > 40)
				*rc = -ELOOP;
			if (target) {
				done.n = *target == '/' ? 0 : before;
				rest = arena_printf(p->a, "%s%s", target, rest + n);
				continue;
			}
		}
		rest += n + strspn(rest + n, "/");
		done.s = text_str(&done);
		done.s[done.n] = 0;
	}
	return done.n ? done.s : arena_dup(p->a, "/");
}

int tool_readlink(struct prog *p)
{
	struct opts o;

	parse_options(p, "fnvem", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		long rc = 0;
		char *s = o.has['f'] || o.has['e'] ? canonical(p, o.rest[i], o.has['f'], &rc)
						   : read_link(p, o.rest[i]);

		if (!s || rc < 0)
			p->status = 1;
		else
			outf(p, o.has['n'] ? "%s" : "%s\n", s);
	}
	return p->status;
}

int tool_realpath(struct prog *p)
{
	struct opts o;

	parse_options(p, "ems", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		long rc;
		char *s = canonical(p, o.rest[i], is_gnu(p) || strchr(o.rest[i], '/'), &rc);

		if (rc < 0)
			complain_of(p, rc, "%s", o.rest[i]);
		else
			outf(p, "%s\n", s);
	}
	return p->status;
}
