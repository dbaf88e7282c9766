#include "store/history.h"

enum status history_last_run(struct db *db, struct arena *a, const char **id, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT id FROM run WHERE ended_ms IS NOT NULL "
	                         "ORDER BY ended_ms DESC, id DESC LIMIT 1",
	                         &s, err);

	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK && row && (*id = db_text(s, 0, a)) == NULL)
		st = err_nomem(err, "a run's id");
	return db_end(s, st);
}

static void read_task(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct history_task *t = row;

	t->run = db_text(s, 0, a);
	t->task = db_text(s, 1, a);
	t->kind = db_text(s, 2, a);
	t->agent = db_text(s, 3, a);
	t->estimate_min = sqlite3_column_int64(s, 4);
	t->run_ms = sqlite3_column_int64(s, 5);
	t->tokens = db_int_or(s, 6, RUNS_NONE);
	t->ended_ms = sqlite3_column_int64(s, 7);
	t->stated = sqlite3_column_int(s, 8) != 0;
	t->cost_usd = sqlite3_column_type(s, 9) == SQLITE_NULL ? -1 : sqlite3_column_double(s, 9);
	t->complexity = sqlite3_column_int64(s, 10);
	t->attempts = sqlite3_column_int64(s, 11);
	t->succeeded = sqlite3_column_int(s, 12) != 0;
}

#define TASKS                                                                                      \
	"SELECT t.run_id, t.id, t.kind, x.agent, t.estimate_min,"                                  \
	" x.ended_ms - x.started_ms, x.tokens_in + x.tokens_out, x.ended_ms,"                      \
	" coalesce(json_extract(t.spec, '$.estimateSource'), 'stated') = 'stated',"                \
	" x.cost_usd, coalesce(json_extract(t.spec, '$.complexity.total'), 0), x.number,"          \
	" t.state = 'succeeded'"                                                                   \
	" FROM task t JOIN attempt x ON x.run_id = t.run_id AND x.task_id = t.id"                  \
	" AND x.number = (SELECT max(number) FROM attempt y"                                       \
	"  WHERE y.run_id = t.run_id AND y.task_id = t.id)"                                        \
	" WHERE x.started_ms IS NOT NULL AND x.ended_ms > x.started_ms"
#define NEWEST " ORDER BY x.ended_ms DESC, t.run_id, t.id LIMIT ?1"

static enum status read_tasks(struct db *db, sqlite3_stmt *s, size_t limit, struct rows *rows,
                              struct err *err)
{
	db_bind_int(s, 1, (int64_t)limit);
	return rows_read(db, s, read_task, rows, err);
}

enum status history_tasks(struct db *db, size_t limit, struct arena *a, struct history_task **out,
                          size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, TASKS " AND t.state = 'succeeded' AND t.estimate_min > 0" NEWEST, &s, err);

	if (st != OK || (st = read_tasks(db, s, limit, &rows, err)) != OK)
		return st;
	*out = (struct history_task *)(void *)rows.at;
	*n = rows.n;
	return OK;
}

enum status history_results(struct db *db, size_t limit, struct arena *a, struct history_task **out,
                            size_t *n, struct err *err)
{
	struct rows rows = { .a = a, .size = sizeof **out };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         TASKS " AND t.state IN ('succeeded', 'failed', 'conflicted',"
	                               " 'timed_out')" NEWEST,
	                         &s, err);

	if (st != OK || (st = read_tasks(db, s, limit, &rows, err)) != OK)
		return st;
	*out = (struct history_task *)(void *)rows.at;
	*n = rows.n;
	return OK;
}
