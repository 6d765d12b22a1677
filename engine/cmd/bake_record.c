/* bake_record.c - what was baked from which recipe, and is it still whole?
 *
 * REGISTRY/course.json:
 *	{"images": {"library/python:3.9-slim":
 *		{"recipe": "sha256:…", "digest": "sha256:…", "baked": "2026-…Z"}}}
 * The digest is the manifest's; it names configuration and layers by theirs, so
 * one number vouches for all of it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

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

struct check { const char *registry; bool deep; char *why; size_t cap; };

static bool flaw(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool flaw(struct check *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->why, c->cap, fmt, ap);
	va_end(ap);
	return false;
}

static char *blob_path(struct check *c, const char *digest)
{
	return str_printf("%s/blobs/sha256/%s", c->registry, digest_hex(digest));
}

/* size < 0: not known beforehand. */
static bool blob_good(struct check *c, const char *digest, int64_t size)
{
	struct stat st;
	char sum[DIGEST_TEXT];
	if (!digest_ok(digest))
		return flaw(c, "its manifest makes no sense");
	autofree char *path = blob_path(c, digest);
	if (stat(path, &st) < 0)
		return flaw(c, "the file %.19s… is gone", digest);
	if (size >= 0 && st.st_size != size) {
		unlink(path);
		return flaw(c, "the file %.19s… has %lld bytes, not %lld", digest,
			    (long long)st.st_size, (long long)size);
	}
	if ((c->deep || size < 0) &&
	    (digest_of_file(path, sum, NULL) < 0 || !str_eq(sum, digest))) {
		unlink(path);
		return flaw(c, "the file %.19s… is not what its digest says", digest);
	}
	return true;
}

static bool descriptor_good(struct check *c, const cJSON *d)
{
	const char *digest = json_str(d, "digest");
	int64_t size = json_int(d, "size", -1);
	return size < 0 ? flaw(c, "its manifest makes no sense") : blob_good(c, digest, size);
}

static bool manifest_good(struct check *c, const char *digest)
{
	autojson cJSON *m = NULL;
	autostr struct str text = { 0 };
	const cJSON *layer;
	if (!blob_good(c, digest, -1))
		return false;
	autofree char *path = blob_path(c, digest);
	if (file_read(path, &text, NULL) < 0 || json_parse(text.s, text.len, &m, NULL) < 0)
		return flaw(c, "its manifest can't be read");
	if (!descriptor_good(c, json_obj(m, "config")))
		return false;
	cJSON_ArrayForEach(layer, json_obj(m, "layers"))
		if (!descriptor_good(c, layer))
			return false;
	return true;
}

enum course_state course_check(const char *registry, const struct recipe *r, bool deep,
			       char *why, size_t cap)
{
	struct check c = { registry, deep, why, cap };
	autojson cJSON *all = records_read(registry);
	const cJSON *one = json_obj(json_obj(all, "images"), r->name);
	*why = '\0';
	if (!one)
		return COURSE_MISSING;
	if (!str_eq(json_str(one, "recipe"), r->hash))
		return COURSE_CHANGED;
	return manifest_good(&c, json_str(one, "digest")) ? COURSE_GOOD : COURSE_DAMAGED;
}
