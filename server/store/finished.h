/*
 * finished.h - what tasks of earlier runs took, to learn from; and since when it counts.
 */
#ifndef STORE_FINISHED_H
#define STORE_FINISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

/* A task that succeeded: its last attempt. */
struct finished_task {
	const char *title, *kind; /* kind may be NULL */
	int64_t estimate_min;
	bool stated;    /* somebody stated the estimate */
	int64_t run_ms; /* the agent's process */
};

/* Up to limit of them, newest first, none from before the last reset. */
enum status finished_tasks(struct db *db, size_t limit, struct arena *a, struct finished_task **out,
                           size_t *n, struct err *err);

/* Learn from nothing that ended before at_ms. In the caller's transaction. */
enum status finished_reset(struct db *db, int64_t at_ms, struct err *err);

/* When that was last done; 0: never. */
enum status finished_since(struct db *db, int64_t *at_ms, struct err *err);

#endif
