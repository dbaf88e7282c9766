#include "store/rows.h"

#include <stdbool.h>
#include <string.h>

static void *next(struct rows *r)
{
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : r->room * 2;
		char *more = arena_take(r->a, room * r->size);

		if (more == NULL)
			return NULL;
		if (r->n > 0)
			memcpy(more, r->at, r->n * r->size);
		r->at = more;
		r->room = room;
	}
	return r->at + r->size * r->n++;
}

enum status rows_read(struct db *db, sqlite3_stmt *s, rows_reader *read, struct rows *r,
                      struct err *err)
{
	enum status st;
	bool more = false;

	while ((st = db_step(db, s, &more, err)) == OK && more) {
		void *row = next(r);

		if (row != NULL)
			read(s, r->a, row);
		if (row == NULL || arena_failed(r->a)) {
			st = err_nomem(err, "what was stored");
			break;
		}
	}
	return db_end(s, st);
}

enum status rows_read_one(struct db *db, sqlite3_stmt *s, rows_reader *read, struct arena *a,
                          void *row, struct err *err)
{
	bool found = false;
	enum status st = db_step(db, s, &found, err);

	if (st == OK && !found)
		st = E_ABSENT;
	if (st == OK) {
		read(s, a, row);
		if (arena_failed(a))
			st = err_nomem(err, "what was stored");
	}
	return db_end(s, st);
}

void rows_bind_number(sqlite3_stmt *s, int at, int64_t value)
{
	db_bind_int_or_null(s, at, value, RUNS_NONE);
}
