/* create.c - images that are made here: a tree becomes a layer, a configuration
 * becomes an image.  And the check whether what was kept is still what it was. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"
#include "image/pack.h"
#include "image/reference.h"
#include "image/repair.h"
#include "image/store.h"
#include "image/stream.h"
#include "image/unpack.h"

/* Layers made here wait under this name for the image that will list them. */
#define MADE_HERE "made here"

/* The layer is pinned before its blob gets its name: from then on no removal of
 * an image with the same layer takes either away. */
static int pack_to_blob(struct image_store *s, const char *dir, struct packed *p, struct err *e)
{
	autoblob struct blob_new b = { -1, NULL };
	int r = blob_begin(s, &b, e);
	if (r == 0)
		r = layer_pack(s->k, dir, b.fd, p, e);
	if (r == 0)
		r = layer_pin(s, p->diff_id, MADE_HERE, e);
	return r == 0 ? blob_keep(s, &b, p->digest, e) : r;
}

/* The tree itself where a rename reaches it; otherwise a copy made of the blob,
 * which also proves that the blob says all there is to say. */
static int adopt(struct image_store *s, const char *dir, bool take,
		 const struct layer_record *rec, struct err *e)
{
	autofree char *tmp = store_tmp_path(s, "layer");
	autofree char *fs = str_printf("%s/fs", tmp);
	int r = dir_make(tmp, 0711, e);
	if (r < 0)
		return r;
	if (take && rename(dir, fs) == 0)
		return layer_keep(s, tmp, rec, e);
	dir_remove(tmp, NULL);
	r = layer_from_blob(s, rec, e);
	return r == 0 && take ? dir_remove(dir, e) : r;
}

int layer_from_blob(struct image_store *s, const struct layer_record *rec, struct err *e)
{
	autofree char *tmp = store_tmp_path(s, "layer");
	int r = layer_unpack_blob(s, rec, tmp, e);
	if (r < 0) {
		dir_remove(tmp, NULL);
		return r;
	}
	return layer_keep(s, tmp, rec, e);
}

static int make_layer(struct image_store *s, const char *dir, bool take, struct layer_made *out,
		      struct err *e)
{
	struct packed p;
	struct layer_record rec, known;
	int r = pack_to_blob(s, dir, &p, e);
	if (r < 0) {
		err_wrap(e, "make a layer of %s", dir);
		return store_hint(e);
	}
	memcpy(rec.diff_id, p.diff_id, sizeof(rec.diff_id));
	memcpy(rec.digest, p.digest, sizeof(rec.digest));
	rec.size = p.size;
	rec.unpacked = p.unpacked;
	if (layer_find(s, rec.diff_id, &known, NULL) == 0) {
		/* Made before: the blob that is written down counts. */
		autofree char *twin = store_blob_path(s, rec.digest);
		if (!str_eq(known.digest, rec.digest))
			unlink(twin);
		rec = known;
		r = take ? dir_remove(dir, e) : 0;
	} else {
		r = adopt(s, dir, take, &rec, e);
	}
	if (r < 0)
		return store_hint(e);
	memcpy(out->digest, rec.digest, sizeof(out->digest));
	memcpy(out->diff_id, rec.diff_id, sizeof(out->diff_id));
	out->size = rec.size;
	out->unpacked = rec.unpacked;
	return 0;
}

int layer_from_tree(struct image_store *s, const char *dir, struct layer_made *out, struct err *e)
{
	return make_layer(s, dir, true, out, e);
}

int layer_from_live(struct image_store *s, const char *dir, struct layer_made *out, struct err *e)
{
	return make_layer(s, dir, false, out, e);
}

void layer_let_go(struct image_store *s, const struct layer_made *layer)
{
	layer_unpin(s, MADE_HERE, layer->diff_id);
	store_collect(s, NULL, NULL, NULL);
}

/* ---- images ---------------------------------------------------------------------- */

static int write_record(struct image_store *s, struct image_record *r, struct err *e)
{
	uint64_t created = 0;
	clock_parse(json_str_or(r->config, "created", "0"), &created);
	int err = db_run(s->db, "INSERT INTO image(id, created_ns) VALUES(?, ?) "
			 "ON CONFLICT(id) DO UPDATE SET gone = 0", "si", e, r->id, (int64_t)created);
	for (size_t i = 0; r->diff_ids[i] && err == 0; i++)
		err = db_run(s->db, "INSERT OR IGNORE INTO image_layer(image, place, diff_id) "
			     "VALUES(?, ?, ?)", "sis", e, r->id, (int64_t)i, r->diff_ids[i]);
	if (err == 0 && r->name)
		err = name_put(s, r->name, r->repo, false, r->id, e);
	if (err == 0 && r->digest)
		err = name_put(s, r->digest, r->repo, true, r->id, e);
	return err;
}

int image_record(struct image_store *s, struct image_record *r, struct err *e)
{
	STORE_LOCKED(s);
	int err = blob_put(s, r->text, r->len, r->id, e);
	if (err == 0)
		err = db_exec(s->db, "BEGIN IMMEDIATE", e);
	if (err < 0)
		return err;
	err = write_record(s, r, e);
	if (err == 0)
		err = db_exec(s->db, "COMMIT", e);
	if (err < 0)
		db_exec(s->db, "ROLLBACK", NULL);
	return err;
}

static int check_layers_here(struct image_store *s, char *const *diff_ids, struct err *e)
{
	struct layer_record rec;
	for (size_t i = 0; diff_ids[i]; i++) {
		int r = layer_find(s, diff_ids[i], &rec, e);
		if (r < 0)
			return err_wrap(e, "create image");
	}
	return 0;
}

/* Any name at all, or none: only a digest can't be given to something new. */
static int parse_name(const char *ref, char **name, char **repo, struct err *e)
{
	autoreference struct reference r = { 0 };
	if (!ref)
		return 0;
	int err = reference_parse(ref, &r, e);
	if (err < 0)
		return err;
	if (r.digest)
		return err_http(e, 400, EINVAL, "refusing to create a tag with a digest reference");
	*name = reference_familiar(&r);
	*repo = reference_familiar_name(&r);
	return 0;
}

int image_create(struct image_store *s, const cJSON *config, const char *ref, struct image **out,
		 struct err *e)
{
	autofree char *name = NULL, *repo = NULL, *text = json_line(config);
	char **diff_ids = NULL;
	struct image_record rec = { .text = text, .len = strlen(text), .config = config };
	int r = parse_name(ref, &name, &repo, e);
	if (r == 0)
		r = image_diff_ids(config, &diff_ids, e);
	if (r == 0)
		r = check_layers_here(s, diff_ids, e);
	rec.diff_ids = diff_ids;
	rec.repo = repo;
	rec.name = name;
	if (r == 0)
		r = image_record(s, &rec, e);
	for (size_t i = 0; r == 0 && diff_ids[i]; i++)
		layer_unpin(s, MADE_HERE, diff_ids[i]);	/* the image keeps them now */
	strv_free(diff_ids);
	if (r < 0)
		return r;
	STORE_LOCKED(s);
	if (name && (r = image_tagged(s, rec.id, e)) < 0)
		return r;
	return image_load(s, rec.id, out, e);
}

/* ---- is it still what it was? ---------------------------------------------------- */

static int check_blob(struct image_store *s, const char *digest, struct err *e)
{
	char now[DIGEST_TEXT];
	autofree char *path = store_blob_path(s, digest);
	int r = digest_of_file(path, now, e);
	if (r == 0 && !str_eq(now, digest))
		r = err_set(e, EBADMSG, "blob %s is damaged: its bytes are now %s", digest, now);
	return r;
}

static int check_layer(struct image_store *s, const char *diff_id, struct err *e)
{
	struct layer_record rec;
	autostream struct stream *file = NULL, *plain = NULL;
	autofree char *dir = store_layer_path(s, diff_id);
	int r = layer_find(s, diff_id, &rec, e);
	if (r == 0)
		r = check_blob(s, rec.digest, e);
	if (r < 0)
		return r;
	autofree char *blob = store_blob_path(s, rec.digest);
	if ((r = stream_file(blob, &file, e)) < 0 || (r = stream_inflate(file, &plain, e)) < 0)
		return r;
	return layer_compare(plain, dir, e);
}

int image_check(struct image_store *s, const struct image *img, struct err *e)
{
	int r = check_blob(s, img->id, e);
	for (size_t i = 0; r == 0 && i < img->n_layers; i++) {
		r = check_layer(s, img->diff_ids[i], e);
		if (r < 0)
			err_wrap(e, "layer %.19s", img->diff_ids[i]);
	}
	if (r < 0) {
		err_wrap(e, "image %s is damaged", img->tags[0] ? img->tags[0] : img->id);
		err_hint(e, "remove it and pull or bake it again");
	}
	return r;
}
