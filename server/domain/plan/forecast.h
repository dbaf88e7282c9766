/*
 * forecast.h - how sure the end of a plan is: what one more hour of a task costs, and when the
 * whole ends if all goes well or badly.
 */
#ifndef DOMAIN_PLAN_FORECAST_H
#define DOMAIN_PLAN_FORECAST_H

#include "domain/plan.h"
#include "domain/plan/graph.h"

/* Fill in the tasks' delay_min and the plan's timeline. False when the arena is full. */
bool forecast(struct plan *p, const struct graph *whole, const struct plan_options *options,
              struct arena *a);

#endif
