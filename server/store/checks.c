#include "store/checks.h"

#define COLUMNS "SELECT id, recipe, state, cause, made_ms, ended_ms FROM recipe_check"

static void read_check(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct check_row *c = row;

	c->id = db_text(s, 0, a);
	c->recipe = db_text(s, 1, a);
	c->state = db_text(s, 2, a);
	c->cause = db_text(s, 3, a);
	c->made_ms = sqlite3_column_int64(s, 4);
	c->ended_ms = db_int_or(s, 5, RUNS_NONE);
}

static void read_gate(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct check_gate_row *g = row;

	g->position = sqlite3_column_int64(s, 0);
	g->recipe = db_text(s, 1, a);
	g->name = db_text(s, 2, a);
	g->outcome = db_text(s, 3, a);
	g->exit_code = db_int_or(s, 4, RUNS_NONE);
	g->wall_ms = db_int_or(s, 5, RUNS_NONE);
}

enum status checks_put(struct db *db, const struct check_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO recipe_check (id, recipe, state, cause, made_ms,"
	                         " ended_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	                         " ON CONFLICT (id) DO UPDATE SET state = ?3, cause = ?4,"
	                         " ended_ms = ?6",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->id);
	db_bind_text(s, 2, row->recipe);
	db_bind_text(s, 3, row->state);
	db_bind_text(s, 4, row->cause);
	db_bind_int(s, 5, row->made_ms);
	db_bind_int_or_null(s, 6, row->ended_ms, RUNS_NONE);
	return db_run(db, s, err);
}

enum status checks_get(struct db *db, const char *id, struct arena *a, struct check_row *out,
                       struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, COLUMNS " WHERE id = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	return rows_read_one(db, s, read_check, a, out, err);
}

enum status checks_running(struct db *db, struct arena *a, struct check_row **out, size_t *n,
                           struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, COLUMNS " WHERE state = 'running' ORDER BY made_ms DESC, id DESC", &s, err);

	if (st != OK || (st = rows_read(db, s, read_check, &rows, err)) != OK)
		return st;
	*out = (struct check_row *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status checks_put_gate(struct db *db, const char *check, const struct check_gate_row *row,
                            struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO recipe_check_gate (check_id, position, recipe, name, outcome,"
	            " exit_code, wall_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	            " ON CONFLICT (check_id, position) DO UPDATE SET outcome = ?5,"
	            " exit_code = ?6, wall_ms = ?7",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, check);
	db_bind_int(s, 2, row->position);
	db_bind_text(s, 3, row->recipe);
	db_bind_text(s, 4, row->name);
	db_bind_text(s, 5, row->outcome);
	db_bind_int_or_null(s, 6, row->exit_code, RUNS_NONE);
	db_bind_int_or_null(s, 7, row->wall_ms, RUNS_NONE);
	return db_run(db, s, err);
}

enum status checks_gates(struct db *db, const char *check, struct arena *a,
                         struct check_gate_row **out, size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "SELECT position, recipe, name, outcome, exit_code, wall_ms"
	                         " FROM recipe_check_gate WHERE check_id = ?1 ORDER BY position",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, check);
	if ((st = rows_read(db, s, read_gate, &rows, err)) != OK)
		return st;
	*out = (struct check_gate_row *)(void *)rows.at;
	*n = rows.n;
	return OK;
}
