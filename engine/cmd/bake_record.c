/* bake_record.c - what was baked from which recipe, and is it still whole?
 *
 * REGISTRY/course.json:
 *	{"images": {"library/python:3.9-slim":
 *		{"recipe": "sha256:…", "digest": "sha256:…", "baked": "2026-…Z"}}}
 * The digest is the manifest's; it names configuration and layers by theirs, so
 * one number vouches for all of it.  The recipe's hash is in the image's labels,
 * too: a record that was lost or damaged is written again from what is there.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bake.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "image/manifest.h"
#include "registry/storage.h"

static cJSON *records_read(const char *registry)
{
	autofree char *path = str_printf("%s/course.json", registry);
	autostr struct str text = { 0 };
	cJSON *all = NULL;
	if (file_read(path, &text, NULL) < 0 || json_parse(text.s, text.len, &all, NULL) < 0 ||
	    !json_obj(all, "images")) {
		json_free(&all);	/* none yet, or damaged: bake as if there were none */
		all = cJSON_CreateObject();
		json_put(all, "images", cJSON_CreateObject());
	}
	return all;
}

int course_note(const char *registry, const struct recipe *r, const char *digest,
		struct err *e)
{
	autojson cJSON *all = records_read(registry);
	autofree char *path = str_printf("%s/course.json", registry);
	cJSON *images = json_obj(all, "images"), *one = cJSON_CreateObject();
	char now[36];

	json_put_str(one, "recipe", r->hash);
	json_put_str(one, "digest", digest);
	json_put_str(one, "baked", clock_rfc3339(clock_wall_ns(), now));
	cJSON_DeleteItemFromObjectCaseSensitive(images, r->name);
	json_put(images, r->name, one);
	autofree char *text = json_line(all);
	return file_write_atomic(path, text, strlen(text), 0644, e);
}

/* ---- checks --------------------------------------------------------------------- */

struct check { const char *registry; bool deep; struct err *e; };

/* A wrong blob is taken away: "what exists need not be written" then holds again. */
static bool blob_good(const struct check *c, const struct descriptor *b)
{
	autofree char *path = storage_blob(c->registry, b->digest);
	char sum[DIGEST_TEXT];
	int64_t size;
	if (!storage_has_blob(c->registry, b->digest, &size))
		return err_set(c->e, ENOENT, "the file %.19s… is gone", b->digest) == 0;
	if (size == b->size && !c->deep)
		return true;
	if (size == b->size && digest_of_file(path, sum, c->e) == 0 && str_eq(sum, b->digest))
		return true;
	unlink(path);
	if (size != b->size)
		return err_set(c->e, EBADMSG, "the file %.19s… has %lld bytes, not %lld",
			       b->digest, (long long)size, (long long)b->size) == 0;
	return err_set(c->e, EBADMSG, "the file %.19s… is not what its digest says",
		       b->digest) == 0;
}

static bool blobs_good(const struct check *c, const struct str *manifest)
{
	autojson cJSON *j = NULL;
	automanifest struct manifest m = { 0 };
	if (json_parse(manifest->s, manifest->len, &j, c->e) < 0 ||
	    manifest_parse(j, &m, c->e) < 0)
		return false;
	bool good = blob_good(c, &m.config);
	for (size_t i = 0; i < m.n_layers; i++)
		good = blob_good(c, &m.layers[i]) && good;
	return good;
}

static bool image_good(const struct check *c, const char *repo, const char *tag,
		       const char *recorded)
{
	autostr struct str text = { 0 };
	autofree char *type = NULL;
	char digest[DIGEST_TEXT], sum[DIGEST_TEXT];
	if (storage_get_manifest(c->registry, repo, tag, &text, &type, digest, c->e) < 0)
		return false;
	digest_of(text.s, text.len, sum);
	if (!str_eq(digest, recorded) || !str_eq(sum, recorded))
		return err_set(c->e, EBADMSG, "its name stands for something else") == 0;
	return blobs_good(c, &text);
}

/* The recipe an image says it was made from; the caller frees.  NULL: it doesn't. */
static char *recipe_of(const struct check *c, const struct str *manifest)
{
	autojson cJSON *j = NULL, *config = NULL;
	autostr struct str text = { 0 };
	if (json_parse(manifest->s, manifest->len, &j, NULL) < 0)
		return NULL;
	const char *digest = json_str(json_obj(j, "config"), "digest");
	if (!digest_ok(digest))
		return NULL;
	autofree char *path = storage_blob(c->registry, digest);
	if (file_read(path, &text, NULL) < 0 || json_parse(text.s, text.len, &config, NULL) < 0)
		return NULL;
	return str_dup(json_str(json_obj(json_obj(config, "config"), "Labels"),
				RECIPE_LABEL));
}

/* No record, but the image itself is there, whole, and of this recipe? */
static bool record_restored(const struct check *c, const struct recipe *r, const char *repo,
			    const char *tag)
{
	const struct check all = { c->registry, true, NULL };
	autostr struct str text = { 0 };
	autofree char *type = NULL;
	char digest[DIGEST_TEXT], sum[DIGEST_TEXT];
	if (storage_get_manifest(c->registry, repo, tag, &text, &type, digest, NULL) < 0)
		return false;
	autofree char *recipe = recipe_of(c, &text);
	digest_of(text.s, text.len, sum);
	return str_eq(recipe, r->hash) && str_eq(sum, digest) && blobs_good(&all, &text) &&
	       course_note(c->registry, r, digest, NULL) == 0;
}

enum course_state course_check(const char *registry, const struct recipe *r, bool deep,
			       struct err *e)
{
	const struct check c = { registry, deep, e };
	autojson cJSON *all = records_read(registry);
	const cJSON *one = json_obj(json_obj(all, "images"), r->name);
	autofree char *repo = str_dup(r->name);
	char *tag = strrchr(repo, ':');
	*tag++ = '\0';
	if (!one)
		return record_restored(&c, r, repo, tag) ? COURSE_GOOD : COURSE_MISSING;
	if (!str_eq(json_str(one, "recipe"), r->hash))
		return COURSE_CHANGED;
	return image_good(&c, repo, tag, json_str(one, "digest")) ? COURSE_GOOD : COURSE_DAMAGED;
}
