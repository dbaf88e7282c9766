#include "store/lives.h"

#include "store/rows.h"

#define COLUMNS "name, state, cause, since_ms, beat_ms, pid, active, failures, again_ms, alone"

enum status life_put(struct db *db, const struct life_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT OR REPLACE INTO agent (" COLUMNS ")"
	                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->name);
	db_bind_text(s, 2, row->state);
	db_bind_text(s, 3, row->cause);
	db_bind_int(s, 4, row->since_ms);
	db_bind_int_or_null(s, 5, row->beat_ms, 0);
	db_bind_int_or_null(s, 6, row->pid, 0);
	db_bind_int(s, 7, row->active);
	db_bind_int(s, 8, row->failures);
	db_bind_int_or_null(s, 9, row->again_ms, 0);
	db_bind_int(s, 10, row->alone);
	return db_run(db, s, err);
}

static void read_row(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct life_row *out = row;

	*out = (struct life_row){
		.name = db_text(s, 0, a),
		.state = db_text(s, 1, a),
		.cause = db_text(s, 2, a),
		.since_ms = sqlite3_column_int64(s, 3),
		.beat_ms = db_int_or(s, 4, 0),
		.pid = db_int_or(s, 5, 0),
		.active = sqlite3_column_int64(s, 6),
		.failures = sqlite3_column_int64(s, 7),
		.again_ms = db_int_or(s, 8, 0),
		.alone = sqlite3_column_int(s, 9) != 0,
	};
}

enum status life_find(struct db *db, const char *name, struct arena *a, struct life_row *out,
                      struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT " COLUMNS " FROM agent WHERE name = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, name);
	return rows_read_one(db, s, read_row, a, out, err);
}

enum status life_list(struct db *db, struct arena *a, struct life_row **rows, size_t *n,
                      struct err *err)
{
	struct rows r = { .a = a, .size = sizeof **rows };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT " COLUMNS " FROM agent ORDER BY name", &s, err);

	if (st == OK)
		st = rows_read(db, s, read_row, &r, err);
	*rows = (struct life_row *)(void *)r.at;
	*n = r.n;
	return st;
}
