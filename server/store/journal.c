#include "store/journal.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"

enum status journal_append(struct db *db, const struct journal_row *row, int64_t *seq,
                           struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO event (id, topic, type, at_ms, envelope)"
	                         " VALUES (?1, ?2, ?3, ?4, ?5)",
	                         &s, err);
	int rc;

	assert(row->id != NULL && row->topic != NULL && row->type != NULL);
	if (st != OK)
		return st;
	/* The texts outlive the step, so they need no copies. */
	(void)sqlite3_bind_text(s, 1, row->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 2, row->topic, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 3, row->type, -1, SQLITE_STATIC);
	db_bind_int(s, 4, row->at_ms);
	(void)sqlite3_bind_blob64(s, 5, row->envelope, row->envelope_size, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_CONSTRAINT_UNIQUE)
		st = err_set(err, E_INPUT, "an event with the id '%s' is in the log already",
		             row->id);
	else if (rc != SQLITE_DONE)
		st = db_failed(db, rc, err);
	else
		*seq = sqlite3_last_insert_rowid(db_handle(db));
	(void)sqlite3_clear_bindings(s);
	return db_end(s, st);
}

/* A list of rows that grows in the arena. */
struct found {
	struct journal_row *rows;
	size_t n, room;
};

static enum status no_memory(struct err *err)
{
	return err_nomem(err, "the events that were found");
}

/* The row as it lies in the statement: good until the next step. */
static enum status look_at_row(sqlite3_stmt *s, struct db *db, struct journal_row *row,
                               struct err *err)
{
	const void *blob = sqlite3_column_blob(s, 5);

	row->seq = sqlite3_column_int64(s, 0);
	row->topic = (const char *)sqlite3_column_text(s, 1);
	row->id = (const char *)sqlite3_column_text(s, 2);
	row->type = (const char *)sqlite3_column_text(s, 3);
	row->at_ms = sqlite3_column_int64(s, 4);
	row->envelope_size = (size_t)sqlite3_column_bytes(s, 5);
	row->envelope = blob == NULL ? "" : blob;
	if (row->topic == NULL || row->id == NULL || row->type == NULL ||
	    (blob == NULL && sqlite3_errcode(db_handle(db)) == SQLITE_NOMEM))
		return no_memory(err);
	return OK;
}

static enum status take_row(const struct journal_row *from, struct found *f, struct arena *a,
                            struct err *err)
{
	struct journal_row *rows, *row;

	if ((rows = list_room(a, f->rows, f->n, &f->room, sizeof *rows)) == NULL)
		return no_memory(err);
	f->rows = rows;
	row = &f->rows[f->n++];
	*row = *from;
	row->topic = arena_copy(a, from->topic, strlen(from->topic));
	row->id = arena_copy(a, from->id, strlen(from->id));
	row->type = arena_copy(a, from->type, strlen(from->type));
	row->envelope = arena_copy(a, from->envelope, from->envelope_size);
	return arena_failed(a) ? no_memory(err) : OK;
}

static void reverse(struct found *f)
{
	for (size_t i = 0; i + 1 < f->n - i; i++) {
		struct journal_row row = f->rows[i];

		f->rows[i] = f->rows[f->n - 1 - i];
		f->rows[f->n - 1 - i] = row;
	}
}

static enum status wanted_rows(struct db *db, const struct journal_want *want, sqlite3_stmt *s,
                               struct arena *a, struct found *f, struct err *err)
{
	struct journal_row row;
	enum status st;
	bool found;

	while (f->n < want->limit) {
		if ((st = db_step(db, s, &found, err)) != OK)
			return st;
		if (!found)
			return OK;
		if ((st = look_at_row(s, db, &row, err)) != OK)
			return st;
		if (want->keep != NULL && !want->keep(want->arg, &row))
			continue;
		if ((st = take_row(&row, f, a, err)) != OK)
			return st;
	}
	return OK;
}

static enum status find_rows(struct db *db, const struct journal_want *want, struct arena *a,
                             struct found *f, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st;

	if (want->newest)
		st = db_stmt(db,
		             "SELECT seq, topic, id, type, at_ms, envelope FROM event"
		             " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq DESC",
		             &s, err);
	else
		st = db_stmt(db,
		             "SELECT seq, topic, id, type, at_ms, envelope FROM event"
		             " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
		             &s, err);
	if (st != OK)
		return st;
	db_bind_int(s, 1, want->after);
	db_bind_int(s, 2, want->upto == 0 ? INT64_MAX : want->upto);
	st = db_end(s, wanted_rows(db, want, s, a, f, err));
	if (want->newest && f->n > 1)
		reverse(f);
	return st;
}

enum status journal_find(struct db *db, const struct journal_want *want, struct arena *a,
                         struct journal_page *out, struct err *err)
{
	struct found f = { 0 };
	int64_t last = 0;
	enum status st;

	/* What comes in after this look is left for the next reading, so that none is missed. */
	if ((st = journal_last(db, &last, err)) != OK)
		return st;
	if (want->upto != 0 && want->upto < last)
		last = want->upto;
	if ((st = find_rows(db, want, a, &f, err)) != OK)
		return st;
	if (f.n > 0 && ((f.n == want->limit && !want->newest) || f.rows[f.n - 1].seq > last))
		last = f.rows[f.n - 1].seq;
	*out = (struct journal_page){ .rows = f.rows, .n = f.n };
	out->seen = last > want->after ? last : want->after;
	return OK;
}

enum status journal_seq_of(struct db *db, const char *id, int64_t *seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT seq FROM event WHERE id = ?1", &s, err);
	bool row;

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	if ((st = db_step(db, s, &row, err)) == OK)
		*seq = row ? sqlite3_column_int64(s, 0) : 0;
	return db_end(s, st);
}

enum status journal_last(struct db *db, int64_t *seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT max(seq) FROM event", &s, err);
	bool row;

	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK)
		*seq = db_int_or(s, 0, 0);
	return db_end(s, st);
}

enum status journal_bounds(struct db *db, int64_t *first, int64_t *last, struct err *err)
{
	/* two questions: SQLite answers each from one end of the table, both at once by a scan */
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)", &s, err);
	bool row;

	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK) {
		*first = db_int_or(s, 0, 0);
		*last = db_int_or(s, 1, 0);
	}
	return db_end(s, st);
}

/* The first row at or after seq: its seq and time; *at is 0 when there is none. */
static enum status row_from(struct db *db, int64_t seq, int64_t *at, int64_t *at_ms,
                            struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT seq, at_ms FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1", &s, err);
	bool row;

	if (st != OK)
		return st;
	db_bind_int(s, 1, seq);
	if ((st = db_step(db, s, &row, err)) == OK) {
		*at = row ? sqlite3_column_int64(s, 0) : 0;
		*at_ms = row ? sqlite3_column_int64(s, 1) : 0;
	}
	return db_end(s, st);
}

enum status journal_before(struct db *db, int64_t at_ms, int64_t *seq, struct err *err)
{
	int64_t low = 0, high = 0, at = 0, time = 0;
	enum status st = journal_bounds(db, &low, &high, err);

	*seq = 0;
	/* all before low are older than at_ms, all after high are not */
	while (st == OK && high > 0 && low <= high) {
		int64_t middle = low + (high - low) / 2;

		if ((st = row_from(db, middle, &at, &time, err)) != OK)
			break;
		if (at != 0 && at <= high && time < at_ms) {
			*seq = at;
			low = at + 1;
		} else {
			high = middle - 1;
		}
	}
	return st;
}

enum status journal_beyond(struct db *db, int64_t bytes, int64_t *seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	/* of a blob's length SQLite reads no more than the row's head */
	enum status st =
	    db_stmt(db, "SELECT seq, length(envelope) FROM event ORDER BY seq DESC", &s, err);
	bool row = true;

	*seq = 0;
	if (st != OK)
		return st;
	while (*seq == 0 && (st = db_step(db, s, &row, err)) == OK && row) {
		bytes -= sqlite3_column_int64(s, 1);
		if (bytes < 0)
			*seq = sqlite3_column_int64(s, 0);
	}
	return db_end(s, st);
}

enum status journal_forget(struct db *db, int64_t seq, int64_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "DELETE FROM event WHERE seq <= ?1"
	                         " AND seq < (SELECT max(seq) FROM event)"
	                         " AND seq NOT IN (SELECT seq FROM event_dead)",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, seq);
	if ((st = db_run(db, s, err)) == OK)
		*n = sqlite3_changes64(db_handle(db));
	return st;
}
