/*
 * knowledge.h - memory as a graph of entities with observations: the rows that hold now.
 *
 * Everything that writes runs inside the caller's write transaction. Texts of a row are good
 * during the call only; a function that returns something else than OK ends the reading.
 */
#ifndef STORE_KNOWLEDGE_H
#define STORE_KNOWLEDGE_H

#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

/* Which rows: those of a scope that hold at a time. */
struct knowledge_at {
	int64_t scope, now_ms;
	int64_t entity; /* only what is about this one, or relates it; 0: all */
};

struct knowledge_said { /* a memory about an entity */
	int64_t id, entity;
	const char *uid, *name, *type, *kind,
	    *body; /* name, type: the entity's; type may be NULL */
};
typedef enum status knowledge_said_fn(void *arg, const struct knowledge_said *row, struct err *err);

/* In order of arrival. */
enum status knowledge_said(struct db *db, const struct knowledge_at *at, knowledge_said_fn *fn,
                           void *arg, struct err *err);

/*
 * The two parts of what a search looks through: texts of memories, names of entities with their
 * types. Those with numbers above `after`, ascending.
 */
typedef enum status knowledge_text_fn(void *arg, int64_t id, const char *a, const char *b,
                                      struct err *err);
enum status knowledge_texts(struct db *db, int64_t after, knowledge_text_fn *fn, void *arg,
                            struct err *err);
enum status knowledge_names(struct db *db, int64_t after, knowledge_text_fn *fn, void *arg,
                            struct err *err);

/* One of them, if it is there; a text with the number of what it is about, if that holds. */
enum status knowledge_name(struct db *db, int64_t entity, knowledge_text_fn *fn, void *arg,
                           struct err *err);
enum status knowledge_text(struct db *db, const struct knowledge_at *at, int64_t memory,
                           knowledge_text_fn *fn, void *arg, struct err *err);

/* What a memory is about, if it holds in that scope and says something; else 0. */
enum status knowledge_about(struct db *db, const struct knowledge_at *at, int64_t memory,
                            int64_t *entity, struct err *err);

struct knowledge_link {
	int64_t id, from, to; /* of the relation and of its entities */
	const char *from_name, *to_name, *type;
};
typedef enum status knowledge_link_fn(void *arg, const struct knowledge_link *row, struct err *err);
enum status knowledge_links(struct db *db, const struct knowledge_at *at, knowledge_link_fn *fn,
                            void *arg, struct err *err);

/* The entity with that folded name and its name as written; *id is 0 when there is none. */
enum status knowledge_entity(struct db *db, const char *folded, struct arena *a, int64_t *id,
                             const char **name, struct err *err);

/* What the entity is, whatever it was. */
enum status knowledge_retype(struct db *db, int64_t entity, const char *type, struct err *err);

/* Was this done before, by the audit? */
enum status knowledge_done(struct db *db, const char *action, const char *detail, bool *done,
                           struct err *err);

/* Forget a relation. */
enum status knowledge_unlink(struct db *db, int64_t id, int64_t now_ms, int64_t change,
                             struct err *err);

#endif
