/* push.c - the client's way in: is it there, can it be taken over, else send it. */
#include <errno.h>
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
	int err = registry_request(r, &q, path, &f, e);
	/* 202: the registry can't, and has begun an upload instead, which will expire. */
	return err < 0 ? err : f->status == 201;
}

static int begin_upload(struct registry *r, char **place, struct err *e)
{
	autofetch struct fetch *f = NULL;
	struct fetch_request q = { .method = "POST", .body = "" };
	autofree char *path = str_printf("/v2/%s/blobs/uploads/", registry_repository(r));
	int err = registry_request(r, &q, path, &f, e);
	if (err < 0)
		return err;
	if (!f->location)
		return err_set(e, EPROTO, "the registry named no place to upload to");
	*place = str_dup(f->location);
	return 0;
}

int registry_blob_put(struct registry *r, const char *digest, struct stream *data, int64_t size,
		      struct err *e)
{
	autofree char *place = NULL;
	autofetch struct fetch *f = NULL;
	char type[] = "Content-Type: application/octet-stream";
	char *headers[] = { type, NULL };
	struct fetch_request q = { .method = "PUT", .headers = headers, .upload = data,
				   .upload_size = size };
	int err = begin_upload(r, &place, e);
	if (err < 0)
		return err;
	autofree char *url = str_printf("%s%sdigest=%s", place, strchr(place, '?') ? "&" : "?",
					digest);
	return registry_request(r, &q, url, &f, e);
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
