/*
 * subscription.h - durable subscribers: who gets which events, and how far each has got.
 *
 * A subscriber is a name, a topic pattern and a place in the log. One that pulls reads
 * what came after its place and says how far it got when it reads again, so that a crash
 * repeats what it had not said, and loses nothing. One with an agent is served by the
 * dispatcher (domain/dispatch.h). All functions work on the caller's connection; those that
 * change something inside its write transaction.
 */
#ifndef DOMAIN_SUBSCRIPTION_H
#define DOMAIN_SUBSCRIPTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/event.h"
#include "store/db.h"

#define SUBSCRIPTION_NAME_MAX 80
#define SUBSCRIPTIONS_MAX     4000
#define SUBSCRIPTION_NOW      INT64_C(-1) /* as `after`: from the end of the log */
#define SUBSCRIPTION_DEAD_MS  (INT64_C(7) * 24 * 3600 * 1000) /* dead letters are kept so long */

struct subscription {
	const char *name;                 /* NULL to subscription_add: a new one is made up */
	const char *topic;                /* pattern */
	const char *type, *source;        /* only these; NULL: all */
	enum event_priority least;        /* this one and more urgent ones; 0: all */
	const char *agent;                /* who is started; NULL: see command, else it pulls */
	const char *command;              /* of the configuration, by its name there; or NULL */
	int64_t after;                    /* all up to here was delivered */
	int64_t delivered, retried, dead; /* so far */
	int64_t latency_ms;               /* of all timed deliveries together */
	int64_t edition;                  /* grows when somebody changes it */
};

/* Is it served by the dispatcher? The others pull. */
static inline bool subscription_is_served(const struct subscription *s)
{
	return s->agent != NULL || s->command != NULL;
}

/* Subscribe, or change the one of that name. *out gets what it is now, in the arena. */
enum status subscription_add(struct db *db, int64_t now_ms, const struct subscription *s,
                             struct arena *a, struct subscription *out, struct err *err);

/* End it; its dead letters go with it. E_ABSENT names those there are. */
enum status subscription_end(struct db *db, const char *name, struct arena *a, struct err *err);

/* E_ABSENT names those there are. */
enum status subscription_find(struct db *db, const char *name, struct arena *a,
                              struct subscription *out, struct err *err);

enum status subscription_all(struct db *db, struct arena *a, struct subscription **out, size_t *n,
                             struct err *err);

/* All up to seq was dealt with: go on after it. Never goes back. */
enum status subscription_done(struct db *db, const char *name, int64_t seq, struct arena *a,
                              struct err *err);

/*
 * Deliver again all that came after `after` to the one of that name or, with name NULL, to all
 * (only those with exactly that topic, if it is not NULL). *n is how many were set back.
 */
enum status subscription_rewind(struct db *db, const struct subscription *to, struct arena *a,
                                size_t *n, struct err *err);

/* A delivery that was given up. */
struct dead_letter {
	int64_t id;
	const char *subscriber, *cause;
	int64_t attempts, at_ms;
	struct event_view event;
};

struct dead_letters_want {
	const char *subscriber; /* NULL: of all */
	int64_t after;          /* only those with a larger id */
	size_t limit;
};

/* The dead letters that are wanted, oldest first. */
enum status subscription_dead(struct db *db, const struct dead_letters_want *want, struct arena *a,
                              struct dead_letter **out, size_t *n, struct err *err);

/* Try them again: those of one subscriber, or of all. *n is how many there are. */
enum status subscription_retry(struct db *db, const char *subscriber, int64_t *n, struct err *err);

/* How long and how much is kept. */
struct event_keep {
	int64_t age_ms, most; /* events; 0: EVENT_KEEP_MS, EVENT_KEEP_MOST */
	int64_t bytes;        /* of them all together; 0: EVENT_KEEP_BYTES */
	int64_t dead_ms;      /* dead letters; 0: SUBSCRIPTION_DEAD_MS */
};

#define EVENT_KEEP_MS    (INT64_C(30) * 24 * 3600 * 1000)
#define EVENT_KEEP_MOST  INT64_C(1000000)
#define EVENT_KEEP_BYTES (INT64_C(1) << 30)

/*
 * Forget what is too old or too much, in transactions of its own, on a connection for writing.
 * What a subscriber with an agent has not had yet stays, and so do the events of dead letters.
 * *n is how many events went.
 */
enum status subscription_tidy(struct db *db, int64_t now_ms, const struct event_keep *keep,
                              struct arena *a, int64_t *n, struct err *err);

/* Would subscription_tidy find anything? Reads only. */
enum status subscription_untidy(struct db *db, int64_t now_ms, const struct event_keep *keep,
                                struct arena *a, bool *untidy, struct err *err);

/* An event of that time was handed over now: count how long it was on its way. */
enum status subscription_time(struct db *db, const char *name, int64_t at_ms, int64_t now_ms,
                              struct err *err);

cJSON *subscription_json(struct json_build *b, const struct subscription *s);
cJSON *dead_letter_json(struct json_build *b, const struct dead_letter *d);

#endif
