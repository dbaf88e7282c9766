/*
 * attempts.h - every attempt at a task, every gate that was run, every checkpoint, as rows.
 *
 * As store/runs.h: only facts, changes inside the caller's write transaction, readers
 * copy into the arena, NULL and RUNS_NONE stand for NULL.
 */
#ifndef STORE_ATTEMPTS_H
#define STORE_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

struct attempt_row {
	const char *task;
	int64_t number;
	const char *state;
	int64_t slot;
	const char *agent, *worktree, *log, *base_oid, *result_oid, *merged_oid, *saved_ref;
	int64_t pid, pid_start;
	const char *boot_id;
	int64_t exit_code;
	const char *cause;
	int64_t output_size, files;
	int64_t intent_ms, started_ms, ended_ms, done_ms;
	int64_t tokens_in, tokens_out;
	double cost_usd;          /* below 0: not known */
	const char *stage, *note; /* NULL: the task has no stages; the stage left no words */
	int64_t approved_ms;
	int64_t resolves; /* number of the attempt whose conflict it is to resolve, or RUNS_NONE */
	int64_t tokens_cached; /* of tokens_in */
	const char *session;   /* by which the agent can be continued, or NULL */
	int64_t left_over;     /* processes that outlived the agent and were ended */
};

struct cooldown_row {
	const char *agent;
	int64_t until_ms, times;
};

struct gate_row {
	const char *task; /* NULL: of the run */
	int64_t attempt;
	const char *name, *tree_oid;
	int64_t exit_code, passed, started_ms, ended_ms;
	const char *output;
};

struct conflict_row { /* of an attempt that could not be merged */
	const char *task;
	int64_t attempt;
	const char *path, *how, *other; /* other: the task that changed it too, or NULL */
};

struct checkpoint_row {
	int64_t batch;
	const char *oid, *tag;
	int64_t at_ms;
};

/* Attempts of a run's task, or, with NULL, of all its tasks; by task and number. */
struct attempts_want {
	const char *run, *task;
};
enum status attempts_read(struct db *db, const struct attempts_want *want, struct arena *a,
                          struct attempt_row **out, size_t *n, struct err *err);
enum status attempts_gates(struct db *db, const char *run, struct arena *a, struct gate_row **out,
                           size_t *n, struct err *err);
enum status attempts_checkpoints(struct db *db, const char *run, struct arena *a,
                                 struct checkpoint_row **out, size_t *n, struct err *err);

enum status attempts_conflicts(struct db *db, const char *run, struct arena *a,
                               struct conflict_row **out, size_t *n, struct err *err);

/* Forget the checkpoints of the batches after that one. */
enum status attempts_drop_checkpoints(struct db *db, const char *run, int64_t batch,
                                      struct err *err);

/* The run and task that last worked in that folder; E_ABSENT when none did. */
enum status attempts_of_worktree(struct db *db, const char *path, struct arena *a, const char **run,
                                 const char **task, struct err *err);

/* The latest time that any attempt of the run tells of; 0 when there is none. */
enum status attempts_last_ms(struct db *db, const char *run, int64_t *ms, struct err *err);

/* Insert the attempt, or replace it as a whole. */
enum status attempts_put(struct db *db, const char *run, const struct attempt_row *row,
                         struct err *err);
enum status attempts_put_conflict(struct db *db, const char *run, const struct conflict_row *row,
                                  struct err *err);
enum status attempts_add_gate(struct db *db, const char *run, const struct gate_row *row,
                              struct err *err);

/* Did a gate of that name have another outcome on the same tree, in this run? */
enum status attempts_gate_differs(struct db *db, const char *run, const struct gate_row *row,
                                  bool *out, struct err *err);
/* Agents that wait, all there are; one more, or a later time for one that is there. */
enum status attempts_cooldowns(struct db *db, struct arena *a, struct cooldown_row **out, size_t *n,
                               struct err *err);
enum status attempts_put_cooldown(struct db *db, const struct cooldown_row *row, struct err *err);
enum status attempts_put_checkpoint(struct db *db, const char *run,
                                    const struct checkpoint_row *row, struct err *err);

#endif
