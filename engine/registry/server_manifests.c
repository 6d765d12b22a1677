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

static enum MHD_Result kept(struct exchange *x, const char *digest, const char *subject)
{
	autofree char *place = str_printf("/v2/%s/manifests/%s", x->repo, digest);
	const char *const headers[] = { "Location", place, "Docker-Content-Digest", digest,
					*subject ? "OCI-Subject" : NULL, subject, NULL };
	return exchange_reply(x, 201, NULL, "", headers);
}

enum MHD_Result manifest_put(struct exchange *x)
{
	struct err e = { 0 };
	char digest[DIGEST_TEXT], subject[DIGEST_TEXT];
	const char *text = x->body.s ? x->body.s : "";
	const char *header = exchange_header(x, "Content-Type");
	autofree char *type = str_dup(header ? header : TYPE_OCI_MANIFEST);
	struct storage_put put = { x->repo, x->ref, type, text, x->body.len };
	if (!ref_ok(x->ref))
		return bad_ref(x);
	type[strcspn(type, "; ")] = '\0';
	if (digest_ok(x->ref)) {
		put.tag = NULL;
		digest_of(text, x->body.len, digest);
		if (!str_eq(digest, x->ref))
			return exchange_error(x, 400, "DIGEST_INVALID",
					      "provided digest did not match uploaded content");
	}
	int r = storage_put_manifest(x->root, &put, digest, subject, &e);
	if (r == -EBADMSG)
		return exchange_error(x, 400, "MANIFEST_INVALID", e.what);
	return r < 0 ? exchange_err(x, &e) : kept(x, digest, subject);
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

/* ---- what refers to it, and what there is ----------------------------------------- */

enum MHD_Result referrers_get(struct exchange *x)
{
	const char *type = exchange_query(x, "artifactType");
	if (!digest_ok(x->ref))
		return bad_ref(x);
	autofree char *text = storage_referrers(x->root, x->repo, x->ref, type);
	const char *const headers[] = { type ? "OCI-Filters-Applied" : NULL, "artifactType", NULL };
	return exchange_reply(x, 200, TYPE_OCI_INDEX, text, headers);
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
