/* resolve.c - one question asked in two ways: which directory is this path,
 * if the layer's directory were "/"?
 *
 * openat2(2) answers it in the kernel: RESOLVE_IN_ROOT treats the descriptor as
 * the root for "..", absolute links and everything else, and
 * RESOLVE_NO_MAGICLINKS refuses the links of /proc that lead anywhere.  Where it
 * is missing, the walk below does the same, a name at a time, without ever
 * letting the kernel follow a link: what it has resolved so far contains none.
 *
 * The walk is safe only because nobody else writes in the directory meanwhile:
 * layers are unpacked below the store's tmp/, which is ours alone.
 */
#include "image/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/str.h"

#define MAX_LINKS 40	/* as the kernel: path_resolution(7) */
#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

int resolve_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int resolve_dir(int root, const char *path)
{
	static atomic_int missing = -1;	/* not known yet */
	if (missing < 0)
		missing = getenv("DRYDOCK_NO_OPENAT2") != NULL;
	int fd = missing ? -ENOSYS : resolve_open(root, path, DIR_FLAGS);
	if (fd != -ENOSYS)
		return fd;
	missing = 1;
	return resolve_dir_walk(root, path);
}

struct walk {
	int root, fd;		/* fd: the directory reached */
	struct str done;	/* its path: names only, each behind a "/" */
	char *ahead;		/* what is left of the path */
	int links;
};

static int enter(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	close(w->fd);
	w->fd = fd;
	return 0;
}

static int back_to_root(struct walk *w)
{
	close(w->fd);
	w->fd = fcntl(w->root, F_DUPFD_CLOEXEC, 0);
	return w->fd < 0 ? -errno : 0;
}

/* "..": from the root down again along the names before the last one; the
 * root's parent is the root. */
static int leave(struct walk *w)
{
	char *slash = w->done.s ? strrchr(w->done.s, '/') : NULL;
	if (slash) {
		*slash = '\0';
		w->done.len = (size_t)(slash - w->done.s);
	}
	autofree char *names = str_dup(w->done.s ? w->done.s : "");
	char *save = NULL;
	int r = back_to_root(w);
	for (char *n = strtok_r(names, "/", &save); n && r == 0; n = strtok_r(NULL, "/", &save))
		r = enter(w, n);
	return r;
}

/* Puts a link's target in front of what is left to do. */
static int follow(struct walk *w, const char *name, const char *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(w->fd, name, target, sizeof(target) - 1);
	if (n < 0)
		return errno == EINVAL ? -ENOTDIR : -errno;	/* not a link: a file */
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	target[n] = '\0';
	char *ahead = str_printf("%s/%s", target, rest);
	free(w->ahead);
	w->ahead = ahead;
	if (target[0] != '/')
		return 0;
	str_clear(&w->done);
	return back_to_root(w);
}

static int step(struct walk *w)
{
	char *name = w->ahead + strspn(w->ahead, "/");
	size_t len = strcspn(name, "/");
	autofree char *one = strndup(name, len);
	autofree char *rest = str_dup(name + len);

	if (len == 0 || str_eq(one, "."))
		memmove(w->ahead, rest, strlen(rest) + 1);
	else if (str_eq(one, "..")) {
		memmove(w->ahead, rest, strlen(rest) + 1);
		return leave(w);
	} else {
		int r = enter(w, one);
		if (r == -ENOTDIR || r == -ELOOP)
			return follow(w, one, rest);
		if (r < 0)
			return r;
		str_addf(&w->done, "/%s", one);
		memmove(w->ahead, rest, strlen(rest) + 1);
	}
	return 0;
}

int resolve_dir_walk(int root, const char *path)
{
	struct walk w = { .root = root, .fd = -1, .ahead = str_dup(path) };
	int r = back_to_root(&w);
	while (r == 0 && *w.ahead)
		r = step(&w);
	free(w.ahead);
	str_free(&w.done);
	if (r == 0)
		return w.fd;
	if (w.fd >= 0)
		close(w.fd);
	return r;
}

int resolve_make_dirs(int root, const char *path)
{
	autofree char *p = str_dup(path);
	for (char *s = p; ; s++) {
		if (*s && *s != '/')
			continue;
		char saved = *s;
		*s = '\0';
		char *name = strrchr(p, '/');
		autofree char *above = name ? strndup(p, (size_t)(name - p)) : str_dup("");
		autofd int dir = resolve_dir(root, above);
		if (dir < 0)
			return dir;
		const char *last = name ? name + 1 : p;
		int r = mkdirat(dir, last, 0755) < 0 ? -errno : idmap_give(dir, last);
		if (r < 0 && r != -EEXIST)
			return r;
		if (!saved)
			return 0;
		*s = saved;
	}
}

char *resolve_where(int dir)
{
	char path[PATH_MAX];
	autofree char *link = str_printf("/proc/self/fd/%d", dir);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	return str_dup(path);
}
