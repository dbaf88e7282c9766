#include "store/watch.h"

static void read_row(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct watch_row *w = row;

	w->path = db_text(s, 0, a);
	w->stamp = db_text(s, 1, a);
	w->offset = sqlite3_column_int64(s, 2);
	w->line = sqlite3_column_int64(s, 3);
	w->time_ms = db_int_or(s, 4, RUNS_NONE);
	w->state_size = (size_t)sqlite3_column_bytes(s, 5);
	w->state =
	    w->state_size == 0 ? NULL : arena_copy(a, sqlite3_column_blob(s, 5), w->state_size);
	w->told = db_text(s, 6, a);
}

enum status watch_get(struct db *db, const char *path, struct arena *a, struct watch_row *out,
                      struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof *out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "SELECT path, stamp, offset, line, time_ms, state, told"
	                         " FROM coach_watch WHERE path = ?1",
	                         &s, err);

	*out = (struct watch_row){ .path = path, .time_ms = RUNS_NONE };
	if (st != OK)
		return st;
	db_bind_text(s, 1, path);
	if ((st = rows_read(db, s, read_row, &rows, err)) == OK && rows.n > 0)
		*out = *(const struct watch_row *)(void *)rows.at;
	return st;
}

enum status watch_put(struct db *db, const struct watch_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT OR REPLACE INTO coach_watch (path, stamp, offset, line,"
	                         " time_ms, state, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->path);
	db_bind_text(s, 2, row->stamp);
	db_bind_int(s, 3, row->offset);
	db_bind_int(s, 4, row->line);
	rows_bind_number(s, 5, row->time_ms);
	if (row->state_size > 0)
		(void)sqlite3_bind_blob64(s, 6, row->state, row->state_size, SQLITE_TRANSIENT);
	db_bind_text(s, 7, row->told);
	return db_run(db, s, err);
}
