#include "store/commits.h"

#include <string.h>

#include "store/rows.h"

enum status commits_state(struct db *db, struct arena *a, struct commit_state *out, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st = db_stmt(db, "SELECT head, whole FROM commit_state WHERE id = 1", &s, err);

	*out = (struct commit_state){ 0 };
	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		out->head = db_text(s, 0, a);
		out->whole = sqlite3_column_int(s, 1) != 0;
		st = out->head == NULL ? err_nomem(err, "the history") : OK;
	}
	return db_end(s, st);
}

enum status commits_state_put(struct db *db, const struct commit_state *state, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, "INSERT OR REPLACE INTO commit_state (id, head, whole) VALUES (1, ?1, ?2)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, state->head);
	db_bind_int(s, 2, state->whole);
	return db_run(db, s, err);
}

enum status commits_add(struct db *db, const struct commit_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT OR IGNORE INTO commit_read (oid, at_ms, terms, files)"
	                         " VALUES (?1, ?2, ?3, ?4)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->oid);
	db_bind_int(s, 2, row->at_ms);
	(void)sqlite3_bind_blob64(s, 3, row->terms, row->terms_size, SQLITE_TRANSIENT);
	db_bind_text(s, 4, row->files);
	return db_run(db, s, err);
}

static void read_row(sqlite3_stmt *s, struct arena *a, void *out)
{
	struct commit_row *row = out;
	const void *terms = sqlite3_column_blob(s, 2);
	size_t size = (size_t)sqlite3_column_bytes(s, 2);
	char *copy = arena_take(a, size + 1);

	row->oid = db_text(s, 0, a);
	row->at_ms = sqlite3_column_int64(s, 1);
	if (copy != NULL && size > 0)
		memcpy(copy, terms, size);
	row->terms = copy;
	row->terms_size = size;
	row->files = db_text(s, 3, a);
}

enum status commits_all(struct db *db, size_t most, struct arena *a, struct commit_row **out,
                        size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "SELECT oid, at_ms, terms, files FROM (SELECT * FROM commit_read"
	                         " ORDER BY at_ms DESC, oid LIMIT ?1) ORDER BY at_ms, oid DESC",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, (int64_t)most);
	if ((st = rows_read(db, s, read_row, &rows, err)) != OK)
		return st;
	*out = (struct commit_row *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status commits_keep(struct db *db, size_t most, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "DELETE FROM commit_read WHERE oid IN (SELECT oid FROM commit_read"
	                         " ORDER BY at_ms DESC, oid LIMIT -1 OFFSET ?1)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, (int64_t)most);
	return db_run(db, s, err);
}
