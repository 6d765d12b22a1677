#include "sim/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "sim/host_file.h"
#include "sim/token.h"
#include "sim/tty.h"

#define CLOSE_RANGE_CLOEXEC_BIT 4

long row_chdir(struct task *t, const struct k_call *c) { return vfs_chdir(&t->view, c->a[0].s); }

long row_mknod(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	long r = engine_dir(t, (int)c->a[0].i, c->a[1].s, &dir);

	return r < 0 ? r : vfs_mknod(&t->view, dir, c->a[1].s, (uint32_t)c->a[2].i,
				     (uint32_t)c->a[3].i);
}

long row_mkdir(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	long r = engine_dir(t, (int)c->a[0].i, c->a[1].s, &dir);

	return r < 0 ? r : vfs_mkdir(&t->view, dir, c->a[1].s, (uint32_t)c->a[2].i);
}

long row_symlink(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	long r = engine_dir(t, (int)c->a[1].i, c->a[2].s, &dir);

	return r < 0 ? r : vfs_symlink(&t->view, c->a[0].s, dir, c->a[2].s);
}

/* A pipe's owner is of no consequence here: nobody else opens it by a name. */
static bool is_stream(struct task *t, int fd)
{
	struct vfs_file *f = engine_file(t, fd);
	return f ? !f->path.mnt : fd >= 0 && fd < K_SIM_FD_BASE;
}

long row_chown(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	int fd = (int)c->a[0].i;
	const char *path = c->a[1].s;

	if (!*path && (unsigned long)c->a[4].i & AT_EMPTY_PATH && is_stream(t, fd))
		return 0;
	long r = engine_dir(t, fd, *path ? path : ".", &dir);
	return r < 0 ? r : vfs_chown(&t->view, dir, path, (uint32_t)c->a[2].i,
				     (uint32_t)c->a[3].i, (int)c->a[4].i);
}

/* What may leave the engine's hands - a namespace - becomes a real descriptor. */
long row_open(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	struct vfs_file *f;
	int flags = (int)c->a[2].i;
	long r = engine_dir(t, (int)c->a[0].i, c->a[1].s, &dir);

	if (r == 0)
		r = vfs_open(&t->view, dir, c->a[1].s, flags & ~O_CLOEXEC, (uint32_t)c->a[3].i, &f);
	if (r < 0)
		return r;
	struct ns *n = t->owner ? ns_from_file(f) : NULL;
	if (!n)
		return fd_add(t, f, flags & O_CLOEXEC);
	r = token_ns(n);
	vfs_file_put(f);
	return r;
}

/* A real number is closed by whoever owns the process's real descriptors; a child that
 * still sets itself up only borrows them. */
long row_close(struct task *t, const struct k_call *c)
{
	int fd = (int)c->a[0].i;

	if (fd_file(t, fd))
		return fd_close(t, fd);
	if (!t->engine || fd < 0 || fd >= K_SIM_FD_BASE)
		return -EBADF;
	return t->owner && close(fd) < 0 ? -errno : 0;
}

long row_dup3(struct task *t, const struct k_call *c)
{
	int from = (int)c->a[0].i, to = (int)c->a[1].i, flags = (int)c->a[2].i;
	struct vfs_file *f = engine_file(t, from);

	if (from == to || flags & ~O_CLOEXEC)
		return -EINVAL;
	if (f)
		return fd_put_at(t, vfs_file_get(f), to, flags & O_CLOEXEC);
	if (!t->engine || from < 0 || from >= K_SIM_FD_BASE)
		return -EBADF;
	int copy = fcntl(from, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	int mode = fcntl(copy, F_GETFL) & O_ACCMODE;
	return fd_put_at(t, host_file(t->sim, copy, mode), to, flags & O_CLOEXEC);
}

long row_access(struct task *t, const struct k_call *c)
{
	const struct vfs_path *dir;
	long r = engine_dir(t, (int)c->a[0].i, c->a[1].s, &dir);

	return r < 0 ? r : vfs_access(&t->view, dir, c->a[1].s, (int)c->a[2].i);
}

long row_setxattr(struct task *t, const struct k_call *c)
{
	return vfs_setxattr(&t->view, NULL, c->a[0].s, c->a[1].s, c->a[2].p, (size_t)c->a[3].i, 0,
			    AT_SYMLINK_NOFOLLOW);
}

long row_getxattr(struct task *t, const struct k_call *c)
{
	struct k_buf *b = c->a[2].out;
	long r = vfs_getxattr(&t->view, NULL, c->a[0].s, c->a[1].s, b->data, b->cap,
			      AT_SYMLINK_NOFOLLOW);

	if (r >= 0)
		b->len = (size_t)r;
	return r;
}

long row_close_range(struct task *t, const struct k_call *c)
{
	return fd_close_range(t, (unsigned)c->a[0].i, (unsigned)c->a[1].i,
			      (unsigned long)c->a[2].i & CLOSE_RANGE_CLOEXEC_BIT);
}

/* ---- kernel files ---- */

long row_cg_mkdir(struct task *t, const struct k_call *c)
{
	return vfs_mkdir(&t->view, NULL, c->a[0].s, (uint32_t)c->a[1].i);
}

long row_cg_rmdir(struct task *t, const struct k_call *c)
{
	return vfs_unlink(&t->view, NULL, c->a[0].s, AT_REMOVEDIR);
}

/* All or nothing, as the real one. */
static long write_all_of(struct vfs_file *f, const char *text)
{
	long n = (long)strlen(text), r = vfs_write(f, text, (size_t)n);

	return r < 0 ? r : r == n ? n : -EIO;
}

long row_write_file(struct task *t, const struct k_call *c)
{
	struct vfs_file *f;
	long r = vfs_open(&t->view, NULL, c->a[0].s, O_WRONLY, 0, &f);

	if (r < 0)
		return r;
	r = write_all_of(f, c->a[1].s);
	vfs_file_put(f);
	return r;
}

long row_write_fd(struct task *t, const struct k_call *c)
{
	struct vfs_file *f = engine_file(t, (int)c->a[0].i);

	return f ? write_all_of(f, c->a[1].s) : -EBADF;
}

long row_read_file(struct task *t, const struct k_call *c)
{
	struct k_buf *b = c->a[1].out;
	struct vfs_file *f;
	long r = vfs_open(&t->view, NULL, c->a[0].s, O_RDONLY, 0, &f), n = 0;

	if (r < 0)
		return r;
	while (b->cap && (size_t)n < b->cap - 1 &&
	       (r = vfs_read(f, b->data + n, b->cap - 1 - (size_t)n)) > 0)
		n += r;
	vfs_file_put(f);
	if (r < 0)
		return r;
	if (b->cap)
		b->data[n] = '\0';
	b->len = (size_t)n;
	return n;
}

/* ---- terminals ---- */

static struct tty *tty_at(struct task *t, int fd)
{
	struct tty *tty = tty_of(engine_file(t, fd));
	return tty ? tty : token_find(t->sim, fd, TOKEN_TTY);
}

long row_tty_control(struct task *t, const struct k_call *c)
{
	struct tty *tty = tty_at(t, (int)c->a[0].i);
	return tty ? tty_control(t, tty) : -ENOTTY;
}

long row_tty_size(struct task *t, const struct k_call *c)
{
	struct tty *tty = tty_at(t, (int)c->a[0].i);
	return tty ? tty_set_size(tty, (int)c->a[1].i, (int)c->a[2].i) : -ENOTTY;
}
