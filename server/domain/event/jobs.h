/*
 * jobs.h - events as jobs of a pool (work/pool.h): a subscriber of the router whose function
 * runs on the pool's workers, beside the other work these have, so that what takes its time
 * keeps no thread of the router.
 *
 * It has as many lanes as jobs of it may run at once; each has one event in the pool at most, and
 * what comes meanwhile waits in the lane's bounded queue, by the policy that was agreed. Events of
 * a topic go to the same lane when their order matters, and then one begins when the one before it
 * is over for good; else an event goes to the lane where the fewest wait. When the pool is full, an
 * event waits until it has room: that is no attempt. Attempts, pauses between them, the circuit and
 * dead letters are the router's (bus/router.h), for each lane by itself.
 *
 * The function gets the event and the number of the attempt as on a thread of the router; E_WAIT
 * is a failure like others here.
 */
#ifndef DOMAIN_EVENT_JOBS_H
#define DOMAIN_EVENT_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bus/router.h"
#include "work/pool.h"

#define JOBS_AT_ONCE_MAX 64

struct jobs;

struct jobs_subscriber {
	struct router_subscriber own; /* share, group, parts and batch are not looked at */
	size_t at_once;               /* 1 to JOBS_AT_ONCE_MAX */
	bool ordered;                 /* by topic */
	bool heavy;                   /* pool_give_heavy */
};

/* Router and pool outlive it. On OK *out is the caller's. */
enum status jobs_subscribe(struct jobs **out, struct router *r, struct pool *p,
                           const struct jobs_subscriber *s, struct err *err);

/*
 * No job begins after this, and none runs when it returns; not to be called from a job of its
 * own. NULL is fine. A pool that is closed earlier is to be given jobs_dropped.
 */
void jobs_end(struct jobs *j);

/* For pool_close, here or from the caller's own function: a job that will not run. False: not ours.
 */
bool jobs_dropped(pool_job *job, void *arg);

#endif
