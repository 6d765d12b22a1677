/* pack.c - a tree becomes a compressed layer, in one pass: the tar bytes are summed
 * (DiffID), deflated, summed again (the blob's digest) and written. */
#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>

#include "core/cleanup.h"
#include "image/deflate.h"
#include "image/tar_write.h"

struct pack {
	struct deflate *gzip;
	struct sha256 plain;
};

static int sink(void *arg, const void *data, size_t len, struct err *e)
{
	struct pack *p = arg;
	sha256_add(&p->plain, data, len);
	return deflate_add(p->gzip, data, len, e);
}

static void pack_end(struct pack *p)
{
	deflate_free(&p->gzip);
	sha256_drop(&p->plain);
}

int layer_pack(struct kernel *k, const char *dir, int fd, struct packed *out, struct err *e)
{
	__attribute__((cleanup(pack_end))) struct pack p = { .gzip = deflate_begin(fd) };
	autotar struct tar_writer *tar = NULL;
	autofd int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tar_tree tree = { .k = k, .layer = true };
	struct packed done = { .size = 0 };
	if (root < 0)
		return err_sys(e, errno, "open %s", dir);
	sha256_begin(&p.plain);
	int r = tar_begin(sink, &p, &tar, e);
	if (r == 0)
		r = tar_put_tree(tar, &tree, root, "", e);
	if (r == 0)
		r = tar_end(tar, e);
	if (r == 0)
		r = deflate_end(p.gzip, done.digest, &done.size, e);
	if (r < 0)
		return r;
	sha256_end(&p.plain, done.diff_id);
	done.unpacked = tree.bytes;
	*out = done;
	return 0;
}
