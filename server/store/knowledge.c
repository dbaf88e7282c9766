#include "store/knowledge.h"

#include "store/memories.h"

/* CROSS JOIN: rows are read in this order, which is that of the ids, and not sorted. */
#define SAID                                                                                       \
	"SELECT m.id, m.uid, m.entity_id, e.name, e.type, m.kind, t.body FROM memory m"            \
	" CROSS JOIN memory_text t ON t.id = m.id CROSS JOIN entity e ON e.id = m.entity_id"       \
	" WHERE m.scope_id = ?1 AND m.expired_ms IS NULL AND m.superseded_by IS NULL"              \
	" AND (m.valid_to IS NULL OR m.valid_to > ?2)"

#define LINKS                                                                                      \
	"SELECT r.id, r.from_id, r.to_id, f.name, t.name, r.type FROM relation r"                  \
	" CROSS JOIN entity f ON f.id = r.from_id CROSS JOIN entity t ON t.id = r.to_id"           \
	" WHERE r.scope_id = ?1 AND r.expired_ms IS NULL"                                          \
	" AND (r.valid_to IS NULL OR r.valid_to > ?2)"

static enum status prepare(struct db *db, const char *sql, const struct knowledge_at *at,
                           sqlite3_stmt **s, struct err *err)
{
	enum status st = db_stmt(db, sql, s, err);

	if (st != OK)
		return st;
	db_bind_int(*s, 1, at->scope);
	db_bind_int(*s, 2, at->now_ms);
	if (at->entity != 0)
		db_bind_int(*s, 3, at->entity);
	return OK;
}

static const char *column(sqlite3_stmt *s, int at)
{
	return (const char *)sqlite3_column_text(s, at);
}

enum status knowledge_said(struct db *db, const struct knowledge_at *at, knowledge_said_fn *fn,
                           void *arg, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st;

	if (at->entity == 0)
		st = prepare(db, SAID " ORDER BY m.id", at, &s, err);
	else
		st = prepare(db, SAID " AND m.entity_id = ?3 ORDER BY m.id", at, &s, err);
	if (st != OK)
		return st;
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		const struct knowledge_said said = {
			.id = sqlite3_column_int64(s, 0),
			.uid = column(s, 1),
			.entity = sqlite3_column_int64(s, 2),
			.name = column(s, 3),
			.type = column(s, 4),
			.kind = column(s, 5),
			.body = column(s, 6),
		};

		if (said.uid == NULL || said.name == NULL || said.kind == NULL || said.body == NULL)
			st = err_nomem(err, "what is known");
		if (st != OK || (st = fn(arg, &said, err)) != OK)
			break;
	}
	return db_end(s, st);
}

/* Of the rows a statement gives: a number and two texts, the second of which may be null. */
static enum status each_text(struct db *db, sqlite3_stmt *s, knowledge_text_fn *fn, void *arg,
                             struct err *err)
{
	bool row = false;
	enum status st;

	while ((st = db_step(db, s, &row, err)) == OK && row) {
		const char *text = column(s, 1);

		st = text == NULL ? err_nomem(err, "what is known")
		                  : fn(arg, sqlite3_column_int64(s, 0), text, column(s, 2), err);
		if (st != OK)
			break;
	}
	return db_end(s, st);
}

enum status knowledge_texts(struct db *db, int64_t after, knowledge_text_fn *fn, void *arg,
                            struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db, "SELECT id, body, NULL FROM memory_text WHERE id > ?1 ORDER BY id", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, after);
	return each_text(db, s, fn, arg, err);
}

enum status knowledge_names(struct db *db, int64_t after, knowledge_text_fn *fn, void *arg,
                            struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db, "SELECT id, name, type FROM entity WHERE id > ?1 ORDER BY id", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, after);
	return each_text(db, s, fn, arg, err);
}

enum status knowledge_name(struct db *db, int64_t entity, knowledge_text_fn *fn, void *arg,
                           struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db, "SELECT id, name, type FROM entity WHERE id = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, entity);
	return each_text(db, s, fn, arg, err);
}

enum status knowledge_text(struct db *db, const struct knowledge_at *at, int64_t memory,
                           knowledge_text_fn *fn, void *arg, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st =
	    prepare(db,
	            "SELECT m.entity_id, t.body, NULL FROM memory m"
	            " CROSS JOIN memory_text t ON t.id = m.id WHERE m.scope_id = ?1"
	            " AND m.expired_ms IS NULL AND m.superseded_by IS NULL"
	            " AND (m.valid_to IS NULL OR m.valid_to > ?2)"
	            " AND m.id = ?3 AND m.kind <> 'entity' AND m.entity_id IS NOT NULL",
	            &(struct knowledge_at){ at->scope, at->now_ms, memory }, &s, err);

	return st == OK ? each_text(db, s, fn, arg, err) : st;
}

enum status knowledge_about(struct db *db, const struct knowledge_at *at, int64_t memory,
                            int64_t *entity, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st =
	    prepare(db,
	            "SELECT entity_id FROM memory WHERE scope_id = ?1 AND expired_ms IS NULL"
	            " AND superseded_by IS NULL AND (valid_to IS NULL OR valid_to > ?2)"
	            " AND id = ?3 AND kind <> 'entity'",
	            &(struct knowledge_at){ at->scope, at->now_ms, memory }, &s, err);

	*entity = 0;
	if (st != OK)
		return st;
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*entity = db_int_or(s, 0, 0);
	return db_end(s, st);
}

enum status knowledge_links(struct db *db, const struct knowledge_at *at, knowledge_link_fn *fn,
                            void *arg, struct err *err)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	enum status st;

	if (at->entity == 0)
		st = prepare(db, LINKS " ORDER BY r.id", at, &s, err);
	else
		st = prepare(db, LINKS " AND (r.from_id = ?3 OR r.to_id = ?3) ORDER BY r.id", at,
		             &s, err);
	if (st != OK)
		return st;
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		const struct knowledge_link link = {
			.id = sqlite3_column_int64(s, 0),
			.from = sqlite3_column_int64(s, 1),
			.to = sqlite3_column_int64(s, 2),
			.from_name = column(s, 3),
			.to_name = column(s, 4),
			.type = column(s, 5),
		};

		if (link.from_name == NULL || link.to_name == NULL || link.type == NULL)
			st = err_nomem(err, "what is known");
		if (st != OK || (st = fn(arg, &link, err)) != OK)
			break;
	}
	return db_end(s, st);
}

enum status knowledge_entity(struct db *db, const char *folded, struct arena *a, int64_t *id,
                             const char **name, struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db, "SELECT id, name FROM entity WHERE folded = ?1", &s, err);

	if (st != OK)
		return st;
	*id = 0;
	*name = NULL;
	db_bind_text(s, 1, folded);
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		*id = sqlite3_column_int64(s, 0);
		if ((*name = db_text(s, 1, a)) == NULL)
			st = err_nomem(err, "a name");
	}
	return db_end(s, st);
}

enum status knowledge_unlink(struct db *db, int64_t id, int64_t now_ms, int64_t change,
                             struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db, "UPDATE relation SET expired_ms = ?2, change = ?3 WHERE id = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, now_ms);
	db_bind_int(s, 3, change);
	return db_run(db, s, err);
}

enum status knowledge_retype(struct db *db, int64_t entity, const char *type, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db, "UPDATE entity SET type = ?2 WHERE id = ?1", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, entity);
	db_bind_text(s, 2, type);
	if ((st = db_run(db, s, err)) != OK)
		return st;
	return memories_retyped(db, err);
}

enum status knowledge_done(struct db *db, const char *action, const char *detail, bool *done,
                           struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(
	    db, "SELECT 1 FROM memory_audit WHERE action = ?1 AND detail = ?2 LIMIT 1", &s, err);

	*done = false;
	if (st != OK)
		return st;
	db_bind_text(s, 1, action);
	db_bind_text(s, 2, detail);
	return db_end(s, db_step(db, s, done, err));
}
