/*
 * attempt.h - one try at a task, from its worktree to the end of its agent.
 *
 *	begin -> (worktree made) -> start -> (agent over) -> ending.h
 *
 * All functions run on the runner's thread and only mark what they change.
 */
#ifndef DOMAIN_RUN_ATTEMPT_H
#define DOMAIN_RUN_ATTEMPT_H

#include "domain/run/runner.h"

/* A task that the schedule just handed out: its next attempt, with a slot, on its way. */
void attempt_begin(struct runner *r, struct job *job);

/* Its intent is durable, and so is what was done in the worktree it takes over. */
void attempt_prepare(struct runner *r, struct attempt *t);

/* Prepared, its intent durable, and a worker free: start the agent. */
bool attempt_may_start(const struct runner *r, const struct attempt *t);
void attempt_start(struct runner *r, struct attempt *t);

/* Read what a running agent says; look after its end and its limits. */
void attempt_hear(struct runner *r, struct attempt *t);
void attempt_watch(struct runner *r, struct attempt *t);

/* Monotonic time at which attempt_watch should look again at the latest. */
int64_t attempt_due(const struct runner *r, const struct attempt *t);

/* A step that was given for an attempt came back; it is freed. */
void attempt_step_done(struct runner *r, struct attempt *t, struct step *step);

/* Take attempts that have been settled and written out of the runner. */
void attempt_sweep(struct runner *r);
void attempt_free(struct attempt *t);

/* Make an attempt of a job out of nothing, for loading; NULL without memory. */
struct attempt *attempt_new(struct runner *r, struct job *job);

#endif
