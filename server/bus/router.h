/*
 * router.h - from one event to all who wait for it, in this process.
 *
 * Each subscriber has a bounded queue of its own and is served by one thread at a time,
 * so a slow or failing one holds up nobody else, and what it is given again nobody else
 * sees twice. Urgent events go first, over all subscribers; after ROUTER_STARVE of them in
 * a row the least urgent that waits has its turn. Events of one topic reach a subscriber
 * in the order they were given, whatever their priorities: an urgent one waits behind those of its
 * topic that wait already.
 *
 * A delivery that fails is tried again after a while that doubles, with some chance in it;
 * after its last attempt it is a dead letter. A subscriber that keeps failing is left alone
 * for a while (its circuit is open), then tried with one event.
 *
 * All functions may be called from any thread. Events are copied once, and shared.
 */
#ifndef BUS_ROUTER_H
#define BUS_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bus/envelope.h"

#define ROUTER_STARVE          32
#define ROUTER_SUBSCRIBERS_MAX 8000
#define ROUTER_QUEUE_MAX       ((size_t)1 << 20)
#define ROUTER_THREADS_MAX     16
#define ROUTER_BUCKETS         24 /* of the histogram: bucket i counts latencies below 2^i us */

struct router;

/* What a subscriber is given; good until its function returns. */
struct router_event {
	int64_t seq;
	const char *id, *topic, *type, *source; /* not NULL */
	enum envelope_priority priority;
	const void *envelope; /* encoded */
	size_t envelope_size;
	int64_t at_ms;    /* wall clock; when it was kept, 0: unknown */
	int64_t given_us; /* monotonic; when it was given to the router, 0: now */
};

/* What happens when a queue is full. */
enum router_policy {
	ROUTER_REJECT,      /* the new event is not taken, and router_give says so */
	ROUTER_BLOCK,       /* router_give waits for room */
	ROUTER_DROP_OLDEST, /* the oldest of the least urgent makes room */
};

/* Which one of a group of subscribers has an event that all of them ask for. */
enum router_share {
	ROUTER_EACH,       /* every one; there is no group */
	ROUTER_BY_TOPIC,   /* all events of a topic the same one */
	ROUTER_LEAST_BUSY, /* who has the fewest waiting */
};

struct router_subscriber {
	const char *name;             /* for messages; copied */
	const char *pattern;          /* of topics; copied */
	const char *type, *source;    /* only these; NULL: all; copied */
	enum envelope_priority least; /* only these and more urgent ones */
	enum router_share share;
	const void *group;  /* the same for all of a group; only compared */
	size_t parts, part; /* BY_TOPIC: how many they are, and which one this is */
	size_t queue_max;   /* 0: 1024 */
	size_t batch;       /* for quick functions: taken at a time, up to 32; 0: 1 */
	enum router_policy policy;
	int attempts; /* most; 0: 3 */
	int64_t backoff_ms,
	    backoff_max_ms; /* before the second attempt, and at most; 0: 100, 30000 */
	int breaker_after;  /* failures in a row that open the circuit; 0: 5 */
	int64_t breaker_ms; /* it stays open; 0: 5000 */

	/* OK: delivered. Anything else is a failure, with words in err. On a thread of the router.
	 */
	enum status (*deliver)(void *arg, const struct router_event *e, int attempt,
	                       struct err *err);
	/* Given up after that many attempts. May be NULL. */
	void (*dead)(void *arg, const struct router_event *e, int attempts, const char *cause);
	void *arg;
};

/* What became of an event that was given. */
struct router_outcome {
	size_t matched, queued, rejected,
	    dropped; /* subscribers; dropped: older events that went */
};

struct router_stats {
	uint64_t given, delivered, retried, dead, rejected, dropped;
	size_t subscribers, depth;        /* depth: events in all queues */
	size_t open;                      /* circuits */
	uint64_t latency[ROUTER_BUCKETS]; /* from given to delivered */
};

/* Threads: how many deliver at once; 0: 2. On OK *out is the caller's. */
enum status router_new(struct router **out, size_t threads, struct err *err);

/*
 * From now on so many deliver at once; 0: 2. What is under way is not ended. Not from several
 * threads at the same time. E_IO when a thread could not be started: then there are fewer.
 */
enum status router_resize(struct router *r, size_t threads, struct err *err);

/* Ends the threads after the deliveries they are at; what is queued is not delivered. */
void router_free(struct router *r);

/* On OK *handle names it. E_INPUT for a bad pattern, E_BUSY when there are too many. */
enum status router_subscribe(struct router *r, const struct router_subscriber *own,
                             uint64_t *handle, struct err *err);

/*
 * No delivery begins after this, and none is under way when it returns, unless it is called
 * from the subscriber's own function: then that one is the last. Unknown handles are fine.
 */
void router_unsubscribe(struct router *r, uint64_t handle);

/*
 * Queue an event for all who wait for it. E_BUSY when at least one full queue rejected it
 * (the others have it); E_NOMEM: nobody has it. outcome may be NULL.
 */
enum status router_give(struct router *r, const struct router_event *e,
                        struct router_outcome *outcome, struct err *err);

/* Queue an event for one alone, whatever it asked for. E_BUSY: its queue is full; E_ABSENT. */
enum status router_give_to(struct router *r, uint64_t handle, const struct router_event *e,
                           struct err *err);

/* What a subscriber that said E_WAIT waits for may have come. Unknown handles are fine. */
void router_nudge(struct router *r, uint64_t handle);

/* Wait until all queues are empty and nothing is being delivered; false after wait_ms. */
bool router_drain(struct router *r, int64_t wait_ms);

void router_stats(struct router *r, struct router_stats *out);

/* Latency in microseconds below which that share (0 to 1) of deliveries was; 0: none yet. */
uint64_t router_quantile(const struct router_stats *s, double share);

#endif
