#include "store/memories.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define LIKE_MAX 8 /* rows of one hash that are worth a look */

enum status memories_state(struct db *db, struct memories_state *state, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st =
	    db_stmt(db,
	            "SELECT change, purges, (SELECT max(id) FROM memory), types FROM memory_state"
	            " WHERE id = 1",
	            &s, err);

	if (st != OK)
		return st;
	*state = (struct memories_state){ 0 };
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		state->change = sqlite3_column_int64(s, 0);
		state->purges = sqlite3_column_int64(s, 1);
		state->rows = sqlite3_column_int64(s, 2);
		state->types = sqlite3_column_int64(s, 3);
	}
	return db_end(s, st);
}

enum status memories_change(struct db *db, int64_t *change, struct err *err)
{
	struct memories_state state;
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db, "UPDATE memory_state SET change = change + 1 WHERE id = 1", &s, err);

	if (st != OK || (st = db_run(db, s, err)) != OK ||
	    (st = memories_state(db, &state, err)) != OK)
		return st;
	*change = state.change;
	return OK;
}

/* Without a copy: it is the caller's, and there until the bindings are cleared. */
static void lend_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text != NULL)
		(void)sqlite3_bind_text64(s, at, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_row(sqlite3_stmt *s, const struct memories_row *r)
{
	lend_text(s, 1, r->uid);
	db_bind_int(s, 2, r->scope);
	db_bind_int_or_null(s, 3, r->session, 0);
	lend_text(s, 4, r->kind);
	db_bind_int_or_null(s, 5, r->entity, 0);
	lend_text(s, 6, r->author);
	lend_text(s, 7, r->origin);
	lend_text(s, 8, r->run);
	lend_text(s, 9, r->commit);
	db_bind_int(s, 10, r->hash);
	(void)sqlite3_bind_double(s, 11, r->importance);
	db_bind_int(s, 12, r->made_ms);
	db_bind_int_or_null(s, 13, r->valid_from, 0);
	db_bind_int_or_null(s, 14, r->valid_to, 0);
	db_bind_int_or_null(s, 15, r->expired_ms, 0);
	db_bind_int_or_null(s, 16, r->superseded_by, 0);
	db_bind_int(s, 17, r->seen);
	db_bind_int(s, 18, r->hits);
	db_bind_int_or_null(s, 19, r->last_hit_ms, 0);
	db_bind_int(s, 20, r->change);
	db_bind_int(s, 21, r->size);
	(void)sqlite3_bind_blob64(s, 22, r->terms, r->terms_size, SQLITE_STATIC);
	lend_text(s, 23, r->task);
}

enum status memories_add(struct db *db, const struct memories_row *r, int64_t *id, struct err *err)
{
	sqlite3_stmt *s;
	int64_t made;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO memory (uid, scope_id, session_id, kind, entity_id,"
	            " author, origin, run_id, commit_oid, hash, importance, made_ms,"
	            " valid_from, valid_to, expired_ms, superseded_by, seen, hits,"
	            " last_hit_ms, change, size, terms, task_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	            " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
	            " ?20, ?21, ?22, ?23)",
	            &s, err);

	if (st != OK)
		return st;
	bind_row(s, r);
	st = db_run(db, s, err);
	(void)sqlite3_clear_bindings(s); /* texts and terms are the caller's */
	if (st != OK)
		return st;
	made = sqlite3_last_insert_rowid(db_handle(db));
	if ((st = db_stmt(db, "INSERT INTO memory_text (id, body) VALUES (?1, ?2)", &s, err)) != OK)
		return st;
	db_bind_int(s, 1, made);
	lend_text(s, 2, r->body);
	st = db_run(db, s, err);
	(void)sqlite3_clear_bindings(s);
	if (st == OK)
		*id = made;
	return st;
}

enum status memories_like(struct db *db, const struct memories_alike *want, struct arena *a,
                          struct memories_row **rows, size_t *n, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT m.id, m.uid, m.scope_id, m.entity_id, t.body FROM memory m"
	                         " JOIN memory_text t ON t.id = m.id WHERE m.hash = ?1"
	                         " AND m.entity_id IS ?3 AND m.expired_ms IS NULL"
	                         " AND m.superseded_by IS NULL"
	                         " ORDER BY m.id DESC LIMIT ?2",
	                         &s, err);

	*n = 0;
	*rows = NULL;
	if (st != OK)
		return st;
	db_bind_int(s, 1, want->hash);
	db_bind_int(s, 2, LIKE_MAX);
	db_bind_int_or_null(s, 3, want->entity, 0);
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		struct memories_row *r;

		if (*rows == NULL)
			*rows = arena_take(a, LIKE_MAX * sizeof **rows);
		if (*rows == NULL)
			break;
		r = &(*rows)[(*n)++];
		r->id = sqlite3_column_int64(s, 0);
		r->uid = db_text(s, 1, a);
		r->scope = sqlite3_column_int64(s, 2);
		r->entity = db_int_or(s, 3, 0);
		r->body = db_text(s, 4, a);
	}
	if (arena_failed(a) && st == OK)
		st = err_nomem(err, "a memory");
	return db_end(s, st);
}

enum status memories_find(struct db *db, const char *uid, int64_t *id, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db, "SELECT id FROM memory WHERE uid = ?1", &s, err);

	if (st != OK)
		return st;
	*id = 0;
	db_bind_text(s, 1, uid);
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*id = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

enum status memories_scope(struct db *db, int64_t id, struct arena *a, const char **kind,
                           const char **key, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT s.kind, s.key FROM memory m"
	                         " JOIN memory_scope s ON s.id = m.scope_id WHERE m.id = ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, id);
	if ((st = db_step(db, s, &row, err)) == OK && !row)
		st = err_set(err, E_ABSENT, "that memory is gone");
	if (st == OK) {
		*kind = db_text(s, 0, a);
		*key = db_text(s, 1, a);
		if (*kind == NULL || *key == NULL)
			st = err_nomem(err, "a scope");
	}
	return db_end(s, st);
}

#define META                                                                                       \
	"m.id, m.uid, m.scope_id, m.session_id, m.kind, m.entity_id, m.author, m.origin,"          \
	" m.run_id, m.commit_oid, m.hash, m.importance, m.made_ms, m.valid_from, m.valid_to,"      \
	" m.expired_ms, m.superseded_by, m.seen, m.hits, m.last_hit_ms, m.change, m.size, "        \
	"m.terms,"                                                                                 \
	" m.task_id"
#define META_N 24

/* Texts point into the statement's row. */
static void read_meta(sqlite3_stmt *s, struct memories_row *r)
{
	*r = (struct memories_row){
		.id = sqlite3_column_int64(s, 0),
		.uid = (const char *)sqlite3_column_text(s, 1),
		.scope = sqlite3_column_int64(s, 2),
		.session = db_int_or(s, 3, 0),
		.kind = (const char *)sqlite3_column_text(s, 4),
		.entity = db_int_or(s, 5, 0),
		.author = (const char *)sqlite3_column_text(s, 6),
		.origin = (const char *)sqlite3_column_text(s, 7),
		.run = (const char *)sqlite3_column_text(s, 8),
		.commit = (const char *)sqlite3_column_text(s, 9),
		.hash = sqlite3_column_int64(s, 10),
		.importance = sqlite3_column_double(s, 11),
		.made_ms = sqlite3_column_int64(s, 12),
		.valid_from = db_int_or(s, 13, 0),
		.valid_to = db_int_or(s, 14, 0),
		.expired_ms = db_int_or(s, 15, 0),
		.superseded_by = db_int_or(s, 16, 0),
		.seen = sqlite3_column_int64(s, 17),
		.hits = sqlite3_column_int64(s, 18),
		.last_hit_ms = db_int_or(s, 19, 0),
		.change = sqlite3_column_int64(s, 20),
		.size = sqlite3_column_int64(s, 21),
		.terms = sqlite3_column_blob(s, 22),
		.terms_size = (size_t)sqlite3_column_bytes(s, 22),
		.task = (const char *)sqlite3_column_text(s, 23),
	};
}

/* Copy what read_meta left pointing into the statement. */
static void keep_texts(struct memories_row *r, sqlite3_stmt *s, struct arena *a)
{
	void *terms = arena_take(a, r->terms_size + 1);

	if (terms != NULL && r->terms_size > 0)
		memcpy(terms, r->terms, r->terms_size);
	r->terms = terms;
	r->uid = db_text(s, 1, a);
	r->kind = db_text(s, 4, a);
	r->author = db_text(s, 6, a);
	r->origin = db_text(s, 7, a);
	r->run = db_text(s, 8, a);
	r->task = db_text(s, 23, a);
	r->commit = db_text(s, 9, a);
	r->body = db_text(s, META_N, a);
}

enum status memories_get(struct db *db, int64_t id, struct arena *a, struct memories_row *row,
                         struct err *err)
{
	sqlite3_stmt *s;
	bool there = false;
	enum status st = db_stmt(db,
	                         "SELECT " META ", t.body FROM memory m"
	                         " JOIN memory_text t ON t.id = m.id WHERE m.id = ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, id);
	if ((st = db_step(db, s, &there, err)) == OK && !there)
		st = err_set(err, E_ABSENT, "that memory is gone");
	if (st == OK) {
		read_meta(s, row);
		keep_texts(row, s, a);
		if (arena_failed(a) || row->body == NULL)
			st = err_nomem(err, "a memory");
	}
	return db_end(s, st);
}

/* Run a statement whose parameters are whole numbers. */
static enum status run_ints(struct db *db, const char *sql, const int64_t *values, int n,
                            struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db, sql, &s, err);

	if (st != OK)
		return st;
	for (int i = 0; i < n; i++)
		db_bind_int(s, i + 1, values[i]);
	return db_run(db, s, err);
}

enum status memories_told(struct db *db, int64_t id, int64_t change, struct err *err)
{
	return run_ints(db, "UPDATE memory SET seen = seen + 1, change = ?2 WHERE id = ?1",
	                (const int64_t[]){ id, change }, 2, err);
}

enum status memories_hit(struct db *db, int64_t id, int64_t n, int64_t at_ms, struct err *err)
{
	return run_ints(db, "UPDATE memory SET hits = hits + ?2, last_hit_ms = ?3 WHERE id = ?1",
	                (const int64_t[]){ id, n, at_ms }, 3, err);
}

enum status memories_supersede(struct db *db, int64_t id, int64_t by, int64_t at_ms, int64_t change,
                               struct err *err)
{
	return run_ints(db,
	                "UPDATE memory SET superseded_by = ?2, change = ?4,"
	                " valid_to = CASE WHEN valid_to IS NULL OR valid_to > ?3 THEN ?3"
	                " ELSE valid_to END WHERE id = ?1",
	                (const int64_t[]){ id, by, at_ms, change }, 4, err);
}

enum status memories_expire(struct db *db, int64_t id, int64_t at_ms, int64_t change, bool *done,
                            struct err *err)
{
	enum status st = run_ints(db,
	                          "UPDATE memory SET expired_ms = ?2, change = ?3 WHERE id = ?1"
	                          " AND expired_ms IS NULL",
	                          (const int64_t[]){ id, at_ms, change }, 3, err);

	*done = st == OK && sqlite3_changes(db_handle(db)) > 0;
	return st;
}

enum status memories_purge(struct db *db, int64_t id, struct err *err)
{
	return run_ints(db, "DELETE FROM memory WHERE id = ?1", (const int64_t[]){ id }, 1, err);
}

enum status memories_retyped(struct db *db, struct err *err)
{
	return run_ints(db, "UPDATE memory_state SET types = types + 1 WHERE id = 1", NULL, 0, err);
}

enum status memories_purged(struct db *db, struct err *err)
{
	return run_ints(db, "UPDATE memory_state SET purges = purges + 1 WHERE id = 1", NULL, 0,
	                err);
}

enum status memories_each(struct db *db, int64_t after, memories_fn *fn, void *arg, struct err *err)
{
	sqlite3_stmt *s;
	bool row;
	enum status st;

	/* The first reading takes all: in the order of the table, not by way of the index. */
	if (after == 0)
		st = db_stmt(db, "SELECT " META " FROM memory m ORDER BY m.id", &s, err);
	else
		st = db_stmt(db,
		             "SELECT " META " FROM memory m INDEXED BY memory_by_change"
		             " WHERE m.change > ?1 ORDER BY m.id",
		             &s, err);
	if (st != OK)
		return st;
	if (after != 0)
		db_bind_int(s, 1, after);
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		struct memories_row r;

		read_meta(s, &r);
		if (r.uid == NULL || r.kind == NULL || (r.terms == NULL && r.terms_size > 0)) {
			st = err_nomem(err, "a memory");
			break;
		}
		if ((st = fn(arg, &r, err)) != OK)
			break;
	}
	return db_end(s, st);
}

enum status memories_counts(struct db *db, struct memories_counts *out, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT count(*), total(superseded_by IS NOT NULL),"
	                         " total(expired_ms IS NOT NULL), total(seen - 1), total(hits),"
	                         " total(size), (SELECT count(*) FROM entity),"
	                         " (SELECT count(*) FROM relation),"
	                         " (SELECT count(*) FROM memory_session),"
	                         " (SELECT count(*) FROM memory_scope),"
	                         " total(superseded_by IS NULL AND expired_ms IS NULL) FROM memory",
	                         &s, err);

	if (st != OK)
		return st;
	*out = (struct memories_counts){ 0 };
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*out = (struct memories_counts){
			.rows = sqlite3_column_int64(s, 0),
			.superseded = sqlite3_column_int64(s, 1),
			.expired = sqlite3_column_int64(s, 2),
			.told = sqlite3_column_int64(s, 3),
			.hits = sqlite3_column_int64(s, 4),
			.bytes = sqlite3_column_int64(s, 5),
			.entities = sqlite3_column_int64(s, 6),
			.relations = sqlite3_column_int64(s, 7),
			.sessions = sqlite3_column_int64(s, 8),
			.scopes = sqlite3_column_int64(s, 9),
			.current = sqlite3_column_int64(s, 10),
		};
	return db_end(s, st);
}

enum status memories_page(struct db *db, int64_t after, size_t limit, int64_t *ids, size_t *n,
                          struct err *err)
{
	sqlite3_stmt *s;
	bool row;
	enum status st =
	    db_stmt(db, "SELECT id FROM memory WHERE id > ?1 ORDER BY id LIMIT ?2", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, after);
	db_bind_int(s, 2, (int64_t)limit);
	*n = 0;
	while ((st = db_step(db, s, &row, err)) == OK && row)
		ids[(*n)++] = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

enum status memories_audit(struct db *db, const struct memories_audit *row, struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db,
	            "INSERT INTO memory_audit (at_ms, actor, action, scope, count, detail)"
	            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	            &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, row->at_ms);
	db_bind_text(s, 2, row->actor);
	db_bind_text(s, 3, row->action);
	db_bind_text(s, 4, row->scope);
	db_bind_int(s, 5, row->count);
	db_bind_text(s, 6, row->detail);
	return db_run(db, s, err);
}

enum status memories_absorb(struct db *db, int64_t by, const struct memories_row *gone,
                            int64_t change, struct err *err)
{
	return run_ints(db,
	                "UPDATE memory SET seen = seen + ?2, hits = hits + ?3, change = ?4"
	                " WHERE id = ?1",
	                (const int64_t[]){ by, gone->seen, gone->hits, change }, 4, err);
}

enum status memories_last_audit(struct db *db, const char *action, int64_t *at_ms, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st =
	    db_stmt(db, "SELECT max(at_ms) FROM memory_audit WHERE action = ?1", &s, err);

	*at_ms = 0;
	if (st != OK)
		return st;
	db_bind_text(s, 1, action);
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*at_ms = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

/* All columns of a row as one number. */
static uint64_t sum_row(sqlite3_stmt *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < sqlite3_column_count(s); i++) {
		const char *text = (const char *)sqlite3_column_text(s, i);
		size_t n = (size_t)sqlite3_column_bytes(s, i);

		sum = sum * 1099511628211u + (text == NULL ? 1 : text_hash(text, n));
	}
	return sum;
}

enum status memories_past(struct db *db, int64_t audit, struct memories_past *out, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st =
	    db_stmt(db,
	            "SELECT id, at_ms, actor, action, scope, count, detail FROM memory_audit"
	            " WHERE id = CASE WHEN ?1 = 0 THEN (SELECT max(id) FROM memory_audit)"
	            " ELSE ?1 END",
	            &s, err);

	*out = (struct memories_past){ 0 };
	if (st != OK)
		return st;
	db_bind_int(s, 1, audit);
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		out->audit = sqlite3_column_int64(s, 0);
		out->says = sum_row(s);
	}
	return db_end(s, st);
}

enum status memories_last_hit(struct db *db, int64_t *at_ms, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT max(last_hit_ms) FROM memory INDEXED BY memory_by_use"
	                         " WHERE last_hit_ms IS NOT NULL",
	                         &s, err);

	*at_ms = 0;
	if (st == OK && (st = db_step(db, s, &row, err)) == OK && row)
		*at_ms = db_int_or(s, 0, 0);
	return s == NULL ? st : db_end(s, st);
}

enum status memories_hits_since(struct db *db, int64_t at_ms, memories_hits_fn *fn, void *arg,
                                struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT id, hits FROM memory INDEXED BY memory_by_use"
	                         " WHERE last_hit_ms >= ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, at_ms);
	while ((st = db_step(db, s, &row, err)) == OK && row)
		fn(arg, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1));
	return db_end(s, st);
}
