/*
 * graph.h - the named things that memories are about, and how they relate.
 *
 * An entity is a name, the same whoever says it; what was said about it and which
 * relations hold belongs to a scope. A relation has two times: when it is true
 * (valid_from, valid_to) and when it was known (made_ms, expired_ms). Everything that
 * writes runs inside the caller's write transaction (store/db.h). Times are ms since
 * 1970; 0 stands for none.
 */
#ifndef STORE_GRAPH_H
#define STORE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct graph_entity {
	int64_t id;
	const char *name, *type; /* type may be NULL */
};

struct graph_relation {
	int64_t id, from, to; /* ids of entities */
	const char *type;
	int64_t scope;  /* id of a scope */
	int64_t memory; /* id of the memory that said so; 0: none */
	int64_t made_ms, valid_from, valid_to, expired_ms;
	int64_t change;
};

/* The id of a scope, session or entity by name, made when it is not there. */
enum status graph_scope(struct db *db, const char *kind, const char *key, int64_t *id,
                        struct err *err);
enum status graph_scope_find(struct db *db, const char *kind, const char *key, int64_t *id,
                             struct err *err); /* not made: *id is 0 when there is none */
enum status graph_session(struct db *db, const char *name, int64_t *id, struct err *err);

struct graph_named {
	const char *name;
	const char *folded; /* the name without case and marks: decides what is the same entity */
	const char *type;   /* kept when the entity had none; NULL: not said */
	int64_t now_ms;
};
enum status graph_entity(struct db *db, const struct graph_named *named, int64_t *id,
                         struct err *err);

/* The same without making: *id is 0 when there is none. */
enum status graph_entity_find(struct db *db, const char *folded, int64_t *id, struct err *err);

/* Give every project scope this key; for the day a provisional identity becomes a real one. */
enum status graph_project_key(struct db *db, const char *from, const char *to, struct err *err);

/*
 * Add a relation unless the same one holds, or was forgotten, already (then *id is that one's and
 * *added is false). r->id is not read.
 */
enum status graph_relate(struct db *db, const struct graph_relation *r, int64_t *id, bool *added,
                         struct err *err);

/*
 * A relation of this type that holds from `r->from` to something else ends at `at_ms`: for
 * types of which only one can hold.
 */
enum status graph_relation_close(struct db *db, const struct graph_relation *r, int64_t at_ms,
                                 struct err *err);

/* What hangs on the memory goes with it: expired, or deleted when purge is true. */
enum status graph_forget_said(struct db *db, int64_t memory, int64_t now_ms, int64_t change,
                              bool purge, struct err *err);

/* For each row; returning something else than OK ends the reading with that status. */
typedef enum status graph_relation_fn(void *arg, const struct graph_relation *r, struct err *err);
typedef enum status graph_name_fn(void *arg, int64_t id, const char *a, const char *b,
                                  struct err *err);

/* Relations with change > after, in order of id. */
enum status graph_each_relation(struct db *db, int64_t after, graph_relation_fn *fn, void *arg,
                                struct err *err);

/* A relation with all that is known about it; texts are good during the call only. */
struct graph_told {
	const char *from, *from_type, *type, *to, *to_type; /* types of entities may be NULL */
	const char *memory; /* uid of the one that said so, or NULL */
	int64_t scope, made_ms, valid_from, valid_to, expired_ms;
};
typedef enum status graph_told_fn(void *arg, const struct graph_told *r, struct err *err);
enum status graph_each_told(struct db *db, graph_told_fn *fn, void *arg, struct err *err);

/* Entities (name, type), scopes (kind, key) and sessions (name, NULL) with an id > after. */
enum status graph_each_entity(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                              struct err *err);
enum status graph_each_scope(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                             struct err *err);
enum status graph_each_session(struct db *db, int64_t after, graph_name_fn *fn, void *arg,
                               struct err *err);

#endif
