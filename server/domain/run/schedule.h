/*
 * schedule.h - which task may start next.
 *
 * A pure state machine: no clock, no disk, no threads. The runner tells it what
 * happened and asks what to start. A task starts only when all it needs is done, the
 * most urgent first: the one with the longest path of work behind it (upward rank),
 * among equals the one that more tasks wait for, then the one that stands first in
 * the plan; a priority given by the plan goes before all that. Tasks that use
 * the same resource (a file both change, a port, a heavy build) never overlap beyond
 * what the resource holds, and which of them goes first is decided by urgency.
 *
 * A task that ended frees its worker at once (schedule_idle) but keeps its resources and
 * holds back what needs it until it is settled (schedule_done or schedule_fail):
 * between the two lies the merge. Every function is O(log n) but for
 * schedule_fail and schedule_retry, which visit what depends on the task.
 */
#ifndef DOMAIN_RUN_SCHEDULE_H
#define DOMAIN_RUN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct schedule;

enum schedule_state {
	SCHEDULE_WAITING, /* something it needs is not done */
	SCHEDULE_READY,
	SCHEDULE_RUNNING, /* holds a worker */
	SCHEDULE_IDLE,    /* ended, not settled; or waits for a second try: holds no worker */
	SCHEDULE_DONE,
	SCHEDULE_FAILED,
	SCHEDULE_SKIPPED, /* something it needs failed */
};

struct schedule_task {
	int64_t cost; /* how long it is thought to take, in any unit; at least 1 is assumed */
	int priority; /* higher goes first */
	const size_t *needs; /* tasks that must be done before */
	size_t n_needs;
	const size_t *uses; /* resources it holds while it runs, no two alike */
	size_t n_uses;
	enum schedule_state state; /* to begin with: WAITING, or DONE, FAILED or SKIPPED; what
	                              needs a FAILED or SKIPPED one becomes SKIPPED itself */
};

struct schedule_plan {
	const struct schedule_task *tasks;
	size_t n;
	const size_t *capacity; /* of each resource, at least 1 */
	size_t n_resources;
	size_t workers;
};

/*
 * Copies what it needs of the plan. E_INPUT when needs go round in a circle, or name a
 * task or resource that is not there. On OK *out is the caller's.
 */
enum status schedule_new(struct schedule **out, const struct schedule_plan *plan, struct err *err);
void schedule_free(struct schedule *s);

/* The task to start now, which is then RUNNING; false when nothing may start. */
bool schedule_next(struct schedule *s, size_t *task);

/* Up to most tasks that would be started next if workers were free, most urgent first. */
size_t schedule_ahead(const struct schedule *s, size_t most, size_t *tasks);

/* A RUNNING task's agent is gone: its worker is free, the task is IDLE. */
void schedule_idle(struct schedule *s, size_t task);

/*
 * An IDLE task is (or, after all, is not) about to be done, in no time to speak of. Until then
 * a worker is kept free for a more urgent task that waits for nothing else.
 */
void schedule_expect(struct schedule *s, size_t task, bool expected);

/* A WAITING or READY task becomes IDLE: an earlier attempt at it is still being looked after. */
void schedule_hold(struct schedule *s, size_t task);

/* An IDLE or RUNNING task goes back to READY (WAITING, if it was held so): try again, now. */
void schedule_again(struct schedule *s, size_t task);

/*
 * Settle an IDLE or RUNNING task. schedule_done makes ready what waited for it. Both
 * tell which tasks changed by it (READY after done, SKIPPED after fail); the
 * array is the schedule's and good until the next call.
 */
size_t schedule_done(struct schedule *s, size_t task, const size_t **readied);
size_t schedule_fail(struct schedule *s, size_t task, const size_t **skipped);

/*
 * A WAITING or READY task that shall not run: as if it had failed (skip = false: what
 * needs it is skipped too) or as if it had been done (skip = true).
 */
size_t schedule_drop(struct schedule *s, size_t task, bool as_done, const size_t **changed);

/*
 * A FAILED or SKIPPED task shall be tried again, and what was skipped for its sake waits
 * anew. Tells which tasks changed, the task itself first; none when something it needs has failed.
 */
size_t schedule_retry(struct schedule *s, size_t task, const size_t **revived);

/* While paused nothing is started. */
void schedule_pause(struct schedule *s, bool paused);
void schedule_workers(struct schedule *s, size_t workers);

enum schedule_state schedule_state(const struct schedule *s, size_t task);
size_t schedule_running(const struct schedule *s);   /* workers busy */
size_t schedule_unsettled(const struct schedule *s); /* WAITING, READY, RUNNING or IDLE */
int64_t schedule_rank(const struct schedule *s, size_t task);

/* Length of the longest path, in units of cost. */
int64_t schedule_path(const struct schedule *s);

#endif
