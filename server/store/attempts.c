#include "store/attempts.h"

#include "store/rows.h"

#define ATTEMPT_COLUMNS                                                                            \
	"task_id, number, state, slot, agent, worktree, log, base_oid, result_oid, merged_oid,"    \
	" saved_ref, pid, pid_start, boot_id, exit_code, cause, output_size, files, intent_ms,"    \
	" started_ms, ended_ms, done_ms, tokens_in, tokens_out, cost_usd, stage, resolves,"        \
	" tokens_cached, session, left_over, note, approved_ms"

static void read_attempt(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct attempt_row *t = row;

	t->task = db_text(s, 0, a);
	t->number = sqlite3_column_int64(s, 1);
	t->state = db_text(s, 2, a);
	t->slot = sqlite3_column_int64(s, 3);
	t->agent = db_text(s, 4, a);
	t->worktree = db_text(s, 5, a);
	t->log = db_text(s, 6, a);
	t->base_oid = db_text(s, 7, a);
	t->result_oid = db_text(s, 8, a);
	t->merged_oid = db_text(s, 9, a);
	t->saved_ref = db_text(s, 10, a);
	t->pid = db_int_or(s, 11, RUNS_NONE);
	t->pid_start = db_int_or(s, 12, RUNS_NONE);
	t->boot_id = db_text(s, 13, a);
	t->exit_code = db_int_or(s, 14, RUNS_NONE);
	t->cause = db_text(s, 15, a);
	t->output_size = sqlite3_column_int64(s, 16);
	t->files = db_int_or(s, 17, RUNS_NONE);
	t->intent_ms = sqlite3_column_int64(s, 18);
	t->started_ms = db_int_or(s, 19, RUNS_NONE);
	t->ended_ms = db_int_or(s, 20, RUNS_NONE);
	t->done_ms = db_int_or(s, 21, RUNS_NONE);
	t->tokens_in = db_int_or(s, 22, RUNS_NONE);
	t->tokens_out = db_int_or(s, 23, RUNS_NONE);
	t->cost_usd = sqlite3_column_type(s, 24) == SQLITE_NULL ? -1 : sqlite3_column_double(s, 24);
	t->stage = db_text(s, 25, a);
	t->resolves = db_int_or(s, 26, RUNS_NONE);
	t->tokens_cached = db_int_or(s, 27, RUNS_NONE);
	t->session = db_text(s, 28, a);
	t->left_over = sqlite3_column_int64(s, 29);
	t->note = db_text(s, 30, a);
	t->approved_ms = db_int_or(s, 31, RUNS_NONE);
}

enum status attempts_read(struct db *db, const struct attempts_want *want, struct arena *a,
                          struct attempt_row **out, size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE run_id = ?1"
	                         " AND (?2 IS NULL OR task_id = ?2) ORDER BY task_id, number",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, want->run);
	db_bind_text(s, 2, want->task);
	st = rows_read(db, s, read_attempt, &r, err);
	*out = (struct attempt_row *)(void *)r.at;
	*n = r.n;
	return st;
}

static void bind_attempt(sqlite3_stmt *s, const struct attempt_row *t)
{
	db_bind_text(s, 2, t->task);
	db_bind_int(s, 3, t->number);
	db_bind_text(s, 4, t->state);
	db_bind_int(s, 5, t->slot);
	db_bind_text(s, 6, t->agent);
	db_bind_text(s, 7, t->worktree);
	db_bind_text(s, 8, t->log);
	db_bind_text(s, 9, t->base_oid);
	db_bind_text(s, 10, t->result_oid);
	db_bind_text(s, 11, t->merged_oid);
	db_bind_text(s, 12, t->saved_ref);
	rows_bind_number(s, 13, t->pid);
	rows_bind_number(s, 14, t->pid_start);
	db_bind_text(s, 15, t->boot_id);
	rows_bind_number(s, 16, t->exit_code);
	db_bind_text(s, 17, t->cause);
	db_bind_int(s, 18, t->output_size);
	rows_bind_number(s, 19, t->files);
	db_bind_int(s, 20, t->intent_ms);
	rows_bind_number(s, 21, t->started_ms);
	rows_bind_number(s, 22, t->ended_ms);
	rows_bind_number(s, 23, t->done_ms);
	rows_bind_number(s, 24, t->tokens_in);
	rows_bind_number(s, 25, t->tokens_out);
	if (t->cost_usd >= 0)
		(void)sqlite3_bind_double(s, 26, t->cost_usd);
	db_bind_text(s, 27, t->stage);
	rows_bind_number(s, 28, t->resolves);
	rows_bind_number(s, 29, t->tokens_cached);
	db_bind_text(s, 30, t->session);
	db_bind_int(s, 31, t->left_over);
	db_bind_text(s, 32, t->note);
	rows_bind_number(s, 33, t->approved_ms);
}

enum status attempts_put(struct db *db, const char *run, const struct attempt_row *row,
                         struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db,
	            "INSERT OR REPLACE INTO attempt (run_id, " ATTEMPT_COLUMNS ") VALUES (?, ?, ?,"
	            " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	            " ?, ?, ?, ?)",
	            &s, err);
	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	bind_attempt(s, row);
	return db_run(db, s, err);
}

enum status attempts_add_gate(struct db *db, const char *run, const struct gate_row *row,
                              struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO gate_result (run_id, task_id, attempt, name, tree_oid, exit_code,"
	            " passed, started_ms, ended_ms, output) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, row->task);
	rows_bind_number(s, 3, row->attempt);
	db_bind_text(s, 4, row->name);
	db_bind_text(s, 5, row->tree_oid);
	db_bind_int(s, 6, row->exit_code);
	db_bind_int(s, 7, row->passed);
	db_bind_int(s, 8, row->started_ms);
	db_bind_int(s, 9, row->ended_ms);
	db_bind_text(s, 10, row->output);
	return db_run(db, s, err);
}

static void read_gate(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct gate_row *g = row;

	g->task = db_text(s, 0, a);
	g->attempt = db_int_or(s, 1, RUNS_NONE);
	g->name = db_text(s, 2, a);
	g->tree_oid = db_text(s, 3, a);
	g->exit_code = sqlite3_column_int64(s, 4);
	g->passed = sqlite3_column_int64(s, 5);
	g->started_ms = sqlite3_column_int64(s, 6);
	g->ended_ms = sqlite3_column_int64(s, 7);
	g->output = db_text(s, 8, a);
}

enum status attempts_gates(struct db *db, const char *run, struct arena *a, struct gate_row **out,
                           size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT task_id, attempt, name, tree_oid, exit_code, passed,"
	                         " started_ms, ended_ms, output FROM gate_result WHERE run_id = ?1"
	                         " ORDER BY id",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_gate, &r, err);
	*out = (struct gate_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status attempts_gate_differs(struct db *db, const char *run, const struct gate_row *row,
                                  bool *out, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT 1 FROM gate_result WHERE run_id = ? AND tree_oid = ?"
	                         " AND name = ? AND passed <> ? LIMIT 1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, row->tree_oid);
	db_bind_text(s, 3, row->name);
	db_bind_int(s, 4, row->passed);
	return db_end(s, db_step(db, s, out, err));
}

enum status attempts_put_checkpoint(struct db *db, const char *run,
                                    const struct checkpoint_row *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db,
	            "INSERT OR REPLACE INTO checkpoint (run_id, batch, oid, tag, at_ms)"
	            " VALUES (?, ?, ?, ?, ?)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_int(s, 2, row->batch);
	db_bind_text(s, 3, row->oid);
	db_bind_text(s, 4, row->tag);
	db_bind_int(s, 5, row->at_ms);
	return db_run(db, s, err);
}

static void read_checkpoint(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct checkpoint_row *c = row;

	c->batch = sqlite3_column_int64(s, 0);
	c->oid = db_text(s, 1, a);
	c->tag = db_text(s, 2, a);
	c->at_ms = sqlite3_column_int64(s, 3);
}

enum status attempts_checkpoints(struct db *db, const char *run, struct arena *a,
                                 struct checkpoint_row **out, size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT batch, oid, tag, at_ms FROM checkpoint WHERE run_id = ?"
	                         " ORDER BY batch",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_checkpoint, &r, err);
	*out = (struct checkpoint_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status attempts_put_conflict(struct db *db, const char *run, const struct conflict_row *row,
                                  struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "INSERT OR REPLACE INTO conflict (run_id, task_id, attempt, path,"
	                         " how, other_task) VALUES (?, ?, ?, ?, ?, ?)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_text(s, 2, row->task);
	db_bind_int(s, 3, row->attempt);
	db_bind_text(s, 4, row->path);
	db_bind_text(s, 5, row->how);
	db_bind_text(s, 6, row->other);
	return db_run(db, s, err);
}

static void read_conflict(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct conflict_row *c = row;

	c->task = db_text(s, 0, a);
	c->attempt = sqlite3_column_int64(s, 1);
	c->path = db_text(s, 2, a);
	c->how = db_text(s, 3, a);
	c->other = db_text(s, 4, a);
}

enum status attempts_conflicts(struct db *db, const char *run, struct arena *a,
                               struct conflict_row **out, size_t *n, struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT task_id, attempt, path, how, other_task FROM conflict"
	                         " WHERE run_id = ? ORDER BY task_id, attempt, path",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	st = rows_read(db, s, read_conflict, &r, err);
	*out = (struct conflict_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status attempts_drop_checkpoints(struct db *db, const char *run, int64_t batch,
                                      struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db, "DELETE FROM checkpoint WHERE run_id = ? AND batch > ?", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	db_bind_int(s, 2, batch);
	return db_run(db, s, err);
}

struct owner {
	const char *run, *task;
};

static void read_owner(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct owner *o = row;

	o->run = db_text(s, 0, a);
	o->task = db_text(s, 1, a);
}

enum status attempts_of_worktree(struct db *db, const char *path, struct arena *a, const char **run,
                                 const char **task, struct err *err)
{
	struct owner owner = { NULL, NULL };
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "SELECT run_id, task_id FROM attempt WHERE worktree = ?"
	                         " ORDER BY intent_ms DESC LIMIT 1",
	                         &s, err);

	*run = *task = NULL;
	if (st != OK)
		return st;
	db_bind_text(s, 1, path);
	if ((st = rows_read_one(db, s, read_owner, a, &owner, err)) == OK) {
		*run = owner.run;
		*task = owner.task;
	}
	return st;
}

enum status attempts_last_ms(struct db *db, const char *run, int64_t *ms, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT max(max(intent_ms, coalesce(started_ms, 0),"
	                         " coalesce(ended_ms, 0), coalesce(done_ms, 0)))"
	                         " FROM attempt WHERE run_id = ?",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, run);
	if ((st = db_step(db, s, &row, err)) == OK)
		*ms = row ? db_int_or(s, 0, 0) : 0;
	return db_end(s, st);
}

static void read_cooldown(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct cooldown_row *c = row;

	c->agent = db_text(s, 0, a);
	c->until_ms = sqlite3_column_int64(s, 1);
	c->times = sqlite3_column_int64(s, 2);
}

enum status attempts_cooldowns(struct db *db, struct arena *a, struct cooldown_row **out, size_t *n,
                               struct err *err)
{
	struct rows r = { a, NULL, sizeof **out, 0, 0 };
	sqlite3_stmt *s;
	enum status st = db_stmt(db, "SELECT agent, until_ms, times FROM cooldown", &s, err);

	if (st != OK)
		return st;
	st = rows_read(db, s, read_cooldown, &r, err);
	*out = (struct cooldown_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status attempts_put_cooldown(struct db *db, const struct cooldown_row *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "INSERT INTO cooldown (agent, until_ms, times) VALUES (?1, ?2, ?3)"
	                         " ON CONFLICT (agent) DO UPDATE SET"
	                         " until_ms = max(until_ms, ?2), times = ?3",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->agent);
	db_bind_int(s, 2, row->until_ms);
	db_bind_int(s, 3, row->times);
	return db_run(db, s, err);
}
