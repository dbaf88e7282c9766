/*
 * plan_source.h - where decompose gets a plan from that is neither a document nor a goal.
 */
#ifndef HANDLERS_PLAN_SOURCE_H
#define HANDLERS_PLAN_SOURCE_H

#include "base/call.h"
#include "domain/plan.h"

/* Is path the project's folder of recipes, or a recipe in it? *name is then its name, "" for all.
 */
bool plan_is_recipes(struct call *call, const char *path, const char **name);

/* A plan with a task for each recipe that `name` needs, itself included. */
enum status plan_from_recipes(struct call *call, const char *name,
                              const struct plan_options *options, struct plan **out);

/*
 * A plan for a goal. agent: who writes it, `none` for the template alone; NULL: the host's model
 * where it can be asked (E_WAIT, as base/call.h has it), else the template.
 */
struct plan_wish {
	const char *goal, *agent;
	const struct plan_options *options;
};
enum status plan_by_goal(struct call *call, const struct plan_wish *wish, struct plan **out);

#endif
