#include "store/graph.h"

#include "base/mem.h"
#include "store/memories.h"

/* Look up by two texts (the second may be NULL); *id is 0 when there is no row. */
static enum status find(struct db *db, const char *sql, const char *a, const char *b, int64_t *id,
                        struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db, sql, &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, a);
	db_bind_text(s, 2, b);
	*id = 0;
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*id = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

static enum status insert_names(struct db *db, const char *sql, const char *a, const char *b,
                                int64_t *id, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db, sql, &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, a);
	db_bind_text(s, 2, b);
	if ((st = db_run(db, s, err)) == OK)
		*id = sqlite3_last_insert_rowid(db_handle(db));
	return st;
}

enum status graph_scope_find(struct db *db, const char *kind, const char *key, int64_t *id,
                             struct err *err)
{
	return find(db, "SELECT id FROM memory_scope WHERE kind = ?1 AND key = ?2", kind, key, id,
	            err);
}

enum status graph_scope(struct db *db, const char *kind, const char *key, int64_t *id,
                        struct err *err)
{
	enum status st = graph_scope_find(db, kind, key, id, err);

	if (st != OK || *id != 0)
		return st;
	return insert_names(db, "INSERT INTO memory_scope (kind, key) VALUES (?1, ?2)", kind, key,
	                    id, err);
}

enum status graph_session(struct db *db, const char *name, int64_t *id, struct err *err)
{
	enum status st =
	    find(db, "SELECT id FROM memory_session WHERE name = ?1", name, NULL, id, err);

	if (st != OK || *id != 0)
		return st;
	return insert_names(db, "INSERT INTO memory_session (name) VALUES (?1)", name, NULL, id,
	                    err);
}

enum status graph_entity_find(struct db *db, const char *folded, int64_t *id, struct err *err)
{
	return find(db, "SELECT id FROM entity WHERE folded = ?1", folded, NULL, id, err);
}

/* The entity of that folded name: *id is 0 when there is none; *typed: it has a type. */
static enum status find_entity(struct db *db, const char *folded, int64_t *id, bool *typed,
                               struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st =
	    db_stmt(db, "SELECT id, type IS NOT NULL FROM entity WHERE folded = ?1", &s, err);

	if (st != OK)
		return st;
	*id = 0;
	*typed = false;
	db_bind_text(s, 1, folded);
	if ((st = db_step(db, s, &row, err)) == OK && row) {
		*id = sqlite3_column_int64(s, 0);
		*typed = sqlite3_column_int(s, 1) != 0;
	}
	return db_end(s, st);
}

static enum status type_entity(struct db *db, int64_t id, const char *type, struct err *err)
{
	sqlite3_stmt *s;
	enum status st =
	    db_stmt(db, "UPDATE entity SET type = ?2 WHERE id = ?1 AND type IS NULL", &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, id);
	db_bind_text(s, 2, type);
	if ((st = db_run(db, s, err)) != OK)
		return st;
	return memories_retyped(db, err);
}

enum status graph_entity(struct db *db, const struct graph_named *named, int64_t *id,
                         struct err *err)
{
	bool typed;
	enum status st = find_entity(db, named->folded, id, &typed, err);
	sqlite3_stmt *s;

	if (st != OK)
		return st;
	if (*id != 0)
		return named->type == NULL || typed ? OK : type_entity(db, *id, named->type, err);
	st = db_stmt(db, "INSERT INTO entity (name, folded, type, made_ms) VALUES (?1, ?2, ?3, ?4)",
	             &s, err);
	if (st != OK)
		return st;
	db_bind_text(s, 1, named->name);
	db_bind_text(s, 2, named->folded);
	db_bind_text(s, 3, named->type);
	db_bind_int(s, 4, named->now_ms);
	if ((st = db_run(db, s, err)) == OK)
		*id = sqlite3_last_insert_rowid(db_handle(db));
	return st;
}

enum status graph_project_key(struct db *db, const char *from, const char *to, struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "UPDATE OR IGNORE memory_scope SET key = ?2"
	                         " WHERE kind = 'project' AND key = ?1",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, from);
	db_bind_text(s, 2, to);
	return db_run(db, s, err);
}

/* The relation of the same ends, type and scope that holds as long; 0 when none does. */
static enum status find_holding(struct db *db, const struct graph_relation *r, int64_t *id,
                                struct err *err)
{
	sqlite3_stmt *s;
	bool row = false;
	enum status st = db_stmt(db,
	                         "SELECT id FROM relation WHERE from_id = ?1 AND type = ?2"
	                         " AND to_id = ?3 AND scope_id = ?4 AND expired_ms IS ?6"
	                         " AND valid_to IS ?5",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, r->from);
	db_bind_text(s, 2, r->type);
	db_bind_int(s, 3, r->to);
	db_bind_int(s, 4, r->scope);
	db_bind_int_or_null(s, 5, r->valid_to, 0);
	db_bind_int_or_null(s, 6, r->expired_ms, 0);
	*id = 0;
	if ((st = db_step(db, s, &row, err)) == OK && row)
		*id = sqlite3_column_int64(s, 0);
	return db_end(s, st);
}

enum status graph_relate(struct db *db, const struct graph_relation *r, int64_t *id, bool *added,
                         struct err *err)
{
	sqlite3_stmt *s;
	enum status st = find_holding(db, r, id, err);

	*added = st == OK && *id == 0;
	if (!*added)
		return st;
	st = db_stmt(db,
	             "INSERT INTO relation (from_id, to_id, type, scope_id, memory_id, made_ms,"
	             " valid_from, valid_to, expired_ms, change)"
	             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	             &s, err);
	if (st != OK)
		return st;
	db_bind_int(s, 1, r->from);
	db_bind_int(s, 2, r->to);
	db_bind_text(s, 3, r->type);
	db_bind_int(s, 4, r->scope);
	db_bind_int_or_null(s, 5, r->memory, 0);
	db_bind_int(s, 6, r->made_ms);
	db_bind_int_or_null(s, 7, r->valid_from, 0);
	db_bind_int_or_null(s, 8, r->valid_to, 0);
	db_bind_int_or_null(s, 9, r->expired_ms, 0);
	db_bind_int(s, 10, r->change);
	if ((st = db_run(db, s, err)) == OK)
		*id = sqlite3_last_insert_rowid(db_handle(db));
	return st;
}

enum status graph_relation_close(struct db *db, const struct graph_relation *r, int64_t at_ms,
                                 struct err *err)
{
	sqlite3_stmt *s;
	enum status st = db_stmt(db,
	                         "UPDATE relation SET valid_to = ?5, change = ?6 WHERE from_id = ?1"
	                         " AND type = ?2 AND to_id <> ?3 AND scope_id = ?4"
	                         " AND expired_ms IS NULL AND valid_to IS NULL",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, r->from);
	db_bind_text(s, 2, r->type);
	db_bind_int(s, 3, r->to);
	db_bind_int(s, 4, r->scope);
	db_bind_int(s, 5, at_ms);
	db_bind_int(s, 6, r->change);
	return db_run(db, s, err);
}

enum status graph_forget_said(struct db *db, int64_t memory, int64_t now_ms, int64_t change,
                              bool purge, struct err *err)
{
	sqlite3_stmt *s;
	enum status st;

	if (purge) {
		st = db_stmt(db, "DELETE FROM relation WHERE memory_id = ?1", &s, err);
	} else {
		st = db_stmt(db,
		             "UPDATE relation SET expired_ms = ?2, change = ?3"
		             " WHERE memory_id = ?1 AND expired_ms IS NULL",
		             &s, err);
	}
	if (st != OK)
		return st;
	db_bind_int(s, 1, memory);
	if (!purge) {
		db_bind_int(s, 2, now_ms);
		db_bind_int(s, 3, change);
	}
	return db_run(db, s, err);
}

enum status graph_each_relation(struct db *db, int64_t after, graph_relation_fn *fn, void *arg,
                                struct err *err)
{
	sqlite3_stmt *s;
	bool row;
	enum status st;

	/* The first reading takes all: in the order of the table, not by way of the index. */
	if (after == 0)
		st = db_stmt(db,
		             "SELECT id, from_id, to_id, type, scope_id, memory_id, made_ms,"
		             " valid_from, valid_to, expired_ms, change FROM relation ORDER BY id",
		             &s, err);
	else
		st = db_stmt(db,
		             "SELECT id, from_id, to_id, type, scope_id, memory_id, made_ms,"
		             " valid_from, valid_to, expired_ms, change FROM relation"
		             " INDEXED BY relation_by_change WHERE change > ?1 ORDER BY id",
		             &s, err);
	if (st != OK)
		return st;
	if (after != 0)
		db_bind_int(s, 1, after);
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		struct graph_relation r = {
			.id = sqlite3_column_int64(s, 0),
			.from = sqlite3_column_int64(s, 1),
			.to = sqlite3_column_int64(s, 2),
			.type = (const char *)sqlite3_column_text(s, 3),
			.scope = sqlite3_column_int64(s, 4),
			.memory = db_int_or(s, 5, 0),
			.made_ms = sqlite3_column_int64(s, 6),
			.valid_from = db_int_or(s, 7, 0),
			.valid_to = db_int_or(s, 8, 0),
			.expired_ms = db_int_or(s, 9, 0),
			.change = sqlite3_column_int64(s, 10),
		};

		if (r.type == NULL) {
			st = err_nomem(err, "a relation");
			break;
		}
		if ((st = fn(arg, &r, err)) != OK)
			break;
	}
	return db_end(s, st);
}

enum status graph_each_told(struct db *db, graph_told_fn *fn, void *arg, struct err *err)
{
	sqlite3_stmt *s;
	bool row;
	enum status st =
	    db_stmt(db,
	            "SELECT f.name, f.type, r.type, t.name, t.type, m.uid, r.scope_id,"
	            " r.made_ms, r.valid_from, r.valid_to, r.expired_ms FROM relation r"
	            " CROSS JOIN entity f ON f.id = r.from_id"
	            " CROSS JOIN entity t ON t.id = r.to_id"
	            " LEFT JOIN memory m ON m.id = r.memory_id ORDER BY r.id",
	            &s, err);

	if (st != OK)
		return st;
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		const struct graph_told r = {
			.from = (const char *)sqlite3_column_text(s, 0),
			.from_type = (const char *)sqlite3_column_text(s, 1),
			.type = (const char *)sqlite3_column_text(s, 2),
			.to = (const char *)sqlite3_column_text(s, 3),
			.to_type = (const char *)sqlite3_column_text(s, 4),
			.memory = (const char *)sqlite3_column_text(s, 5),
			.scope = sqlite3_column_int64(s, 6),
			.made_ms = sqlite3_column_int64(s, 7),
			.valid_from = db_int_or(s, 8, 0),
			.valid_to = db_int_or(s, 9, 0),
			.expired_ms = db_int_or(s, 10, 0),
		};

		if (r.from == NULL || r.type == NULL || r.to == NULL)
			st = err_nomem(err, "a relation");
		if (st != OK || (st = fn(arg, &r, err)) != OK)
			break;
	}
	return db_end(s, st);
}

static enum status each_name(struct db *db, const char *sql, int64_t after, graph_name_fn *fn,
                             void *arg, struct err *err)
{
	sqlite3_stmt *s;
	bool row;
	enum status st = db_stmt(db, sql, &s, err);

	if (st != OK)
		return st;
	db_bind_int(s, 1, after);
	while ((st = db_step(db, s, &row, err)) == OK && row) {
		const char *a = (const char *)sqlite3_column_text(s, 1);
		const char *b = (const char *)sqlite3_column_text(s, 2);

		if (a == NULL) {
			st = err_nomem(err, "a name");
			break;
		}
		if ((st = fn(arg, sqlite3_column_int64(s, 0), a, b, err)) != OK)
			break;
	}
	return db_end(s, st);
}

enum status graph_each_entity(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                              struct err *err)
{
	return each_name(db, "SELECT id, name, type FROM entity WHERE id > ?1 ORDER BY id", after,
	                 fn, arg, err);
}

enum status graph_each_scope(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                             struct err *err)
{
	return each_name(db, "SELECT id, kind, key FROM memory_scope WHERE id > ?1 ORDER BY id",
	                 after, fn, arg, err);
}

enum status graph_each_session(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                               struct err *err)
{
	return each_name(db, "SELECT id, name, NULL FROM memory_session WHERE id > ?1 ORDER BY id",
	                 after, fn, arg, err);
}
