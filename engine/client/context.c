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
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/pattern.h"
#include "core/str.h"

#define BLOCK 512

struct ustar {		/* tar(5) */
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag,
	     linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8],
	     prefix[155], pad[12];
};

struct context_pack {
	const char *folder, *dockerfile;
	char *text;			/* of a Dockerfile from elsewhere */
	struct patterns *ignore;	/* NULL: nothing is left out */
	char **names;			/* all that goes, folders before what is in them */
	size_t at, room, n;
	struct str ready;		/* headers and padding, not given out yet */
	size_t given;			/* of ready */
	int fd;				/* the file whose bytes come next, -1: none */
	int64_t left;			/* of them */
	size_t pad;			/* zeroes behind them */
	bool ended;
	int64_t bytes;
	struct err err;
};

/* ---- what goes ---------------------------------------------------------------------- */

static char *path_of(const struct context_pack *p, const char *name)
{
	return str_printf("%s/%s", p->folder, name);
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
	int r = read_ignore(p, e);
	if (r == 0)
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
	free(p->text);
	str_free(&p->ready);
	free(p);
}

/* ---- headers ---------------------------------------------------------------------------- */

static void add_zeroes(struct str *s, size_t n)
{
	static const char zero[BLOCK];
	str_addn(s, zero, n);
}

static size_t padding(int64_t size)
{
	return (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

static void add_header(struct str *out, const char *name, char type, const struct stat *st,
		       int64_t size, const char *link)
{
	struct ustar h = { .typeflag = type };
	unsigned sum = 0;
	memcpy(h.name, name, strnlen(name, sizeof(h.name)));	/* no NUL where it is full */
	memcpy(h.linkname, link, strnlen(link, sizeof(h.linkname)));
	snprintf(h.mode, sizeof(h.mode), "%07o", st->st_mode & 07777);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.size, sizeof(h.size), "%011llo", (long long)size);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
		 (long long)(st->st_mtime < 0 ? 0 : st->st_mtime));
	snprintf(h.devmajor, sizeof(h.devmajor), "%07o", major(st->st_rdev));
	snprintf(h.devminor, sizeof(h.devminor), "%07o", minor(st->st_rdev));
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	memset(h.chksum, ' ', sizeof(h.chksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	snprintf(h.chksum, sizeof(h.chksum), "%06o", sum);
	str_addn(out, &h, sizeof(h));
}

/* "27 path=…\n": the length counts itself. */
static void add_record(struct str *out, const char *key, const char *value)
{
	size_t n = strlen(key) + strlen(value) + 3, digits = 1;
	for (size_t all = n + 1; all >= 10; all /= 10)
		digits++;
	for (size_t all = n + digits, d = 0; ; all = n + digits) {
		d = (size_t)snprintf(NULL, 0, "%zu", all);
		if (d == digits)
			break;
		digits = d;
	}
	str_addf(out, "%zu %s=%s\n", n + digits, key, value);
}

/* What the fixed fields have no room for goes in front, in a pax header. */
static void add_entry(struct context_pack *p, const char *name, char type,
		      const struct stat *st, const char *link)
{
	autostr struct str records = { 0 };
	const struct stat plain = { .st_mode = 0644, .st_mtime = st->st_mtime };
	int64_t size = type == '0' ? (int64_t)st->st_size : 0;
	if (strlen(name) > 100)
		add_record(&records, "path", name);
	if (strlen(link) > 100)
		add_record(&records, "linkpath", link);
	if (size > 077777777777ll) {
		autofree char *text = str_printf("%lld", (long long)size);
		add_record(&records, "size", text);
	}
	if (records.len) {
		add_header(&p->ready, "PaxHeaders/entry", 'x', &plain, (int64_t)records.len, "");
		str_addn(&p->ready, records.s, records.len);
		add_zeroes(&p->ready, padding((int64_t)records.len));
	}
	add_header(&p->ready, name, type, st, size > 077777777777ll ? 0 : size, link);
}

/* ---- entries ------------------------------------------------------------------------------ */

static int open_file(struct context_pack *p, const char *path, const struct stat *st)
{
	p->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return err_sys(&p->err, errno, "open %s", path);
	p->left = st->st_size;
	p->pad = padding(st->st_size);
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

static int next_entry(struct context_pack *p)
{
	struct stat st;
	const char *name = p->names[p->at++];
	autofree char *path = path_of(p, name);
	if (lstat(path, &st) < 0)
		return err_sys(&p->err, errno, "lstat %s", path);
	autofree char *folder = str_printf("%s/", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		add_entry(p, name, '0', &st, "");
		return st.st_size ? open_file(p, path, &st) : 0;
	case S_IFDIR: add_entry(p, folder, '5', &st, ""); return 0;
	case S_IFLNK: return put_link(p, name, path, &st);
	case S_IFCHR: add_entry(p, name, '3', &st, ""); return 0;
	case S_IFBLK: add_entry(p, name, '4', &st, ""); return 0;
	default: add_entry(p, name, '6', &st, ""); return 0;
	}
}

static void put_dockerfile(struct context_pack *p)
{
	const struct stat st = { .st_mode = 0600, .st_size = (off_t)strlen(p->text) };
	add_entry(p, p->dockerfile, '0', &st, "");
	str_add(&p->ready, p->text);
	add_zeroes(&p->ready, padding(st.st_size));
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
		add_zeroes(&p->ready, BLOCK);
		add_zeroes(&p->ready, BLOCK);
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
	p->bytes += n > 0 ? n : 0;
	return n;
}

const struct err *context_error(const struct context_pack *p) { return &p->err; }
int64_t context_bytes(const struct context_pack *p) { return p->bytes; }
