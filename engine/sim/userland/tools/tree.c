/* tree.c - what makes, copies, moves and removes files: cp mv rm ln mkdir rmdir touch. */
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

static int walk_at(struct walk *w, const char *path, int depth);

static int walk_inside(struct walk *w, const char *path, int depth)
{
	struct list names = { .a = w->p->a };
	long rc = read_names(w->p, path, &names);
	int bad = 0;

	if (rc < 0)
		return w->unreadable ? w->unreadable(w, path, rc) : complain_of(w->p, rc, "%s", path);
	for (size_t i = 0; i < names.n; i++)
		bad |= walk_at(w, path_join(w->p->a, path, names.v[i]), depth + 1);
	return bad;
}

static int walk_at(struct walk *w, const char *path, int depth)
{
	struct stat st;
	long rc = sys_lstat(w->p->t, path, &st);
	bool inside = rc == 0 && S_ISDIR(st.st_mode) && (w->deepest < 0 || depth < w->deepest) &&
		      depth < 200;
	int bad = 0;

	if (rc < 0)
		return w->unreadable ? w->unreadable(w, path, rc) : complain_of(w->p, rc, "%s", path);
	if (inside && w->contents_first)
		bad |= walk_inside(w, path, depth);
	bad |= w->visit(w, path, &st, depth);
	if (inside && !w->contents_first && !(bad & WALK_NOT_INSIDE))
		bad |= walk_inside(w, path, depth);
	return bad & ~WALK_NOT_INSIDE;
}

int walk_tree(struct walk *w, const char *path)
{
	return walk_at(w, path, 0);
}

/* ---- rm, rmdir ---- */

static int rm_failed(struct prog *p, const char *path, long rc)
{
	return complain_of(p, rc, is_gnu(p) ? "cannot remove '%s'" : "can't remove '%s'", path);
}

static int rm_visit(struct walk *w, const char *path, const struct stat *st, int depth)
{
	long rc = S_ISDIR(st->st_mode) ? sys_rmdir(w->p->t, path) : sys_unlink(w->p->t, path);

	return rc < 0 ? rm_failed(w->p, path, rc) : 0;
}

static int rm_unreadable(struct walk *w, const char *path, long rc)
{
	return rm_failed(w->p, path, rc);
}

int tool_rm(struct prog *p)
{
	static const struct long_option longs[] = { { "recursive", 'r' }, { "force", 'f' }, { NULL } };
	struct walk w = {.p = p,
			 .contents_first = true,
			 .deepest = -1,
			 .visit = rm_visit,
			 .unreadable = rm_unreadable};
	struct opts o;

	parse_options(p, "rRfidv", longs, &o);
	if (!o.n && !o.has['f'])
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		char *base = path_base(p->a, o.rest[i]);
		struct stat st;
		long rc = sys_lstat(p->t, o.rest[i], &st);

		if (!strcmp(base, ".") || !strcmp(base, "..") || !strcmp(base, "/"))
			complain(p, is_gnu(p) ? "refusing to remove '.' or '..' directory: skipping '%s'" :
				 "can't remove '.' or '..'", o.rest[i]);
		else if (rc == -ENOENT && o.has['f'])
			continue;
		else if (rc < 0 && rc != -ENOENT && !is_gnu(p))
			complain_of(p, rc, "can't stat '%s'", o.rest[i]);
		else if (rc < 0)
			rm_failed(p, o.rest[i], rc);
		else if (S_ISDIR(st.st_mode) && !o.has['r'] && !o.has['R'])
			complain(p,
				 is_gnu(p) ? "cannot remove '%s': Is a directory"
					   : "'%s' is a directory",
				 o.rest[i]);
		else
			walk_tree(&w, o.rest[i]);
	}
	return p->status;
}

int tool_rmdir(struct prog *p)
{
	struct opts o;

	parse_options(p, "p", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	for (int i = 0; i < o.n; i++) {
		char *path = o.rest[i];
		long rc;

		while ((rc = sys_rmdir(p->t, path)) == 0 && o.has['p'] && strchr(path, '/'))
			path = path_dir(p->a, path);
		if (rc < 0)
			complain_of(p, rc, is_gnu(p) ? "failed to remove '%s'" : "'%s'", path);
	}
	return p->status;
}

/* ---- mkdir, touch ---- */

static int mkdir_failed(struct prog *p, const char *path, long rc)
{
	return complain_of(
		p, rc, is_gnu(p) ? "cannot create directory '%s'" : "can't create directory '%s'",
		path);
}

/* Each directory on the way that isn't there yet. */
static long mkdir_parents(struct prog *p, const char *path, long mode)
{
	char *all = arena_dup(p->a, path);
	struct stat st;

	for (char *s = all + 1; *s; s++)
		if (*s == '/' && s[1] && s[-1] != '/') {
			*s = 0;
			if (sys_stat(p->t, all, &st) < 0) {
				long rc = sys_mkdir(p->t, all, 0777);

				if (rc < 0 && rc != -EEXIST)
					return mkdir_failed(p, all, rc), 1;
			}
			*s = '/';
		}
	if (sys_stat(p->t, path, &st) == 0 && S_ISDIR(st.st_mode))
		return 1;
	return sys_mkdir(p->t, path, mode >= 0 ? (mode_t)mode : 0777);
}

int tool_mkdir(struct prog *p)
{
	static const struct long_option longs[] = { { "parents", 'p' }, { "mode", 'm' }, { NULL } };
	struct opts o;
	long mode = -1;

	parse_options(p, "pm:v", longs, &o);
	if (!o.n)
		missing_operand(p, NULL);
	if (o.arg['m'] && (mode = mode_change(o.arg['m'], 0777, 0)) < 0)
		return complain(p, "invalid mode '%s'", o.arg['m']);
	for (int i = 0; i < o.n; i++) {
		long rc = o.has['p'] ? mkdir_parents(p, o.rest[i], mode)
				     : sys_mkdir(p->t, o.rest[i], mode >= 0 ? (mode_t)mode : 0777);

		if (rc < 0)
			mkdir_failed(p, o.rest[i], rc);
		else if (rc == 0 && mode >= 0)
			sys_chmod(p->t, o.rest[i], (mode_t)mode);
	}
	return p->status;
}

int tool_touch(struct prog *p)
{
	struct opts o;
	struct timespec ts[2];

	parse_options(p, "acmd:r:t:h", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	ts[0].tv_nsec = ts[1].tv_nsec = UTIME_NOW;
	ts[0].tv_sec = ts[1].tv_sec = 0;
	if (o.arg['d'] && o.arg['d'][0] == '@') {
		ts[0].tv_sec = ts[1].tv_sec = strtoll(o.arg['d'] + 1, NULL, 10);
		ts[0].tv_nsec = ts[1].tv_nsec = 0;
	}
	for (int i = 0; i < o.n; i++) {
		long rc = sys_utimens(p->t, o.rest[i], ts, 0);

		if (rc == -ENOENT && o.has['c'])
			continue;
		if (rc == -ENOENT) {
			rc = sys_open(p->t, o.rest[i], O_WRONLY | O_CREAT, 0666);
			if (rc >= 0)
				sys_close(p->t, (int)rc);
			if (rc >= 0 && o.arg['d'])
				sys_utimens(p->t, o.rest[i], ts, 0);
		}
		if (rc < 0)
			complain_of(p, rc, is_gnu(p) ? "cannot touch '%s'" : "%s", o.rest[i]);
	}
	return p->status;
}

/* ---- ln ---- */

/* In a directory the new name is the old one's last part. */
static char *destination(struct prog *p, const char *from, const char *to, bool follow)
{
	struct stat st;
	long rc = follow ? sys_stat(p->t, to, &st) : sys_lstat(p->t, to, &st);

	return (rc == 0 && S_ISDIR(st.st_mode)) || to[strlen(to) - 1] == '/'
		       ? path_join(p->a, to, path_base(p->a, from))
		       : arena_dup(p->a, to);
}

int tool_ln(struct prog *p)
{
	struct opts o;

	parse_options(p, "sfnTvr", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	for (int i = 0; i < (o.n > 1 ? o.n - 1 : 1); i++) {
		char *from = o.rest[i], *to = o.n > 1 ? o.rest[o.n - 1] : path_base(p->a, from);
		struct stat st;
		long rc;

		if (!o.has['T'])
			to = destination(p, from, to, !o.has['n']);
		if (o.has['f'])
			sys_unlink(p->t, to);
		rc = o.has['s'] ? sys_symlink(p->t, from, to) : sys_link(p->t, from, to);
		if (rc < 0 && is_gnu(p) && !o.has['s'] && sys_lstat(p->t, from, &st) < 0)
			complain_of(p, rc, "failed to access '%s'", from);
		else if (rc < 0 && is_gnu(p))
			complain_of(p, rc, "failed to create %s link '%s'%s%s%s",
				    o.has['s'] ? "symbolic" : "hard", to, o.has['s'] ? "" : " => '",
				    o.has['s'] ? "" : from, o.has['s'] ? "" : "'");
		else if (rc < 0)
			complain_of(p, rc, "%s", !o.has['s'] && sys_lstat(p->t, from, &st) < 0 ? from : to);
	}
	return p->status;
}

/* ---- cp and mv ---- */

struct copying { struct prog *p; bool recursive, keep, no_follow, force; ino_t made; };

static int copy_failed(struct prog *p, long rc, const char *what, const char *path)
{
	return complain_of(p, rc, is_gnu(p) ? "cannot %s '%s'" : "can't %s '%s'", what, path);
}

static int copy_bytes(struct copying *c, int from, int to, const char *path)
{
	char *buf = arena_alloc(c->p->a, 4096);
	long n, rc = 0;

	while (rc == 0 && (n = sys_read(c->p->t, from, buf, 4096)) > 0)
		rc = put_all(c->p->t, to, buf, (size_t)n);
	return rc < 0 ? complain_of(c->p, rc, is_gnu(c->p) ? "error writing '%s'" : "write error",
				    path)
		      : 0;
}

static void copy_attributes(struct copying *c, const char *to, const struct stat *st)
{
	struct timespec ts[2] = { st->st_atim, st->st_mtim };

	if (!c->keep)
		return;
	sys_chown(c->p->t, to, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
	if (!S_ISLNK(st->st_mode))
		sys_chmod(c->p->t, to, st->st_mode & 07777);
	sys_utimens(c->p->t, to, ts, AT_SYMLINK_NOFOLLOW);
}

static int copy_file(struct copying *c, const char *from, const char *to, const struct stat *st)
{
	long in = sys_open(c->p->t, from, O_RDONLY, 0), dest;
	int bad;

	if (in < 0)
		return is_gnu(c->p) ? complain_of(c->p, in, "cannot open '%s' for reading", from) :
			copy_failed(c->p, in, "open", from);
	dest = sys_open(c->p->t, to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
	if (dest < 0 && c->force && sys_unlink(c->p->t, to) == 0)
		dest = sys_open(c->p->t, to, O_WRONLY | O_CREAT | O_TRUNC, st->st_mode & 0777);
	if (dest < 0) {
		sys_close(c->p->t, (int)in);
		return is_gnu(c->p) ? complain_of(c->p, dest, "cannot create regular file '%s'", to) :
			copy_failed(c->p, dest, "create", to);
	}
	bad = copy_bytes(c, (int)in, (int)dest, to);
	sys_close(c->p->t, (int)in);
	sys_close(c->p->t, (int)dest);
	return bad;
}

static int copy_any(struct copying *c, const char *from, const char *to, int depth);

static int copy_directory(struct copying *c, const char *from, const char *to,
			  const struct stat *st, int depth)
{
	struct list names = { .a = c->p->a };
	struct stat there;
	long rc;
	int bad = 0;

	if (sys_stat(c->p->t, to, &there) < 0) {
		rc = sys_mkdir(c->p->t, to, (st->st_mode & 07777) | 0700);
		if (rc < 0)
			return copy_failed(c->p, rc, "create directory", to);
	} else if (!S_ISDIR(there.st_mode)) {
		return complain(c->p,
				is_gnu(c->p)
					? "cannot overwrite non-directory '%s' with directory '%s'"
					: "target '%s' is not a directory",
				to, from);
	}
	if (!depth && sys_stat(c->p->t, to, &there) == 0)
		c->made = there.st_ino;
	rc = read_names(c->p, from, &names);
	if (rc < 0)
		return copy_failed(c->p, rc, "open", from);
	for (size_t i = 0; i < names.n && depth < 200; i++)
		bad |= copy_any(c, path_join(c->p->a, from, names.v[i]),
				path_join(c->p->a, to, names.v[i]), depth + 1);
	return bad;
}

static int copy_link(struct copying *c, const char *from, const char *to)
{
	char *target = read_link(c->p, from);
	long rc;

	sys_unlink(c->p->t, to);
	rc = sys_symlink(c->p->t, target ? target : "", to);
	return rc < 0 ? copy_failed(c->p, rc, "create symlink", to) : 0;
}

static int copy_any(struct copying *c, const char *from, const char *to, int depth)
{
	bool follow = !c->no_follow && !(c->recursive && depth);
	struct stat st, there;
	long rc = follow ? sys_stat(c->p->t, from, &st) : sys_lstat(c->p->t, from, &st);
	int bad;

	if (rc < 0)
		return copy_failed(c->p, rc, "stat", from);
	rc = sys_lstat(c->p->t, to, &there);
	if (rc < 0 && rc != -ENOENT && !is_gnu(c->p))
		return copy_failed(c->p, rc, "stat", to);
	if (sys_stat(c->p->t, to, &there) == 0 && there.st_ino == st.st_ino && there.st_dev == st.st_dev)
		return complain(c->p, "'%s' and '%s' are the same file", from, to);
	if (S_ISDIR(st.st_mode) && depth && st.st_ino == c->made)
		return complain(c->p, "recursion detected, omitting directory '%s'", from);
	if (S_ISDIR(st.st_mode) && !c->recursive)
		return complain(c->p, is_gnu(c->p) ? "-r not specified; omitting directory '%s'" :
				"omitting directory '%s'", from);
	if (S_ISDIR(st.st_mode))
		bad = copy_directory(c, from, to, &st, depth);
	else if (S_ISLNK(st.st_mode))
		bad = copy_link(c, from, to);
	else if (S_ISREG(st.st_mode) || !c->recursive)
		bad = copy_file(c, from, to, &st);
	else
		bad = (rc = sys_mknod(c->p->t, to, st.st_mode, st.st_rdev)) < 0
			      ? copy_failed(c->p, rc, "create", to)
			      : 0;
	if (!bad)
		copy_attributes(c, to, &st);
	return bad;
}

/* Both want: FROM... TO, and TO a directory where there are several. */
static char *last_operand(struct prog *p, struct opts *o)
{
	struct stat st;
	char *to;

	if (o->n < 2)
		missing_operand(p, o->n ? o->rest[0] : NULL);
	to = o->rest[--o->n];
	if (o->n > 1 && (sys_stat(p->t, to, &st) < 0 || !S_ISDIR(st.st_mode))) {
		if (is_gnu(p))
			die(p, 1, "target '%s' is not a directory", to);
		to = arena_printf(p->a, "%s/", to);
	}
	return to;
}

/* Where a copy goes.  busybox takes the last word for a folder in all but two cases. */
static char *copy_destination(struct copying *c, const char *from, char *to, int count)
{
	struct stat s, d;
	bool source_dir = sys_stat(c->p->t, from, &s) == 0 && S_ISDIR(s.st_mode);
	long rc = sys_stat(c->p->t, to, &d);
	bool dir = rc == 0 && S_ISDIR(d.st_mode);

	if (is_gnu(c->p))
		return destination(c->p, from, to, true);
	if (count == 1 && rc < 0 && rc != -ENOENT) {
		copy_failed(c->p, rc, "stat", to);
		return NULL;
	}
	if (count == 1 && ((!source_dir && !dir) || (c->recursive && source_dir && rc == -ENOENT)))
		return to;
	return path_join(c->p->a, to, path_base(c->p->a, from));
}

int tool_cp(struct prog *p)
{
	static const struct long_option longs[] = {
		{"recursive", 'r'}, {"archive", 'a'}, {"force", 'f'}, {NULL}};
	struct opts o;
	struct copying c = { .p = p };
	char *to;

	parse_options(p, "arRpdPfHLTvi", longs, &o);
	c.recursive = o.has['r'] || o.has['R'] || o.has['a'];
	c.keep = o.has['p'] || o.has['a'];
	c.no_follow = o.has['d'] || o.has['P'] || o.has['a'];
	c.force = o.has['f'];
	to = last_operand(p, &o);
	for (int i = 0; i < o.n; i++) {
		char *dest = o.has['T'] ? to : copy_destination(&c, o.rest[i], to, o.n);

		if (dest)
			copy_any(&c, o.rest[i], dest, 0);
	}
	return p->status;
}

/* Over the border of a file system: copied, then removed. */
static int move_across(struct prog *p, const char *from, const char *to)
{
	struct copying c = { .p = p, .recursive = true, .keep = true, .no_follow = true };
	struct walk w = { .p = p, .contents_first = true, .deepest = -1, .visit = rm_visit };

	if (copy_any(&c, from, to, 0))
		return 1;
	return walk_tree(&w, from);
}

int tool_mv(struct prog *p)
{
	struct opts o;
	char *to;

	parse_options(p, "finTv", NULL, &o);
	to = last_operand(p, &o);
	for (int i = 0; i < o.n; i++) {
		char *dest = o.has['T'] ? to : destination(p, o.rest[i], to, true);
		struct stat st;
		long rc;

		if (o.has['n'] && sys_lstat(p->t, dest, &st) == 0)
			continue;
		rc = sys_lstat(p->t, dest, &st);
		if (rc < 0 && rc != -ENOENT && !is_gnu(p)) {
			complain_of(p, rc, "can't stat '%s'", dest);
			continue;
		}
		rc = sys_rename(p->t, o.rest[i], dest);
		if (rc == -EXDEV)
			move_across(p, o.rest[i], dest);
		else if (rc == -ENOENT && is_gnu(p))
			complain_of(p, rc, "cannot stat '%s'", o.rest[i]);
		else if (rc < 0)
			complain_of(p, rc,
				    is_gnu(p) ? "cannot move '%s' to '%s'" : "can't rename '%s'",
				    o.rest[i], dest);
	}
	return p->status;
}
