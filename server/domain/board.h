/*
 * board.h - whiteboards: notes that those who work on a run share, with all their versions.
 *
 * A writer says which version it read; when somebody else wrote meanwhile, its writing is
 * refused, so that nobody's words are lost unseen. Every version is kept, and writing is an
 * event, `whiteboard.RUN.NAME`.
 */
#ifndef DOMAIN_BOARD_H
#define DOMAIN_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

#define BOARD_NAME_MAX     80
#define BOARD_CONTENT_MAX  ((size_t)1 << 20) /* bytes */
#define BOARD_LAST_VERSION INT64_C(-1)       /* to write whatever stands there */

struct board {
	const char *run; /* NULL: the project's own */
	const char *name;
	const char *author, *content;
	int64_t version; /* to write: the one that was read, 0 for a new board */
	int64_t made_ms;
};

/*
 * Write a version, inside a write transaction; its number and time are filled in. E_BUSY says
 * which version stands there, and who wrote it, when that is not the one that was read.
 */
enum status board_write(struct db *db, int64_t now_ms, struct board *b, struct arena *a,
                        struct err *err);

/* Read the version (0: the newest) of the run and name in *b. E_ABSENT when there is none. */
enum status board_read(struct db *db, struct board *b, struct arena *a, struct err *err);

/* All of a run (NULL: the project's own), without their contents. */
enum status board_all(struct db *db, const char *run, struct arena *a, struct board **out,
                      size_t *n, struct err *err);

cJSON *board_json(struct json_build *b, const struct board *board);

#endif
