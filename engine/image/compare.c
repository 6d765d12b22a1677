/* compare.c - is an unpacked layer still what its tar says?
 *
 * The DiffID is the digest of the tar and can't be computed from the directory
 * (several tars give the same tree), so the tar is read again and each entry is
 * looked up.  Kind, mode, owner, size and content count; times don't, since an
 * overlay's lower directory may be read with access times on.
 */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/rights.h"
#include "core/str.h"
#include "image/resolve.h"
#include "image/unpack.h"
#include "image/whiteout.h"

struct compare {
	struct archive *a;
	struct tar_source src;
	int root;
	char *buf;
};

static int differs(const char *path, const char *how, struct err *e)
{
	return err_set(e, EBADMSG, "/%s %s", path, how);
}

static int compare_data(struct compare *c, int fd, const char *path, struct err *e)
{
	const void *block;
	size_t len;
	la_int64_t at;
	int r;
	while ((r = archive_read_data_block(c->a, &block, &len, &at)) == ARCHIVE_OK) {
		for (size_t done = 0; done < len; ) {
			size_t want = len - done < STREAM_BUF ? len - done : STREAM_BUF;
			ssize_t n = pread(fd, c->buf, want, at + (la_int64_t)done);
			if (n <= 0 || memcmp(c->buf, (const char *)block + done, (size_t)n) != 0)
				return differs(path, "has other content", e);
			done += (size_t)n;
		}
	}
	return r == ARCHIVE_EOF ? 0 : tar_fail(c->a, &c->src, e);
}

static int compare_entry(struct compare *c, struct archive_entry *ae, const char *path, int dir,
			 const char *name, struct err *e)
{
	struct stat st;
	mode_t kind = archive_entry_filetype(ae);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return differs(path, "is missing", e);
	if (archive_entry_hardlink(ae))
		return 0;
	if ((st.st_mode & S_IFMT) != kind)
		return differs(path, "is of another kind", e);
	if (kind != AE_IFLNK && (st.st_mode & 07777) != archive_entry_perm(ae))
		return differs(path, "has another mode", e);
	if (rights_owners() && (idmap_uid_in(st.st_uid) != archive_entry_uid(ae) ||
			       idmap_gid_in(st.st_gid) != archive_entry_gid(ae)))
		return differs(path, "has another owner", e);
	if (kind != AE_IFREG)
		return 0;
	if (st.st_size != archive_entry_size(ae))
		return differs(path, "has another size", e);
	autofd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, errno, "read /%s", path) : compare_data(c, fd, path, e);
}

static int compare_next(struct compare *c, struct archive_entry *ae, struct err *e)
{
	autofree char *path = tar_clean_name(archive_entry_pathname(ae));
	if (!path || !*path)
		return 0;
	char *slash = strrchr(path, '/');
	autofree char *parent = slash ? strndup(path, (size_t)(slash - path)) : str_dup("");
	const char *name = slash ? slash + 1 : path;
	if (str_starts(name, WHITEOUT_PREFIX))
		return 0;
	autofd int dir = resolve_dir(c->root, parent);
	return dir < 0 ? differs(path, "is missing", e) : compare_entry(c, ae, path, dir, name, e);
}

int layer_compare(struct stream *tar, const char *dir, struct err *e)
{
	struct compare c = { .src = { .in = tar } };
	struct archive_entry *ae;
	autofd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, errno, "open %s", dir);
	autofree char *buf = mem_alloc(STREAM_BUF);
	c.root = root;
	c.buf = buf;
	c.a = tar_open(&c.src, e);
	int r = c.a ? 0 : -EBADMSG;
	while (r == 0 && (r = tar_next(c.a, &c.src, &ae, e)) > 0)
		r = compare_next(&c, ae, e);
	tar_close(c.a, &c.src);
	return r;
}
