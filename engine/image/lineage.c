/* lineage.c - see lineage.h. */
#include "image/lineage.h"

#include "core/cleanup.h"
#include "core/db.h"
#include "core/str.h"
#include "image/store.h"

int image_set_parent(struct image_store *s, const char *id, const char *parent, const char *step,
		     struct err *e)
{
	STORE_LOCKED(s);
	return db_run(s->db, "INSERT INTO child(image, parent, step) VALUES(?, ?, ?) "
		      "ON CONFLICT(image) DO UPDATE SET parent = excluded.parent, "
		      "step = excluded.step", "sss", e, id, parent, step);
}

static char *first_text(sqlite3_stmt *st)
{
	return sqlite3_step(st) == SQLITE_ROW ? str_dup((const char *)sqlite3_column_text(st, 0))
					       : NULL;
}

char *image_find_child(struct image_store *s, const char *parent, const char *step)
{
	STORE_LOCKED(s);
	autostmt sqlite3_stmt *st = NULL;
	if (db_query(s->db, &st, "SELECT image.id FROM child JOIN image ON image.id = child.image "
		     "WHERE child.parent = ? AND child.step = ? AND image.gone = 0 "
		     "ORDER BY image.created_ns DESC LIMIT 1", "ss", NULL, parent, step) < 0)
		return NULL;
	return first_text(st);
}

char *image_parent(struct image_store *s, const char *id)
{
	STORE_LOCKED(s);
	autostmt sqlite3_stmt *st = NULL;
	if (db_query(s->db, &st, "SELECT parent FROM child WHERE image = ?", "s", NULL, id) < 0)
		return NULL;
	return first_text(st);
}

bool image_has_children(struct image_store *s, const char *id)
{
	STORE_LOCKED(s);
	autostmt sqlite3_stmt *st = NULL;
	return db_query(s->db, &st, "SELECT 1 FROM child JOIN image ON image.id = child.image "
			"WHERE child.parent = ? LIMIT 1", "s", NULL, id) == 0 &&
	       sqlite3_step(st) == SQLITE_ROW;
}
