/*
 * watch.h - how far watched sessions were read, as rows.
 *
 * Only facts; as store/runs.h: changes inside the caller's write transaction, readers copy into the
 * arena.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/rows.h" /* RUNS_NONE */

struct watch_row {
	const char *path; /* which session */
	const char *stamp;
	int64_t offset, line;
	int64_t time_ms; /* RUNS_NONE: none yet */
	const void *state;
	size_t state_size; /* 0: none was kept */
	const char *told;
};

/* One of them; out->stamp is NULL when it is not watched yet. */
enum status watch_get(struct db *db, const char *path, struct arena *a, struct watch_row *out,
                      struct err *err);

/* Insert or replace. */
enum status watch_put(struct db *db, const struct watch_row *row, struct err *err);

#endif
