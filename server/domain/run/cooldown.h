/*
 * cooldown.h - agents that are refused work for now: a rate limit is a wait, not a failure.
 *
 * What one attempt met concerns all that use the same service: agents of one preset share it,
 * in all runs of the project. Until the time is over none of them is started, then fewer at
 * once than before, one more with each that ends well. Times are durable. Runs on the
 * runner's thread.
 */
#ifndef DOMAIN_RUN_COOLDOWN_H
#define DOMAIN_RUN_COOLDOWN_H

#include "domain/run/runner.h"

/* What other runs and earlier runners know. At the beginning, and when somebody wakes us. */
enum status cooldown_load(struct runner *r, struct err *err);

/* This attempt was refused, until then if it was said (wall clock; 0: it was not). */
void cooldown_met(struct runner *r, const struct attempt *t, int64_t until_ms);

/* This attempt was not refused. */
void cooldown_over(struct runner *r, const struct attempt *t);

/* Tasks held back for others of their agent may go on as those end. Every turn. */
void cooldown_turn(struct runner *r);

/* Until when no attempt with this agent may start, wall clock; 0: it may now. */
int64_t cooldown_until(const struct runner *r, const struct config_agent *agent);

/* A task that the schedule just handed out: must it wait? Then it is put aside until it need not.
 */
bool cooldown_hold(struct runner *r, struct job *job);

/* How long to wait at the n-th refusal in a row when nothing was said; chance is any number. */
int64_t cooldown_wait_ms(int64_t times, uint64_t chance);

/* Monotonic time at which one ends; INT64_MAX: there is none. */
int64_t cooldown_due(const struct runner *r);

/* Write what changed, inside the transaction; cooldown_written once it is durable. */
enum status cooldown_put(struct runner *r, struct err *err);
void cooldown_written(struct runner *r);

#endif
