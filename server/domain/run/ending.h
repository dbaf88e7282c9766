/*
 * ending.h - how an attempt ends, and what becomes of its task.
 *
 *	agent over -> (leftovers committed) -> merge lane -> succeed
 *	         `--> fail -> (work saved) -> settled: tried again, or the task has failed
 *
 * All functions run on the runner's thread and only mark what they change.
 */
#ifndef DOMAIN_RUN_ENDING_H
#define DOMAIN_RUN_ENDING_H

#include "domain/run/runner.h"

/* The agent and all it started are gone. */
void ending_agent_over(struct runner *r, struct attempt *t);

/* Have what it left behind committed, for the lane. */
void ending_collect(struct runner *r, struct attempt *t);

/*
 * It shall not go on: end its agent if there is one, keep its work, then settle the task
 * as verdict, or let it be tried again when `again` allows it.
 */
void ending_fail(struct runner *r, struct attempt *t, enum task_state verdict, bool again,
                 const char *cause);

/*
 * Its stage is over and the task goes on with another: ends is `staged` or `returned`, the
 * cause says why it goes back. Its work is kept, its worktree freed.
 */
void ending_hand_over(struct runner *r, struct attempt *t, const char *ends, const char *cause);

/* Its work is in the run's branch (commit NULL: there was none to merge): the task is done. */
void ending_succeed(struct runner *r, struct attempt *t, const char *commit);

/* A task that the schedule has called done or failed: those that this concerns. */
void ending_tell_ready(struct runner *r, const size_t *tasks, size_t n);
void ending_tell_skipped(struct runner *r, const struct job *why, const size_t *tasks, size_t n);

/* A STEP_COLLECT, STEP_SAVE or STEP_GATE of it came back; it stays the caller's. */
void ending_step_done(struct runner *r, struct attempt *t, struct step *step);

/* Give a step away for the attempt. When that fails the step is gone and the attempt has failed. */
bool ending_give(struct runner *r, struct attempt *t, struct step *step);

/* All that was done in its worktree is committed and soon durable: it can serve again. */
void ending_keep_warm(struct runner *r, struct attempt *t);

/* A worktree that any task may take; fresh: once what was done in it is durable. */
void ending_add_warm(struct runner *r, const char *path, bool fresh);

/* Milliseconds before the try after `tries` failed ones. */
int64_t ending_backoff_ms(int64_t tries, uint64_t chance);

#endif
