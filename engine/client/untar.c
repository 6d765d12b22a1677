/* untar.c - a tar becomes files, as its bytes arrive: for `docker cp` out of a container.
 *
 * A container's owner may not be the one who copies: so every folder on the way to a
 * name is opened without following a link, and the name itself is made anew.
 * Folders get their modes and times at the end, since filling them needs and changes
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "client/ustar.h"
#include "core/cleanup.h"
#include "core/file.h"

#define PAX_MAX (1 << 20)	/* bytes: a header holds a few names */
#define DIR_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct made_dir { char *path; mode_t mode; time_t mtime; };

struct untar {
	int root, fd;			/* fd: the file whose bytes come, -1: they are dropped */
	const char *from, *to;
	bool owners, over;
	char head[USTAR_BLOCK];
	size_t have;			/* of head */
	struct str pax;			/* a pax header's or a long name's text */
	char pax_type;			/* whose bytes come: 'x', 'L', 'K', or 0 */
	int64_t left;			/* of the entry's bytes */
	size_t pad;
	char *name, *link;		/* from such a header, for the next entry */
	int64_t size;			/* the same; -1: none */
	struct made_dir *dirs;
	size_t n_dirs;
	struct err err;
};

struct item {
	char *path, *link;
	char type;
	mode_t mode;
	int64_t size, mtime;
	uid_t uid;
	gid_t gid;
	dev_t dev;
};

int untar_begin(const char *folder, const char *from, const char *to, bool owners,
		struct untar **out, struct err *e)
{
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, errno, "open %s", folder);
	struct untar *u = mem_alloc(sizeof(*u));
	*u = (struct untar){ .root = root, .fd = -1, .from = from, .to = to, .owners = owners,
			     .size = -1 };
	*out = u;
	return 0;
}

/* ---- reading headers ------------------------------------------------------------- */

/* Octal, or with the top bit set a big number of 256s (GNU). */
static int64_t number(const char *field, size_t n)
{
	int64_t v = 0;
	bool binary = field[0] & 0x80;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)field[i];
		if (binary)
			v = v << 8 | (i ? c : c & 0x7f);
		else if (c >= '0' && c <= '7')
			v = v << 3 | (c - '0');
	}
	return v;
}

static bool checksum_ok(const struct ustar *h)
{
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof(*h); i++) {
		bool own = i >= offsetof(struct ustar, chksum) &&
			   i < offsetof(struct ustar, chksum) + sizeof(h->chksum);
		sum += own ? ' ' : ((const unsigned char *)h)[i];
	}
	return number(h->chksum, sizeof(h->chksum)) == sum;
}

static char *field(const char *text, size_t n) { return strndup(text, n); }

static char *whole_name(const struct ustar *h)
{
	autofree char *name = field(h->name, sizeof(h->name));
	if (memcmp(h->magic, "ustar", 6) != 0 || !h->prefix[0])
		return steal_ptr(name);
	autofree char *prefix = field(h->prefix, sizeof(h->prefix));
	return str_printf("%s/%s", prefix, name);
}

/* "27 path=…\n" again and again. */
static void read_records(struct untar *u)
{
	char *p = u->pax.s, *end = p + u->pax.len, *key;
	while (p < end) {
		long n = strtol(p, &key, 10);
		if (n < 5 || n > end - p || *key != ' ')
			return;
		char *eq = memchr(key, '=', (size_t)(p + n - key));
		if (!eq)
			return;
		autofree char *value = strndup(eq + 1, (size_t)(p + n - eq - 2));
		if (!strncmp(key, " path=", 6)) {
			free(u->name);
			u->name = steal_ptr(value);
		} else if (!strncmp(key, " linkpath=", 10)) {
			free(u->link);
			u->link = steal_ptr(value);
		} else if (!strncmp(key, " size=", 6)) {
			u->size = strtoll(value, NULL, 10);
		}
		p += n;
	}
}

static void end_of_extra(struct untar *u)
{
	char **where = u->pax_type == 'L' ? &u->name : &u->link;
	str_add(&u->pax, "");
	if (u->pax_type == 'x') {
		read_records(u);
	} else {
		free(*where);
		*where = str_dup(u->pax.s);
	}
	u->pax_type = 0;
	str_clear(&u->pax);
}

/* ---- where it goes --------------------------------------------------------------- */

static bool nameless(const char *base) { return str_eq(base, ".") || str_eq(base, "/"); }

/* The archive's name as a path in the folder: the first part replaced; NULL with an
 * error for one that leads out. */
static char *place(struct untar *u, const char *name)
{
	autofree char *copy = str_dup(name);
	struct str path = { 0 };
	char *save;
	bool first = !nameless(u->from);
	str_add(&path, nameless(u->to) ? "" : u->to);
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		if (str_eq(w, "..")) {
			str_free(&path);
			err_set(&u->err, EINVAL, "invalid archive: %s leads out of the directory", name);
			return NULL;
		}
		if (!str_eq(w, ".") && !first)
			str_addf(&path, "%s%s", path.len ? "/" : "", w);
		first = first && str_eq(w, ".");
	}
	return str_take(&path);
}

/* Opens the folder of path, making what is missing; *name is its last part. */
static int open_parent(struct untar *u, const char *path, const char **name)
{
	autofd int dir = fcntl(u->root, F_DUPFD_CLOEXEC, 0);
	const char *slash;
	while (dir >= 0 && (slash = strchr(path, '/'))) {
		autofree char *part = strndup(path, (size_t)(slash - path));
		int next = openat(dir, part, DIR_OPEN);
		if (next < 0 && errno == ENOENT && mkdirat(dir, part, 0755) == 0)
			next = openat(dir, part, DIR_OPEN);
		if (next < 0)
			return err_sys(&u->err, errno, "open %s", part);
		close(dir);
		dir = next;
		path = slash + 1;
	}
	*name = path;
	return dir < 0 ? err_sys(&u->err, errno, "open the directory") : steal_fd(&dir);
}

/* ---- entries --------------------------------------------------------------------- */

static void set_meta(struct untar *u, int dir, const char *name, const struct item *it)
{
	struct timespec when[2] = { { .tv_sec = it->mtime }, { .tv_sec = it->mtime } };
	if (u->owners && geteuid() == 0 &&
	    fchownat(dir, name, it->uid, it->gid, AT_SYMLINK_NOFOLLOW) == 0 && it->type == '0')
		fchmodat(dir, name, it->mode, 0);	/* a new owner takes set-uid bits away */
	utimensat(dir, name, when, AT_SYMLINK_NOFOLLOW);
}

static int make_dir(struct untar *u, int dir, const struct item *it, const char *name)
{
	struct stat st;
	if (!*it->path)
		return 0;	/* the folder itself */
	if (mkdirat(dir, name, 0700) < 0 &&
	    (errno != EEXIST || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0))
		return err_sys(&u->err, errno, "mkdir %s", it->path);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
		return err_set(&u->err, EEXIST, "cannot overwrite non-directory \"%s\" with directory",
			       it->path);
	u->dirs = mem_grow(u->dirs, (u->n_dirs + 1) * sizeof(*u->dirs));
	u->dirs[u->n_dirs++] = (struct made_dir){ str_dup(it->path), it->mode, it->mtime };
	set_meta(u, dir, name, it);
	return 0;
}

static int make_file(struct untar *u, int dir, const struct item *it, const char *name)
{
	u->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (u->fd < 0)
		return err_sys(&u->err, errno, "open %s", it->path);
	fchmod(u->fd, it->mode);
	set_meta(u, dir, name, it);
	return 0;
}

static int make_hardlink(struct untar *u, int dir, const struct item *it, const char *name)
{
	const char *first;
	autofree char *target = place(u, it->link);
	autofd int from = target ? open_parent(u, target, &first) : -1;
	if (from < 0)
		return -u->err.code;
	return linkat(from, first, dir, name, 0) < 0
	       ? err_sys(&u->err, errno, "link %s", it->path) : 0;
}

static int make_link(struct untar *u, int dir, const struct item *it, const char *name)
{
	if (symlinkat(it->link, dir, name) < 0)
		return err_sys(&u->err, errno, "symlink %s", it->path);
	set_meta(u, dir, name, it);
	return 0;
}

/* Devices are for root to make; the kernel says so to others. */
static int make_node(struct untar *u, int dir, const struct item *it, const char *name)
{
	mode_t kind = it->type == '3' ? S_IFCHR : it->type == '4' ? S_IFBLK : S_IFIFO;
	if (mknodat(dir, name, kind | 0600, kind == S_IFIFO ? 0 : it->dev) < 0)
		return err_sys(&u->err, errno, "mknod %s", it->path);
	set_meta(u, dir, name, it);
	fchmodat(dir, name, it->mode, 0);
	return 0;
}

static const struct {
	char type;
	int (*make)(struct untar *u, int dir, const struct item *it, const char *name);
} kinds[] = {
	{ '0', make_file }, { 0, make_file }, { '1', make_hardlink }, { '2', make_link },
	{ '3', make_node }, { '4', make_node }, { '5', make_dir }, { '6', make_node },
};

static int make(struct untar *u, const struct item *it)
{
	const char *name;
	autofd int dir = open_parent(u, it->path, &name);
	struct stat st;
	if (dir < 0)
		return dir;
	if (it->type != '5' && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(st.st_mode))
			return err_set(&u->err, EISDIR, "cannot overwrite directory \"%s\" with "
				       "non-directory", it->path);
		unlinkat(dir, name, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == it->type)
			return kinds[i].make(u, dir, it, name);
	return err_set(&u->err, EOPNOTSUPP, "%s is of no known kind: '%c'", it->path, it->type);
}

/* An entry's header is whole. */
static int take_header(struct untar *u)
{
	const struct ustar *h = (const struct ustar *)u->head;
	if (!h->name[0] && !h->chksum[0]) {
		u->over = true;
		return 0;
	}
	if (!checksum_ok(h))
		return err_set(&u->err, EBADMSG, "archive/tar: invalid tar header");
	u->left = number(h->size, sizeof(h->size));
	if (strchr("xLKg", h->typeflag) && h->typeflag) {
		u->pax_type = h->typeflag;
		u->pad = ustar_padding(u->left);
		return u->left > PAX_MAX ? err_set(&u->err, EFBIG, "archive/tar: a header is too long") : 0;
	}
	if (u->size >= 0)
		u->left = u->size;
	u->pad = ustar_padding(u->left);
	autofree char *name = u->name ? steal_ptr(u->name) : whole_name(h);
	autofree char *link = u->link ? steal_ptr(u->link) : field(h->linkname, sizeof(h->linkname));
	autofree char *path = place(u, name);
	u->size = -1;
	if (!path)
		return -u->err.code;
	struct item it = { path, link, h->typeflag, number(h->mode, sizeof(h->mode)) & 07777, u->left,
			   number(h->mtime, sizeof(h->mtime)),
			   (uid_t)number(h->uid, sizeof(h->uid)), (gid_t)number(h->gid, sizeof(h->gid)),
			   makedev((unsigned)number(h->devmajor, sizeof(h->devmajor)),
				   (unsigned)number(h->devminor, sizeof(h->devminor))) };
	return make(u, &it);
}

static int take_bytes(struct untar *u, const char *data, size_t n)
{
	int r = u->fd >= 0 ? write_all(u->fd, data, n) : 0;
	if (u->pax_type && u->pax_type != 'g')
		str_addn(&u->pax, data, n);
	u->left -= (int64_t)n;
	return r < 0 ? err_sys(&u->err, -r, "write") : 0;
}

static void end_of_entry(struct untar *u)
{
	if (u->pax_type && u->pax_type != 'g')
		end_of_extra(u);
	u->pax_type = 0;
	if (u->fd >= 0)
		close(steal_fd(&u->fd));
}

/* How many of the n bytes were used. */
static int step(struct untar *u, const char *data, size_t n, size_t *used)
{
	int r = 0;
	if (u->left > 0) {
		*used = (int64_t)n < u->left ? n : (size_t)u->left;
		r = take_bytes(u, data, *used);
	} else if (u->pad) {
		*used = n < u->pad ? n : u->pad;
		u->pad -= *used;
	} else {
		*used = n < USTAR_BLOCK - u->have ? n : USTAR_BLOCK - u->have;
		memcpy(u->head + u->have, data, *used);
		u->have += *used;
		if (u->have < USTAR_BLOCK)
			return 0;
		u->have = 0;
		r = take_header(u);
	}
	if (r == 0 && u->left == 0)
		end_of_entry(u);
	return r;
}

int untar_feed(void *untar, const char *data, size_t n)
{
	struct untar *u = untar;
	int r = 0;
	for (size_t used; n && !u->over && r == 0; data += used, n -= used)
		r = step(u, data, n, &used);
	return r;
}

static void finish_dirs(struct untar *u)
{
	while (u->n_dirs) {
		const char *name;
		struct made_dir *d = &u->dirs[--u->n_dirs];
		autofd int dir = open_parent(u, d->path, &name);
		struct timespec when[2] = { { .tv_sec = d->mtime }, { .tv_sec = d->mtime } };
		if (dir >= 0) {
			fchmodat(dir, name, d->mode, 0);
			utimensat(dir, name, when, AT_SYMLINK_NOFOLLOW);
		}
		free(d->path);
	}
}

void untar_lenient(struct untar *u)
{
	u->over |= !u->left && !u->have;
}

int untar_end(struct untar *u, struct err *e)
{
	if (!u->err.code && !u->over)
		err_set(&u->err, EBADMSG, "unexpected EOF");
	struct err why = u->err;
	finish_dirs(u);
	if (u->fd >= 0)
		close(u->fd);
	close(u->root);
	free(u->dirs);
	free(u->name);
	free(u->link);
	str_free(&u->pax);
	free(u);
	if (why.code)
		*e = why;
	return -why.code;
}
