/*
 * queue.h - the events that wait for one subscriber, by urgency. Within the router only:
 * the router's lock guards every call.
 */
#ifndef BUS_QUEUE_H
#define BUS_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "bus/router.h"

/* An event and the copies of its texts, shared by all queues it is in. */
struct shared_event {
	atomic_int users;
	uint64_t topic_hash;
	struct router_event event;
	char bytes[];
};

/* One user's worth; NULL if out of memory. */
struct shared_event *shared_event_new(const struct router_event *e);
struct shared_event *shared_event_use(struct shared_event *e);
void shared_event_free(struct shared_event *e); /* one user less */

struct queued {
	struct shared_event *event;
	int attempts; /* made so far */
	int ring;     /* where it was taken from */
};

#define QUEUE_SPARE ((size_t)32) /* events that may be taken and put back again */

/*
 * Events of one urgency, oldest first; a ring that grows. QUEUE_SPARE places are always
 * free, so that putting back never needs memory.
 */
struct ring {
	struct queued *places;
	size_t first, n, size;
};

/*
 * Events of one topic wait in one ring, in the order they came: one that comes while others of
 * its topic wait goes behind these, whatever its urgency.
 */
struct queue {
	struct ring rings[ENVELOPE_PRIORITIES];
	size_t n, most;
	int streak; /* urgent ones taken while less urgent ones waited */
};

void queue_done(struct queue *q);

/* Make room for that event, or, when whole, for as many as may come. */
bool queue_reserve(struct queue *q, const struct shared_event *e, bool whole);

/* Takes over the user. There was room reserved, and the queue is not full. */
void queue_put(struct queue *q, struct shared_event *e);

/* The next in turn; the queue is not empty. The taker has the user now. */
struct queued queue_take(struct queue *q);

/* Put back what was taken (the last one first), before all others of its urgency. */
void queue_put_back(struct queue *q, struct queued one);

/* Take the oldest of the least urgent out. The queue is not empty. */
struct queued queue_drop(struct queue *q);

/* How urgent is the most urgent one? -1: empty. */
int queue_urgency(const struct queue *q);

#endif
