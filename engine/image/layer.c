/* layer.c - records of unpacked layers, and which of them nobody needs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/file.h"
#include "core/str.h"
#include "image/store.h"

int layer_find(struct image_store *s, const char *diff_id, struct layer_record *out,
	       struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT digest, size, unpacked FROM layer "
			 "WHERE diff_id = ?", "s", e, diff_id);
	if (r < 0)
		return r;
	if (sqlite3_step(st) != SQLITE_ROW)
		return err_set(e, ENOENT, "layer %s is not here", diff_id);
	snprintf(out->diff_id, sizeof(out->diff_id), "%s", diff_id);
	snprintf(out->digest, sizeof(out->digest), "%s", sqlite3_column_text(st, 0));
	out->size = sqlite3_column_int64(st, 1);
	out->unpacked = sqlite3_column_int64(st, 2);
	return 0;
}

/* Unless a layer has it. */
static void drop_blob(struct image_store *s, const char *digest)
{
	autofree char *path = store_blob_path(s, digest);
	autostmt sqlite3_stmt *st = NULL;
	if (db_query(s->db, &st, "SELECT 1 FROM layer WHERE digest = ?", "s", NULL, digest) == 0 &&
	    sqlite3_step(st) == SQLITE_DONE)
		unlink(path);
}

static int move_in(struct image_store *s, const char *tmp, const struct layer_record *rec,
		   struct err *e)
{
	STORE_LOCKED(s);
	struct layer_record other;
	if (layer_find(s, rec->diff_id, &other, NULL) == 0)
		return 0;	/* somebody was faster: theirs is the same, byte for byte */
	autofree char *place = store_layer_path(s, rec->diff_id);
	*strrchr(place, '/') = '\0';
	if (rename(tmp, place) < 0)
		return err_sys(e, errno, "keep layer %s", rec->diff_id);
	int r = db_run(s->db, "INSERT INTO layer(diff_id, digest, size, unpacked) "
		       "VALUES(?, ?, ?, ?)", "ssii", e, rec->diff_id, rec->digest, rec->size,
		       rec->unpacked);
	if (r < 0) {	/* a full disk: nobody would ever find the two again */
		rename(place, tmp);
		drop_blob(s, rec->digest);
	}
	return r;
}

int layer_keep(struct image_store *s, const char *tmp, const struct layer_record *rec,
	       struct err *e)
{
	int r = move_in(s, tmp, rec, e);
	dir_remove(tmp, NULL);
	return r;
}

int layer_pin(struct image_store *s, const char *diff_id, const char *holder, struct err *e)
{
	STORE_LOCKED(s);
	return db_run(s->db, "INSERT INTO pin(diff_id, holder) VALUES(?, ?)", "ss", e,
		      diff_id, holder);
}

void layer_unpin(struct image_store *s, const char *holder, const char *diff_id)
{
	STORE_LOCKED(s);
	db_run(s->db, "DELETE FROM pin WHERE holder = ?1 AND (?2 IS NULL OR diff_id = ?2)", "ss",
	       NULL, holder, diff_id);
}

/* ---- what nobody needs ----------------------------------------------------------- */

#define UNUSED "diff_id NOT IN (SELECT diff_id FROM image_layer) AND " \
	       "diff_id NOT IN (SELECT diff_id FROM pin)"

/* Out of the way at once, under the lock; the slow removal comes without it. */
static void put_aside(struct image_store *s, const char *diff_id, char ***aside)
{
	autofree char *place = store_layer_path(s, diff_id);
	autofree char *tmp = store_tmp_path(s, "gone");
	*strrchr(place, '/') = '\0';
	if (rename(place, tmp) == 0)
		strv_add(aside, tmp);
}

struct unused { char **diff_ids, **digests; int64_t bytes; };

static int find_unused(struct image_store *s, struct unused *u, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT diff_id, digest, unpacked FROM layer WHERE " UNUSED,
			 "", e);
	if (r < 0)
		return r;
	while (sqlite3_step(st) == SQLITE_ROW) {
		strv_add(&u->diff_ids, (const char *)sqlite3_column_text(st, 0));
		strv_add(&u->digests, (const char *)sqlite3_column_text(st, 1));
		u->bytes += sqlite3_column_int64(st, 2);
	}
	return 0;
}

/* Records go before files.  Where the disk is too full even for that, the blobs make
 * room: nobody uses them, and a record without its blob is still an unused one. */
static int delete_unused(struct image_store *s, const struct unused *u, struct err *e)
{
	int r = db_exec(s->db, "DELETE FROM layer WHERE " UNUSED, e);
	if (r != -ENOSPC)
		return r;
	for (size_t i = 0; u->digests && u->digests[i]; i++) {
		autofree char *path = store_blob_path(s, u->digests[i]);
		unlink(path);
	}
	return db_exec(s->db, "DELETE FROM layer WHERE " UNUSED, e);
}

static int forget_unused(struct image_store *s, struct unused *u, char ***aside, struct err *e)
{
	STORE_LOCKED(s);
	int r = find_unused(s, u, e);
	if (r == 0)
		r = delete_unused(s, u, e);
	for (size_t i = 0; r == 0 && u->diff_ids && u->diff_ids[i]; i++) {
		put_aside(s, u->diff_ids[i], aside);
		drop_blob(s, u->digests[i]);
	}
	return r;
}

int store_collect(struct image_store *s, char ***deleted, int64_t *bytes, struct err *e)
{
	struct unused u = { 0 };
	char **aside = NULL;
	int r = forget_unused(s, &u, &aside, e);
	for (size_t i = 0; aside && aside[i]; i++)
		dir_remove(aside[i], NULL);	/* what stays is below tmp/ */
	if (bytes && r == 0)
		*bytes += u.bytes;
	if (deleted && r == 0)
		*deleted = steal_ptr(u.diff_ids);
	strv_free(u.diff_ids);
	strv_free(u.digests);
	strv_free(aside);
	return r;
}
