/*
 * schedule.h - who does what when, on a number of workers.
 *
 * List scheduling: whenever a worker is free it takes, of the tasks whose prerequisites are
 * done, the one with the longest way to the end; ties go to the one with more successors, then to
 * the smaller index. Never longer than (2 - 1/workers) times the best (Graham 1969), and mostly
 * the best itself. Pure.
 */
#ifndef DOMAIN_PLAN_SCHEDULE_H
#define DOMAIN_PLAN_SCHEDULE_H

#include "domain/plan/graph.h"

struct schedule {
	long *start;    /* of each node */
	size_t *worker; /* 0 to workers - 1 */
	long makespan;
	size_t used; /* workers that got anything to do */
};

/* rank as in graph_times; workers is 1 or more. False only when the arena is full. */
bool schedule_make(const struct graph *g, const long *weights, const long *rank, size_t workers,
                   struct arena *a, struct schedule *out);

#endif
