/*
 * planner.h - a plan written by a model: what it is asked, what of its answer is the plan, and what
 * it has to mend.
 *
 * The model is an agent of the configuration (planner_run), or the host's, which the handler asks
 * with the same words. An answer is taken when it is a plan without errors; otherwise it is sent
 * back with every error named, at most PLANNER_REPAIRS times.
 */
#ifndef DOMAIN_PLAN_PLANNER_H
#define DOMAIN_PLAN_PLANNER_H

#include "domain/plan.h"

#define PLANNER_REPAIRS    2
#define PLANNER_ANSWER_MAX ((size_t)4 << 20) /* bytes that are read of an answer */

struct project;

/* How a plan is to be written, with the goal; for any model that can then call a tool. */
const char *planner_rules(struct arena *a);

/* What a model is asked that answers with nothing but the plan. NULL when the arena is full. */
const char *planner_ask(struct arena *a, const char *goal);

/* The same once more, with its answer and what is wrong with it. */
const char *planner_ask_again(struct arena *a, const char *goal, const char *answer,
                              const char *wrong);

/*
 * The plan in an answer: JSON among other words, or in the lines that assistants write. E_INPUT
 * when there is none or it has errors: *wrong then names them all, in the arena.
 */
enum status planner_read(const char *answer, const struct plan_options *options, struct arena *a,
                         struct plan **out, const char **wrong, struct err *err);

/*
 * Have an agent of the configuration write the plan; it reads the project and may write only to a
 * folder of its own. E_INPUT when its last answer is no plan, with what is wrong; E_IO when
 * it fails.
 */
struct planner_want {
	const char *agent, *goal; /* agent: its name in the configuration */
	const struct plan_options *options;
	const atomic_bool *stop;
	struct bell *bell; /* rung after it was set; not NULL where stop is not */
};
enum status planner_run(struct project *p, const struct planner_want *want, struct arena *a,
                        struct plan **out, struct err *err);

#endif
