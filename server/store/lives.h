/*
 * lives.h - rows of how agents fare.
 *
 * Changes happen inside the caller's write transaction; rows found are copied into the arena.
 */
#ifndef STORE_LIVES_H
#define STORE_LIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct life_row {
	const char *name, *state, *cause; /* cause: or NULL */
	int64_t since_ms;
	int64_t beat_ms; /* 0: never */
	int64_t pid, active, failures;
	int64_t again_ms; /* 0: not */
	bool alone;       /* no event starts it */
};

/* Add the row, or make that of the name as this one. */
enum status life_put(struct db *db, const struct life_row *row, struct err *err);

/* E_ABSENT, without words, when there is none. */
enum status life_find(struct db *db, const char *name, struct arena *a, struct life_row *out,
                      struct err *err);

/* All, by name. */
enum status life_list(struct db *db, struct arena *a, struct life_row **rows, size_t *n,
                      struct err *err);

#endif
