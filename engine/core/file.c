#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

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

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path) < 0 && errno != ENOENT ? -errno : 0;
}

int dir_remove(const char *path, struct err *e)
{
	if (nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove %s", path);
	struct stat st;
	if (lstat(path, &st) == 0)
		return err_sys(e, EBUSY, "remove %s", path);
	return 0;
}

static _Thread_local int64_t total;

static int add_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_F && S_ISREG(st->st_mode))
		total += st->st_size;
	return 0;
}

int dir_size(const char *path, int64_t *bytes, struct err *e)
{
	total = 0;
	if (nftw(path, add_one, 64, FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return err_sys(e, errno, "measure %s", path);
	*bytes = total;
	return 0;
}
