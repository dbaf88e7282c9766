/*
 * history.h - what earlier runs tell: which was last, and how long tasks took.
 *
 * Reads only; rows are copied into the arena. As store/runs.h: NULL and RUNS_NONE stand for
 * NULL in the row.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

/* A task that has ended: its last attempt. */
struct history_task {
	const char *run, *task, *kind, *agent;
	int64_t estimate_min;
	bool stated;    /* somebody stated the estimate; an assumed one teaches nothing */
	int64_t run_ms; /* the agent's process */
	int64_t tokens; /* in and out; RUNS_NONE when not known */
	int64_t ended_ms;
	double cost_usd;    /* below 0: not known */
	int64_t complexity; /* 0: not told */
	int64_t attempts;
	bool succeeded;
};

/* The run that ended last; *id stays NULL when none has. */
enum status history_last_run(struct db *db, struct arena *a, const char **id, struct err *err);

/* Up to limit tasks that came to an end in ended runs, well or not, newest first. */
enum status history_results(struct db *db, size_t limit, struct arena *a, struct history_task **out,
                            size_t *n, struct err *err);

/* Up to limit tasks that succeeded, newest first. */
enum status history_tasks(struct db *db, size_t limit, struct arena *a, struct history_task **out,
                          size_t *n, struct err *err);

#endif
