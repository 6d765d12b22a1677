/* push.c - the client's way in: is it there, can it be taken over, else send it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "registry/client.h"
#include "registry/fetch.h"

int registry_blob_has(struct registry *r, const char *digest, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "HEAD" };
	autofree char *path = str_printf("/v2/%s/blobs/%s", registry_repository(r), digest);
	int err = registry_request(r, &q, path, &f, e);
	return err == -ENOENT ? 0 : err < 0 ? err : 1;
}

int registry_blob_mount(struct registry *r, const char *digest, const char *from, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "POST", .body = "" };
	autofree char *path = str_printf("/v2/%s/blobs/uploads/?mount=%s&from=%s",
					 registry_repository(r), digest, from);
	registry_also(r, from, true);
	int err = registry_request(r, &q, path, &f, e);
	if (err == -EACCES) {	/* we may push here, but not read there */
		registry_also(r, from, false);
		return 0;
	}
	/* 202: the registry can't, and has begun an upload instead, which will expire. */
	return err < 0 ? err : f->status == 201;
}

/* ---- uploads ---------------------------------------------------------------------
 *
 * A blob goes in one PUT.  If that breaks, the registry is asked how much it kept, and
 * the rest goes in pieces, each acknowledged: some keep nothing of a request that was cut
 * (docker-registry is one), so on a bad line a piece is what can get lost.
 */
#define PIECE (8 << 20)

struct piece {
	struct stream s;
	struct stream *data;
	int64_t left;
};

static ssize_t piece_read(struct stream *s, void *buf, size_t cap, struct err *e)
{
	struct piece *p = (struct piece *)s;
	if ((int64_t)cap > p->left)
		cap = (size_t)p->left;
	ssize_t n = cap ? p->data->read(p->data, buf, cap, e) : 0;
	p->left -= n > 0 ? n : 0;
	return n;
}

static int go_on_at(struct registry_upload *u, const struct fetch *f, struct err *e)
{
	long long first, last;
	if (!f->location && !u->place)
		return err_set(e, EPROTO, "the registry named no place to upload to");
	if (f->location) {
		free(u->place);
		u->place = str_dup(f->location);
	}
	/* "0-0" is an upload without a byte, by all registries but those that mean one:
	 * then that byte is refused, and the upload begun anew. */
	if (f->range && sscanf(f->range, "%lld-%lld", &first, &last) == 2)
		u->at = last > 0 ? last + 1 : 0;
	return 0;
}

int registry_upload_begin(struct registry *r, struct registry_upload *u, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request ask = { .method = "GET" }, begin = { .method = "POST", .body = "" };
	autofree char *path = str_printf("/v2/%s/blobs/uploads/", registry_repository(r));
	if (u->place) {
		u->broke = true;
		if (registry_request(r, &ask, u->place, &f, NULL) == 0)
			return go_on_at(u, f, e);
		registry_upload_free(u);
	}
	int err = registry_request(r, &begin, path, &f, e);
	return err < 0 ? err : go_on_at(u, f, e);
}

static int send_piece(struct registry *r, struct registry_upload *u, struct stream *data,
		      int64_t size, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct piece p = { .s = { piece_read, NULL }, .data = data, .left = size };
	autofree char *range = str_printf("Content-Range: %lld-%lld", (long long)u->at,
					  (long long)(u->at + size - 1));
	char type[] = "Content-Type: application/octet-stream";
	char *headers[] = { type, range, NULL };
	struct fetch_request q = { .method = "PATCH", .headers = headers, .upload = &p.s,
				   .upload_size = size };
	int64_t want = u->at + size;
	int err = registry_request(r, &q, u->place, &f, e);
	if (err < 0)
		return err;
	u->at = want;
	err = go_on_at(u, f, e);
	if (err == 0 && u->at != want)
		return err_set(e, ECONNRESET, "the registry kept %lld bytes of %lld",
			       (long long)u->at, (long long)want);
	return err;
}

int registry_upload_send(struct registry *r, struct registry_upload *u, const char *digest,
			 struct stream *data, int64_t size, struct err *e)
{
	autofetch struct fetch *f = NULL;
	char type[] = "Content-Type: application/octet-stream";
	char *headers[] = { type, NULL };
	int err = 0;
	while (err == 0 && u->broke && u->at < size)
		err = send_piece(r, u, data, size - u->at < PIECE ? size - u->at : PIECE, e);
	if (err < 0)
		return err;
	struct fetch_request q = { .method = "PUT", .headers = headers, .upload = data,
				   .upload_size = size - u->at };
	autofree char *url = str_printf("%s%sdigest=%s", u->place, strchr(u->place, '?') ? "&" : "?",
					digest);
	return registry_request(r, &q, url, &f, e);
}

void registry_upload_free(struct registry_upload *u)
{
	free(u->place);
	u->place = NULL;
	u->at = 0;
}

int registry_manifest_put(struct registry *r, const char *ref, const char *type,
			  const char *text, struct err *e)
{
	autofetch struct fetch *f = NULL;
	autofree char *header = str_printf("Content-Type: %s", type);
	char *headers[] = { header, NULL };
	struct fetch_request q = { .method = "PUT", .headers = headers, .body = text };
	autofree char *path = str_printf("/v2/%s/manifests/%s", registry_repository(r), ref);
	return registry_request(r, &q, path, &f, e);
}
