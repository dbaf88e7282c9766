/*
 * learn.h - estimates learned from the finished runs of a project: for plans, to be shown, and to
 * be begun anew.
 */
#ifndef DOMAIN_PLAN_LEARN_H
#define DOMAIN_PLAN_LEARN_H

#include "domain/plan.h"
#include "domain/plan/learned.h"

struct project;

/* What there is to learn from; in the arena. Nothing yet is one without tasks. */
enum status learn_open(struct project *p, const atomic_bool *stop, struct arena *a,
                       struct learned **out, struct err *err);

/* Put it into the options for a plan: guesses where it states no estimate, factors where it does.
 */
enum status learn_options(const struct learned *l, struct arena *a, struct plan_options *options,
                          struct err *err);

/* From now on learn only from what ends after now. */
enum status learn_reset(struct project *p, const atomic_bool *stop, struct err *err);

/* {tasks, since, errorBefore, errorAfter, kinds[], factors[]}: since when, and how good it is. */
enum status learn_json(struct project *p, const atomic_bool *stop, struct arena *a, cJSON **out,
                       struct err *err);

#endif
