/*
 * trial.h - the open tasks of a plan as a graph of their own, to try what would be if.
 */
#ifndef DOMAIN_PLAN_TRIAL_H
#define DOMAIN_PLAN_TRIAL_H

#include "domain/plan.h"
#include "domain/plan/graph.h"

struct trial {
	struct plan *p;
	struct arena *a;
	struct graph_edge *edges; /* among open tasks */
	size_t m, n;
	size_t *now, *was; /* open tasks by number, and back; PLAN_NONE: finished */
	long *weights;     /* of open tasks; may be changed and put back */
};

/* False when the arena is full, as below. */
bool trial_init(struct trial *t, struct plan *p, const struct graph *whole, struct arena *a);

struct trial_result {
	long path, makespan;
};

/* Length of the longest path and of the schedule with these edges and the trial's weights. */
bool trial_run(const struct trial *t, const struct graph_edge *edges, size_t m, size_t workers,
               struct trial_result *out);

#endif
