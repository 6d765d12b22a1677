/* server_blobs.c - blobs out (whole or in part) and in (OCI distribution, "Pushing").
 *
 *	POST  uploads/			a place to send to; or mounts a blob; or is the whole upload
 *	PATCH uploads/ID		a piece; Content-Range must go on where the last one ended
 *	PUT   uploads/ID?digest=D	the rest, and the digest that all of it must have
 *	DELETE blobs/D			only what no manifest lists
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "image/digest.h"
#include "registry/exchange.h"
#include "registry/storage.h"

/* ---- out ------------------------------------------------------------------------- */

/* "bytes=5-", "bytes=5-9", "bytes=-3" of size bytes.  -1: not to be satisfied; 0: no
 * range that we know (then all is sent); 1. */
static int parse_range(const char *text, int64_t size, int64_t *from, int64_t *to)
{
	long long a = 0, b = size - 1;
	char rest;
	if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ','))
		return 0;
	text += 6;
	if (sscanf(text, "-%lld%c", &b, &rest) == 1) {
		a = b < size ? size - b : 0;
		b = size - 1;
	} else if (sscanf(text, "%lld-%lld%c", &a, &b, &rest) != 2) {
		b = size - 1;
		if (sscanf(text, "%lld-%c", &a, &rest) != 1)
			return 0;
	}
	if (a < 0 || a >= size || b < a)
		return -1;
	*from = a;
	*to = b < size ? b : size - 1;
	return 1;
}

static enum MHD_Result send_file(struct exchange *x, int fd, int64_t size)
{
	char content_range[96];
	int64_t from = 0, to = size - 1;
	const char *asked = exchange_header(x, "Range");
	int ranged = parse_range(asked, size, &from, &to);
	if (ranged < 0) {
		close(fd);
		return exchange_error(x, 416, "RANGE_INVALID", "no such range in this blob");
	}
	/* The response closes fd. */
	struct MHD_Response *r = MHD_create_response_from_fd_at_offset64((uint64_t)(to - from + 1),
									 fd, (uint64_t)from);
	MHD_add_response_header(r, "Docker-Distribution-Api-Version", "registry/2.0");
	MHD_add_response_header(r, "Content-Type", "application/octet-stream");
	MHD_add_response_header(r, "Docker-Content-Digest", x->ref);
	MHD_add_response_header(r, "Accept-Ranges", "bytes");
	if (ranged) {
		snprintf(content_range, sizeof(content_range), "bytes %lld-%lld/%lld",
			 (long long)from, (long long)to, (long long)size);
		MHD_add_response_header(r, "Content-Range", content_range);
	}
	enum MHD_Result done = MHD_queue_response(x->conn, ranged ? 206 : 200, r);
	MHD_destroy_response(r);
	return done;
}

enum MHD_Result blob_answer(struct exchange *x)
{
	struct stat st;
	if (!digest_ok(x->ref))
		return exchange_error(x, 400, "DIGEST_INVALID", "invalid digest");
	autofree char *path = storage_blob(x->root, x->ref);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return exchange_error(x, 404, "BLOB_UNKNOWN", "blob unknown to registry");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return exchange_error(x, 500, "UNKNOWN", "the blob can't be read");
	}
	/* Told that it is here, a client that pushes won't send it. */
	if (!x->read_only && str_eq(x->route->method, "HEAD"))
		storage_touch_blob(x->root, x->ref);
	return send_file(x, fd, st.st_size);
}

enum MHD_Result blob_delete(struct exchange *x)
{
	struct err e = { 0 };
	if (!digest_ok(x->ref))
		return exchange_error(x, 400, "DIGEST_INVALID", "invalid digest");
	int r = storage_delete_blob(x->root, x->ref, &e);
	if (r == -ENOENT)
		return exchange_error(x, 404, "BLOB_UNKNOWN", "blob unknown to registry");
	return r < 0 ? exchange_err(x, &e) : exchange_reply(x, 202, NULL, "", NULL);
}

/* ---- in -------------------------------------------------------------------------- */

static enum MHD_Result created(struct exchange *x, const char *digest)
{
	autofree char *place = str_printf("/v2/%s/blobs/%s", x->repo, digest);
	const char *const headers[] = { "Location", place, "Docker-Content-Digest", digest, NULL };
	return exchange_reply(x, 201, NULL, "", headers);
}

/* Where the upload stands: 202 to go on, 204 when asked. */
static enum MHD_Result standing(struct exchange *x, int status, const char *id, int64_t size)
{
	autofree char *place = str_printf("/v2/%s/blobs/uploads/%s", x->repo, id);
	autofree char *range = str_printf("0-%lld", (long long)(size ? size - 1 : 0));
	const char *const headers[] = { "Location", place, "Range", range,
					"Docker-Upload-UUID", id, NULL };
	return exchange_reply(x, status, NULL, "", headers);
}

static enum MHD_Result keep(struct exchange *x, const char *id, const char *digest)
{
	struct err e = { 0 };
	autofree char *path = storage_upload(x->root, id);
	if (!digest_ok(digest))
		return exchange_error(x, 400, "DIGEST_INVALID", "provided digest is no sha256 digest");
	int r = storage_keep_blob(x->root, path, digest, &e);
	if (r < 0)
		unlink(path);
	return r < 0 ? exchange_err(x, &e) : created(x, digest);
}

/* The server has made an empty upload, and put into it what came with the request. */
enum MHD_Result upload_begin(struct exchange *x)
{
	const char *mount = exchange_query(x, "mount"), *digest = exchange_query(x, "digest");
	if (x->fd < 0)
		return exchange_error(x, 405, "UNSUPPORTED", "The operation is unsupported.");
	if (mount && digest_ok(mount) && storage_has_blob(x->root, mount, NULL)) {
		autofree char *path = storage_upload(x->root, x->ref);
		unlink(path);
		storage_touch_blob(x->root, mount);
		return created(x, mount);
	}
	return digest ? keep(x, x->ref, digest) : standing(x, 202, x->ref, 0);
}

/* -1: no such upload (x->fd says so for those with a body). */
static int64_t upload_size(struct exchange *x)
{
	struct stat st;
	autofree char *path = storage_upload(x->root, x->ref);
	return storage_upload_id_ok(x->ref) && stat(path, &st) == 0 ? st.st_size : -1;
}

static enum MHD_Result no_upload(struct exchange *x)
{
	return exchange_error(x, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
}

enum MHD_Result upload_status(struct exchange *x)
{
	int64_t size = upload_size(x);
	return size < 0 ? no_upload(x) : standing(x, 204, x->ref, size);
}

enum MHD_Result upload_patch(struct exchange *x)
{
	int64_t size = upload_size(x);
	return size < 0 || x->fd < 0 ? no_upload(x) : standing(x, 202, x->ref, size);
}

enum MHD_Result upload_end(struct exchange *x)
{
	if (upload_size(x) < 0 || x->fd < 0)
		return no_upload(x);
	const char *digest = exchange_query(x, "digest");
	return keep(x, x->ref, digest);
}

enum MHD_Result upload_cancel(struct exchange *x)
{
	autofree char *path = storage_upload(x->root, x->ref);
	if (upload_size(x) < 0 || unlink(path) < 0)
		return no_upload(x);
	return exchange_reply(x, 204, NULL, "", NULL);
}
