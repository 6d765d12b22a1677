/* repair.c - the rules of store.h, applied: records and files agree again. */
#include "image/repair.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/file.h"
#include "core/str.h"
#include "image/stream.h"
#include "image/unpack.h"

/* Calls fn with the path and name of each entry of ROOT/image/NAME. */
static int each_in(struct image_store *s, const char *name,
		   int (*fn)(struct image_store *s, const char *path, const char *name,
			     struct err *e), struct err *e)
{
	autofree char *folder = str_printf("%s/%s", s->root, name);
	autodir DIR *d = opendir(folder);
	struct dirent *de;
	int r = 0;
	if (!d)
		return err_sys(e, errno, "open %s", folder);
	while (r == 0 && (de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		autofree char *path = str_printf("%s/%s", folder, de->d_name);
		r = fn(s, path, de->d_name, e);
	}
	return r;
}

static int remove_any(struct image_store *s, const char *path, const char *name, struct err *e)
{
	return dir_remove(path, e);
}

/* Is there a row?  sql has one "?" for the digest of that name. */
static int recorded(struct image_store *s, const char *sql, const char *hex, struct err *e)
{
	autofree char *digest = str_printf("sha256:%s", hex);
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, sql, "s", e, digest);
	return r < 0 ? r : sqlite3_step(st) == SQLITE_ROW;
}

static int drop_unrecorded_layer(struct image_store *s, const char *path, const char *name,
				 struct err *e)
{
	int r = recorded(s, "SELECT 1 FROM layer WHERE diff_id = ?", name, e);
	return r == 0 ? dir_remove(path, e) : r < 0 ? r : 0;
}

static int drop_unrecorded_blob(struct image_store *s, const char *path, const char *name,
				struct err *e)
{
	int r = recorded(s, "SELECT 1 FROM layer WHERE digest = ?1 "
			    "UNION ALL SELECT 1 FROM image WHERE id = ?1", name, e);
	return r == 0 ? dir_remove(path, e) : r < 0 ? r : 0;
}

/* Into tmp/fs; the caller removes tmp. */
int layer_unpack_blob(struct image_store *s, const struct layer_record *rec, const char *tmp,
		      struct err *e)
{
	autofree char *blob = store_blob_path(s, rec->digest);
	autofree char *fs = str_printf("%s/fs", tmp);
	autostream struct stream *file = NULL, *plain = NULL;
	char got[DIGEST_TEXT];
	struct tee sum;
	int64_t bytes;

	int r = stream_file(blob, &file, e);
	if (r < 0 || (r = stream_inflate(file, &plain, e)) < 0 || (r = dir_make(fs, 0755, e)) < 0)
		return r;
	tee_begin(&sum, plain, -1);
	r = layer_unpack(s->k, &sum.s, fs, &bytes, e);
	sha256_end(&sum.sum, got);
	if (r == 0 && !str_eq(got, rec->diff_id))
		r = err_set(e, EBADMSG, "blob %s is damaged", rec->digest);
	return r;
}

int layer_restore(struct image_store *s, const struct layer_record *rec, struct err *e)
{
	autofree char *place = store_layer_path(s, rec->diff_id);
	autofree char *tmp = store_tmp_path(s, "layer");
	int r = layer_unpack_blob(s, rec, tmp, e);
	*strrchr(place, '/') = '\0';
	if (r == 0)
		r = dir_remove(place, e);
	if (r == 0 && rename(tmp, place) < 0)
		r = err_sys(e, errno, "restore layer %s", rec->diff_id);
	dir_remove(tmp, NULL);
	return r;
}

/* Layers whose directory or blob is gone: restored, or forgotten. */
static int check_layer_files(struct image_store *s, struct err *e)
{
	char **lost = NULL;
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT diff_id, digest FROM layer", "", e);
	if (r < 0)
		return r;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct layer_record rec = { 0 };
		snprintf(rec.diff_id, sizeof(rec.diff_id), "%s", sqlite3_column_text(st, 0));
		snprintf(rec.digest, sizeof(rec.digest), "%s", sqlite3_column_text(st, 1));
		autofree char *dir = store_layer_path(s, rec.diff_id);
		autofree char *blob = store_blob_path(s, rec.digest);
		bool there = access(dir, F_OK) == 0, whole = access(blob, F_OK) == 0;
		if (whole && (there || layer_restore(s, &rec, NULL) == 0))
			continue;
		strv_add(&lost, rec.diff_id);
	}
	for (size_t i = 0; lost && lost[i] && r == 0; i++)
		r = db_run(s->db, "DELETE FROM layer WHERE diff_id = ?", "s", e, lost[i]);
	strv_free(lost);
	return r;
}

/* Images that could not run any more: without one of their layers or their configuration. */
static int drop_broken_images(struct image_store *s, struct err *e)
{
	char **broken = NULL;
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT id, EXISTS(SELECT 1 FROM image_layer AS l "
			 "WHERE l.image = image.id AND l.diff_id NOT IN (SELECT diff_id FROM layer))"
			 " FROM image", "", e);
	if (r < 0)
		return r;
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(st, 0);
		autofree char *config = store_blob_path(s, id);
		if (sqlite3_column_int(st, 1) || access(config, F_OK) < 0)
			strv_add(&broken, id);
	}
	for (size_t i = 0; broken && broken[i] && r == 0; i++)
		r = db_run(s->db, "DELETE FROM image WHERE id = ?", "s", e, broken[i]);
	strv_free(broken);
	if (r == 0)
		r = db_exec(s->db, "DELETE FROM name WHERE image NOT IN (SELECT id FROM image);"
			    "DELETE FROM image_layer WHERE image NOT IN (SELECT id FROM image);"
			    "DELETE FROM tagged WHERE image NOT IN (SELECT id FROM image);"
			    "DELETE FROM layer WHERE diff_id NOT IN "
			    "(SELECT diff_id FROM image_layer);", e);
	return r;
}

int store_repair(struct image_store *s, struct err *e)
{
	int r = each_in(s, "tmp", remove_any, e);
	if (r == 0)
		r = check_layer_files(s, e);
	if (r == 0)
		r = drop_broken_images(s, e);
	if (r == 0)
		r = each_in(s, "layers", drop_unrecorded_layer, e);
	return r == 0 ? each_in(s, "blobs/sha256", drop_unrecorded_blob, e) : r;
}
