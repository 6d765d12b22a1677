/* unfilter.c - bzip2, xz and lzma: nobody packs layers so, but archives that people
 * hand to `docker build` are.  libarchive undoes them; gzip and zstd, which count for
 * speed, are inflate.c's. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "core/str.h"
#include "image/stream.h"

struct unfilter {
	struct stream s, *in;
	struct archive *a;
	struct err err;		/* of the stream before, met in libarchive's callback */
	char *buf;
	bool open, empty;	/* empty: not a byte comes */
};

static la_ssize_t give(struct archive *a, void *arg, const void **buf)
{
	struct unfilter *f = arg;
	ssize_t n = f->in->read(f->in, f->buf, STREAM_BUF, &f->err);
	*buf = f->buf;
	if (n < 0)
		archive_set_error(a, (int)-n, "%s", f->err.what);
	return n < 0 ? -1 : n;
}

static ssize_t unfilter_fail(struct unfilter *f, struct err *e)
{
	const char *why = archive_error_string(f->a);
	if (f->err.code && e)
		*e = f->err;
	if (f->err.code)
		return -f->err.code;
	return err_set(e, EBADMSG, "unpack: %s", why ? why : "damaged");
}

/* The first bytes are asked for with the first read, as with any stage. */
static int begin(struct unfilter *f, struct err *e)
{
	struct archive_entry *entry;
	f->open = true;
	if (archive_read_open(f->a, f, NULL, give, NULL) != ARCHIVE_OK)
		return (int)unfilter_fail(f, e);
	int r = archive_read_next_header(f->a, &entry);
	f->empty = r == ARCHIVE_EOF;
	return r == ARCHIVE_OK || f->empty ? 0 : (int)unfilter_fail(f, e);
}

static ssize_t unfilter_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct unfilter *f = (struct unfilter *)s;
	int r = f->open ? 0 : begin(f, e);
	if (r < 0 || f->empty)
		return r;
	ssize_t n = archive_read_data(f->a, buf, cap);
	return n < 0 ? unfilter_fail(f, e) : n;
}

static void unfilter_close(struct stream *s)
{
	struct unfilter *f = (struct unfilter *)s;
	archive_read_free(f->a);
	free(f->buf);
	free(f);
}

struct stream *stream_unfilter(struct stream *in)
{
	struct unfilter *f = mem_alloc(sizeof(*f));
	f->s = (struct stream){ unfilter_read, unfilter_close };
	f->in = in;
	f->buf = mem_alloc(STREAM_BUF);
	f->a = archive_read_new();
	archive_read_support_filter_bzip2(f->a);
	archive_read_support_filter_xz(f->a);
	archive_read_support_filter_lzma(f->a);
	archive_read_support_format_raw(f->a);
	archive_read_support_format_empty(f->a);
	return &f->s;
}
