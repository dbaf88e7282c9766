/*
 * likely.h - files a task will most likely touch, where it names none.
 *
 * A plan is filled only with what the history is sure of: files that at least half of the most
 * similar earlier commits, by weight, changed. bench/witness.c measures how often that is right.
 */
#ifndef DOMAIN_PLAN_LIKELY_H
#define DOMAIN_PLAN_LIKELY_H

#include "domain/plan/draft.h"
#include "domain/witness.h"

#define LIKELY_MAX   3    /* files of a task */
#define LIKELY_LOOK  5    /* where an agent should look first */
#define LIKELY_TASKS 1000 /* of a plan that are looked at */

struct likely {
	const char *may[LIKELY_LOOK]; /* the witness's, likeliest first */
	const char *at[LIKELY_MAX];   /* those that are sure enough */
	size_t n_may, n;
};

struct likely_question {
	const char *title, *description; /* description may be NULL */
	bool gone;                       /* also files that are only in the history */
};

enum status likely_files(struct witness *w, const struct likely_question *q, struct likely *out,
                         struct err *err);

/* Fill the files of open tasks that name none, and what they may touch. */
enum status likely_fill(struct draft *d, struct witness *w, struct err *err);

#endif
