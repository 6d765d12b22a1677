/* blob.c - blobs from a registry, picked up again where a connection broke. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "registry/client.h"
#include "registry/fetch.h"

#define PAUSE_MS 200		/* before the first retry; doubled for each further one */

struct blob_stream {
	struct stream s;
	struct registry *r;
	char *path;
	struct fetch *f;
	int64_t at, size;	/* bytes given out; all there should be, 0: not known */
	int tries;
};

static void pause_before(int try)
{
	long ms = (long)PAUSE_MS << try;
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Reads and drops what a server without ranges sends again. */
static int skip(struct fetch *f, int64_t n, struct err *e)
{
	autofree char *buf = mem_alloc(STREAM_BUF);
	while (n > 0) {
		size_t want = n < (int64_t)STREAM_BUF ? (size_t)n : STREAM_BUF;
		ssize_t got = f->s.read(&f->s, buf, want, e);
		if (got <= 0)
			return got < 0 ? (int)got : err_set(e, ECONNRESET, "unexpected EOF");
		n -= got;
	}
	return 0;
}

static int connect_at(struct blob_stream *b, struct err *e)
{
	autofree char *range = str_printf("Range: bytes=%lld-", (long long)b->at);
	char *headers[] = { b->at ? range : NULL, NULL };
	struct fetch_request q = { .method = "GET", .headers = headers };
	fetch_close(&b->f);
	int r = registry_request(b->r, &q, b->path, &b->f, e);
	if (r == -ENOENT)
		return err_http(e, 404, ENODATA, "unknown blob");
	if (r < 0)
		return r;
	return b->at && b->f->status != 206 ? skip(b->f, b->at, e) : 0;
}

static bool may_retry(struct blob_stream *b, int err)
{
	return (err == -ECONNRESET || err == -ETIMEDOUT || err == -EHOSTUNREACH) &&
	       ++b->tries < registry_attempts(b->r);
}

static ssize_t blob_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct blob_stream *b = (struct blob_stream *)s;
	for (;;) {
		if (!b->f && b->size && b->at >= b->size)
			return 0;	/* broke at the very end */
		int r = b->f ? 0 : connect_at(b, e);
		ssize_t n = r < 0 ? r : b->f->s.read(&b->f->s, buf, cap, e);
		if (n > 0)
			b->tries = 0;
		/* An early end without an error is a shorter blob: the digest will tell. */
		if (n >= 0) {
			b->at += n;
			return n;
		}
		fetch_close(&b->f);
		if (!may_retry(b, (int)n))
			return n;
		pause_before(b->tries - 1);
	}
}

static void blob_close(struct stream *s)
{
	struct blob_stream *b = (struct blob_stream *)s;
	fetch_close(&b->f);
	free(b->path);
	free(b);
}

int registry_blob(struct registry *r, const char *digest, int64_t size, struct stream **out,
		  struct err *e)
{
	struct blob_stream *b = mem_alloc(sizeof(*b));
	b->s = (struct stream){ blob_read, blob_close };
	b->r = r;
	b->size = size;
	b->path = str_printf("/v2/%s/blobs/%s", registry_repository(r), digest);
	int err = connect_at(b, e);
	if (err < 0)
		blob_close(&b->s);
	else
		*out = &b->s;
	return err;
}
