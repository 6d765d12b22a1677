/* image.c - images and their names: find, list, tag, history.  (Layers: layer.c;
 * what remove and prune take away: remove.c.) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/json.h"
#include "core/str.h"
#include "image/lineage.h"
#include "image/reference.h"
#include "image/store.h"

void image_free(struct image *img)
{
	free(img->id);
	cJSON_Delete(img->config);
	strv_free(img->diff_ids);
	strv_free(img->layer_dirs);
	free(img->layer_sizes);
	strv_free(img->tags);
	strv_free(img->digests);
	free(img);
}

int image_diff_ids(const cJSON *config, char ***out, struct err *e)
{
	const cJSON *list = json_obj(json_obj(config, "rootfs"), "diff_ids"), *item;
	if (!cJSON_IsArray(list))
		return err_set(e, EINVAL, "image configuration has no rootfs.diff_ids");
	cJSON_ArrayForEach(item, list)
		if (!digest_ok(cJSON_GetStringValue(item)))
			return err_set(e, EINVAL, "image configuration: rootfs.diff_ids holds "
				       "something that is no sha256 digest");
	*out = json_strv(list);
	return 0;
}

/* ---- loading --------------------------------------------------------------------- */

static int load_config(struct image_store *s, struct image *img, struct err *e)
{
	autostr struct str text = { 0 };
	uint64_t created = 0;
	int r = blob_get(s, img->id, &text, e);
	if (r == 0)
		r = json_parse(text.s, text.len, &img->config, e);
	if (r == 0)
		r = image_diff_ids(img->config, &img->diff_ids, e);
	if (r < 0)
		return err_wrap(e, "image %.19s", img->id);
	img->n_layers = strv_len(img->diff_ids);
	clock_parse(json_str_or(img->config, "created", "0"), &created);
	img->created_ns = (int64_t)created;
	return 0;
}

static void load_layers(struct image_store *s, struct image *img)
{
	img->layer_dirs = mem_alloc(sizeof(char *));
	img->layer_sizes = mem_alloc((img->n_layers + 1) * sizeof(*img->layer_sizes));
	for (size_t i = 0; i < img->n_layers; i++) {
		struct layer_record rec;
		autofree char *dir = store_layer_path(s, img->diff_ids[i]);
		strv_add(&img->layer_dirs, dir);
		if (layer_find(s, img->diff_ids[i], &rec, NULL) == 0)
			img->size += img->layer_sizes[i] = rec.unpacked;
	}
}

static int load_names(struct image_store *s, struct image *img, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT ref, is_digest FROM name WHERE image = ? ORDER BY ref",
			 "s", e, img->id);
	if (r < 0)
		return r;
	img->tags = mem_alloc(sizeof(char *));
	img->digests = mem_alloc(sizeof(char *));
	while (sqlite3_step(st) == SQLITE_ROW)
		strv_add(sqlite3_column_int(st, 1) ? &img->digests : &img->tags,
			 (const char *)sqlite3_column_text(st, 0));
	return 0;
}

static int load_tagged(struct image_store *s, struct image *img, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT ns FROM tagged WHERE image = ?", "s", e, img->id);
	if (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		img->tagged_ns = sqlite3_column_int64(st, 0);
	return r;
}

int image_load(struct image_store *s, const char *id, struct image **out, struct err *e)
{
	autoimage struct image *img = mem_alloc(sizeof(*img));
	img->id = str_dup(id);
	int r = load_config(s, img, e);
	if (r == 0)
		r = load_names(s, img, e);
	if (r == 0)
		r = load_tagged(s, img, e);
	if (r < 0)
		return r;
	load_layers(s, img);
	*out = steal_ptr(img);
	return 0;
}

/* ---- finding --------------------------------------------------------------------- */

/* The first column of the first row as text, or NULL. */
static char *lookup(struct image_store *s, const char *sql, const char *value)
{
	autostmt sqlite3_stmt *st = NULL;
	if (db_query(s->db, &st, sql, "s", NULL, value) < 0 || sqlite3_step(st) != SQLITE_ROW)
		return NULL;
	return str_dup((const char *)sqlite3_column_text(st, 0));
}

static char *find_by_name(struct image_store *s, const struct reference *ref)
{
	struct reference exact = *ref;
	if (exact.digest)
		exact.tag = NULL;	/* the digest decides, as with docker */
	autofree char *name = reference_familiar(&exact);
	return lookup(s, "SELECT image FROM name WHERE ref = ?", name);
}

/* Whole ids also find an image that was removed by name while a container of it
 * lives on: that container is started again by its image's id. */
static char *find_by_id(struct image_store *s, const char *text, bool *ambiguous)
{
	bool full = digest_ok(text);
	const char *hex = str_starts(text, "sha256:") ? digest_hex(text) : text;
	if (full)
		return lookup(s, "SELECT id FROM image WHERE id = ?", text);
	if (!*hex || strspn(hex, "0123456789abcdef") != strlen(hex))
		return NULL;
	autofree char *glob = str_printf("sha256:%s*", hex);
	autostmt sqlite3_stmt *st = NULL;
	if (db_query(s->db, &st, "SELECT id FROM image WHERE id GLOB ? AND gone = 0 LIMIT 2", "s",
		     NULL, glob) < 0 || sqlite3_step(st) != SQLITE_ROW)
		return NULL;
	autofree char *id = str_dup((const char *)sqlite3_column_text(st, 0));
	*ambiguous = sqlite3_step(st) == SQLITE_ROW;
	return *ambiguous ? NULL : steal_ptr(id);
}

static int no_such_image(const char *shown, const char *asked, bool ambiguous, struct err *e)
{
	err_http(e, 404, ENOENT, "No such image: %s", shown);
	if (ambiguous)
		return err_hint(e, "more than one image id begins with %s: give more digits", asked);
	return err_hint(e, "`docker images` lists what is here, `docker pull` fetches more");
}

static int find(struct image_store *s, const char *ref, char **id, struct err *e)
{
	autoreference struct reference parsed = { 0 };
	bool ambiguous = false;
	*id = find_by_id(s, ref, &ambiguous);
	/* A name wins over a prefix of an id, never over a whole one. */
	bool whole = *id && (digest_ok(ref) || strlen(ref) == 64);
	if (whole)
		return 0;
	int r = str_starts(ref, "sha256:") ? -EINVAL : reference_parse(ref, &parsed, e);
	if (r < 0)
		return *id ? 0 : str_starts(ref, "sha256:") || strlen(ref) == 64
			? no_such_image(ref, ref, ambiguous, e) : r;
	char *named = find_by_name(s, &parsed);
	if (named) {
		free(*id);
		*id = named;
	}
	if (*id)
		return 0;
	autofree char *shown = reference_familiar(&parsed);
	return no_such_image(shown, ref, ambiguous, e);
}

int image_find(struct image_store *s, const char *ref, char **id, struct err *e)
{
	STORE_LOCKED(s);
	autofree char *found = NULL;
	int r = find(s, ref, &found, e);
	if (r == 0)
		*id = steal_ptr(found);
	return r;
}

int image_get(struct image_store *s, const char *ref, struct image **out, struct err *e)
{
	STORE_LOCKED(s);
	autofree char *id = NULL;
	int r = find(s, ref, &id, e);
	return r < 0 ? r : image_load(s, id, out, e);
}

int image_list(struct image_store *s, struct image ***out, size_t *n, struct err *e)
{
	STORE_LOCKED(s);
	struct image **list = NULL;
	size_t count = 0;
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT id FROM image WHERE gone = 0 "
			 "ORDER BY created_ns DESC, id", "", e);
	if (r < 0)
		return r;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct image *img;
		/* One damaged image must not hide the others. */
		if (image_load(s, (const char *)sqlite3_column_text(st, 0), &img, NULL) < 0)
			continue;
		list = mem_grow(list, (count + 1) * sizeof(*list));
		list[count++] = img;
	}
	*out = list;
	*n = count;
	return 0;
}

/* ---- names ----------------------------------------------------------------------- */

int name_put(struct image_store *s, const char *ref, const char *repo, bool is_digest,
	     const char *id, struct err *e)
{
	return db_run(s->db, "INSERT INTO name(ref, repo, is_digest, image) VALUES(?, ?, ?, ?) "
		      "ON CONFLICT(ref) DO UPDATE SET image = excluded.image", "ssis", e, ref, repo,
		      (int64_t)is_digest, id);
}

int image_tagged(struct image_store *s, const char *id, struct err *e)
{
	return db_run(s->db, "INSERT INTO tagged(image, ns) VALUES(?, ?) "
		      "ON CONFLICT(image) DO UPDATE SET ns = excluded.ns", "si", e, id,
		      (int64_t)clock_wall_ns());
}

int image_tag(struct image_store *s, const char *id, const char *ref, struct err *e)
{
	autoreference struct reference r = { 0 };
	int err = reference_parse(ref, &r, e);
	if (err < 0)
		return err;
	if (r.digest)
		return err_http(e, 400, EINVAL, "refusing to create a tag with a digest reference");
	autofree char *repo = reference_familiar_name(&r);
	autofree char *name = reference_familiar(&r);
	STORE_LOCKED(s);
	autofree char *found = NULL;
	err = find(s, id, &found, e);
	if (err == 0)
		err = name_put(s, name, repo, false, found, e);
	return err < 0 ? err : image_tagged(s, found, e);
}

/* ---- history --------------------------------------------------------------------- */

/* id NULL: the step stands for no image, as where it was not built on this machine. */
static cJSON *history_row(const cJSON *step, const char *id, int64_t size, char *const *tags)
{
	cJSON *row = cJSON_CreateObject();
	uint64_t created = 0;
	clock_parse(json_str_or(step, "created", "0"), &created);
	json_put_str(row, "Id", id ? id : "<missing>");
	json_put_int(row, "Created", (int64_t)(created / 1000000000u));
	json_put_str(row, "CreatedBy", json_str_or(step, "created_by", ""));
	if (tags && tags[0])
		json_put_strv(row, "Tags", tags);
	else
		cJSON_AddNullToObject(row, "Tags");
	json_put_int(row, "Size", size);
	json_put_str(row, "Comment", json_str_or(step, "comment", ""));
	return row;
}

static int64_t layer_size(struct image_store *s, const char *diff_id)
{
	STORE_LOCKED(s);
	struct layer_record rec;
	return diff_id && layer_find(s, diff_id, &rec, NULL) == 0 ? rec.unpacked : 0;
}

cJSON *image_history(struct image_store *s, const struct image *img)
{
	cJSON *rows = cJSON_CreateArray();
	const cJSON *steps = json_obj(img->config, "history");
	size_t layer = img->n_layers;
	char *id = str_dup(img->id);
	for (int i = cJSON_GetArraySize(steps) - 1; i >= 0; i--) {
		const cJSON *step = cJSON_GetArrayItem(steps, i);
		bool empty = json_bool(step, "empty_layer") || layer == 0;
		int64_t size = layer_size(s, empty ? NULL : img->diff_ids[layer - 1]);
		bool newest = id && str_eq(id, img->id);
		layer -= !empty;
		cJSON_AddItemToArray(rows, history_row(step, id, size, newest ? img->tags : NULL));
		char *parent = id ? image_parent(s, id) : NULL;
		free(id);
		id = parent && *parent ? parent : NULL;
		if (!id)
			free(parent);
	}
	free(id);
	return rows;
}
