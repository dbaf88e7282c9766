/*
 * ahead.h - the next worktree, made while agents work.
 *
 * When all workers are busy, tasks wait for one, and no free worktree is there, one is made (and
 * set up) beforehand, so that the next agent starts at once instead of after a checkout.
 * Only where agents have been at work for a while; never more than there are workers.
 * `flags: {ahead: false}` switches it off. On the runner's thread.
 */
#ifndef DOMAIN_RUN_AHEAD_H
#define DOMAIN_RUN_AHEAD_H

#include "domain/run/runner.h"

/* Make one if it is time to. Once a turn. */
void ahead_turn(struct runner *r);

/* Monotonic time at which ahead_turn may have something to do; INT64_MAX: not by time alone. */
int64_t ahead_due(const struct runner *r);

/* A step whose owner is the runner itself came back; it is freed. */
void ahead_done(struct runner *r, struct step *step);

#endif
