/*
 * commits.h - what was read of the repository's history: words and files of each commit.
 *
 * A cache: the repository is the truth. Writers run inside the caller's transaction; readers
 * copy into the arena.
 */
#ifndef STORE_COMMITS_H
#define STORE_COMMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct commit_row {
	const char *oid;
	int64_t at_ms;
	const void *terms;
	size_t terms_size;
	const char *files; /* one path a line */
};

struct commit_state {
	const char *head; /* NULL: nothing was read yet */
	bool whole;       /* all before head was read; else the newest of it */
};

enum status commits_state(struct db *db, struct arena *a, struct commit_state *out,
                          struct err *err);
enum status commits_state_put(struct db *db, const struct commit_state *state, struct err *err);

/* Add one; nothing when it is there. */
enum status commits_add(struct db *db, const struct commit_row *row, struct err *err);

/* The newest `most`, oldest of them first. */
enum status commits_all(struct db *db, size_t most, struct arena *a, struct commit_row **out,
                        size_t *n, struct err *err);

/* Forget all but the newest `most`. */
enum status commits_keep(struct db *db, size_t most, struct err *err);

#endif
