/*
 * runs.h - plans, runs and their tasks, as rows.
 *
 * Only facts: what the states mean and which may follow which is domain/run.h's.
 * Functions that change something run inside the caller's write transaction
 * (db_begin); readers copy into the arena they are given. A NULL text and
 * RUNS_NONE in a number stand for NULL in the row. A wish is what somebody asked
 * the runner for; the runner clears it in the transaction in which it obeys.
 */
#ifndef STORE_RUNS_H
#define STORE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

struct plan_row {
	const char *id, *title, *origin, *document;
	int64_t made_ms;
};

struct run_row {
	const char *id, *plan_id, *title, *state, *wish, *options, *mode;
	int64_t jobs;
	const char *base_oid, *branch, *head_oid, *cause, *notes;
	int64_t runner_pid, runner_start;
	const char *boot_id;
	int64_t made_ms, started_ms, ended_ms, session_ms, active_ms;
};

struct task_row {
	const char *id;
	int64_t position;
	const char *title, *spec, *agent;
	int64_t estimate_min;
	const char *kind, *state, *wish, *cause, *branch, *commit_oid;
	int64_t ready_ms, started_ms, ended_ms;
	const char *waits_for; /* `approval`, or NULL */
	int64_t again_ms;      /* it waits until then; RUNS_NONE: it does not */
};

struct edge_row {
	const char *from, *to;
};

struct count_row {
	const char *run, *state;
	int64_t n;
};

/* Plans. runs_plan is E_ABSENT for an unknown id; runs_plans lists newest first, without documents.
 */
enum status runs_add_plan(struct db *db, const struct plan_row *row, struct err *err);
enum status runs_plan(struct db *db, const char *id, struct arena *a, struct plan_row *out,
                      struct err *err);
enum status runs_plans(struct db *db, size_t limit, struct arena *a, struct plan_row **out,
                       size_t *n, struct err *err);

/* A new run with its tasks and edges; ids must not be there yet. */
enum status runs_add(struct db *db, const struct run_row *row, struct err *err);
enum status runs_add_task(struct db *db, const char *run, const struct task_row *row,
                          struct err *err);
enum status runs_add_edge(struct db *db, const char *run, const struct edge_row *row,
                          struct err *err);

/* One run, or E_ABSENT. */
enum status runs_get(struct db *db, const char *id, struct arena *a, struct run_row *out,
                     struct err *err);

/* Newest first; before: the id of the last one seen, or NULL to begin. options and notes are left
 * out. */
struct runs_want {
	const char *before;
	size_t limit;
};
enum status runs_list(struct db *db, const struct runs_want *want, struct arena *a,
                      struct run_row **out, size_t *n, struct err *err);

/* Everything of one run, tasks by position; tasks may be thousands. */
enum status runs_tasks(struct db *db, const char *run, struct arena *a, struct task_row **out,
                       size_t *n, struct err *err);
enum status runs_edges(struct db *db, const char *run, struct arena *a, struct edge_row **out,
                       size_t *n, struct err *err);

/* How many tasks are in which state. */
enum status runs_counts(struct db *db, const char *run, struct arena *a, struct count_row **out,
                        size_t *n, struct err *err);

/* How many runs are in which state; run is NULL. */
enum status runs_by_state(struct db *db, struct arena *a, struct count_row **out, size_t *n,
                          struct err *err);
/* Those in a state that may not be their last, each with n = 1. */
enum status runs_open(struct db *db, struct arena *a, struct count_row **out, size_t *n,
                      struct err *err);

/* Other options for a run; E_ABSENT when there is none of that id. */
enum status runs_set_options(struct db *db, const char *run, const char *options, struct err *err);

/* Write all that changes in a row while the run goes on; never the wish. E_ABSENT: no such row. */
enum status runs_put(struct db *db, const struct run_row *row, struct err *err);
enum status runs_put_task(struct db *db, const char *run, const struct task_row *row,
                          struct err *err);

/* Leave a wish with a run (task NULL) or a task; NULL takes it back. E_ABSENT: no such row. */
enum status runs_wish(struct db *db, const char *run, const char *task, const char *wish,
                      struct err *err);

/* A wish was obeyed: take it back, unless it has become another since. */
enum status runs_obeyed(struct db *db, const char *run, const char *task, const char *wish,
                        struct err *err);

/* All wishes of a run: only id and wish are filled; id NULL: the run's own, which comes first. */
enum status runs_wishes(struct db *db, const char *run, struct arena *a, struct task_row **out,
                        size_t *n, struct err *err);

#endif
