/*
 * db.h - one connection to the project's database.
 *
 * A connection belongs to one thread at a time (SQLITE_OPEN_NOMUTEX); several
 * processes hold several each. WAL; synchronous=FULL, so what was committed is on
 * disk. A write transaction is BEGIN IMMEDIATE under a lock file shared by all
 * processes, and so is every checkpoint: SQLite before 3.51.3 can corrupt a
 * database when one connection checkpoints while another writes
 * (sqlite.org/wal.html#walresetbug), and with the lock these two never meet.
 * It also means that a writer waits for its turn instead of failing with BUSY.
 *
 * SQL stands in server/store only. A statement is prepared once per connection
 * and found again by the address of its text, which must be a string literal.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"

struct db;

#define DB_LOCK_WAIT_MS 10000 /* a writer gives up with E_BUSY after this long */

/*
 * Open path, make or migrate it to this program's schema. A newer schema is
 * E_DENIED with words and left alone. On OK *out is the caller's.
 */
enum status db_open(struct db **out, const char *path, struct err *err);

/*
 * Open for reading what may not be there: an existing file as db_open does, or read-only
 * where it may not be written, else an empty database in memory with the same schema, so that
 * a reader needs no special case.
 */
enum status db_open_if_there(struct db **out, const char *path, struct err *err);

/* True for the empty one that db_open_if_there made. */
bool db_is_empty_stand_in(const struct db *db);

void db_free(struct db *db);

/* End running statements soon after *stop becomes true: they return E_STOP. NULL: never. */
void db_stop_on(struct db *db, const atomic_bool *stop);

/*
 * One write transaction. begin waits for its turn up to DB_LOCK_WAIT_MS (E_BUSY) or
 * until the stop flag is set (E_STOP). commit may fail (E_IO: disk full, ...), and then
 * nothing of the transaction is kept; but what a sync was refused for may be found whole after
 * the last connection was closed. rollback is safe when none is open.
 */
enum status db_begin(struct db *db, struct err *err);
enum status db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

/* One consistent view for several reads; ends with db_read_end. */
enum status db_read_begin(struct db *db, struct err *err);
void db_read_end(struct db *db);

/*
 * A prepared statement, reset and without bindings, owned by db. sql must be a literal.
 * Use: db_stmt, sqlite3_bind_*, db_step until it is not SQLITE_ROW, db_end.
 */
enum status db_stmt(struct db *db, const char *sql, sqlite3_stmt **out, struct err *err);

/* Binds that copy; NULL text and oid bind NULL. Text is bound by its length, all bytes. */
void db_bind_text(sqlite3_stmt *s, int at, const char *text);
void db_bind_int(sqlite3_stmt *s, int at, int64_t value);
void db_bind_int_or_null(sqlite3_stmt *s, int at, int64_t value, int64_t null_value);

/* SQLITE_ROW and SQLITE_DONE are OK with *row told; other results become a status with words. */
enum status db_step(struct db *db, sqlite3_stmt *s, bool *row, struct err *err);

/* Reset after use, also after a failure. Returns st, so that it can end a function. */
enum status db_end(sqlite3_stmt *s, enum status st);

/* Bind nothing, step once, expect no row. For statements that only change something. */
enum status db_run(struct db *db, sqlite3_stmt *s, struct err *err);

/* A column copied into an arena; NULL when it is null. */
const char *db_text(sqlite3_stmt *s, int column, struct arena *a);
int64_t db_int_or(sqlite3_stmt *s, int column, int64_t when_null);

/* The connection itself, for the files of server/store only. */
sqlite3 *db_handle(struct db *db);

/* Words for what SQLite said, as a status: E_NOMEM, E_STOP, E_BUSY or E_IO. */
enum status db_failed(struct db *db, int rc, struct err *err);

/* Is the file whole? OK with *sound; reads all of it. */
enum status db_check(struct db *db, bool *sound, struct err *err);

/* Number of the last schema step this program knows. */
int db_schema_version(void);

/* SQLite's allocator and settings for the whole process. Once, before the first thread. */
enum status db_use_mem(void);

#endif
