#include "store/recipes.h"

#define COLUMNS                                                                                    \
	"SELECT b.id, b.recipe, b.hash, b.run_id, b.made_ms, b.undone_ms, r.state, r.branch,"      \
	" r.head_oid, t.state, t.commit_oid, a.base_oid, a.result_oid, t.cause, t.ended_ms,"       \
	" (SELECT count(*) FROM task g WHERE g.run_id = b.run_id"                                  \
	"  AND g.id GLOB b.recipe || '.gate-*'),"                                                  \
	" (SELECT count(*) FROM task g WHERE g.run_id = b.run_id"                                  \
	"  AND g.id GLOB b.recipe || '.gate-*' AND g.state = 'succeeded')"                         \
	" FROM recipe_build b JOIN run r ON r.id = b.run_id"                                       \
	" LEFT JOIN task t ON t.run_id = b.run_id AND t.id = b.recipe"                             \
	" LEFT JOIN attempt a ON a.run_id = b.run_id AND a.task_id = b.recipe AND a.number ="      \
	" (SELECT max(number) FROM attempt WHERE run_id = b.run_id AND task_id = b.recipe)"

static void read_row(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct recipe_row *r = row;

	r->id = sqlite3_column_int64(s, 0);
	r->recipe = db_text(s, 1, a);
	r->hash = db_text(s, 2, a);
	r->run = db_text(s, 3, a);
	r->made_ms = sqlite3_column_int64(s, 4);
	r->undone_ms = db_int_or(s, 5, RUNS_NONE);
	r->run_state = db_text(s, 6, a);
	r->branch = db_text(s, 7, a);
	r->head = db_text(s, 8, a);
	r->task_state = db_text(s, 9, a);
	r->commit = db_text(s, 10, a);
	r->base = db_text(s, 11, a);
	r->result = db_text(s, 12, a);
	r->cause = db_text(s, 13, a);
	r->ended_ms = db_int_or(s, 14, RUNS_NONE);
	r->gates = sqlite3_column_int64(s, 15);
	r->gates_succeeded = sqlite3_column_int64(s, 16);
}

enum status recipes_add(struct db *db, const struct recipe_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO recipe_build (recipe, hash, run_id, made_ms)"
	                         " VALUES (?1, ?2, ?3, ?4)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->recipe);
	db_bind_text(s, 2, row->hash);
	db_bind_text(s, 3, row->run);
	db_bind_int(s, 4, row->made_ms);
	return db_run(db, s, err);
}

static enum status read_all(struct db *db, sqlite3_stmt *s, struct arena *a,
                            struct recipes_page *out, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof *out->at };
	enum status st = rows_read(db, s, read_row, &rows, err);

	if (st != OK)
		return st;
	out->at = (struct recipe_row *)(void *)rows.at;
	out->n = rows.n;
	return OK;
}

enum status recipes_list(struct db *db, const struct recipes_want *want, struct arena *a,
                         struct recipes_page *out, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         COLUMNS " WHERE (?1 IS NULL OR b.recipe = ?1)"
	                                 " AND (?2 = 0 OR b.id < ?2) ORDER BY b.id DESC LIMIT ?3",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, want->recipe);
	db_bind_int(s, 2, want->before);
	db_bind_int(s, 3, (int64_t)want->limit);
	return read_all(db, s, a, out, err);
}

enum status recipes_newest(struct db *db, struct arena *a, struct recipes_page *out,
                           struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         COLUMNS " WHERE b.id IN (SELECT max(id) FROM recipe_build"
	                                 " WHERE undone_ms IS NULL GROUP BY recipe)"
	                                 " ORDER BY b.recipe",
	                         &s, err);

	if (st != OK)
		return st;
	return read_all(db, s, a, out, err);
}

enum status recipes_undo(struct db *db, int64_t id, int64_t now_ms, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, "UPDATE recipe_build SET undone_ms = ?2 WHERE id = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, now_ms);
	return db_run(db, s, err);
}
