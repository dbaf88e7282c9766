/*
 * lessons.h - what is remembered from a run, and what of it all an agent is told.
 *
 * Nothing here can make a run fail: what cannot be remembered is noted and logged.
 */
#ifndef DOMAIN_RUN_LESSONS_H
#define DOMAIN_RUN_LESSONS_H

#include "domain/run/runner.h"

/* Remember how the run went, before its end is told: one memory of kind `run`, and one of kind
 * `lesson` for each task that did not succeed. */
void lessons_of_run(struct runner *r, enum run_state state, int64_t wall_ms);

/* Let the coach look at the finished, stored run, draft issues and remember lessons; never in a run
 * that was started by what the coach itself started. */
void lessons_of_coach(struct runner *r);

/* What is remembered about a task, as lines, in the arena; NULL: nothing. Any thread. */
const char *lessons_for(struct project *p, const char *about, const atomic_bool *stop,
                        struct arena *a);

/* What a recall for this task of a plan asks: its title and the beginning of its description. */
const char *lessons_about(const cJSON *task, struct arena *a);

#endif
