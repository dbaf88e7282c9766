/*
 * flight.h - the calls in flight, by the bytes of their ids.
 *
 * A call is added by the reader before it is queued and removed by whoever ends
 * it. Its `claim` decides what the client sees: the worker that wants to answer
 * takes it, a cancel takes it, and only one of the two can. So nothing is ever sent
 * for a call that was cancelled, and a cancel that comes too late does nothing.
 *
 * A call that waits (E_WAIT) is parked here without a thread. A wake-up that came
 * between the call's look at the world and its parking is not lost: the count of
 * wake-ups at the start of the run is compared.
 *
 * All functions may be called from any thread. A call handed back by flight_cancel,
 * flight_woken, flight_due or flight_stop belongs to who got it.
 */
#ifndef WORK_FLIGHT_H
#define WORK_FLIGHT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/err.h"
#include "base/text.h"

enum flight_claim { FLIGHT_FREE, FLIGHT_ANSWERED, FLIGHT_CANCELLED };

struct flight_call {
	struct call call;
	const char *id; /* its bytes as they came, quotes included; live as long as the call */
	size_t id_len;
	uint64_t owner;   /* whose id it is: two clients may choose the same */
	atomic_int claim; /* enum flight_claim; leaves FLIGHT_FREE once */

	/* flight.c's own, under its lock */
	struct flight_call *next_same;   /* in the bucket */
	struct flight_call *next, *prev; /* among the parked, or in a list handed out */
	uint64_t wakes_seen;
	bool parked;
	bool resumed; /* by flight_resume, before it was parked */

	bool deaf; /* set by the owner before flight_park: only flight_resume ends the wait */
};

struct flight;

/* Room for `most` calls. NULL if out of memory. */
struct flight *flight_new(size_t most);
void flight_free(struct flight *f); /* must be empty; NULL is fine */

/* E_BUSY: `most` are in flight. E_INPUT: a call of that owner and id is, and is not answered
 * yet. */
enum status flight_add(struct flight *f, struct flight_call *c, struct err *err);
void flight_remove(struct flight *f, struct flight_call *c);

/*
 * The client has given up on an id of its own. A running call gets its stop flag and is told
 * nothing more; a parked one is taken out and handed back to be freed, else NULL.
 */
struct flight_call *flight_cancel(struct flight *f, uint64_t owner, const char *id, size_t id_len);

/* The client is gone: the same for all its ids; the parked ones come back as a list. */
struct flight_call *flight_cancel_all(struct flight *f, uint64_t owner);

/* At the start of each run, before the call looks at anything that may wake it. */
void flight_runs(struct flight *f, struct flight_call *c);

/*
 * Park a call until the next wake-up or its call.wait_until_ms. False: it was woken
 * or cancelled meanwhile, and is still the caller's, to run again or to drop.
 */
bool flight_park(struct flight *f, struct flight_call *c);

/*
 * What a deaf call waits for has come. True: it was parked and is now the caller's, to
 * run again. False: it still runs, and flight_park will refuse it.
 */
bool flight_resume(struct flight *f, struct flight_call *c);

/* Something happened: all parked calls (linked by next) leave their places, to run again. */
struct flight_call *flight_woken(struct flight *f);

/* Those whose time has come; and the next such time, INT64_MAX if none waits for one. */
struct flight_call *flight_due(struct flight *f, int64_t now_ms);
int64_t flight_next_due(struct flight *f);

/*
 * The end: every call is cancelled; the parked ones are handed back to be freed. The ids of those
 * of `owner` that were not answered are added to `left`, a newline after each (NULL: not wanted).
 */
struct flight_call *flight_stop(struct flight *f, uint64_t owner, struct text *left);

size_t flight_count(struct flight *f);
/* How many are not parked: queued or running. */
size_t flight_active(struct flight *f);

#endif
