#include "store/runs.h"

#include "store/rows.h"

/* Run a change that must have hit a row. */
static enum status change(struct db *db, sqlite3_stmt *s, const char *what, const char *name,
                          struct err *err)
{
	enum status st = db_run(db, s, err);

	if (st == OK && sqlite3_changes(db_handle(db)) == 0)
		return err_set(err, E_ABSENT, "there is no %s '%s'", what, name);
	return st;
}

/* --- plans -------------------------------------------------------------------------------- */

enum status runs_add_plan(struct db *db, const struct plan_row *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "INSERT INTO plan (id, title, origin, document, made_ms)"
	                         " VALUES (?, ?, ?, ?, ?)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->id);
	db_bind_text(s, 2, row->title);
	db_bind_text(s, 3, row->origin);
	db_bind_text(s, 4, row->document);
	db_bind_int(s, 5, row->made_ms);
	return db_run(db, s, err);
}

static void read_plan(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct plan_row *p = row;

	p->id = db_text(s, 0, a);
	p->title = db_text(s, 1, a);
	p->origin = db_text(s, 2, a);
	p->document = db_text(s, 3, a);
	p->made_ms = sqlite3_column_int64(s, 4);
}

enum status runs_plan(struct db *db, const char *id, struct arena *a, struct plan_row *out,
                      struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db, "SELECT id, title, origin, document, made_ms FROM plan WHERE id = ?", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	if ((st = rows_read_one(db, s, read_plan, a, out, err)) == E_ABSENT)
		return err_set(err, E_ABSENT, "there is no plan '%s'; decompose a document first",
		               id);
	return st;
}

enum status runs_plans(struct db *db, size_t limit, struct arena *a, struct plan_row **out,
                       size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT id, title, origin, NULL, made_ms FROM plan"
	                         " ORDER BY made_ms DESC, id DESC LIMIT ?",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, (int64_t)limit);
	st = rows_read(db, s, read_plan, &r, err);
	*out = (struct plan_row *)(void *)r.at;
	*n = r.n;
	return st;
}

/* --- runs --------------------------------------------------------------------------------- */

enum status runs_add(struct db *db, const struct run_row *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db,
	    "INSERT INTO run (id, plan_id, title, state, options, mode, jobs, base_oid,"
	    " branch, head_oid, notes, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->id);
	db_bind_text(s, 2, row->plan_id);
	db_bind_text(s, 3, row->title);
	db_bind_text(s, 4, row->state);
	db_bind_text(s, 5, row->options);
	db_bind_text(s, 6, row->mode);
	db_bind_int(s, 7, row->jobs);
	db_bind_text(s, 8, row->base_oid);
	db_bind_text(s, 9, row->branch);
	db_bind_text(s, 10, row->head_oid);
	db_bind_text(s, 11, row->notes);
	db_bind_int(s, 12, row->made_ms);
	return db_run(db, s, err);
}

enum status runs_add_task(struct db *db, const char *run, const struct task_row *row,
                          struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db,
	    "INSERT INTO task (run_id, id, position, title, spec, agent, estimate_min, kind,"
	    " state, branch, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, row->id);
	db_bind_int(s, 3, row->position);
	db_bind_text(s, 4, row->title);
	db_bind_text(s, 5, row->spec);
	db_bind_text(s, 6, row->agent);
	db_bind_int(s, 7, row->estimate_min);
	db_bind_text(s, 8, row->kind);
	db_bind_text(s, 9, row->state);
	db_bind_text(s, 10, row->branch);
	db_bind_text(s, 11, row->cause);
	return db_run(db, s, err);
}

enum status runs_add_edge(struct db *db, const char *run, const struct edge_row *row,
                          struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db, "INSERT INTO task_edge (run_id, from_task, to_task) VALUES (?, ?, ?)", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, row->from);
	db_bind_text(s, 3, row->to);
	return db_run(db, s, err);
}

static void read_run(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct run_row *r = row;

	r->id = db_text(s, 0, a);
	r->plan_id = db_text(s, 1, a);
	r->title = db_text(s, 2, a);
	r->state = db_text(s, 3, a);
	r->wish = db_text(s, 4, a);
	r->options = db_text(s, 5, a);
	r->mode = db_text(s, 6, a);
	r->jobs = sqlite3_column_int64(s, 7);
	r->base_oid = db_text(s, 8, a);
	r->branch = db_text(s, 9, a);
	r->head_oid = db_text(s, 10, a);
	r->cause = db_text(s, 11, a);
	r->notes = db_text(s, 12, a);
	r->runner_pid = db_int_or(s, 13, RUNS_NONE);
	r->runner_start = db_int_or(s, 14, RUNS_NONE);
	r->boot_id = db_text(s, 15, a);
	r->made_ms = sqlite3_column_int64(s, 16);
	r->started_ms = db_int_or(s, 17, RUNS_NONE);
	r->ended_ms = db_int_or(s, 18, RUNS_NONE);
	r->session_ms = db_int_or(s, 19, RUNS_NONE);
	r->active_ms = sqlite3_column_int64(s, 20);
}

enum status runs_get(struct db *db, const char *id, struct arena *a, struct run_row *out,
                     struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT id, plan_id, title, state, wish, options, mode, jobs,"
	                         " base_oid, branch, head_oid, cause, notes, runner_pid,"
	                         " runner_start, boot_id, made_ms, started_ms, ended_ms,"
	                         " session_ms, active_ms"
	                         " FROM run WHERE id = ?",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	if ((st = rows_read_one(db, s, read_run, a, out, err)) == E_ABSENT)
		return err_set(err, E_ABSENT, "there is no run '%s'; 'runs' lists those there are",
		               id);
	return st;
}

enum status runs_list(struct db *db, const struct runs_want *want, struct arena *a,
                      struct run_row **out, size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT id, plan_id, title, state, wish, NULL, mode, jobs,"
	                         " base_oid, branch, head_oid, cause, NULL, runner_pid,"
	                         " runner_start, boot_id, made_ms, started_ms, ended_ms,"
	                         " session_ms, active_ms"
	                         " FROM run WHERE ?1 IS NULL OR (made_ms, id) <"
	                         " (SELECT made_ms, id FROM run WHERE id = ?1)"
	                         " ORDER BY made_ms DESC, id DESC LIMIT ?2",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, want->before);
	db_bind_int(s, 2, (int64_t)want->limit);
	st = rows_read(db, s, read_run, &r, err);
	*out = (struct run_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status runs_put(struct db *db, const struct run_row *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db,
	            "UPDATE run SET state = ?, mode = ?, branch = ?, head_oid = ?, cause = ?,"
	            " notes = ?, runner_pid = ?, runner_start = ?, boot_id = ?, started_ms = ?,"
	            " ended_ms = ?, session_ms = ?, active_ms = ? WHERE id = ?",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->state);
	db_bind_text(s, 2, row->mode);
	db_bind_text(s, 3, row->branch);
	db_bind_text(s, 4, row->head_oid);
	db_bind_text(s, 5, row->cause);
	db_bind_text(s, 6, row->notes);
	rows_bind_number(s, 7, row->runner_pid);
	rows_bind_number(s, 8, row->runner_start);
	db_bind_text(s, 9, row->boot_id);
	rows_bind_number(s, 10, row->started_ms);
	rows_bind_number(s, 11, row->ended_ms);
	rows_bind_number(s, 12, row->session_ms);
	db_bind_int(s, 13, row->active_ms);
	db_bind_text(s, 14, row->id);
	return change(db, s, "run", row->id, err);
}

enum status runs_set_options(struct db *db, const char *run, const char *options, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db, "UPDATE run SET options = ? WHERE id = ?", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, options);
	db_bind_text(s, 2, run);
	return change(db, s, "run", run, err);
}

/* --- tasks -------------------------------------------------------------------------------- */

static void read_task(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct task_row *t = row;

	t->id = db_text(s, 0, a);
	t->position = sqlite3_column_int64(s, 1);
	t->title = db_text(s, 2, a);
	t->spec = db_text(s, 3, a);
	t->agent = db_text(s, 4, a);
	t->estimate_min = sqlite3_column_int64(s, 5);
	t->kind = db_text(s, 6, a);
	t->state = db_text(s, 7, a);
	t->wish = db_text(s, 8, a);
	t->cause = db_text(s, 9, a);
	t->branch = db_text(s, 10, a);
	t->commit_oid = db_text(s, 11, a);
	t->ready_ms = db_int_or(s, 12, RUNS_NONE);
	t->started_ms = db_int_or(s, 13, RUNS_NONE);
	t->ended_ms = db_int_or(s, 14, RUNS_NONE);
	t->waits_for = db_text(s, 15, a);
	t->again_ms = db_int_or(s, 16, RUNS_NONE);
}

enum status runs_tasks(struct db *db, const char *run, struct arena *a, struct task_row **out,
                       size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT id, position, title, spec, agent, estimate_min, kind,"
	                         " state, wish, cause, branch, commit_oid, ready_ms, started_ms,"
	                         " ended_ms, waits_for, again_ms FROM task WHERE run_id = ?"
	                         " ORDER BY position",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_task, &r, err);
	*out = (struct task_row *)(void *)r.at;
	*n = r.n;
	return st;
}

static void read_edge(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct edge_row *e = row;

	e->from = db_text(s, 0, a);
	e->to = db_text(s, 1, a);
}

enum status runs_edges(struct db *db, const char *run, struct arena *a, struct edge_row **out,
                       size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT from_task, to_task FROM task_edge WHERE run_id = ?"
	                         " ORDER BY from_task, to_task",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_edge, &r, err);
	*out = (struct edge_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status runs_put_task(struct db *db, const char *run, const struct task_row *row,
                          struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "UPDATE task SET state = ?, agent = ?, cause = ?, branch = ?,"
	                         " commit_oid = ?, ready_ms = ?, started_ms = ?, ended_ms = ?,"
	                         " waits_for = ?, again_ms = ?"
	                         " WHERE run_id = ? AND id = ?",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->state);
	db_bind_text(s, 2, row->agent);
	db_bind_text(s, 3, row->cause);
	db_bind_text(s, 4, row->branch);
	db_bind_text(s, 5, row->commit_oid);
	rows_bind_number(s, 6, row->ready_ms);
	rows_bind_number(s, 7, row->started_ms);
	rows_bind_number(s, 8, row->ended_ms);
	db_bind_text(s, 9, row->waits_for);
	rows_bind_number(s, 10, row->again_ms);
	db_bind_text(s, 11, run);
	db_bind_text(s, 12, row->id);
	return change(db, s, "task", row->id, err);
}

static void read_count(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct count_row *c = row;

	c->run = db_text(s, 0, a);
	c->state = db_text(s, 1, a);
	c->n = sqlite3_column_int64(s, 2);
}

enum status runs_counts(struct db *db, const char *run, struct arena *a, struct count_row **out,
                        size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT run_id, state, count(*) FROM task WHERE run_id = ?"
	                         " GROUP BY state ORDER BY state",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_count, &r, err);
	*out = (struct count_row *)(void *)r.at;
	*n = r.n;
	return st;
}

static enum status read_counts(struct db *db, const char *sql, struct arena *a,
                               struct count_row **out, size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db, sql, &s, err);

	if (st != OK)
		return st;
	st = rows_read(db, s, read_count, &r, err);
	*out = (struct count_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status runs_by_state(struct db *db, struct arena *a, struct count_row **out, size_t *n,
                          struct err *err)
{
	return read_counts(db, "SELECT NULL, state, count(*) FROM run GROUP BY state", a, out, n,
	                   err);
}

enum status runs_open(struct db *db, struct arena *a, struct count_row **out, size_t *n,
                      struct err *err)
{
	return read_counts(db,
	                   "SELECT id, state, 1 FROM run"
	                   " WHERE state IN ('queued', 'running', 'paused')",
	                   a, out, n, err);
}

/* --- wishes ------------------------------------------------------------------------------- */

enum status runs_wish(struct db *db, const char *run, const char *task, const char *wish,
                      struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    task == NULL
		? db_stmt(db, "UPDATE run SET wish = ?1 WHERE id = ?2", &s, err)
		: db_stmt(db, "UPDATE task SET wish = ?1 WHERE run_id = ?2 AND id = ?3", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, wish);
	db_bind_text(s, 2, run);
	if (task != NULL)
		db_bind_text(s, 3, task);
	return change(db, s, task == NULL ? "run" : "task", task == NULL ? run : task, err);
}

enum status runs_obeyed(struct db *db, const char *run, const char *task, const char *wish,
                        struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    task == NULL
		? db_stmt(db, "UPDATE run SET wish = NULL WHERE id = ?1 AND wish = ?2", &s, err)
		: db_stmt(db,
	                  "UPDATE task SET wish = NULL WHERE run_id = ?1 AND wish = ?2 AND id = ?3",
	                  &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, wish);
	if (task != NULL)
		db_bind_text(s, 3, task);
	return db_run(db, s, err);
}

static void read_wish(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct task_row *t = row;

	*t = (struct task_row){ .id = db_text(s, 0, a), .wish = db_text(s, 1, a) };
}

enum status runs_wishes(struct db *db, const char *run, struct arena *a, struct task_row **out,
                        size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT NULL, wish FROM run WHERE id = ?1 AND wish IS NOT NULL"
	                         " UNION ALL SELECT id, wish FROM task INDEXED BY task_by_wish"
	                         " WHERE run_id = ?1 AND wish IS NOT NULL",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_wish, &r, err);
	*out = (struct task_row *)(void *)r.at;
	*n = r.n;
	return st;
}
