/*
 * memories.h - the rows of memory: one text each, with what is known about it.
 *
 * Nothing here decides; server/domain/memory does. Whatever writes runs inside the
 * caller's write transaction. Every change of a row carries the number of the
 * transaction's change (memories_change), so that a reader can ask for what changed
 * since it last looked; a row that was deleted is told by `purges` alone.
 * Times are ms since 1970; 0 stands for none, as does 0 for the id of another row.
 */
#ifndef STORE_MEMORIES_H
#define STORE_MEMORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct memories_row {
	int64_t id;      /* order of arrival */
	const char *uid; /* the id shown outside (base/id.h) */
	int64_t scope, session, entity;
	const char *kind, *origin;
	const char *author, *run, *task, *commit; /* may be NULL */
	int64_t hash;
	double importance;
	int64_t made_ms, valid_from, valid_to, expired_ms;
	int64_t superseded_by;
	int64_t seen, hits, last_hit_ms;
	int64_t change;
	int64_t size; /* bytes of the text */
	const void *terms;
	size_t terms_size;
	const char *body; /* only from memories_get and memories_like */
};

struct memories_state {
	int64_t change; /* number of the last change */
	int64_t purges; /* how often rows were deleted */
	int64_t types;  /* how often an entity that was there became of another type */
	int64_t rows;   /* no fewer than there are */
};

enum status memories_state(struct db *db, struct memories_state *state, struct err *err);

/* An entity that was there is of another type now. */
enum status memories_retyped(struct db *db, struct err *err);

/* A new change number for this transaction. */
enum status memories_change(struct db *db, int64_t *change, struct err *err);

/* Add a row with its text; r->id is not read. */
enum status memories_add(struct db *db, const struct memories_row *r, int64_t *id, struct err *err);

/*
 * Rows about this entity (0: about none) with this hash that hold (not expired, not
 * superseded), with uid and body, in an arena. Hashes are no proof: compare the texts.
 */
struct memories_alike {
	int64_t entity, hash;
};
enum status memories_like(struct db *db, const struct memories_alike *want, struct arena *a,
                          struct memories_row **rows, size_t *n, struct err *err);

/* The id of the row with that uid; *id is 0 when there is none. */
enum status memories_find(struct db *db, const char *uid, int64_t *id, struct err *err);

/* Kind and key of the scope of a row, copied into an arena; E_ABSENT when it is gone. */
enum status memories_scope(struct db *db, int64_t id, struct arena *a, const char **kind,
                           const char **key, struct err *err);

/* The whole row, copied into an arena; E_ABSENT when it is gone. */
enum status memories_get(struct db *db, int64_t id, struct arena *a, struct memories_row *row,
                         struct err *err);

/* Told once more. */
enum status memories_told(struct db *db, int64_t id, int64_t change, struct err *err);

/* Recalled n times, the last at at_ms. No change number: this alone makes nobody read again. */
enum status memories_hit(struct db *db, int64_t id, int64_t n, int64_t at_ms, struct err *err);

/* `id` is true until at_ms and `by` stands for it from then on. */
enum status memories_supersede(struct db *db, int64_t id, int64_t by, int64_t at_ms, int64_t change,
                               struct err *err);

/* Forget: *done is false when it was forgotten before. */
enum status memories_expire(struct db *db, int64_t id, int64_t at_ms, int64_t change, bool *done,
                            struct err *err);

/* Delete for good. The caller ends its transaction's purging with memories_purged. */
enum status memories_purge(struct db *db, int64_t id, struct err *err);
enum status memories_purged(struct db *db, struct err *err);

/*
 * Rows with change > after in order of id, without their texts. The row is good during
 * the call only; returning something else than OK ends the reading with that status.
 */
typedef enum status memories_fn(void *arg, const struct memories_row *r, struct err *err);
enum status memories_each(struct db *db, int64_t after, memories_fn *fn, void *arg,
                          struct err *err);

/* What was told to and recalled of a row that is no longer shown counts for `by`. */
enum status memories_absorb(struct db *db, int64_t by, const struct memories_row *gone,
                            int64_t change, struct err *err);

/* When the audit last had this action; *at_ms is 0 when it never had. */
enum status memories_last_audit(struct db *db, const char *action, int64_t *at_ms, struct err *err);

struct memories_counts {
	int64_t rows, current, superseded, expired, told, hits, bytes;
	int64_t entities, relations, sessions, scopes;
};
enum status memories_counts(struct db *db, struct memories_counts *out, struct err *err);

/* All ids from `after` on, up to limit, oldest first, for reading everything in pages. */
enum status memories_page(struct db *db, int64_t after, size_t limit, int64_t *ids, size_t *n,
                          struct err *err);

struct memories_audit {
	int64_t at_ms;
	const char *actor, *action, *scope, *detail; /* detail may be NULL */
	int64_t count;
};
/*
 * The audit's row of this number, or its newest one for 0: its number (0: there is none) and
 * what it says as a number. Rows are never changed or deleted, so a database whose row says the
 * same has the same past up to it.
 */
struct memories_past {
	int64_t audit;
	uint64_t says;
};
enum status memories_past(struct db *db, int64_t audit, struct memories_past *out, struct err *err);

/* When a memory was recalled last; and those recalled since a time, with how often in all. */
enum status memories_last_hit(struct db *db, int64_t *at_ms, struct err *err);
typedef void memories_hits_fn(void *arg, int64_t id, int64_t hits);
enum status memories_hits_since(struct db *db, int64_t at_ms, memories_hits_fn *fn, void *arg,
                                struct err *err);

enum status memories_audit(struct db *db, const struct memories_audit *row, struct err *err);

#endif
