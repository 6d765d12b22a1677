/* storage_refer.c - what refers to a manifest: signatures, bills of materials.
 *
 * A manifest with a subject leaves an empty file in the subject's folder of
 * referrers; the index of them is made when it is asked for, from the manifests
 * themselves.  The subject need not be there (OCI distribution, "Listing Referrers").
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "image/manifest.h"
#include "registry/storage.h"

/* A descriptor of the manifest, or NULL if it is gone or of another type. */
static cJSON *describe(const char *root, const char *repo, const char *digest, const char *wanted)
{
	autostr struct str text = { 0 };
	autofree char *type = NULL;
	autojson cJSON *doc = NULL;
	char found[DIGEST_TEXT];
	if (storage_get_manifest(root, repo, digest, &text, &type, found, NULL) < 0 ||
	    json_parse(text.s, text.len, &doc, NULL) < 0)
		return NULL;
	/* Before 1.1 an artifact's type was that of its configuration. */
	const char *artifact = json_str_or(doc, "artifactType", "");
	if (!*artifact)
		artifact = json_str_or(json_obj(doc, "config"), "mediaType", "");
	if (wanted && !str_eq(wanted, artifact))
		return NULL;
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "mediaType", type);
	json_put_int(d, "size", (int64_t)text.len);
	json_put_str(d, "digest", digest);
	if (*artifact)
		json_put_str(d, "artifactType", artifact);
	cJSON *notes = cJSON_DetachItemFromObjectCaseSensitive(doc, "annotations");
	if (notes)
		json_put(d, "annotations", notes);
	return d;
}

char *storage_referrers(const char *root, const char *repo, const char *subject, const char *type)
{
	autofree char *path = str_printf("%s/repositories/%s/_referrers/%s", root, repo,
					 digest_hex(subject));
	autojson cJSON *index = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray();
	autodir DIR *d = opendir(path);
	struct dirent *de;
	while (d && (de = readdir(d))) {
		autofree char *digest = str_printf("sha256:%s", de->d_name);
		cJSON *one = digest_ok(digest) ? describe(root, repo, digest, type) : NULL;
		if (one)
			cJSON_AddItemToArray(list, one);
	}
	json_put_int(index, "schemaVersion", 2);
	json_put_str(index, "mediaType", TYPE_OCI_INDEX);
	json_put(index, "manifests", list);
	return json_line(index);
}
