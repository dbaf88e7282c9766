/*
 * rows.h - reading many rows of a statement into an arena. For server/store only.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

#define RUNS_NONE INT64_MIN /* a number that is NULL in the row */

/* Rows read so far, in an arena; the array grows by doubling. */
struct rows {
	struct arena *a;
	char *at;
	size_t size, n, room; /* size of one */
};

/* Fill a zeroed row from the statement's columns; texts go into the arena. */
typedef void rows_reader(sqlite3_stmt *s, struct arena *a, void *row);

/* Step through s to its end and read every row. Ends the statement. */
enum status rows_read(struct db *db, sqlite3_stmt *s, rows_reader *read, struct rows *r,
                      struct err *err);

/* Read the one row there is; E_ABSENT without words when there is none. Ends the statement. */
enum status rows_read_one(struct db *db, sqlite3_stmt *s, rows_reader *read, struct arena *a,
                          void *row, struct err *err);

/* Bind a number, or NULL for RUNS_NONE. */
void rows_bind_number(sqlite3_stmt *s, int at, int64_t value);

#endif
