#include "image/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"

struct file_stream { struct stream s; int fd; char *path; };

static ssize_t file_stream_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct file_stream *f = (struct file_stream *)s;
	ssize_t n;
	do
		n = read(f->fd, buf, cap);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, errno, "read %s", f->path) : n;
}

static void file_stream_close(struct stream *s)
{
	struct file_stream *f = (struct file_stream *)s;
	close(f->fd);
	free(f->path);
	free(f);
}

struct stream *stream_fd(int fd, const char *what)
{
	struct file_stream *f = mem_alloc(sizeof(*f));
	*f = (struct file_stream){ { file_stream_read, file_stream_close }, fd, str_dup(what) };
	return &f->s;
}

int stream_file(const char *path, struct stream **out, struct err *e)
{
	return stream_file_from(path, 0, out, e);
}

int stream_file_from(const char *path, int64_t skip, struct stream **out, struct err *e)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || lseek(fd, skip, SEEK_SET) < 0)
		return err_sys(e, errno, "open %s", path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*out = stream_fd(steal_fd(&fd), path);
	return 0;
}

static ssize_t tee_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct tee *t = (struct tee *)s;
	ssize_t n = t->in->read(t->in, buf, cap, e);
	if (n <= 0)
		return n;
	sha256_add(&t->sum, buf, (size_t)n);
	t->count += n;
	if (t->limit && t->count > t->limit)
		return err_set(e, EBADMSG, "more bytes than the %lld announced",
			       (long long)t->limit);
	int r = t->fd >= 0 ? write_all(t->fd, buf, (size_t)n) : 0;
	if (r < 0)
		return err_sys(e, -r, "write blob");
	if (t->moved)
		t->moved(t->arg, t->count);
	return n;
}

static void tee_close(struct stream *s) { sha256_drop(&((struct tee *)s)->sum); }

void tee_begin(struct tee *t, struct stream *in, int fd)
{
	*t = (struct tee){ .s = { tee_read, tee_close }, .in = in, .fd = fd };
	sha256_begin(&t->sum);
}

int stream_drain(struct stream *s, struct err *e)
{
	autofree char *buf = mem_alloc(STREAM_BUF);
	ssize_t n;
	while ((n = s->read(s, buf, STREAM_BUF, e)) > 0)
		;
	return (int)n;
}

int stream_whole(struct stream *s, size_t limit, char **text, size_t *len, struct err *e)
{
	autofree char *buf = mem_alloc(STREAM_BUF);
	autostr struct str all = { 0 };
	ssize_t n;
	while ((n = s->read(s, buf, STREAM_BUF, e)) > 0) {
		str_addn(&all, buf, (size_t)n);
		if (all.len > limit)
			return err_set(e, EFBIG, "more than %zu bytes", limit);
	}
	if (n < 0)
		return (int)n;
	*len = all.len;
	*text = str_take(&all);
	return 0;
}
