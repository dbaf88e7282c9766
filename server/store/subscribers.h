/*
 * subscribers.h - durable subscribers of the journal, where each has got to, and the
 * deliveries that were given up.
 *
 * Changes happen inside the caller's write transaction, so that an offset moves together
 * with what the delivery caused. Rows found are copied into the arena.
 */
#ifndef STORE_SUBSCRIBERS_H
#define STORE_SUBSCRIBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/journal.h"

struct subscriber_row {
	const char *name, *topic;  /* topic: a pattern */
	const char *action;        /* what a delivery does; the domain's words */
	const char *type, *source; /* only events of these; NULL: all */
	int64_t least;             /* only events of this priority or a higher one */
	int64_t seq;               /* all up to here was delivered or given up */
	int64_t edition;           /* when somebody last changed it; read only */
	int64_t made_ms;
	int64_t delivered, retried, dead; /* so far; read only */
	int64_t latency_ms;               /* of all deliveries that were timed; read only */
};

/* Add, or change the topic, action, filter and place of the one with that name. */
enum status subscriber_put(struct db *db, const struct subscriber_row *row, struct err *err);

/* E_ABSENT, naming it, when there is none. */
enum status subscriber_find(struct db *db, const char *name, struct arena *a,
                            struct subscriber_row *out, struct err *err);
enum status subscriber_remove(struct db *db, const char *name, struct err *err);
enum status subscriber_move(struct db *db, const char *name, int64_t seq, struct err *err);

/* Move it from one place on to another, unless it is no longer where it was: *moved. */
enum status subscriber_advance(struct db *db, const char *name, int64_t from, int64_t to,
                               bool *moved, struct err *err);

/*
 * Grows with every subscriber_put, subscriber_remove and subscriber_move, and is the edition of
 * the row that was changed; subscriber_advance is no such change.
 */
enum status subscriber_edition(struct db *db, int64_t *edition, struct err *err);

/* Only that it grows: something else is to be looked at by who serves them. */
enum status subscriber_touch(struct db *db, struct err *err);

/* Count deliveries: more of each kind. One that is gone is fine. */
enum status subscriber_count(struct db *db, const struct subscriber_row *more, struct err *err);

/* A delivery's time on its way goes into a histogram. One that is gone is fine. */
struct latency_row {
	const char *subscriber;
	int64_t bucket, n;
};
enum status latency_note(struct db *db, const char *subscriber, int64_t bucket, int64_t ms,
                         struct err *err);

/* All of all, by subscriber and bucket. */
enum status latency_list(struct db *db, struct arena *a, struct latency_row **rows, size_t *n,
                         struct err *err);

/*
 * Deliveries beyond a subscriber's place that are over: noted one by one, forgotten up to the
 * place when it has moved past them. Moving or removing a subscriber forgets all.
 */
enum status settled_put(struct db *db, const char *subscriber, int64_t seq, struct err *err);
enum status settled_forget(struct db *db, const char *subscriber, int64_t upto, struct err *err);
enum status settled_list(struct db *db, const char *subscriber, struct arena *a, int64_t **seqs,
                         size_t *n, struct err *err);

/* All, by name. */
enum status subscriber_list(struct db *db, struct arena *a, struct subscriber_row **rows, size_t *n,
                            struct err *err);

struct dead_row {
	int64_t id;
	const char *subscriber, *cause;
	int64_t attempts, at_ms;
	struct journal_row event; /* its id is NULL when the event is no longer kept */
};

/* Note a delivery that was given up; one that was noted before is noted anew. */
enum status dead_put(struct db *db, const struct dead_row *row, struct err *err);

struct dead_want {
	const char *subscriber; /* NULL: of all */
	int64_t after;          /* only those with a larger id */
	size_t limit;
};

/* Those that are wanted, oldest first. */
enum status dead_list(struct db *db, const struct dead_want *want, struct arena *a,
                      struct dead_row **rows, size_t *n, struct err *err);

/* Forget one, or with id 0 all of that subscriber; *n is how many there were. */
enum status dead_remove(struct db *db, const char *subscriber, int64_t id, int64_t *n,
                        struct err *err);

/* Mark those of one subscriber, or of all (NULL), for another try; *n is how many are. */
enum status dead_retry(struct db *db, const char *subscriber, int64_t *n, struct err *err);

/* How many there are, of one subscriber or of all (NULL). */
enum status dead_count(struct db *db, const char *subscriber, int64_t *n, struct err *err);

/* Is any marked for another try? */
enum status dead_marked(struct db *db, bool *marked, struct err *err);

/* Take the mark from the first one of that subscriber that has it; *seq is 0 when none has. */
enum status dead_take(struct db *db, const char *subscriber, int64_t *seq, struct err *err);

/* That delivery went well after all: forget that it was given up, if it was. */
enum status dead_settle(struct db *db, const char *subscriber, int64_t seq, struct err *err);

/* Forget those given up before that time. */
enum status dead_expire(struct db *db, int64_t before_ms, struct err *err);

#endif
