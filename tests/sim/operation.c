/* operation.c - the steps that random sequences are made of. */
#include "tests/sim/operation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"

static const char *const attribute[] = {
	"user.a", "user.b", "trusted.a", "trusted.overlay.opaque", "trusted.overlay.x",
	"security.note", "user.", "bad",
};

uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned below(uint64_t *seed, unsigned n)
{
	return (unsigned)(random_next(seed) % n);
}

/* ---- the kinds ---- */

static long put(const struct side *s, const struct operation *o, int flags, int64_t at)
{
	char data[64];
	long r = s->open(0, o->path, flags, 0666 & (uint32_t)o->b);

	if (r < 0)
		return r;
	memset(data, 'a' + (int)(o->b % 26), sizeof(data));
	r = o->a ? s->write(0, data, (size_t)o->a % sizeof(data), at) : 0;
	s->close(0);
	return r;
}

static void show(struct str *out, const char *data, long n)
{
	if (n > 0)
		str_addf(out, " %.*s", (int)n, data);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static long do_create(const struct side *s, const struct operation *o, struct str *out)
{
	return put(s, o, O_WRONLY | O_CREAT | O_EXCL, -1);
}

static long do_write(const struct side *s, const struct operation *o, struct str *out)
{
	return put(s, o, O_WRONLY, o->b % 32);
}

static long do_append(const struct side *s, const struct operation *o, struct str *out)
{
	return put(s, o, O_WRONLY | O_APPEND | (o->b & 1 ? O_CREAT : 0), -1);
}

static long do_rewrite(const struct side *s, const struct operation *o, struct str *out)
{
	return put(s, o, O_RDWR | O_TRUNC | (o->b & 1 ? O_CREAT : 0) | (o->b & 2 ? O_NOFOLLOW : 0), -1);
}

static long do_truncate(const struct side *s, const struct operation *o, struct str *out)
{
	return s->truncate(o->path, o->a);
}

static long do_read(const struct side *s, const struct operation *o, struct str *out)
{
	char data[64];
	long r = s->open(0, o->path, O_RDONLY | (o->b & 2 ? O_NOFOLLOW : 0), 0);

	if (r == 0) {
		r = s->read(0, data, sizeof(data), o->a % 16);
		s->close(0);
	}
	show(out, data, r);
	return r;
}

static long do_hold(const struct side *s, const struct operation *o, struct str *out)
{
	return s->open(1 + (int)(o->a % (SIDE_FILES - 1)), o->path, o->b & 1 ? O_RDWR : O_RDONLY, 0);
}

static long do_read_held(const struct side *s, const struct operation *o, struct str *out)
{
	char data[64];
	long r = s->read(1 + (int)(o->a % (SIDE_FILES - 1)), data, sizeof(data), 0);

	show(out, data, r);
	return r;
}

static long do_write_held(const struct side *s, const struct operation *o, struct str *out)
{
	return s->write(1 + (int)(o->a % (SIDE_FILES - 1)), "held", 4, o->b % 32);
}

static long do_mkdir(const struct side *s, const struct operation *o, struct str *out)
{
	static const uint32_t mode[] = { 0755, 0755, 0777, 02775, 01777, 0700 };

	return s->mkdir(o->path, mode[o->a % 6]);
}

static long do_rmdir(const struct side *s, const struct operation *o, struct str *out)
{
	return s->remove(o->path, 1);
}

static long do_unlink(const struct side *s, const struct operation *o, struct str *out)
{
	return s->remove(o->path, 0);
}

static long do_rename(const struct side *s, const struct operation *o, struct str *out)
{
	static const unsigned flags[] = { 0, 0, 0, 0, 0, 0, 1, 2, 2, 4, 3 };

	return s->rename(o->path, o->other, flags[o->a % 11]);
}

static long do_link(const struct side *s, const struct operation *o, struct str *out)
{
	return s->link(o->path, o->other);
}

static long do_symlink(const struct side *s, const struct operation *o, struct str *out)
{
	return s->symlink(o->other, o->path);
}

static long do_readlink(const struct side *s, const struct operation *o, struct str *out)
{
	char text[64];
	long r = s->readlink(o->path, text, sizeof(text));

	show(out, text, r);
	return r;
}

static long do_chmod(const struct side *s, const struct operation *o, struct str *out)
{
	static const uint32_t mode[] = { 0644, 0600, 0755, 0777, 04755, 02755, 06777, 0, 01777 };

	return s->chmod(o->path, mode[o->a % 9]);
}

static long do_chown(const struct side *s, const struct operation *o, struct str *out)
{
	static const uint32_t id[] = { 0, 1000, 7, -1u };

	return s->chown(o->path, id[o->a % 4], id[o->b % 4]);
}

static long do_utime(const struct side *s, const struct operation *o, struct str *out)
{
	return s->utime(o->path, o->a);
}

static long do_setxattr(const struct side *s, const struct operation *o, struct str *out)
{
	return s->setxattr(o->path, o->other, "value", (size_t)o->a % 6,
			   (int)(o->b % 8 > 2 ? 0 : o->b % 8));
}

static long do_getxattr(const struct side *s, const struct operation *o, struct str *out)
{
	char value[64];
	long r = s->getxattr(o->path, o->other, value, (size_t)o->a % 4 ? sizeof(value) : 2);

	show(out, value, r);
	return r;
}

static long do_removexattr(const struct side *s, const struct operation *o, struct str *out)
{
	return s->removexattr(o->path, o->other);
}

/* In the order of their names: a directory's own order is nobody's business. */
static char **attributes(const struct side *s, const char *path, long *r)
{
	char list[512], **names = NULL;

	*r = s->listxattr(path, list, sizeof(list));
	for (long i = 0; i < *r; i += (long)strlen(list + i) + 1)
		strv_add(&names, list + i);
	if (names)
		qsort(names, strv_len(names), sizeof(*names), by_text);
	return names;
}

static long do_listxattr(const struct side *s, const struct operation *o, struct str *out)
{
	long r;
	char **names = attributes(s, o->path, &r);

	for (size_t i = 0; names && names[i]; i++)
		str_addf(out, " %s", names[i]);
	strv_free(names);
	return r;
}

static long do_names(const struct side *s, const struct operation *o, struct str *out)
{
	char **names;
	long r = s->names(o->path, &names);

	if (names)
		qsort(names, strv_len(names), sizeof(*names), by_text);
	for (size_t i = 0; names && names[i]; i++)
		str_addf(out, " %s", names[i]);
	strv_free(names);
	return r;
}

static long do_stat(const struct side *s, const struct operation *o, struct str *out)
{
	struct stat st;
	long r = s->stat(o->path, &st);

	if (r == 0)
		str_addf(out, " %o %u:%u %u", st.st_mode, st.st_uid, st.st_gid, (unsigned)st.st_nlink);
	return r;
}

static long do_access(const struct side *s, const struct operation *o, struct str *out)
{
	return s->access(o->path, (int)o->a & 7);
}

static long do_mknod(const struct side *s, const struct operation *o, struct str *out)
{
	switch (o->a % 4) {
	case 0: return s->mknod(o->path, S_IFSOCK | 0600, 0, 0);
	case 1: return s->mknod(o->path, S_IFCHR | 0666, 0, 0);
	case 2: return s->mknod(o->path, S_IFREG | 06755, 0, 0);
	default: return s->mknod(o->path, S_IFCHR | 0640, 200, (uint32_t)o->b % 300);
	}
}

/* How `other` is filled in. */
enum other { NONE, PATH, TARGET, XATTR };

static const struct kind {
	const char *name;
	long (*run)(const struct side *s, const struct operation *o, struct str *out);
	enum other other;
	int weight, filling;	/* how often in the merged tree, and in a layer */
} kinds[] = {
	{ "create", do_create, NONE, 10, 20 },
	{ "write", do_write, NONE, 6, 1 },
	{ "append", do_append, NONE, 6, 5 },
	{ "rewrite", do_rewrite, NONE, 4, 0 },
	{ "truncate", do_truncate, NONE, 4, 0 },
	{ "read", do_read, NONE, 5, 0 },
	{ "hold", do_hold, NONE, 4, 0 },
	{ "read-held", do_read_held, NONE, 3, 0 },
	{ "write-held", do_write_held, NONE, 3, 0 },
	{ "mkdir", do_mkdir, NONE, 10, 25 },
	{ "rmdir", do_rmdir, NONE, 8, 0 },
	{ "unlink", do_unlink, NONE, 10, 0 },
	{ "rename", do_rename, PATH, 16, 0 },
	{ "link", do_link, PATH, 6, 5 },
	{ "symlink", do_symlink, TARGET, 4, 4 },
	{ "readlink", do_readlink, NONE, 1, 0 },
	{ "chmod", do_chmod, NONE, 5, 4 },
	{ "chown", do_chown, NONE, 5, 4 },
	{ "utime", do_utime, NONE, 2, 3 },
	{ "setxattr", do_setxattr, XATTR, 6, 6 },
	{ "getxattr", do_getxattr, XATTR, 2, 0 },
	{ "removexattr", do_removexattr, XATTR, 3, 0 },
	{ "listxattr", do_listxattr, NONE, 2, 0 },
	{ "names", do_names, NONE, 5, 0 },
	{ "stat", do_stat, NONE, 3, 0 },
	{ "access", do_access, NONE, 2, 0 },
	{ "mknod", do_mknod, NONE, 4, 6 },
};

/* ---- making them up ---- */

static void random_path(uint64_t *seed, const char *top, char *out, size_t size)
{
	static const char *const name[] = { "a", "b", "c" };
	unsigned depth = 1 + below(seed, 7) / 3, odd = below(seed, 60);
	size_t n = (size_t)snprintf(out, size, "%s", top);

	for (unsigned i = 0; i < depth; i++)
		n += (size_t)snprintf(out + n, size - n, "/%s", name[below(seed, 3)]);
	if (odd < 5) {
		static const char *const end[] = { "/", "/.", "/..", "//a", "/../b" };
		snprintf(out + n, size - n, "%s", end[odd]);
	}
}

static int random_kind(uint64_t *seed, bool filling)
{
	int sum = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += filling ? kinds[i].filling : kinds[i].weight;
	at = (int)below(seed, (unsigned)sum);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((at -= filling ? kinds[i].filling : kinds[i].weight) < 0)
			return (int)i;
	return 0;
}

struct operation operation_random(uint64_t *seed, const char *top, bool filling)
{
	static const char *const target[] = { "a", "b/c", "../d", "/nowhere", "." };
	struct operation o = { .kind = random_kind(seed, filling), .other = "-" };

	o.user = !filling && below(seed, 8) == 0 ? 1000 : 0;
	if (kinds[o.kind].run == do_hold || kinds[o.kind].run == do_write_held)
		o.user = 0;	/* vfs.h, keeps_ids: opener and writer are one */
	random_path(seed, top, o.path, sizeof(o.path));
	if (kinds[o.kind].other == PATH)
		random_path(seed, top, o.other, sizeof(o.other));
	else if (kinds[o.kind].other == TARGET)
		snprintf(o.other, sizeof(o.other), "%s", target[below(seed, ARRAY_SIZE(target))]);
	else if (kinds[o.kind].other == XATTR)
		snprintf(o.other, sizeof(o.other), "%s", attribute[below(seed, ARRAY_SIZE(attribute))]);
	o.a = below(seed, 100);
	o.b = below(seed, 1000);
	/* A layer's whiteouts are those that a program made there before. */
	if (filling && kinds[o.kind].other == XATTR && below(seed, 2)) {
		snprintf(o.other, sizeof(o.other), "trusted.overlay.opaque");
		o.a = o.b = 0;
	}
	return o;
}

void operation_run(const struct side *s, const struct operation *o, struct str *outcome)
{
	struct str out = { 0 };

	s->user(o->user);
	long r = str_eq(o->other, "trusted.overlay.opaque") && *o->path != 'm'
		? s->setxattr(o->path, o->other, "y", 1, 0)
		: kinds[o->kind].run(s, o, &out);
	s->user(0);
	str_addf(outcome, "%ld%s%s", r, r < 0 ? " " : "", r < 0 ? strerrorname_np((int)-r) : "");
	str_add(outcome, out.s ? out.s : "");
	str_free(&out);
}

void operation_print(const struct operation *o, FILE *f)
{
	fprintf(f, "%s %u %s %s %ld %ld\n", kinds[o->kind].name, o->user, o->path, o->other,
		(long)o->a, (long)o->b);
}

bool operation_parse(const char *line, struct operation *o)
{
	char name[24];
	long a, b;

	if (sscanf(line, "%23s %u %47s %47s %ld %ld", name, &o->user, o->path, o->other, &a, &b) != 6)
		return false;
	o->a = a;
	o->b = b;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name)) {
			o->kind = (int)i;
			return true;
		}
	return false;
}

/* ---- trees ---- */

static void add_attributes(const struct side *s, const char *path, bool upper, struct str *out)
{
	char value[256];
	long r;
	char **names = attributes(s, path, &r);

	for (size_t i = 0; names && names[i]; i++) {
		/* Marks for the kernel's own use (overlay.c says why the simulator has none). */
		if (upper && (str_eq(names[i], "trusted.overlay.origin") ||
			      str_eq(names[i], "trusted.overlay.impure") ||
			      str_eq(names[i], "trusted.overlay.uuid")))
			continue;
		r = s->getxattr(path, names[i], value, sizeof(value));
		str_addf(out, " %s=%.*s", names[i], r > 0 ? (int)r : 0, value);
	}
	strv_free(names);
}

static void add_content(const struct side *s, const char *path, struct str *out)
{
	char data[256];
	long r = s->open(0, path, O_RDONLY, 0);

	if (r == 0) {
		r = s->read(0, data, sizeof(data), 0);
		s->close(0);
	}
	str_addf(out, " content %ld ", r);
	for (long i = 0; i < r; i++)
		str_addn(out, data[i] ? data + i : "0", 1);
}

static void add_file(const struct side *s, const char *path, bool upper, struct str *out)
{
	struct stat st;
	char text[64];
	long r = s->stat(path, &st);

	if (r < 0) {
		str_addf(out, "%s: %s\n", path, strerrorname_np((int)-r));
		return;
	}
	/* The kernel's whiteouts may be links of one; how many is nobody's business. */
	bool whiteout = S_ISCHR(st.st_mode) && st.st_rdev == 0;
	str_addf(out, "%s %o %u:%u links %u", path, st.st_mode, st.st_uid, st.st_gid,
		 whiteout ? 0 : (unsigned)st.st_nlink);
	if (!S_ISDIR(st.st_mode))
		str_addf(out, " size %ld dev %lu", (long)st.st_size, (unsigned long)st.st_rdev);
	/* The clocks differ; what utime() set must be kept. */
	str_addf(out, " time %ld", st.st_mtim.tv_sec < 1000 ? (long)st.st_mtim.tv_sec : -1);
	if (S_ISLNK(st.st_mode) && s->readlink(path, text, sizeof(text)) >= 0)
		str_addf(out, " -> %s", text);
	if (S_ISREG(st.st_mode))
		add_content(s, path, out);
	add_attributes(s, path, upper, out);
	str_add(out, "\n");
}

void tree_text(const struct side *s, const char *path, bool upper, struct str *out)
{
	char **names = NULL;
	struct stat st;

	add_file(s, path, upper, out);
	if (s->stat(path, &st) < 0 || !S_ISDIR(st.st_mode) || s->names(path, &names) < 0)
		return;
	if (names)
		qsort(names, strv_len(names), sizeof(*names), by_text);
	for (size_t i = 0; names && names[i]; i++) {
		autofree char *sub = str_printf("%s/%s", path, names[i]);
		tree_text(s, sub, upper, out);
	}
	strv_free(names);
}
