#include "image/deflate.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/str.h"

#define OUT (256u << 10)

struct deflate {
	struct isal_zstream z;
	struct sha256 sum;
	int fd;
	int64_t size;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
	uint8_t out[OUT];
};

struct deflate *deflate_begin(int fd)
{
	struct deflate *d = mem_alloc(sizeof(*d));
	isal_deflate_init(&d->z);
	d->z.gzip_flag = IGZIP_GZIP;
	d->z.level = 1;
	d->z.level_buf = d->level_buf;
	d->z.level_buf_size = sizeof(d->level_buf);
	d->z.flush = NO_FLUSH;
	d->fd = fd;
	sha256_begin(&d->sum);
	return d;
}

/* Runs until all input is taken, and with end_of_stream until all is out. */
static int pump(struct deflate *d, struct err *e)
{
	do {
		d->z.next_out = d->out;
		d->z.avail_out = OUT;
		if (isal_deflate(&d->z) != COMP_OK)
			return err_set(e, EIO, "gzip: the library failed");
		size_t n = OUT - d->z.avail_out;
		int r = write_all(d->fd, d->out, n);
		if (r < 0)
			return err_sys(e, -r, "write layer");
		sha256_add(&d->sum, d->out, n);
		d->size += (int64_t)n;
	} while (d->z.avail_out == 0);
	return 0;
}

int deflate_add(struct deflate *d, const void *data, size_t len, struct err *e)
{
	d->z.next_in = (uint8_t *)(uintptr_t)data;	/* ISA-L takes no const, and writes nothing */
	d->z.avail_in = (uint32_t)len;
	return pump(d, e);
}

int deflate_end(struct deflate *d, char digest[DIGEST_TEXT], int64_t *size, struct err *e)
{
	d->z.end_of_stream = 1;
	int r = deflate_add(d, NULL, 0, e);
	if (r < 0)
		return r;
	sha256_end(&d->sum, digest);
	*size = d->size;
	return 0;
}

void deflate_free(struct deflate **d)
{
	if (*d)
		sha256_drop(&(*d)->sum);
	free(*d);
	*d = NULL;
}
