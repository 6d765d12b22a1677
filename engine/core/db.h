/* db.h - the state database (SQLite), as everybody who keeps something in it opens it.
 *
 * WAL with synchronous=NORMAL: a killed daemon loses nothing that was committed,
 * a power cut at most the last moments, and the file is never torn.  Several
 * connections to one file are fine; each waits for the others' transactions.
 */
#ifndef DRYDOCK_CORE_DB_H
#define DRYDOCK_CORE_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "core/error.h"

/* Opens or makes the file (0600) and runs `schema` ("CREATE TABLE IF NOT EXISTS …").
 * Close with sqlite3_close(). */
int db_open(const char *path, const char *schema, sqlite3 **out, struct err *e);
int db_exec(sqlite3 *db, const char *sql, struct err *e);

/* One statement with its values: 's' const char * (NULL is SQL NULL), 'i' int64_t.
 *	db_query(db, &st, "SELECT line FROM fact WHERE seq > ?", "i", e, since)
 * Finalize with sqlite3_finalize(), or autostmt. */
int db_query(sqlite3 *db, sqlite3_stmt **out, const char *sql, const char *kinds,
	     struct err *e, ...);
/* The same for a statement without rows. */
int db_run(sqlite3 *db, const char *sql, const char *kinds, struct err *e, ...);
/* "doing: why" from the connection's last error, with the errno nearest to it. */
int db_fail(sqlite3 *db, const char *doing, struct err *e);

static inline void cleanup_stmt(sqlite3_stmt **s) { sqlite3_finalize(*s); }
#define autostmt __attribute__((cleanup(cleanup_stmt)))

#endif
