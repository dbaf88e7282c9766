/*
 * figures.h - the log of events and those it serves, in numbers.
 *
 * All of it is read from the database, so every process (a server that answers HTTP, the
 * command line) tells the same, whoever dispatches. Counters only grow while a subscriber
 * lives. Reading costs a look at the newest FIGURES_LOOK events and one row a subscriber.
 */
#ifndef DOMAIN_FIGURES_H
#define DOMAIN_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

#define FIGURES_BUCKETS 22
#define FIGURES_LOOK    1000

/*
 * One subscriber. Depth counts the events that wait for it: exact for those among the newest
 * FIGURES_LOOK of the log, beyond these every event counts, wanted or not. A latency is the time
 * from when an event was kept until it was handed to whoever serves the subscriber; bucket i
 * counts those up to figures_bucket_ms(i), the last one all longer ones; none counts twice.
 * Those who pull are not timed.
 */
struct subscriber_figures {
	const char *name, *topic;
	const char *serves; /* "agent NAME", "command NAME" or "pull" */
	int64_t depth, delivered, retried, dead, dead_letters;
	int64_t latency[FIGURES_BUCKETS];
	int64_t latency_n, latency_ms; /* how many were timed, and their sum */
};

/* All of them together. Texts live in the arena. */
struct event_figures {
	int64_t first, last; /* seq; 0: no event */
	int64_t subscribers, depth, delivered, retried, dead;
	int64_t dead_letters; /* that wait */
	int64_t behind;       /* events that the slowest one that is served has not looked at */
	int64_t latency[FIGURES_BUCKETS];
	int64_t latency_n, latency_ms;
	struct subscriber_figures *each; /* by name */
	size_t n;
};

enum status figures_read(struct db *db, struct arena *a, struct event_figures *out,
                         struct err *err);

/* Upper bound of a bucket in milliseconds: 1, 2, 4, ...; INT64_MAX for the last. */
int64_t figures_bucket_ms(size_t bucket);

/* The bucket that a latency belongs to. */
size_t figures_bucket_of(int64_t ms);

/* The bound below which that share (0 to 1) of the latencies lie; 0 when there are none. */
int64_t figures_quantile_ms(const int64_t latency[FIGURES_BUCKETS], double share);

/* {firstSeq, lastSeq, depth, ..., subscribers: [{subscriber, depth, ..., p50Ms, p99Ms}]} */
cJSON *figures_json(struct json_build *b, const struct event_figures *f);

#endif
