/* context.c - the tar that `docker build` sends (ustar, with pax headers for what is
 * too long for it: tar(5)).
 *
 * All belongs to root in it, and times are whole seconds, as docker's own client has
 * it: the same folder then gives the same cache on every machine.
 */
#include "client/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ustar.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/pattern.h"
#include "core/str.h"

struct linked { dev_t dev; ino_t ino; const char *name; };	/* a file with several names */

struct context_pack {
	const char *folder, *dockerfile, *as;
	bool owners;
	char *text;			/* of a Dockerfile from elsewhere */
	struct patterns *ignore;	/* NULL: nothing is left out */
	char **names;			/* all that goes, folders before what is in them */
	size_t at, room, n;
	struct linked *linked;
	size_t n_linked;
	struct str ready;		/* headers and padding, not given out yet */
	size_t given;			/* of ready */
	int fd;				/* the file whose bytes come next, -1: none */
	int64_t left;			/* of them */
	size_t pad;			/* zeroes behind them */
	bool ended;
	struct err err;
};

/* ---- what goes ---------------------------------------------------------------------- */

static char *path_of(const struct context_pack *p, const char *name)
{
	return *name ? str_printf("%s/%s", p->folder, name) : str_dup(p->folder);
}

/* The name in the folder ("" for itself) as the tar has it; owned. */
static char *name_in_tar(const struct context_pack *p, const char *name)
{
	bool slash = p->as && *name && !str_eq(name, "/");
	return p->as ? str_printf("%s%s%s", p->as, slash ? "/" : "", name) : str_dup(name);
}

/* The daemon needs these two whatever .dockerignore says. */
static bool always_sent(const struct context_pack *p, const char *name)
{
	return str_eq(name, p->dockerfile) || str_eq(name, ".dockerignore");
}

static bool holds_dockerfile(const struct context_pack *p, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(p->dockerfile, folder, n) == 0 && p->dockerfile[n] == '/';
}

static void add_name(struct context_pack *p, const char *name)
{
	if (p->n + 1 >= p->room) {
		p->room = p->room * 2 + 64;
		p->names = mem_grow(p->names, p->room * sizeof(*p->names));
	}
	p->names[p->n++] = str_dup(name);
	p->names[p->n] = NULL;
}

static int walk(struct context_pack *p, const char *folder, struct err *e);

static int look_at(struct context_pack *p, const char *name, struct err *e)
{
	struct stat st;
	autofree char *path = path_of(p, name);
	if (lstat(path, &st) < 0)
		return err_sys(e, errno, "error checking context: can't stat '%s'", name);
	bool out = p->ignore && patterns_match(p->ignore, name) && !always_sent(p, name);
	if (!out && !(p->text && str_eq(name, p->dockerfile)) && !S_ISSOCK(st.st_mode))
		add_name(p, name);
	bool inside = !out || patterns_look_inside(p->ignore) || holds_dockerfile(p, name);
	return S_ISDIR(st.st_mode) && inside ? walk(p, name, e) : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk(struct context_pack *p, const char *folder, struct err *e)
{
	struct dirent **v;
	autofree char *path = path_of(p, folder);
	int n = scandir(path, &v, NULL, by_name), r = 0;
	if (n < 0)
		return err_sys(e, errno, "error checking context: no permission to read from '%s'", path);
	for (int i = 0; i < n; i++) {
		bool self = str_eq(v[i]->d_name, ".") || str_eq(v[i]->d_name, "..");
		autofree char *name = str_printf("%s%s%s", folder, *folder ? "/" : "", v[i]->d_name);
		if (r == 0 && !self)
			r = look_at(p, name, e);
		free(v[i]);
	}
	free(v);
	return r;
}

static int read_ignore(struct context_pack *p, struct err *e)
{
	autostr struct str text = { 0 };
	autofree char *path = path_of(p, ".dockerignore");
	int r = file_read(path, &text, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : patterns_read(text.s ? text.s : "", &p->ignore, e);
}

int context_begin(const struct context_options *o, struct context_pack **out, struct err *e)
{
	struct context_pack *p = mem_alloc(sizeof(*p));
	p->folder = o->folder;
	p->dockerfile = o->dockerfile;
	p->text = str_dup(o->text);
	p->fd = -1;
	p->as = o->as;
	p->owners = o->as != NULL;
	int r = o->as ? 0 : read_ignore(p, e);
	if (o->as)
		add_name(p, "");
	if (r == 0 && !o->alone)
		r = walk(p, "", e);
	if (r < 0) {
		context_end(p);
		return r;
	}
	*out = p;
	return 0;
}

void context_end(struct context_pack *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	patterns_free(p->ignore);
	for (size_t i = 0; i < p->n; i++)
		free(p->names[i]);
	free(p->names);
	free(p->linked);
	free(p->text);
	str_free(&p->ready);
	free(p);
}

/* ---- headers ---------------------------------------------------------------------------- */

static void add_zeroes(struct str *s, size_t n)
{
	static const char zero[USTAR_BLOCK];
	str_addn(s, zero, n);
}

static void add_entry(struct context_pack *p, const char *name, char type,
		      const struct stat *st, const char *link)
{
	autofree char *as = name_in_tar(p, name);
	ustar_add(&p->ready, &(struct ustar_entry){ as, link, type, st, p->owners });
}

/* ---- entries ------------------------------------------------------------------------------ */

static int open_file(struct context_pack *p, const char *path, const struct stat *st)
{
	p->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return err_sys(&p->err, errno, "open %s", path);
	p->left = st->st_size;
	p->pad = ustar_padding(st->st_size);
	return 0;
}

static int put_link(struct context_pack *p, const char *name, const char *path,
		    const struct stat *st)
{
	autofree char *target = mem_alloc(PATH_MAX);
	if (readlink(path, target, PATH_MAX - 1) < 0)
		return err_sys(&p->err, errno, "readlink %s", path);
	add_entry(p, name, '2', st, target);
	return 0;
}

/* Its first name in the archive; NULL: this is it. */
static const char *earlier_name(struct context_pack *p, const char *name, const struct stat *st)
{
	if (st->st_nlink < 2)
		return NULL;
	for (size_t i = 0; i < p->n_linked; i++)
		if (p->linked[i].ino == st->st_ino && p->linked[i].dev == st->st_dev)
			return p->linked[i].name;
	p->linked = mem_grow(p->linked, (p->n_linked + 1) * sizeof(*p->linked));
	p->linked[p->n_linked++] = (struct linked){ st->st_dev, st->st_ino, name };
	return NULL;
}

static int put_file(struct context_pack *p, const char *name, const char *path,
		    const struct stat *st)
{
	const char *first = earlier_name(p, name, st);
	if (first) {
		autofree char *as = name_in_tar(p, first);
		add_entry(p, name, '1', st, as);
		return 0;
	}
	add_entry(p, name, '0', st, "");
	return st->st_size ? open_file(p, path, st) : 0;
}

static int next_entry(struct context_pack *p)
{
	struct stat st;
	const char *name = p->names[p->at++];
	autofree char *path = path_of(p, name);
	if (lstat(path, &st) < 0)
		return err_sys(&p->err, errno, "lstat %s", path);
	autofree char *folder = str_printf("%s/", name);	/* "/" for the folder itself */
	switch (st.st_mode & S_IFMT) {
	case S_IFREG: return put_file(p, name, path, &st);
	case S_IFDIR: add_entry(p, folder, '5', &st, ""); return 0;
	case S_IFLNK: return put_link(p, name, path, &st);
	case S_IFCHR: add_entry(p, name, '3', &st, ""); return 0;
	case S_IFBLK: add_entry(p, name, '4', &st, ""); return 0;
	case S_IFSOCK:	/* docker's words, and no reason to stop for docker */
		fprintf(stderr, "Can't add file %s to tar: archive/tar: sockets not supported\n", path);
		return 0;
	default: add_entry(p, name, '6', &st, ""); return 0;
	}
}

static void put_dockerfile(struct context_pack *p)
{
	const struct stat st = { .st_mode = 0600, .st_size = (off_t)strlen(p->text) };
	add_entry(p, p->dockerfile, '0', &st, "");
	str_add(&p->ready, p->text);
	add_zeroes(&p->ready, ustar_padding(st.st_size));
	free(p->text);
	p->text = NULL;
}

static int refill(struct context_pack *p)
{
	str_clear(&p->ready);
	p->given = 0;
	if (p->at < p->n)
		return next_entry(p);
	if (p->text)
		put_dockerfile(p);
	else if (!p->ended) {
		p->ended = true;
		add_zeroes(&p->ready, USTAR_BLOCK);
		add_zeroes(&p->ready, USTAR_BLOCK);
	}
	return 0;
}

/* A file that became shorter meanwhile would shift all behind it. */
static long read_file(struct context_pack *p, char *buf, size_t cap)
{
	size_t want = (int64_t)cap < p->left ? cap : (size_t)p->left;
	ssize_t n = read(p->fd, buf, want);
	if (n <= 0)
		return err_set(&p->err, EIO, "%s changed while it was read", p->names[p->at - 1]);
	p->left -= n;
	if (p->left == 0) {
		close(steal_fd(&p->fd));
		str_clear(&p->ready);
		p->given = 0;
		add_zeroes(&p->ready, p->pad);
	}
	return n;
}

long context_read(void *pack, char *buf, size_t cap)
{
	struct context_pack *p = pack;
	long n = 0;
	while (p->given == p->ready.len && p->fd < 0) {
		bool over = p->ended;
		n = over ? 0 : refill(p);
		if (n < 0 || over)
			return n;
	}
	if (p->given < p->ready.len) {
		n = (long)(p->ready.len - p->given < cap ? p->ready.len - p->given : cap);
		memcpy(buf, p->ready.s + p->given, (size_t)n);
		p->given += (size_t)n;
	} else {
		n = read_file(p, buf, cap);
	}
	return n;
}

const struct err *context_error(const struct context_pack *p) { return &p->err; }
