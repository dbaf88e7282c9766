/*
 * checks.h - checks of recipes and the gates they run, as rows. As store/runs.h.
 */
#ifndef STORE_CHECKS_H
#define STORE_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

struct check_row {
	const char *id, *recipe, *state, *cause;
	int64_t made_ms, ended_ms;
};

struct check_gate_row {
	int64_t position;
	const char *recipe, *name, *outcome; /* recipe, outcome: or NULL */
	int64_t exit_code, wall_ms;
};

/* Insert it, or replace state, cause and end. */
enum status checks_put(struct db *db, const struct check_row *row, struct err *err);

/* One check; E_ABSENT without words when there is none. */
enum status checks_get(struct db *db, const char *id, struct arena *a, struct check_row *out,
                       struct err *err);

/* Those whose row says that they run, newest first. */
enum status checks_running(struct db *db, struct arena *a, struct check_row **out, size_t *n,
                           struct err *err);

/* Insert a gate of a check, or replace its outcome. */
enum status checks_put_gate(struct db *db, const char *check, const struct check_gate_row *row,
                            struct err *err);
enum status checks_gates(struct db *db, const char *check, struct arena *a,
                         struct check_gate_row **out, size_t *n, struct err *err);

#endif
