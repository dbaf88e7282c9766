/*
 * journal.h - the append-only log of events.
 *
 * An event is appended in the transaction that changes what it tells of, so the
 * one is never without the other. seq ascends without reuse; readers keep the last
 * seq they saw and ask for what came after. The envelope is an encoded
 * gadugi.Envelope (protos/common.proto); topic and type stand beside it so that
 * they can be searched without decoding.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct journal_row {
	int64_t seq; /* 0 before it is appended */
	const char *id, *topic, *type;
	int64_t at_ms;
	const void *envelope;
	size_t envelope_size;
};

/* Inside the caller's write transaction. E_INPUT when the id is there already. */
enum status journal_append(struct db *db, const struct journal_row *row, int64_t *seq,
                           struct err *err);

/* Which rows are wanted, and from where. */
struct journal_want {
	int64_t after; /* only rows with a larger seq */
	int64_t upto;  /* and none beyond this one; 0: to the end */
	size_t limit;  /* most rows; also most that are held in the arena */
	bool newest;   /* of those that fit, the newest instead of the oldest */
	/* NULL: all. The row is not copied: good for the call only. */
	bool (*keep)(const void *arg, const struct journal_row *row);
	const void *arg;
};

struct journal_page {
	struct journal_row *rows;
	size_t n;
	int64_t seen;
};

/*
 * The rows that are wanted, oldest first, copied into the arena. seen is how far the
 * log was looked through: the last row's seq when the limit was reached, else the
 * newest in the log; a reader goes on after it and misses and repeats nothing.
 */
enum status journal_find(struct db *db, const struct journal_want *want, struct arena *a,
                         struct journal_page *out, struct err *err);

/* Where the event of that id stands; 0 when there is none. */
enum status journal_seq_of(struct db *db, const char *id, int64_t *seq, struct err *err);

/* Oldest and newest seq; both 0 when there is none. */
enum status journal_bounds(struct db *db, int64_t *first, int64_t *last, struct err *err);

/* The newest seq of those kept before that time; 0 when there is none. By halves: times ascend. */
enum status journal_before(struct db *db, int64_t at_ms, int64_t *seq, struct err *err);

/*
 * The newest seq up to which the log may go so that the envelopes of the rest have at most that
 * many bytes; 0 when all fit. Looks at the sizes of the newest rows until they are too many.
 */
enum status journal_beyond(struct db *db, int64_t bytes, int64_t *seq, struct err *err);

/*
 * Inside a write transaction: forget the rows up to seq, but not those of dead letters, nor
 * the newest of all, so that no seq is ever used again. *n is how many went.
 */
enum status journal_forget(struct db *db, int64_t seq, int64_t *n, struct err *err);

/* Newest seq, 0 when there is none. */
enum status journal_last(struct db *db, int64_t *seq, struct err *err);

#endif
