#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/schema.h"
#include "store/turn.h"

#define STMT_SLOTS          256 /* statements of one connection; a power of two */
#define CHECKPOINT_PAGES    2000
#define STEPS_BETWEEN_LOOKS 4000 /* virtual machine steps between looks at the stop flag */

struct slot {
	const char *sql; /* the literal's address is its name */
	sqlite3_stmt *stmt;
};

/*
 * The statements that turn a transaction on and off are prepared at the start, so that
 * a rollback never needs memory just when there is none.
 */
enum turn { BEGIN_WRITE, BEGIN_READ, COMMIT, ROLLBACK, TURNS };

static const char *const turn_sql[TURNS] = {
	[BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[BEGIN_READ] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

struct db {
	sqlite3 *handle;
	sqlite3_stmt *turns[TURNS];
	char *path;     /* NULL for the stand-in */
	int lock;       /* descriptor of PATH-lock, -1 for the stand-in */
	bool read_only; /* the file may not be written; only db_open_if_there opens such */
	bool writing;   /* between db_begin and its end: the lock is held */
	int wal_pages;  /* pages in the log after the last commit */
	const atomic_bool *stop;
	struct slot slots[STMT_SLOTS];
};

int db_schema_version(void)
{
	int last = 0;

	for (const struct schema_step *s = schema_steps; s->number != 0; s++)
		last = s->number;
	return last;
}

/* What the disk or the system refused, in its own words where it has any. It may pass. */
static enum status said_by_system(struct db *db, struct err *err, const char *what,
                                  const char *words)
{
	const char *path = db->path == NULL ? "the database in memory" : db->path;
	int number = sqlite3_system_errno(db->handle);

	if (number != 0)
		return err_sys(err, number, "%s '%s', which was left as it is (%s)", what, path,
		               words);
	return err_set(err, E_IO, "%s '%s', which was left as it is: %s; try again", what, path,
	               words);
}

enum status db_failed(struct db *db, int rc, struct err *err)
{
	const char *words = sqlite3_errmsg(db->handle);
	const char *path = db->path == NULL ? "the database in memory" : db->path;

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return err_nomem(err, "the database");
	case SQLITE_INTERRUPT:
		return err_set(err, E_STOP, "stopped");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* many rebuild the log's index at once */
		return err_set(err, E_BUSY, "'%s' is locked by another process; try again", path);
	case SQLITE_FULL:
		return err_set(err, E_IO,
		               "cannot write '%s': the disk is full; nothing was changed", path);
	case SQLITE_READONLY:
		return err_set(err, E_IO, "cannot write '%s': it is read-only; nothing was changed",
		               path);
	case SQLITE_CANTOPEN:
		return said_by_system(db, err, "cannot open", words);
	case SQLITE_IOERR:
		return said_by_system(db, err, "cannot read or write", words);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		/* Perhaps it was read wrongly: nothing is concluded from once. */
		return err_set(err, E_IO,
		               "'%s' reads as damaged (%s); it was left as it is: try again, and "
		               "ask 'gadugi doctor' whether it is whole",
		               path, words);
	default:
		return err_set(err, E_IO, "'%s': %s", path, words);
	}
}

sqlite3 *db_handle(struct db *db)
{
	return db->handle;
}

bool db_is_empty_stand_in(const struct db *db)
{
	return db->path == NULL;
}

static int look(void *arg)
{
	const struct db *db = arg;

	return db->stop != NULL && atomic_load(db->stop);
}

void db_stop_on(struct db *db, const atomic_bool *stop)
{
	db->stop = stop;
	sqlite3_progress_handler(db->handle, stop == NULL ? 0 : STEPS_BETWEEN_LOOKS, look, db);
}

static enum status lock_take(struct db *db, struct err *err)
{
	return db->lock == -1 ? OK : turn_take(db->lock, db->path, DB_LOCK_WAIT_MS, db->stop, err);
}

static void lock_give(struct db *db)
{
	if (db->lock != -1)
		turn_give(db->lock);
}

static int note_wal(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle, (void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

/* With the lock held. A reader in the way only makes it less thorough. */
static void checkpoint(struct db *db)
{
	(void)sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	db->wal_pages = 0;
}

static enum status exec(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : db_failed(db, rc, err);
}

static enum status turn(struct db *db, enum turn which, struct err *err)
{
	int rc = sqlite3_step(db->turns[which]);
	enum status st = rc == SQLITE_DONE ? OK : db_failed(db, rc, err);

	(void)sqlite3_reset(db->turns[which]);
	return st;
}

enum status db_begin(struct db *db, struct err *err)
{
	enum status st = lock_take(db, err);

	assert(!db->writing);
	if (st != OK)
		return st;
	if ((st = turn(db, BEGIN_WRITE, err)) != OK) {
		lock_give(db);
		return st;
	}
	db->writing = true;
	return OK;
}

enum status db_commit(struct db *db, struct err *err)
{
	enum status st;

	assert(db->writing);
	if ((st = turn(db, COMMIT, err)) != OK) {
		db_rollback(db);
		return st;
	}
	if (db->wal_pages > CHECKPOINT_PAGES)
		checkpoint(db);
	db->writing = false;
	lock_give(db);
	return OK;
}

void db_rollback(struct db *db)
{
	if (!db->writing)
		return;
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)turn(db, ROLLBACK, NULL);
	db->writing = false;
	lock_give(db);
}

enum status db_read_begin(struct db *db, struct err *err)
{
	return turn(db, BEGIN_READ, err);
}

void db_read_end(struct db *db)
{
	if (!db->writing && sqlite3_get_autocommit(db->handle) == 0)
		(void)turn(db, ROLLBACK, NULL);
}

static enum status user_version(struct db *db, int *version, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &s, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*version = sqlite3_column_int(s, 0);
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(s);
	return rc == SQLITE_OK ? OK : db_failed(db, rc, err);
}

/* A copy of the database beside it before its schema changes: PATH.before-N. */
static enum status backup(struct db *db, int version, struct err *err)
{
	struct text path = { .limit = 8192 };
	sqlite3 *to = NULL;
	sqlite3_backup *copy = NULL;
	int rc = SQLITE_NOMEM;

	text_addf(&path, "%s.before-%d", db->path, version);
	if (!path.failed)
		rc = sqlite3_open(text_string(&path), &to);
	if (rc == SQLITE_OK && (copy = sqlite3_backup_init(to, "main", db->handle, "main")) == NULL)
		rc = sqlite3_errcode(to);
	if (rc == SQLITE_OK && (rc = sqlite3_backup_step(copy, -1)) == SQLITE_DONE)
		rc = SQLITE_OK;
	(void)sqlite3_backup_finish(copy);
	(void)sqlite3_close(to);
	text_done(&path);
	if (rc == SQLITE_OK)
		return OK;
	return err_set(err, rc == SQLITE_NOMEM ? E_NOMEM : E_IO,
	               "cannot back up '%s' before its schema changes: %s; nothing was changed",
	               db->path, sqlite3_errstr(rc));
}

static enum status apply(struct db *db, int from, struct err *err)
{
	enum status st = OK;
	char set[64];

	for (const struct schema_step *s = schema_steps; st == OK && s->number != 0; s++) {
		if (s->number <= from)
			continue;
		st = exec(db, s->sql, err);
		(void)snprintf(set, sizeof set, "PRAGMA user_version = %d", s->number);
		if (st == OK)
			st = exec(db, set, err);
	}
	return st;
}

static enum status migrate(struct db *db, struct err *err)
{
	int newest = db_schema_version(), version = 0;
	enum status st = user_version(db, &version, err);

	if (st != OK || version == newest)
		return st;
	if (version > newest)
		return err_set(err, E_DENIED,
		               "'%s' was written by a newer gadugi (schema %d, this one knows %d); "
		               "update gadugi",
		               db->path, version, newest);
	if (db->read_only)
		return err_set(err, E_DENIED,
		               "'%s' has an older schema (%d) and is read-only, so it cannot be "
		               "brought up to date",
		               db->path, version);
	if ((st = db_begin(db, err)) != OK)
		return st;
	/* Another process may have done it while we waited for our turn. */
	if ((st = user_version(db, &version, err)) != OK || version >= newest)
		goto out;
	if (version > 0) {
		/* A backup reads through its own snapshot, so the write lock alone guards it. */
		(void)turn(db, ROLLBACK, NULL);
		if ((st = backup(db, version, err)) != OK ||
		    (st = turn(db, BEGIN_WRITE, err)) != OK)
			goto out;
	}
	if ((st = apply(db, version, err)) == OK)
		return db_commit(db, err);
out:
	db_rollback(db);
	return st;
}

static enum status pragmas(struct db *db, struct err *err)
{
	enum status st;
	int off = 0;

	(void)sqlite3_busy_timeout(db->handle, DB_LOCK_WAIT_MS);
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &off);
	(void)sqlite3_wal_hook(db->handle, note_wal, db); /* also ends automatic checkpoints */
	if (db->read_only)
		return exec(db, "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF", err);
	/*
	 * All under the lock: the first statement that looks at the schema may have to rebuild
	 * the log's index, and changing to WAL writes the file. Only the first opener really does.
	 */
	if ((st = lock_take(db, err)) != OK)
		return st;
	st = exec(db,
	          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
	          "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
	          err);
	lock_give(db);
	return st;
}

static enum status open_file(struct db *db, const char *path, struct err *err)
{
	size_t n = strlen(path) + 1;

	if ((db->path = mem_take(n)) == NULL)
		return err_nomem(err, "the database");
	memcpy(db->path, path, n);
	return db->read_only ? OK : turn_open(&db->lock, path, err);
}

/* path NULL: the stand-in. *alien: it reads as if it were something else than a database. */
static enum status open_once(struct db **out, const char *path, bool read_only, bool *alien,
                             struct err *err)
{
	struct db *db = mem_zero(1, sizeof *db);
	int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	enum status st;
	int rc;

	if (db == NULL)
		return err_nomem(err, "the database");
	db->lock = -1;
	db->read_only = read_only;
	if (path != NULL && (st = open_file(db, path, err)) != OK)
		goto out;
	if (read_only)
		how = SQLITE_OPEN_READONLY;
	rc = sqlite3_open_v2(path == NULL ? ":memory:" : path, &db->handle,
	                     how | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK) {
		st = db->handle == NULL ? err_nomem(err, "the database") : db_failed(db, rc, err);
		goto out;
	}
	for (int i = 0; rc == SQLITE_OK && i < TURNS; i++)
		rc = sqlite3_prepare_v3(db->handle, turn_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		                        &db->turns[i], NULL);
	if (rc != SQLITE_OK) {
		st = db_failed(db, rc, err);
		goto out;
	}
	if ((st = pragmas(db, err)) != OK || (st = migrate(db, err)) != OK)
		goto out;
	*out = db;
	return OK;
out:
	*alien = db->handle != NULL && (sqlite3_errcode(db->handle) & 0xff) == SQLITE_NOTADB;
	db_free(db);
	return st;
}

/* That a file is no database is believed when it was read twice. */
static enum status open_it(struct db **out, const char *path, bool read_only, struct err *err)
{
	bool alien = false;
	enum status st = open_once(out, path, read_only, &alien, err);

	if (!alien)
		return st;
	alien = false;
	st = open_once(out, path, read_only, &alien, err);
	if (!alien)
		return st;
	return err_set(err, E_IO, "'%s' is not a gadugi database; move it away to begin anew",
	               path);
}

enum status db_open(struct db **out, const char *path, struct err *err)
{
	assert(path != NULL);
	return open_it(out, path, false, err);
}

/*
 * May the database be written from here? A child that is confined may not, which access(2) does
 * not tell. The lock's file is tried: opening the database's own and closing it again would give
 * up the locks that SQLite has on it in this process.
 */
static enum status may_write(const char *path, bool *may, struct err *err)
{
	struct text lock = { .limit = 8192 };
	int fd;

	*may = false;
	if (access(path, W_OK) != 0)
		return OK;
	text_addf(&lock, "%s-lock", path);
	if (lock.failed) {
		text_done(&lock);
		return err_nomem(err, "the database");
	}
	fd = open(text_string(&lock), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	*may = fd != -1 || (errno != EACCES && errno != EROFS);
	if (fd != -1)
		(void)close(fd);
	text_done(&lock);
	return OK;
}

enum status db_open_if_there(struct db **out, const char *path, struct err *err)
{
	bool there = access(path, F_OK) == 0, may = false;
	enum status st;

	if (!there)
		return open_it(out, NULL, false, err);
	st = may_write(path, &may, err);
	return st == OK ? open_it(out, path, !may, err) : st;
}

void db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_rollback(db);
	for (size_t i = 0; i < STMT_SLOTS; i++)
		(void)sqlite3_finalize(db->slots[i].stmt);
	for (size_t i = 0; i < TURNS; i++)
		(void)sqlite3_finalize(db->turns[i]);
	(void)sqlite3_close(db->handle);
	if (db->lock != -1)
		(void)close(db->lock);
	mem_free(db->path);
	mem_free(db);
}

enum status db_stmt(struct db *db, const char *sql, sqlite3_stmt **out, struct err *err)
{
	size_t at = (size_t)((uintptr_t)sql >> 3) * 2654435761u % STMT_SLOTS;
	struct slot *slot;
	int rc;

	for (size_t n = 0; n < STMT_SLOTS; n++, at = (at + 1) % STMT_SLOTS)
		if (db->slots[at].sql == sql || db->slots[at].sql == NULL)
			break;
	slot = &db->slots[at];
	assert(slot->sql == sql || slot->sql == NULL); /* else: more statements than slots */
	if (slot->stmt == NULL) {
		rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt,
		                        NULL);
		if (rc != SQLITE_OK)
			return db_failed(db, rc, err);
		slot->sql = sql;
	}
	(void)sqlite3_reset(slot->stmt);
	(void)sqlite3_clear_bindings(slot->stmt);
	*out = slot->stmt;
	return OK;
}

void db_bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text != NULL)
		(void)sqlite3_bind_text64(s, at, text, strlen(text), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void db_bind_int(sqlite3_stmt *s, int at, int64_t value)
{
	(void)sqlite3_bind_int64(s, at, value);
}

void db_bind_int_or_null(sqlite3_stmt *s, int at, int64_t value, int64_t null_value)
{
	if (value != null_value)
		(void)sqlite3_bind_int64(s, at, value);
}

enum status db_step(struct db *db, sqlite3_stmt *s, bool *row, struct err *err)
{
	int rc = sqlite3_step(s);

	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : db_failed(db, rc, err);
}

enum status db_end(sqlite3_stmt *s, enum status st)
{
	(void)sqlite3_reset(s);
	return st;
}

enum status db_run(struct db *db, sqlite3_stmt *s, struct err *err)
{
	bool row;

	return db_end(s, db_step(db, s, &row, err));
}

const char *db_text(sqlite3_stmt *s, int column, struct arena *a)
{
	const char *bytes = (const char *)sqlite3_column_text(s, column);

	return bytes == NULL ? NULL : arena_copy(a, bytes, (size_t)sqlite3_column_bytes(s, column));
}

int64_t db_int_or(sqlite3_stmt *s, int column, int64_t when_null)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? when_null
	                                                     : sqlite3_column_int64(s, column);
}

enum status db_check(struct db *db, bool *sound, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "PRAGMA integrity_check(1)", &s, err);
	bool row = false;

	if (st == OK && (st = db_step(db, s, &row, err)) == OK)
		*sound = row && strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;
	return s == NULL ? st : db_end(s, st);
}
