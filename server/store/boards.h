/*
 * boards.h - rows of whiteboards: every version of every shared note.
 *
 * A write happens inside the caller's write transaction; what is read is copied into the arena.
 */
#ifndef STORE_BOARDS_H
#define STORE_BOARDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct board_row {
	const char *run, *name; /* run: "" for the project's own */
	const char *author, *content;
	int64_t version, made_ms;
};

enum status board_add(struct db *db, const struct board_row *row, struct err *err);

/*
 * The version that out asks for by run, name and version (0: the newest) is filled in;
 * version 0 stays when there is none.
 */
enum status board_find(struct db *db, struct arena *a, struct board_row *out, struct err *err);

/* The newest version of each of a run, by name, without its content. */
enum status board_list(struct db *db, const char *run, struct arena *a, struct board_row **rows,
                       size_t *n, struct err *err);

#endif
