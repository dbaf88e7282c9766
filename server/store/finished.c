#include "store/finished.h"

#include "store/rows.h"

static void read_task(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct finished_task *t = row;

	t->title = db_text(s, 0, a);
	t->kind = db_text(s, 1, a);
	t->estimate_min = sqlite3_column_int64(s, 2);
	t->stated = sqlite3_column_int(s, 3) != 0;
	t->run_ms = sqlite3_column_int64(s, 4);
}

enum status finished_tasks(struct db *db, size_t limit, struct arena *a, struct finished_task **out,
                           size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st;

	st = db_stmt(db,
	             "SELECT t.title, t.kind, t.estimate_min,"
	             " coalesce(json_extract(t.spec, '$.estimateSource'), 'stated') = 'stated',"
	             " x.ended_ms - x.started_ms"
	             " FROM task t JOIN attempt x ON x.run_id = t.run_id AND x.task_id = t.id"
	             " AND x.number = (SELECT max(number) FROM attempt y"
	             "  WHERE y.run_id = t.run_id AND y.task_id = t.id)"
	             " WHERE t.state = 'succeeded' AND x.started_ms IS NOT NULL"
	             " AND x.ended_ms > x.started_ms"
	             " AND x.ended_ms > coalesce((SELECT at_ms FROM estimate_reset), 0)"
	             " ORDER BY x.ended_ms DESC, t.run_id, t.id LIMIT ?1",
	             &s, err);
	if (st != OK)
		return st;
	db_bind_int(s, 1, (int64_t)limit);
	if ((st = rows_read(db, s, read_task, &rows, err)) != OK)
		return st;
	*out = (struct finished_task *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status finished_reset(struct db *db, int64_t at_ms, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "INSERT OR REPLACE INTO estimate_reset (id, at_ms) VALUES (1, ?1)", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, at_ms);
	return db_run(db, s, err);
}

enum status finished_since(struct db *db, int64_t *at_ms, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st = db_stmt(db, "SELECT at_ms FROM estimate_reset", &s, err);

	*at_ms = 0;
	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*at_ms = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}
