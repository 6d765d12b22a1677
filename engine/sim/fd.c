/* fd.c - descriptors: a task's two ranges, its programs' and the engine's. */
#include "sim/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FD_MAX 1048576

struct fdtable *fds_new(void)
{
	struct fdtable *f = mem_alloc(sizeof(*f));

	f->refs = 1;
	return f;
}

static void copy_range(struct fd **to, size_t *n_to, const struct fd *from, size_t n)
{
	while (n > 0 && !from[n - 1].file)
		n--;
	*to = n ? mem_alloc(n * sizeof(**to)) : NULL;
	*n_to = n;
	for (size_t i = 0; i < n; i++) {
		(*to)[i] = from[i];
		if (from[i].file)
			vfs_file_get(from[i].file);
	}
}

struct fdtable *fds_copy(const struct fdtable *from)
{
	struct fdtable *f = fds_new();

	copy_range(&f->low, &f->n_low, from->low, from->n_low);
	copy_range(&f->high, &f->n_high, from->high, from->n_high);
	return f;
}

static void close_one(struct fd *fd)
{
	struct vfs_file *file = fd->file;

	fd->file = NULL;
	if (file)
		vfs_file_put(file);
}

void fds_put(struct fdtable *f)
{
	if (!f || --f->refs)
		return;
	for (size_t i = 0; i < f->n_low; i++)
		close_one(&f->low[i]);
	for (size_t i = 0; i < f->n_high; i++)
		close_one(&f->high[i]);
	free(f->low);
	free(f->high);
	free(f);
}

void fds_exec(struct fdtable *f)
{
	for (size_t i = 0; i < f->n_low; i++)
		if (f->low[i].cloexec)
			close_one(&f->low[i]);
	for (size_t i = 0; i < f->n_high; i++)
		close_one(&f->high[i]);
	free(f->high);
	f->high = NULL;
	f->n_high = 0;
}

static struct fd *slot_at(struct fd **range, size_t *n, size_t i)
{
	if (i >= *n) {
		size_t size = i + 8;
		*range = mem_grow(*range, size * sizeof(**range));
		memset(*range + *n, 0, (size - *n) * sizeof(**range));
		*n = size;
	}
	return &(*range)[i];
}

long fd_add_from(struct task *t, struct vfs_file *file, bool cloexec, size_t first)
{
	struct fdtable *f = t->fds;
	struct fd **range = t->engine ? &f->high : &f->low;
	size_t *n = t->engine ? &f->n_high : &f->n_low, i = first;
	uint64_t most = t->limit[RLIMIT_NOFILE].soft;

	while (i < *n && (*range)[i].file)
		i++;
	if (!t->engine && i >= (most < FD_MAX ? most : FD_MAX)) {
		vfs_file_put(file);
		return -EMFILE;
	}
	*slot_at(range, n, i) = (struct fd){ .file = file, .cloexec = cloexec };
	return (long)i + (t->engine ? K_SIM_FD_BASE : 0);
}

long fd_add(struct task *t, struct vfs_file *file, bool cloexec)
{
	return fd_add_from(t, file, cloexec, 0);
}

struct fd *fd_slot(struct task *t, int fd)
{
	struct fdtable *f = t->fds;

	if (fd >= K_SIM_FD_BASE && (size_t)(fd - K_SIM_FD_BASE) < f->n_high)
		return &f->high[fd - K_SIM_FD_BASE];
	return fd >= 0 && (size_t)fd < f->n_low ? &f->low[fd] : NULL;
}

struct vfs_file *fd_file(struct task *t, int fd)
{
	struct fd *slot = fd_slot(t, fd);
	return slot ? slot->file : NULL;
}

long fd_put_at(struct task *t, struct vfs_file *file, int fd, bool cloexec)
{
	if (fd < 0 || (fd >= FD_MAX && fd < K_SIM_FD_BASE)) {
		vfs_file_put(file);
		return -EBADF;
	}
	struct fdtable *f = t->fds;
	bool high = fd >= K_SIM_FD_BASE;
	struct fd *slot = high ? slot_at(&f->high, &f->n_high, (size_t)(fd - K_SIM_FD_BASE))
			       : slot_at(&f->low, &f->n_low, (size_t)fd);
	struct fd old = *slot;

	*slot = (struct fd){ .file = file, .cloexec = cloexec };
	close_one(&old);
	return fd;
}

long fd_close(struct task *t, int fd)
{
	struct fd *slot = fd_slot(t, fd);

	if (!slot || !slot->file)
		return -EBADF;
	close_one(slot);
	return 0;
}

long fd_close_range(struct task *t, unsigned first, unsigned last, bool mark_only)
{
	struct fdtable *f = t->fds;

	if (first > last)
		return -EINVAL;
	for (size_t i = 0; i < f->n_low + f->n_high; i++) {
		bool high = i >= f->n_low;
		struct fd *slot = high ? &f->high[i - f->n_low] : &f->low[i];
		size_t nr = high ? i - f->n_low + K_SIM_FD_BASE : i;
		if (nr < first || nr > last || !slot->file)
			continue;
		if (mark_only)
			slot->cloexec = true;
		else
			close_one(slot);
	}
	return 0;
}
