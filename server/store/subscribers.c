#include "store/subscribers.h"

#include <assert.h>

#include "base/list.h"
#include "store/rows.h"

enum status subscriber_touch(struct db *db, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "UPDATE event_edition SET n = n + 1", &s, err);

	return st != OK ? st : db_run(db, s, err);
}

enum status subscriber_edition(struct db *db, int64_t *edition, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT n FROM event_edition", &s, err);
	bool row = false;

	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK)
		*edition = row ? sqlite3_column_int64(s, 0) : 0;
	return db_end(s, st);
}

enum status subscriber_put(struct db *db, const struct subscriber_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO event_offset (subscriber, topic, action, seq, made_ms, type,"
	            " source, least, edition) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	            " (SELECT n FROM event_edition))"
	            " ON CONFLICT (subscriber) DO UPDATE SET topic = ?2, action = ?3,"
	            " seq = ?4, type = ?6, source = ?7, least = ?8, edition = excluded.edition",
	            &s, err);

	if (st != OK || (st = settled_forget(db, row->name, INT64_MAX, err)) != OK ||
	    (st = subscriber_touch(db, err)) != OK)
		return st;
	db_bind_text(s, 1, row->name);
	db_bind_text(s, 2, row->topic);
	db_bind_text(s, 3, row->action);
	db_bind_int(s, 4, row->seq);
	db_bind_int(s, 5, row->made_ms);
	db_bind_text(s, 6, row->type);
	db_bind_text(s, 7, row->source);
	db_bind_int(s, 8, row->least);
	return db_run(db, s, err);
}

static enum status absent(const char *name, struct err *err)
{
	return err_set(err, E_ABSENT, "there is no subscriber '%s'", name);
}

static void read_subscriber(sqlite3_stmt *s, struct arena *a, struct subscriber_row *out)
{
	*out = (struct subscriber_row){
		.name = db_text(s, 0, a),
		.topic = db_text(s, 1, a),
		.action = db_text(s, 2, a),
		.seq = sqlite3_column_int64(s, 3),
		.made_ms = sqlite3_column_int64(s, 4),
		.delivered = sqlite3_column_int64(s, 5),
		.retried = sqlite3_column_int64(s, 6),
		.dead = sqlite3_column_int64(s, 7),
		.type = db_text(s, 8, a),
		.source = db_text(s, 9, a),
		.least = sqlite3_column_int64(s, 10),
		.latency_ms = sqlite3_column_int64(s, 11),
		.edition = sqlite3_column_int64(s, 12),
	};
}

enum status subscriber_find(struct db *db, const char *name, struct arena *a,
                            struct subscriber_row *out, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "SELECT subscriber, topic, action, seq, made_ms, delivered, retried,"
	            " dead, type, source, least, latency_ms, edition FROM event_offset"
	            " WHERE subscriber = ?1",
	            &s, err);
	bool row = false;

	if (st != OK)
		return st;
	db_bind_text(s, 1, name);
	if ((st = db_step(db, s, &row, err)) == OK && !row)
		st = absent(name, err);
	if (st == OK) {
		read_subscriber(s, a, out);
		st = arena_failed(a) ? err_nomem(err, "a subscriber") : OK;
	}
	return db_end(s, st);
}

/* Run a statement that must change a row of that subscriber. */
static enum status change(struct db *db, sqlite3_stmt *s, const char *name, struct err *err)
{
	enum status st;

	db_bind_text(s, 1, name);
	if ((st = db_run(db, s, err)) == OK && sqlite3_changes(db_handle(db)) == 0)
		st = absent(name, err);
	return st;
}

static enum status latency_forget(struct db *db, const char *name, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "DELETE FROM event_latency WHERE subscriber = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, name);
	return db_run(db, s, err);
}

enum status subscriber_remove(struct db *db, const char *name, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int64_t n;
	enum status st = db_stmt(db, "DELETE FROM event_offset WHERE subscriber = ?1", &s, err);

	if (st != OK || (st = change(db, s, name, err)) != OK ||
	    (st = subscriber_touch(db, err)) != OK ||
	    (st = settled_forget(db, name, INT64_MAX, err)) != OK ||
	    (st = latency_forget(db, name, err)) != OK)
		return st;
	return dead_remove(db, name, 0, &n, err);
}

enum status subscriber_move(struct db *db, const char *name, int64_t seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "UPDATE event_offset SET seq = ?2, edition ="
	                         " (SELECT n FROM event_edition) WHERE subscriber = ?1",
	                         &s, err);

	if (st != OK || (st = subscriber_touch(db, err)) != OK)
		return st;
	db_bind_int(s, 2, seq);
	if ((st = change(db, s, name, err)) != OK)
		return st;
	return settled_forget(db, name, INT64_MAX, err);
}

enum status subscriber_advance(struct db *db, const char *name, int64_t from, int64_t to,
                               bool *moved, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "UPDATE event_offset SET seq = ?3 WHERE subscriber = ?1 AND seq = ?2", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, name);
	db_bind_int(s, 2, from);
	db_bind_int(s, 3, to);
	if ((st = db_run(db, s, err)) == OK)
		*moved = sqlite3_changes(db_handle(db)) == 1;
	return st;
}

enum status subscriber_count(struct db *db, const struct subscriber_row *more, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "UPDATE event_offset SET delivered = delivered + ?2,"
	                         " retried = retried + ?3, dead = dead + ?4 WHERE subscriber = ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, more->name);
	db_bind_int(s, 2, more->delivered);
	db_bind_int(s, 3, more->retried);
	db_bind_int(s, 4, more->dead);
	return db_run(db, s, err);
}

enum status latency_note(struct db *db, const char *subscriber, int64_t bucket, int64_t ms,
                         struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "UPDATE event_offset SET latency_ms = latency_ms + ?2"
	                         " WHERE subscriber = ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, ms);
	if ((st = db_run(db, s, err)) != OK || sqlite3_changes(db_handle(db)) == 0)
		return st;
	st = db_stmt(db,
	             "INSERT INTO event_latency (subscriber, bucket, n) VALUES (?1, ?2, 1)"
	             " ON CONFLICT (subscriber, bucket) DO UPDATE SET n = n + 1",
	             &s, err);
	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, bucket);
	return db_run(db, s, err);
}

static void read_latency(sqlite3_stmt *s, struct arena *a, void *row)
{
	struct latency_row *l = row;

	*l = (struct latency_row){ .subscriber = db_text(s, 0, a),
		                   .bucket = sqlite3_column_int64(s, 1),
		                   .n = sqlite3_column_int64(s, 2) };
}

enum status latency_list(struct db *db, struct arena *a, struct latency_row **rows, size_t *n,
                         struct err *err)
{
	struct rows r = { .a = a, .size = sizeof **rows };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT subscriber, bucket, n FROM event_latency ORDER BY subscriber, bucket", &s,
	    err);

	if (st == OK)
		st = rows_read(db, s, read_latency, &r, err);
	*rows = (struct latency_row *)(void *)r.at;
	*n = r.n;
	return st;
}

enum status settled_put(struct db *db, const char *subscriber, int64_t seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "INSERT OR IGNORE INTO event_settled (subscriber, seq) VALUES (?1, ?2)", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, seq);
	return db_run(db, s, err);
}

enum status settled_forget(struct db *db, const char *subscriber, int64_t upto, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, "DELETE FROM event_settled WHERE subscriber = ?1 AND seq <= ?2", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, upto);
	return db_run(db, s, err);
}

static void read_seq(sqlite3_stmt *s, struct arena *a, void *row)
{
	int64_t *seq = row;

	(void)a;
	*seq = sqlite3_column_int64(s, 0);
}

enum status settled_list(struct db *db, const char *subscriber, struct arena *a, int64_t **seqs,
                         size_t *n, struct err *err)
{
	struct rows r = { .a = a, .size = sizeof **seqs };
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT seq FROM event_settled WHERE subscriber = ?1 ORDER BY seq", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	st = rows_read(db, s, read_seq, &r, err);
	*seqs = (int64_t *)(void *)r.at;
	*n = r.n;
	return st;
}

static enum status all_subscribers(struct db *db, sqlite3_stmt *s, struct arena *a,
                                   struct subscriber_row **rows, size_t *n, struct err *err)
{
	struct subscriber_row *grown;
	size_t room = 0;
	enum status st;
	bool row;

	*rows = NULL;
	for (*n = 0; (st = db_step(db, s, &row, err)) == OK && row; (*n)++) {
		if ((grown = list_room(a, *rows, *n, &room, sizeof **rows)) == NULL)
			return err_nomem(err, "the subscribers");
		*rows = grown;
		read_subscriber(s, a, &grown[*n]);
	}
	return st == OK && arena_failed(a) ? err_nomem(err, "the subscribers") : st;
}

enum status subscriber_list(struct db *db, struct arena *a, struct subscriber_row **rows, size_t *n,
                            struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "SELECT subscriber, topic, action, seq, made_ms, delivered, retried,"
	            " dead, type, source, least, latency_ms, edition FROM event_offset"
	            " ORDER BY subscriber",
	            &s, err);

	return st != OK ? st : db_end(s, all_subscribers(db, s, a, rows, n, err));
}

enum status dead_put(struct db *db, const struct dead_row *row, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO event_dead (subscriber, seq, attempts, cause, at_ms)"
	            " VALUES (?1, ?2, ?3, ?4, ?5)"
	            " ON CONFLICT (subscriber, seq) DO UPDATE SET attempts = ?3, cause = ?4,"
	            " at_ms = ?5, again = 0",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, row->subscriber);
	db_bind_int(s, 2, row->event.seq);
	db_bind_int(s, 3, row->attempts);
	db_bind_text(s, 4, row->cause);
	db_bind_int(s, 5, row->at_ms);
	return db_run(db, s, err);
}

static void read_dead(sqlite3_stmt *s, struct arena *a, struct dead_row *out)
{
	const void *blob = sqlite3_column_blob(s, 9);

	*out = (struct dead_row){
		.id = sqlite3_column_int64(s, 0),
		.subscriber = db_text(s, 1, a),
		.attempts = sqlite3_column_int64(s, 2),
		.cause = db_text(s, 3, a),
		.at_ms = sqlite3_column_int64(s, 4),
		.event = {
			.seq = sqlite3_column_int64(s, 5),
			.id = db_text(s, 6, a),
			.topic = db_text(s, 7, a),
			.type = db_text(s, 8, a),
			.envelope_size = (size_t)sqlite3_column_bytes(s, 9),
			.at_ms = sqlite3_column_int64(s, 10),
		},
	};
	out->event.envelope = arena_copy(a, blob == NULL ? "" : blob, out->event.envelope_size);
}

static enum status all_dead(struct db *db, sqlite3_stmt *s, struct arena *a, struct dead_row **rows,
                            size_t *n, struct err *err)
{
	struct dead_row *grown;
	size_t room = 0;
	enum status st;
	bool row;

	*rows = NULL;
	for (*n = 0; (st = db_step(db, s, &row, err)) == OK && row; (*n)++) {
		if ((grown = list_room(a, *rows, *n, &room, sizeof **rows)) == NULL)
			return err_nomem(err, "the dead letters");
		*rows = grown;
		read_dead(s, a, &grown[*n]);
	}
	return st == OK && arena_failed(a) ? err_nomem(err, "the dead letters") : st;
}

enum status dead_list(struct db *db, const struct dead_want *want, struct arena *a,
                      struct dead_row **rows, size_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db,
	            "SELECT d.id, d.subscriber, d.attempts, d.cause, d.at_ms, d.seq,"
	            " e.id, e.topic, e.type, e.envelope, e.at_ms"
	            " FROM event_dead d LEFT JOIN event e ON e.seq = d.seq"
	            " WHERE d.id > ?1 AND (?2 IS NULL OR d.subscriber = ?2) ORDER BY d.id LIMIT ?3",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, want->after);
	db_bind_text(s, 2, want->subscriber);
	db_bind_int(s, 3, (int64_t)want->limit);
	return db_end(s, all_dead(db, s, a, rows, n, err));
}

enum status dead_remove(struct db *db, const char *subscriber, int64_t id, int64_t *n,
                        struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "DELETE FROM event_dead WHERE subscriber = ?1 AND (?2 = 0 OR id = ?2)", &s, err);

	assert(subscriber != NULL);
	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, id);
	if ((st = db_run(db, s, err)) == OK)
		*n = sqlite3_changes(db_handle(db));
	return st;
}

enum status dead_retry(struct db *db, const char *subscriber, int64_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "UPDATE event_dead SET again = 1 WHERE ?1 IS NULL OR subscriber = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	if ((st = db_run(db, s, err)) == OK)
		*n = sqlite3_changes(db_handle(db));
	return st;
}

enum status dead_count(struct db *db, const char *subscriber, int64_t *n, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(
	    db, "SELECT count(*) FROM event_dead WHERE ?1 IS NULL OR subscriber = ?1", &s, err);
	bool row;

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	if ((st = db_step(db, s, &row, err)) == OK)
		*n = db_int_or(s, 0, 0);
	return db_end(s, st);
}

enum status dead_marked(struct db *db, bool *marked, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "SELECT 1 FROM event_dead WHERE again = 1 LIMIT 1", &s, err);

	return st != OK ? st : db_end(s, db_step(db, s, marked, err));
}

enum status dead_take(struct db *db, const char *subscriber, int64_t *seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "UPDATE event_dead SET again = 0 WHERE id = (SELECT min(id) FROM"
	                         " event_dead WHERE subscriber = ?1 AND again = 1) RETURNING seq",
	                         &s, err);
	bool row = false;

	*seq = 0;
	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*seq = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

enum status dead_settle(struct db *db, const char *subscriber, int64_t seq, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    db_stmt(db, "DELETE FROM event_dead WHERE subscriber = ?1 AND seq = ?2", &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, subscriber);
	db_bind_int(s, 2, seq);
	return db_run(db, s, err);
}

enum status dead_expire(struct db *db, int64_t before_ms, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db, "DELETE FROM event_dead WHERE at_ms < ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, before_ms);
	return db_run(db, s, err);
}
