/* layer_in.c - from a stream to a layer in one pass:
 *
 *	packed:	in -> tee: digest, blob file -> inflate -> tee: DiffID -> tar -> tmp/…/fs
 *	plain:	in -> tee: DiffID -> press: blob file                 -> tar -> tmp/…/fs
 */
#include "image/layer_in.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "image/deflate.h"
#include "image/unpack.h"

#define HEAD 4		/* bytes: the longest magic number */

struct layer_in {
	struct image_store *s;
	struct blob_new blob;
	char *tmp;		/* …/tmp/layer.N, with fs/ in it */
	struct layer_record rec;
};

/* ---- stages ---------------------------------------------------------------------- */

/* Gives the first bytes twice: to who chooses the way, and to the way. */
struct peek { struct stream s, *in; char head[HEAD]; size_t len, at; };

static ssize_t peek_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct peek *p = (struct peek *)s;
	size_t n = p->len - p->at < cap ? p->len - p->at : cap;
	if (n == 0)
		return p->in->read(p->in, buf, cap, e);
	memcpy(buf, p->head + p->at, n);
	p->at += n;
	return (ssize_t)n;
}

static int peek_begin(struct peek *p, struct stream *in, struct err *e)
{
	ssize_t n = 1;
	*p = (struct peek){ .s = { peek_read, NULL }, .in = in };
	while (p->len < HEAD && n > 0) {
		n = in->read(in, p->head + p->len, HEAD - p->len, e);
		p->len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? (int)n : 0;
}

/* Passes bytes on, and packs them into the blob. */
struct press { struct stream s, *in; struct deflate *gzip; };

static ssize_t press_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct press *p = (struct press *)s;
	ssize_t n = p->in->read(p->in, buf, cap, e);
	int r = n > 0 ? deflate_add(p->gzip, buf, (size_t)n, e) : 0;
	return r < 0 ? r : n;
}

/* ---- the two ways ---------------------------------------------------------------- */

static int unpack(struct layer_in *l, struct stream *plain, struct err *e)
{
	autofree char *fs = str_printf("%s/fs", l->tmp);
	int r = dir_make(fs, 0755, e);
	return r < 0 ? r : layer_unpack(l->s->k, plain, fs, &l->rec.unpacked, e);
}

static int take_packed(struct layer_in *l, struct stream *in, char raw[DIGEST_TEXT],
		       struct err *e)
{
	struct tee blob, plain;
	autostream struct stream *inflated = NULL;
	tee_begin(&blob, in, l->blob.fd);
	int r = stream_inflate(&blob.s, &inflated, e);
	tee_begin(&plain, inflated, -1);
	if (r == 0)
		r = unpack(l, &plain.s, e);
	if (r == 0)
		r = stream_drain(&blob.s, e);
	l->rec.size = blob.count;
	sha256_end(&plain.sum, l->rec.diff_id);
	sha256_end(&blob.sum, l->rec.digest);
	memcpy(raw, l->rec.digest, DIGEST_TEXT);
	return r;
}

static int take_plain(struct layer_in *l, struct stream *in, char raw[DIGEST_TEXT],
		      struct err *e)
{
	struct tee plain;
	autodeflate struct deflate *gzip = deflate_begin(l->blob.fd);
	struct press press = { { press_read, NULL }, &plain.s, gzip };
	tee_begin(&plain, in, -1);
	int r = unpack(l, &press.s, e);
	if (r == 0)
		r = deflate_end(gzip, l->rec.digest, &l->rec.size, e);
	sha256_end(&plain.sum, l->rec.diff_id);
	memcpy(raw, l->rec.diff_id, DIGEST_TEXT);
	return r;
}

/* Whoever was faster with the same layer is believed: its record counts. */
static int keep(struct layer_in *l, const char *holder, struct err *e)
{
	struct layer_record known;
	int r = layer_pin(l->s, l->rec.diff_id, holder, e);
	if (r < 0)
		return r;
	if (layer_find(l->s, l->rec.diff_id, &known, NULL) == 0) {
		l->rec = known;
		return 0;
	}
	r = blob_keep(l->s, &l->blob, l->rec.digest, e);
	return r == 0 ? layer_keep(l->s, l->tmp, &l->rec, e) : r;
}

int layer_from_stream(struct image_store *s, struct stream *in, const char *holder,
		      struct layer_record *out, char raw[DIGEST_TEXT], struct err *e)
{
	struct layer_in l = { .s = s, .blob = { -1, NULL }, .tmp = store_tmp_path(s, "layer") };
	struct peek peek;
	int r = peek_begin(&peek, in, e);
	if (r == 0)
		r = blob_begin(s, &l.blob, e);
	if (r == 0)
		r = (stream_packed(peek.head, peek.len) ? take_packed : take_plain)(&l, &peek.s,
										    raw, e);
	if (r == 0)
		r = keep(&l, holder, e);
	blob_drop(&l.blob);
	dir_remove(l.tmp, NULL);
	free(l.tmp);
	if (r < 0)
		return store_hint(e);
	*out = l.rec;
	return 0;
}
