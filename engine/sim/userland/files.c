/* files.c - reading files, directories, lines; paths. */
#include <stdlib.h>
#include <string.h>

#include "sim/userland/prog.h"

enum { PIECE = 4096 };

char *read_fd(struct prog *p, int fd, size_t *n, long *rc)
{
	struct text t = { .a = p->a };
	char *buf = arena_alloc(p->a, PIECE);
	long got;

	while ((got = sys_read(p->t, fd, buf, PIECE)) > 0 || got == -EINTR)
		if (got > 0)
			text_addn(&t, buf, (size_t)got);
	*rc = got;
	*n = t.n;
	return got < 0 ? NULL : text_str(&t);
}

char *read_whole(struct prog *p, const char *path, size_t *n, long *rc)
{
	long fd = open_input(p, path);
	char *s;

	*rc = fd;
	if (fd < 0)
		return NULL;
	s = read_fd(p, (int)fd, n, rc);
	if (fd)
		sys_close(p->t, (int)fd);
	return s;
}

long open_input(struct prog *p, const char *path)
{
	if (!strcmp(path, "-"))
		return 0;
	return sys_open(p->t, path, O_RDONLY | O_CLOEXEC, 0);
}

long read_names(struct prog *p, const char *path, struct list *out)
{
	long fd = sys_open(p->t, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), rc;
	struct sim_dirent d;

	if (fd < 0)
		return fd;
	while ((rc = sys_readdir(p->t, (int)fd, &d)) > 0)
		if (strcmp(d.name, ".") && strcmp(d.name, ".."))
			list_add(out, arena_dup(out->a, d.name));
	sys_close(p->t, (int)fd);
	list_sort(out, list_by_name);
	return rc;
}

char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return arena_printf(a, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

/* Without the slashes at its end, but for that of "/". */
static size_t trimmed(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

char *path_base(struct arena *a, const char *path)
{
	size_t n = trimmed(path), from = n;

	while (from && path[from - 1] != '/')
		from--;
	if (n == 1 && *path == '/')
		from = 0;
	return arena_dupn(a, path + from, n - from);
}

char *path_dir(struct arena *a, const char *path)
{
	size_t n = trimmed(path);

	while (n && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n ? arena_dupn(a, path, n) : arena_dup(a, ".");
}

char *read_link(struct prog *p, const char *path)
{
	char *buf = arena_alloc(p->a, PIECE);
	long n = sys_readlink(p->t, path, buf, PIECE - 1);

	if (n < 0)
		return NULL;
	buf[n] = 0;
	return buf;
}

char *next_line(struct lines *l, size_t *n)
{
	for (;;) {
		char *line = l->buf + l->at, *end = l->n > l->at ? memchr(line, '\n', l->n - l->at) : NULL;
		long got;

		if (end || (l->end && l->at < l->n)) {
			*n = end ? (size_t)(end - line) + 1 : l->n - l->at;
			l->at += *n;
			return line;
		}
		if (l->end)
			return NULL;
		if (l->at) {
			memmove(l->buf, line, l->n - l->at);
			l->n -= l->at;
			l->at = 0;
		}
		if (l->cap - l->n < PIECE) {
			size_t cap = l->cap ? l->cap * 2 : 2 * PIECE;

			l->buf = arena_grow(l->p->a, l->buf, l->cap, cap);
			l->cap = cap;
		}
		got = sys_read(l->p->t, l->fd, l->buf + l->n, PIECE);
		if (got > 0)
			l->n += (size_t)got;
		else if (got != -EINTR)
			l->end = true;
		l->rc = got;
	}
}
