#include "core/db.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define BUSY_MS  10000
/* A page cache of 128 KiB (negative: KiB) instead of 2 MiB: an idle daemon stays small. */
#define PRAGMAS "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-128;"

int db_fail(sqlite3 *db, const char *doing, struct err *e)
{
	static const struct { int sqlite, code; } map[] = {
		{ SQLITE_FULL, ENOSPC }, { SQLITE_NOMEM, ENOMEM }, { SQLITE_BUSY, EAGAIN },
		{ SQLITE_READONLY, EROFS }, { SQLITE_CANTOPEN, EACCES },
		{ SQLITE_CORRUPT, EUCLEAN },
		{ SQLITE_NOTADB, EUCLEAN }, { SQLITE_CONSTRAINT, EEXIST },
	};
	int code = EIO;
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (map[i].sqlite == sqlite3_errcode(db))
			code = map[i].code;
	err_set(e, code, "%s: %s", doing, sqlite3_errmsg(db));
	if (code == ENOSPC)
		err_hint(e, "the disk is full: `docker system df` shows what takes space");
	return -code;
}

int db_exec(sqlite3 *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, "state database", e);
	return 0;
}

int db_open(const char *path, const char *schema, sqlite3 **out, struct err *e)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
	sqlite3 *db = NULL;
	int r;

	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
		r = db_fail(db, path, e);
		sqlite3_close(db);
		return r;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_extended_result_codes(db, 0);
	if ((r = db_exec(db, PRAGMAS, e)) < 0 || (r = db_exec(db, schema, e)) < 0) {
		sqlite3_close(db);
		return r;
	}
	chmod(path, 0600);
	*out = db;
	return 0;
}

static int query(sqlite3 *db, sqlite3_stmt **out, const char *sql, const char *kinds,
		 struct err *e, va_list ap)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_fail(db, "state database", e);
	for (int i = 0; kinds[i]; i++) {
		if (kinds[i] == 's')
			sqlite3_bind_text(st, i + 1, va_arg(ap, const char *), -1,
					  SQLITE_TRANSIENT);
		else
			sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t));
	}
	*out = st;
	return 0;
}

int db_query(sqlite3 *db, sqlite3_stmt **out, const char *sql, const char *kinds,
	     struct err *e, ...)
{
	va_list ap;
	va_start(ap, e);
	int r = query(db, out, sql, kinds, e, ap);
	va_end(ap);
	return r;
}

int db_run(sqlite3 *db, const char *sql, const char *kinds, struct err *e, ...)
{
	autostmt sqlite3_stmt *st = NULL;
	va_list ap;
	va_start(ap, e);
	int r = query(db, &st, sql, kinds, e, ap);
	va_end(ap);
	if (r < 0)
		return r;
	r = sqlite3_step(st);
	return r == SQLITE_DONE || r == SQLITE_ROW ? 0 : db_fail(db, "state database", e);
}
