/*
 * gates.h - the gates: commands that must succeed on what was merged, or on what is to be.
 *
 * `task` gates look at the merged preview of one result or several before the branch moves;
 * `batch` gates at the branch once all tasks of a batch, and of those before it, are settled;
 * `run` gates at the end. Before the first task those that have to hold all the time (`task`
 * and `batch`) look at the commit the run begins on: nothing starts on a red base.
 *
 * A gate that fails is run once more on the same tree; when that passes it counts as passed
 * and is told of as flaky, as is every gate of a run with two outcomes on one tree.
 *
 * All functions run on the runner's thread and only mark what they change.
 */
#ifndef DOMAIN_RUN_GATES_H
#define DOMAIN_RUN_GATES_H

#include "domain/run/runner.h"

/* How many gates of this kind the run has. */
size_t gates_count(const struct runner *r, enum config_when when);

/* Have the step run those gates too. */
void gates_fill(const struct runner *r, struct step *step, enum config_when when);

/* And those of these names, whatever they look at otherwise. */
void gates_fill_named(const struct runner *r, struct step *step, const char *const *names,
                      size_t n);

/* Have the step run them in the worktree for gates, which is used again and again. */
void gates_in_own_tree(struct runner *r, struct step *step);

/* A STEP_GATE came back: keep its results and its worktree. t: whose they are, NULL: the run's. */
void gates_keep(struct runner *r, const struct step *step, const struct attempt *t);

/* What did not pass and the end of what it said; the step's error if it had one. */
const char *gates_words(const struct step *step, struct arena *a);

/* Write the results; part of the turn's commit. */
enum status gates_put(struct runner *r, struct err *err);

/* Must the base be looked at before anything starts? To be asked once the run is loaded. */
bool gates_want_baseline(const struct runner *r);

/* Is a batch whole whose gates have not been run? */
bool gates_want_batch(const struct runner *r);

/* The step for either, NULL without memory; and what came of it: false when one did not pass. */
struct step *gates_baseline(struct runner *r);
struct step *gates_batch(struct runner *r);
bool gates_baseline_done(struct runner *r, struct step *step);
bool gates_batch_done(struct runner *r, struct step *step);

/*
 * The gates of the whole run as a step to give away, NULL when there are none (or no memory
 * for them, which is noted). Done: keeps the results, notes what did not pass.
 */
struct step *gates_of_run(struct runner *r);
bool gates_of_run_done(struct runner *r, struct step *step);

#endif
