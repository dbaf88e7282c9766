/*
 * advice.h - what to change in a plan and what it would gain: edges on the critical path
 * that cost most, the task to split, how many workers still help.
 */
#ifndef DOMAIN_PLAN_ADVICE_H
#define DOMAIN_PLAN_ADVICE_H

#include "domain/plan.h"
#include "domain/plan/graph.h"

/* Fill p->advice; whole is the graph of all tasks without cycles. False: arena full. */
bool advice_give(struct plan *p, const struct graph *whole, struct arena *a);

#endif
