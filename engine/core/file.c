#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/idmap.h"

int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_read(const char *path, struct str *out, struct err *e)
{
	char buf[16384];
	ssize_t n;
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "read %s", path);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read %s", path);
		str_addn(out, buf, (size_t)n);
	}
	str_add(out, "");
	return 0;
}

/* Writes and syncs the file beside; the caller renames it. */
static int write_beside(const char *tmp, const void *data, size_t len, mode_t mode)
{
	autofd int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	int r = write_all(fd, data, len);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	/* The thread's id keeps two writers of one path from sharing a half-made file. */
	autofree char *tmp = str_printf("%s.%d.tmp", path, (int)gettid());
	int r = write_beside(tmp, data, len, mode);
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		err_sys(e, -r, "write %s", path);
		if (r == -ENOSPC)
			err_hint(e, "the disk is full: `docker system df` shows what takes space");
		return r;
	}
	return 0;
}

int dir_make(const char *path, mode_t mode, struct err *e)
{
	autofree char *p = str_dup(path);
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return err_sys(e, errno, "make directory %s", p);
		*s = '/';
	}
	if (mkdir(p, mode) < 0 && errno != EEXIST)
		return err_sys(e, errno, "make directory %s", p);
	return 0;
}

int dir_make_inside(const char *path, struct err *e)
{
	bool there = access(path, F_OK) == 0;
	int r = dir_make(path, 0755, e);
	if (r < 0 || there)
		return r;
	r = idmap_give(AT_FDCWD, path);
	return r < 0 ? err_sys(e, -r, "give an owner to %s", path) : 0;
}

/* -- trees ------------------------------------------------------------------------- *
 *
 * A program in a container may leave a tree deeper than any path is long, or than
 * there are descriptors: so a walk keeps the one directory it is in open, the names
 * that are still to be seen on each level above, and goes up by "..", which must be
 * where it came from; if that was moved, by names from the start again.  What is
 * mounted in the tree is left alone.
 */
struct level {
	struct level *up;
	char *name;		/* in the level above */
	char **dirs;		/* still to be entered, from `next` on */
	size_t next;
	dev_t dev;
	ino_t ino;
};

struct walk {
	int fd;			/* of the directory that `top` describes */
	int start;		/* of the one at the bottom */
	struct level *top;
	int failed;		/* the first error: the walk goes on */
	/* An entry that is no directory; -EISDIR: it is one (d_type may be unknown). */
	int (*file)(struct walk *w, const char *name);
	int (*left)(struct walk *w, const char *name);	/* a directory that was walked */
	bool all;		/* directories are told to `file`, too */
	int64_t bytes;
	struct str path;	/* of where it stands */
	void (*fn)(void *arg, const struct dir_entry *e);
	void *arg;
};

static void note(struct walk *w, int r)
{
	if (r < 0 && r != -ENOENT && !w->failed)
		w->failed = r;
}

static int list_level(struct walk *w, struct level *l)
{
	struct dirent *ent;
	int fd = fcntl(w->fd, F_DUPFD_CLOEXEC, 0);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return -errno;
	while ((ent = readdir(d))) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		int r = ent->d_type == DT_DIR && !w->all ? -EISDIR : w->file(w, ent->d_name);
		if (r == -EISDIR)
			strv_add(&l->dirs, ent->d_name);
		else
			note(w, r);
	}
	return 0;
}

static int enter(struct walk *w, int fd, const char *name)
{
	struct stat st;
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r < 0 || (w->top && st.st_dev != w->top->dev)) {
		close(fd);
		return r;
	}
	struct level *l = mem_alloc(sizeof(*l));
	*l = (struct level){ w->top, str_dup(name), mem_alloc(sizeof(char *)), 0, st.st_dev, st.st_ino };
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	w->top = l;
	if (l->up)
		str_addf(&w->path, "/%s", name);
	note(w, list_level(w, l));
	return 0;
}

static void drop_level(struct walk *w)
{
	struct level *l = w->top;
	w->top = l->up;
	if (l->up) {
		w->path.len -= strlen(l->name) + 1;
		w->path.s[w->path.len] = '\0';
	}
	free(l->name);
	strv_free(l->dirs);
	free(l);
}

static bool is_level(int fd, const struct level *l)
{
	struct stat st;
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == l->ino && st.st_dev == l->dev;
}

/* A level by its names, from where the walk began; -1: it isn't there any more. */
static int reopen(const struct walk *w, const struct level *l)
{
	const char **names = mem_alloc(sizeof(*names));
	size_t n = 0;
	for (const struct level *at = l; at->up; at = at->up) {
		names = mem_grow(names, (n + 1) * sizeof(*names));
		names[n++] = at->name;
	}
	int fd = fcntl(w->start, F_DUPFD_CLOEXEC, 0);
	while (n && fd >= 0) {
		int next = openat(fd, names[--n], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	free(names);
	return fd;
}

/* Somebody has moved directories meanwhile: on with the nearest that is where it was. */
static int find_back(struct walk *w)
{
	for (drop_level(w); w->top; drop_level(w)) {
		int fd = reopen(w, w->top);
		if (is_level(fd, w->top)) {
			w->fd = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	return -ESTALE;
}

static int leave(struct walk *w)
{
	int fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool there = is_level(fd, w->top->up);
	close(w->fd);
	w->fd = there ? fd : -1;
	if (!there && fd >= 0)
		close(fd);
	if (!there)
		return find_back(w);
	if (w->left)
		note(w, w->left(w, w->top->name));
	drop_level(w);
	return 0;
}

/* Walks all below path (from dir on), which is a directory. */
static int walk(struct walk *w, int dir, const char *path)
{
	autofd int start = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (start < 0)
		return -errno;
	w->start = start;
	w->fd = -1;
	int r = enter(w, fcntl(start, F_DUPFD_CLOEXEC, 0), path);
	while (r == 0 && w->top) {
		struct level *l = w->top;
		const char *name = l->dirs[l->next];
		if (!name && !l->up)
			break;
		if (!name)
			r = leave(w);
		else {
			l->next++;
			note(w, enter(w, openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
						O_CLOEXEC), name));
		}
	}
	while (w->top)
		drop_level(w);
	if (w->fd >= 0)
		close(w->fd);
	str_free(&w->path);
	return r < 0 ? r : w->failed;
}

static int remove_file(struct walk *w, const char *name)
{
	return unlinkat(w->fd, name, 0) < 0 ? -errno : 0;
}

static int remove_left(struct walk *w, const char *name)
{
	return unlinkat(w->fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int dir_remove_at(int dir, const char *name)
{
	struct walk w = { .file = remove_file, .left = remove_left };
	int r = unlinkat(dir, name, 0) < 0 ? -errno : 0;
	if (r == -EISDIR || r == -EPERM) {
		r = walk(&w, dir, name);
		if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && r == 0)
			r = -errno;
	}
	return r == -ENOENT ? 0 : r;
}

int dir_remove(const char *path, struct err *e)
{
	int r = dir_remove_at(AT_FDCWD, path);
	return r < 0 ? err_sys(e, -r, "remove %s", path) : 0;
}

static int measure_file(struct walk *w, const char *name)
{
	struct stat st;
	if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		w->bytes += st.st_size;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

static int tell_entry(struct walk *w, const char *name)
{
	autofree char *path = str_printf("%s/%s", w->path.s ? w->path.s : "", name);
	struct dir_entry e = { .dir = w->fd, .name = name, .path = path };
	if (fstatat(w->fd, name, &e.st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	w->fn(w->arg, &e);
	return S_ISDIR(e.st.st_mode) ? -EISDIR : 0;
}

int dir_walk(int dir, void (*fn)(void *arg, const struct dir_entry *e), void *arg)
{
	struct walk w = { .file = tell_entry, .all = true, .fn = fn, .arg = arg };
	return walk(&w, dir, ".");
}

bool dir_is_empty(const char *path)
{
	autodir DIR *d = opendir(path);
	struct dirent *de;
	while (d && (de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			return false;
	return true;
}

int dir_size(const char *path, int64_t *bytes, struct err *e)
{
	struct walk w = { .file = measure_file };
	int r = walk(&w, AT_FDCWD, path);
	if (r < 0 && r != -ENOENT)
		return err_sys(e, -r, "measure %s", path);
	*bytes = w.bytes;
	return 0;
}

char *file_own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return str_dup(".");
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return str_dup(path);
}
