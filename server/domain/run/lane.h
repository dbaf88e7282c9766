/*
 * lane.h - the merge lane: one merge at a time, of as many results as wait.
 *
 * Results are merged in memory onto the run's branch, gates look at the merged tree, then the
 * intention is committed, then the branch moves by compare-and-swap (lane_move), then the
 * tasks have succeeded. When a gate fails on several at once they are tried in halves
 * until the one that breaks it is alone. Between merges it has the base and whole batches gated.
 */
#ifndef DOMAIN_RUN_LANE_H
#define DOMAIN_RUN_LANE_H

#include "domain/run/runner.h"

/* A result that is collected: to be merged, or, where nothing is merged, to be gated. */
void lane_add(struct runner *r, struct attempt *t);

/* Begin the next merge if none is under way. Once a turn. */
void lane_turn(struct runner *r);

/* A STEP_MERGE or STEP_GATE of the lane came back. */
void lane_step_done(struct runner *r, struct step *step);

/* What was accepted is durable: move the branch, then those tasks have succeeded. */
void lane_move(struct runner *r);

/* An attempt that waits in the queue shall not be merged: take it out. False: it is not there. */
bool lane_take_out(struct runner *r, struct attempt *t);

/* Nothing waits, nothing is under way. */
bool lane_empty(const struct runner *r);

#endif
