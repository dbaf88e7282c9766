/*
 * unite.h - from edges as they were found to the edges of the plan: a diagram drawn the
 * other way round is turned, self edges are reported, the order of lists or batches stands in
 * where nothing is stated, and an edge found in several places becomes one.
 */
#ifndef DOMAIN_PLAN_UNITE_H
#define DOMAIN_PLAN_UNITE_H

#include "domain/plan/draft.h"

/* Ends with d->edges sorted by (to, from), no two alike, none from a task to itself. */
void unite_edges(struct draft *d);

#endif
