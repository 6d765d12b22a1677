#include "sim/host_file.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/cleanup.h"

/* A real descriptor that a task waits for at this moment; on its stack. */
struct wait_source {
	struct host_source source;	/* first; its fd: p's, or a copy of one that is in use */
	bool copied;
};

int host_watch(struct sim *s, struct host_source *src, short events)
{
	struct epoll_event ev = { .events = (uint32_t)events, .data.ptr = src };

	host_epoll_open(s);
	src->sim = s;
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, src->fd, &ev) < 0 ? -errno : 0;
}

void host_unwatch(struct host_source *src)
{
	struct sim *s = src->sim;

	epoll_ctl(s->epoll, EPOLL_CTL_DEL, src->fd, NULL);
	s->unwatched++;
	for (int i = 0; i < s->n_events; i++)	/* of this round: it is told nothing more */
		if (s->events[i].data.ptr == src)
			s->events[i].data.ptr = &s->nobody;
}

void host_epoll_open(struct sim *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (s->epoll >= 0)
		return;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &ev);
}

void host_epoll_close(struct sim *s)
{
	if (s->epoll < 0)
		return;
	close(s->epoll);
	close(s->wake);
	s->epoll = s->wake = -1;
}

int host_poll(struct sim *s, int timeout_ms)
{
	struct epoll_event ev[64];
	uint64_t count;
	unsigned before = s->unwatched;
	int n;

	if (s->epoll < 0)
		return 0;
	pthread_mutex_unlock(&s->lock);
	n = epoll_wait(s->epoll, ev, ARRAY_SIZE(ev), timeout_ms);
	pthread_mutex_lock(&s->lock);
	if (s->unwatched != before)	/* what we were told may be gone: look again */
		return 1;
	s->events = ev;
	s->n_events = n > 0 ? n : 0;
	for (int i = 0; i < n; i++) {
		struct host_source *src = ev[i].data.ptr;
		if (src && src != &s->nobody)
			src->ready(src);
		else if (!src && read(s->wake, &count, sizeof(count)) < 0)
			continue;
	}
	s->n_events = 0;
	return n > 0 ? n : 0;
}

static void wake_task(struct host_source *src) { task_wake(src->object); }

/* False: this kind of file is always ready. */
static bool watch(struct task *t, struct wait_source *w, const struct pollfd *p)
{
	*w = (struct wait_source){ { .ready = wake_task, .object = t, .fd = p->fd } };
	if (p->fd < 0)
		return true;
	int r = host_watch(t->sim, &w->source, p->events);
	if (r == -EEXIST) {
		w->source.fd = dup(p->fd);
		w->copied = true;
		r = host_watch(t->sim, &w->source, p->events);
	}
	return r == 0;
}

static void unwatch(struct wait_source *w)
{
	if (w->source.fd >= 0)
		host_unwatch(&w->source);
	if (w->copied)
		close(w->source.fd);
}

int host_task_wait(struct task *t, const struct pollfd *p, size_t n, struct sim_queue *const *q,
		   size_t n_q, uint64_t deadline)
{
	struct wait_source src[n ? n : 1];
	size_t have = 0;
	bool all = true;

	while (have < n && all) {
		all = watch(t, &src[have], &p[have]);
		have += all;
	}
	t->sim->host_waits += n > 0;
	int r = all ? task_wait_any(t, q, n_q, deadline) : 0;
	t->sim->host_waits -= n > 0;
	while (have > 0)
		unwatch(&src[--have]);
	return r;
}

int host_task_poll(struct task *t, struct pollfd *p, size_t n, int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? SIM_NEVER :
			    sched_now(t->sim) + (uint64_t)timeout_ms * 1000000;

	for (;;) {
		int ready = poll(p, (nfds_t)n, 0);
		if (ready != 0)
			return ready < 0 ? -errno : ready;
		if (timeout_ms == 0)
			return 0;
		int r = host_task_wait(t, p, n, NULL, 0, deadline);
		if (r < 0)
			return r == -ETIMEDOUT ? poll(p, (nfds_t)n, 0) : r;
	}
}

/* ---- files ---- */

static int fd_of(const struct vfs_file *f) { return (int)(intptr_t)f->priv; }

static int until(const struct vfs_file *f, short events)
{
	struct sim *s = vfs_hook_arg(f->fs);
	struct pollfd p = { .fd = fd_of(f), .events = events };

	if (f->flags & O_NONBLOCK)
		return poll(&p, 1, 0) > 0 ? 0 : -EAGAIN;
	int r = host_task_poll(sim_current(s), &p, 1, -1);
	return r < 0 ? r : 0;
}

static long host_read(struct vfs_file *f, void *buf, size_t n)
{
	int r = until(f, POLLIN);
	ssize_t got = r < 0 ? 0 : read(fd_of(f), buf, n);

	return r < 0 ? r : got < 0 ? -errno : got;
}

/* What poll promises is room for PIPE_BUF bytes; more could make us all wait. */
#define AT_ONCE 4096

static long host_write(struct vfs_file *f, const void *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t part = n - done < AT_ONCE ? n - done : AT_ONCE;
		int r = until(f, POLLOUT);
		if (r < 0)
			return done ? (long)done : r;
		ssize_t put = write(fd_of(f), (const char *)buf + done, part);
		if (put < 0)
			return done ? (long)done : -errno;
		done += (size_t)put;
	}
	return (long)done;
}

static void host_release(struct vfs_file *f) { close(fd_of(f)); }

static const struct vfs_file_ops host_ops = {
	.read = host_read, .write = host_write, .release = host_release,
};

struct vfs_file *host_file(struct sim *s, int fd, int flags)
{
	return vfs_file_new(s->fs, &host_ops, (void *)(intptr_t)fd, flags);
}

int host_file_fd(const struct vfs_file *f)
{
	return f->ops == &host_ops ? fd_of(f) : -1;
}
