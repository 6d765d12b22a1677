#include "runtime/state.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/json.h"
#include "core/str.h"

#define SCHEMA \
	"CREATE TABLE IF NOT EXISTS state(kind TEXT, id TEXT, doc TEXT NOT NULL, PRIMARY KEY(kind, id));"

struct state { sqlite3 *db; };

int state_open(const char *path, struct state **out, struct err *e)
{
	sqlite3 *db;
	int r = db_open(path, SCHEMA, &db, e);
	if (r < 0)
		return r;
	*out = mem_alloc(sizeof(**out));
	(*out)->db = db;
	return 0;
}

void state_close(struct state *s)
{
	sqlite3_close(s->db);
	free(s);
}

int state_put(struct state *s, const char *kind, const char *id, const cJSON *doc, struct err *e)
{
	autofree char *text = json_line(doc);
	return db_run(s->db, "INSERT INTO state(kind, id, doc) VALUES(?, ?, ?)"
		      " ON CONFLICT(kind, id) DO UPDATE SET doc = excluded.doc",
		      "sss", e, kind, id, text);
}

int state_delete(struct state *s, const char *kind, const char *id, struct err *e)
{
	return db_run(s->db, "DELETE FROM state WHERE kind = ? AND id = ?", "ss", e, kind, id);
}

int state_each(struct state *s, const char *kind,
	       int (*fn)(void *arg, const char *id, const cJSON *doc), void *arg, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(s->db, &st, "SELECT id, doc FROM state WHERE kind = ? ORDER BY rowid", "s",
			 e, kind);
	int stop = 0;
	if (r < 0)
		return r;
	while (!stop && (r = sqlite3_step(st)) == SQLITE_ROW) {
		autojson cJSON *doc = cJSON_Parse((const char *)sqlite3_column_text(st, 1));
		if (doc)
			stop = fn(arg, (const char *)sqlite3_column_text(st, 0), doc);
	}
	return stop || r == SQLITE_DONE ? 0 : db_fail(s->db, "read the state", e);
}
