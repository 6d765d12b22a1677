/* server_manifests.c - manifests, and lists of tags and repositories. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "registry/exchange.h"
#include "registry/storage.h"

static bool ref_ok(const char *ref) { return digest_ok(ref) || reference_tag_ok(ref); }

static enum MHD_Result bad_ref(struct exchange *x)
{
	return strchr(x->ref, ':') ? exchange_error(x, 400, "DIGEST_INVALID", "invalid digest")
				   : exchange_error(x, 400, "TAG_INVALID", "invalid tag");
}

enum MHD_Result manifest_get(struct exchange *x)
{
	struct err e = { 0 };
	autostr struct str text = { 0 };
	autofree char *type = NULL;
	char digest[DIGEST_TEXT];
	if (!ref_ok(x->ref))
		return bad_ref(x);
	if (storage_get_manifest(x->root, x->repo, x->ref, &text, &type, digest, &e) < 0)
		return exchange_err(x, &e);
	const char *const headers[] = { "Docker-Content-Digest", digest, "ETag", digest, NULL };
	return exchange_reply(x, 200, type, text.s, headers);
}

enum MHD_Result manifest_put(struct exchange *x)
{
	struct err e = { 0 };
	char digest[DIGEST_TEXT], now[DIGEST_TEXT];
	const char *text = x->body.s ? x->body.s : "";
	const char *type = MHD_lookup_connection_value(x->conn, MHD_HEADER_KIND, "Content-Type");
	bool by_digest = digest_ok(x->ref);
	if (!ref_ok(x->ref))
		return bad_ref(x);
	digest_of(text, x->body.len, now);
	if (by_digest && !str_eq(now, x->ref))
		return exchange_error(x, 400, "DIGEST_INVALID",
				   "provided digest did not match uploaded content");
	int r = storage_put_manifest(x->root, x->repo, by_digest ? NULL : x->ref,
				     type ? type : TYPE_OCI_MANIFEST, text, x->body.len, digest, &e);
	if (r == -EBADMSG)
		return exchange_error(x, 400, "MANIFEST_INVALID", e.what);
	if (r < 0)
		return exchange_err(x, &e);
	autofree char *place = str_printf("/v2/%s/manifests/%s", x->repo, digest);
	const char *const headers[] = { "Location", place, "Docker-Content-Digest", digest, NULL };
	return exchange_reply(x, 201, NULL, "", headers);
}

enum MHD_Result manifest_delete(struct exchange *x)
{
	struct err e = { 0 };
	if (!ref_ok(x->ref))
		return bad_ref(x);
	if (storage_delete(x->root, x->repo, x->ref, &e) < 0)
		return exchange_err(x, &e);
	return exchange_reply(x, 202, NULL, "", NULL);
}

/* ---- lists ----------------------------------------------------------------------- */

enum MHD_Result exchange_list(struct exchange *x, const char *name, const char *key, char **list,
			   const char *path)
{
	const char *n = exchange_query(x, "n"), *last = exchange_query(x, "last");
	size_t most = n ? strtoul(n, NULL, 10) : SIZE_MAX, from = 0, to;
	autojson cJSON *j = cJSON_CreateObject();
	cJSON *items = cJSON_CreateArray();
	autofree char *link = NULL;

	while (last && list[from] && strcmp(list[from], last) <= 0)
		from++;
	for (to = from; list[to] && to - from < most; to++)
		cJSON_AddItemToArray(items, cJSON_CreateString(list[to]));
	if (list[to] && to > from)
		link = str_printf("<%s?n=%zu&last=%s>; rel=\"next\"", path, most, list[to - 1]);
	strv_free(list);
	if (name)
		json_put_str(j, "name", name);
	json_put(j, key, items);
	autofree char *text = json_line(j);
	const char *const headers[] = { link ? "Link" : NULL, link, NULL };
	return exchange_reply(x, 200, "application/json", text, headers);
}

enum MHD_Result tags_list(struct exchange *x)
{
	struct err e = { 0 };
	char **tags = NULL;
	autofree char *path = str_printf("/v2/%s/tags/list", x->repo);
	if (storage_tags(x->root, x->repo, &tags, &e) < 0)
		return exchange_err(x, &e);
	return exchange_list(x, x->repo, "tags", tags, path);
}
