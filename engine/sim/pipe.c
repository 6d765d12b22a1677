/* pipe.c - pipes: 64 KiB between those who write and those who read. */
#include "sim/pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/task.h"

#define CAPACITY 65536
#define WHOLE 4096	/* PIPE_BUF: written in one piece, or not yet */

struct pipe {
	unsigned readers, writers;
	size_t from, len, cap;
	char *data;		/* grows as far as CAPACITY */
	struct sim_queue change;
};

struct pipe *pipe_new(void) { return mem_alloc(sizeof(struct pipe)); }

void pipe_open(struct pipe *p, bool reads, bool writes)
{
	p->readers += reads;
	p->writers += writes;
	queue_wake(&p->change);
}

bool pipe_close(struct pipe *p, bool reads, bool writes)
{
	p->readers -= reads;
	p->writers -= writes;
	queue_wake(&p->change);
	if (p->readers || p->writers)
		return false;
	free(p->data);
	free(p);
	return true;
}

struct sim_queue *pipe_queue(struct pipe *p) { return &p->change; }

short pipe_ready(const struct pipe *p)
{
	short r = 0;

	if (p->len)
		r |= POLLIN;
	if (!p->writers)
		r |= POLLHUP;
	if (!p->readers)
		r |= POLLERR;
	if (CAPACITY - p->len >= WHOLE)
		r |= POLLOUT;
	return r;
}

/* Waits for a change, or says -EAGAIN. */
static int wait_change(struct sim *s, struct pipe *p, bool nonblock)
{
	return nonblock ? -EAGAIN : task_wait(sim_current(s), &p->change, SIM_NEVER);
}

long pipe_take(struct sim *s, struct pipe *p, void *buf, size_t n, bool nonblock)
{
	while (!p->len) {
		if (!p->writers || !n)
			return 0;
		int r = wait_change(s, p, nonblock);
		if (r < 0)
			return r;
	}
	size_t got = n < p->len ? n : p->len;
	memcpy(buf, p->data + p->from, got);
	p->from += got;
	p->len -= got;
	if (!p->len)
		p->from = 0;
	queue_wake(&p->change);
	return (long)got;
}

static void append(struct pipe *p, const void *buf, size_t n)
{
	if (p->from && p->from + p->len + n > p->cap) {
		memmove(p->data, p->data + p->from, p->len);
		p->from = 0;
	}
	if (p->len + n > p->cap) {
		p->cap = p->len + n < 512 ? 512 : p->len + n < WHOLE ? WHOLE : CAPACITY;
		p->data = mem_grow(p->data, p->cap);
	}
	memcpy(p->data + p->from + p->len, buf, n);
	p->len += n;
	queue_wake(&p->change);
}

long pipe_put(struct sim *s, struct pipe *p, const void *buf, size_t n, bool nonblock)
{
	size_t done = 0;

	while (done < n) {
		size_t room = CAPACITY - p->len, want = n - done;
		if (!p->readers)
			return done ? (long)done : -EPIPE;
		if (room && (want <= room || n > WHOLE)) {
			size_t part = want < room ? want : room;
			append(p, (const char *)buf + done, part);
			done += part;
			continue;
		}
		int r = wait_change(s, p, nonblock);
		if (r < 0)
			return done ? (long)done : r;
	}
	return (long)done;
}

/* ---- as files ---- */

static struct sim *machine(const struct vfs_file *f) { return vfs_hook_arg(f->fs); }

static bool reads(const struct vfs_file *f) { return (f->flags & O_ACCMODE) != O_WRONLY; }
static bool writes(const struct vfs_file *f) { return (f->flags & O_ACCMODE) != O_RDONLY; }

static long file_read(struct vfs_file *f, void *buf, size_t n)
{
	return reads(f) ? pipe_take(machine(f), f->priv, buf, n, f->flags & O_NONBLOCK) : -EBADF;
}

static long file_write(struct vfs_file *f, const void *buf, size_t n)
{
	return writes(f) ? pipe_put(machine(f), f->priv, buf, n, f->flags & O_NONBLOCK) : -EBADF;
}

static void file_release(struct vfs_file *f) { pipe_close(f->priv, reads(f), writes(f)); }

static const struct vfs_file_ops pipe_ops = {
	.read = file_read, .write = file_write, .release = file_release,
};

struct vfs_file *pipe_file(struct sim *s, struct pipe *p, int flags)
{
	struct vfs_file *f = vfs_file_new(s->fs, &pipe_ops, p, flags);

	pipe_open(p, reads(f), writes(f));
	return f;
}

struct pipe *pipe_of(const struct vfs_file *f) { return f->ops == &pipe_ops ? f->priv : NULL; }

short pipe_file_ready(const struct vfs_file *f)
{
	short r = pipe_ready(f->priv);

	return reads(f) ? r & (POLLIN | POLLHUP) : r & (POLLOUT | POLLERR);
}

static long do_pipe(struct task *t, int fd[2], int flags)
{
	int keep = flags & O_NONBLOCK;

	if (flags & ~(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	struct pipe *p = pipe_new();
	struct vfs_file *r = pipe_file(t->sim, p, O_RDONLY | keep);
	struct vfs_file *w = pipe_file(t->sim, p, O_WRONLY | keep);
	long a = fd_add(t, r, flags & O_CLOEXEC);
	long b = a < 0 ? (vfs_file_put(w), a) : fd_add(t, w, flags & O_CLOEXEC);

	if (b < 0 && a >= 0)
		fd_close(t, (int)a);
	if (b < 0)
		return b;
	fd[0] = (int)a;
	fd[1] = (int)b;
	return 0;
}

long sys_pipe(struct task *t, int fd[2], int flags)
{
	return sys_leave(t, do_pipe(t, fd, flags));
}
