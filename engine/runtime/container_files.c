#include "runtime/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "kernel/kernel.h"

#define MAX_LINKS 40	/* as the kernel's own limit (path_resolution(7)) */

bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

void sha256_hex(const void *data, size_t n, char *hex)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	SHA256(data, n, md);
	for (size_t i = 0; i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

/* Opens path below the layer, following nothing. */
static int open_below(const char *layer, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	autofd int root = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	while (*path == '/')
		path++;
	/* With O_PATH a link may be opened as itself; NO_SYMLINKS would refuse it, so
	 * only the directory part is resolved with it. */
	const char *slash = strrchr(path, '/');
	if (!(flags & O_PATH) || !slash || !*path) {
		if (flags & O_PATH)
			how.resolve = RESOLVE_BENEATH;
		long fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
		return fd < 0 ? -errno : (int)fd;
	}
	char dir[PATH_MAX];
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	struct open_how dir_how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	autofd int parent = (int)syscall(SYS_openat2, root, dir, &dir_how, sizeof(dir_how));
	if (parent < 0)
		return -errno;
	int fd = openat(parent, slash + 1, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static bool is_opaque(const struct layers *l, int fd)
{
	static const char *const names[] = { "trusted.overlay.opaque", "user.overlay.opaque" };
	char path[64], value[4];
	snprintf(path, sizeof(path), "/proc/self/fd/%d/.", fd);	/* the look follows no link */
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct k_buf b = { .data = value, .cap = sizeof(value) };
		if (k_getxattr(l->k ? l->k : kernel_linux(), path, names[i], &b) > 0 && value[0] == 'y')
			return true;
	}
	return false;
}

/* The topmost layer up to *limit that has `path`; *limit becomes the lowest one
 * that is merged into it (for a directory) or the same layer. */
static int find_name(const struct layers *l, const char *path, size_t *limit,
		     struct layer_file *out)
{
	bool found = false;
	for (size_t i = 0; i < *limit; i++) {
		struct stat st;
		autofd int fd = open_below(l->dir[i], path, O_PATH);
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		if (is_whiteout(&st) || (found && !S_ISDIR(st.st_mode))) {
			*limit = i;
			break;
		}
		if (!found) {
			out->layer = i;
			out->st = st;
			found = true;
		}
		if (!S_ISDIR(st.st_mode) || (i + 1 < *limit && is_opaque(l, fd))) {
			*limit = i + 1;
			break;
		}
	}
	return found ? 0 : -ENOENT;
}

static int read_link(const struct layers *l, const struct layer_file *f, const char *path,
		     char *target, size_t cap)
{
	autofd int fd = open_below(l->dir[f->layer], path, O_PATH);
	if (fd < 0)
		return fd;
	ssize_t n = readlinkat(fd, "", target, cap - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return 0;
}

/* What is left to walk, and how far we are. */
struct walk {
	char done[PATH_MAX], rest[PATH_MAX];
	int links;
	bool moved;	/* `done` was reached by ".." or a link, not by looking it up */
};

/* A link's target goes before what is left; an absolute one starts over. */
static int enter_link(struct walk *w, const char *target)
{
	char rest[PATH_MAX];
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (snprintf(rest, sizeof(rest), "%s/%s", target, w->rest) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, rest, sizeof(rest));
	char *slash = target[0] == '/' ? w->done : strrchr(w->done, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

/* Takes the next name off `rest`; false at the end. */
static bool next_name(struct walk *w, char name[NAME_MAX + 1])
{
	char *s = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(s, "/");
	if (!n)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)n, s);
	memmove(w->rest, s + n, strlen(s + n) + 1);
	return true;
}

/* The layers merged at the directory `done`, found again from the top. */
static size_t limit_at(const struct layers *l, const char *done)
{
	size_t limit = l->n;
	struct layer_file f;
	for (const char *s = done; *s; ) {
		char part[PATH_MAX];
		const char *end = strchrnul(s + 1, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(end - done), done);
		if (find_name(l, part, &limit, &f) < 0)
			return 0;
		s = end;
	}
	return limit;
}

/* One name further.  1: went on (or a link was entered), 0 never, -errno. */
static int step(const struct layers *l, struct walk *w, const char *name, bool follow,
		size_t *limit, struct layer_file *out)
{
	char target[PATH_MAX];
	size_t n = strlen(w->done);

	if (!strcmp(name, "."))
		return 1;
	if (!strcmp(name, "..")) {
		char *slash = strrchr(w->done, '/');
		if (slash)
			*slash = '\0';
		*limit = limit_at(l, w->done);
		w->moved = true;
		return 1;
	}
	w->moved = false;
	if (snprintf(w->done + n, sizeof(w->done) - n, "/%s", name) >= (int)(sizeof(w->done) - n))
		return -ENAMETOOLONG;
	int r = find_name(l, w->done, limit, out);
	if (r < 0)
		return r;
	bool last = !w->rest[strspn(w->rest, "/")];
	if (S_ISLNK(out->st.st_mode) && (follow || !last)) {
		if ((r = read_link(l, out, w->done, target, sizeof(target))) < 0 ||
		    (r = enter_link(w, target)) < 0)
			return r;
		*limit = limit_at(l, w->done);
		w->moved = true;
		return 1;
	}
	return last || S_ISDIR(out->st.st_mode) ? 1 : -ENOTDIR;
}

int layers_find(const struct layers *l, const char *path, bool follow, struct layer_file *out)
{
	struct walk w = { .moved = true };
	struct layer_file f = { .layer = 0 };
	char name[NAME_MAX + 1];
	size_t limit = l->n;
	int r = 0;

	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	while (next_name(&w, name))
		if ((r = step(l, &w, name, follow, &limit, &f)) < 0)
			return r;
	if (w.moved) {
		char parent[PATH_MAX];
		const char *slash = strrchr(w.done, '/');
		snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - w.done) : 0, w.done);
		limit = limit_at(l, parent);
		if ((r = find_name(l, w.done, &limit, &f)) < 0)
			return r;
	}
	memcpy(f.path, w.done, sizeof(f.path));
	*out = f;
	return 0;
}

int layers_read(const struct layers *l, const struct layer_file *f, size_t max, struct str *out)
{
	struct stat st;
	char buf[16384];
	ssize_t n;
	autofd int fd = open_below(l->dir[f->layer], f->path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	while ((n = read(fd, buf, sizeof(buf))) > 0 && out->len <= max)
		str_addn(out, buf, (size_t)n);
	str_add(out, "");
	return n < 0 ? -errno : 0;
}

int layers_read_path(const struct layers *l, const char *path, size_t max, struct str *out)
{
	struct layer_file f;
	int r = layers_find(l, path, true, &f);
	return r < 0 ? r : layers_read(l, &f, max, out);
}

int layers_stat(const struct layers *l, size_t i, const char *path, struct stat *st)
{
	autofd int fd = open_below(l->dir[i], path, O_PATH);
	if (fd < 0)
		return fd;
	return fstat(fd, st) < 0 ? -errno : 0;
}
