/*
 * ground.h - what a draft can stand on in this project: how it is built and tested.
 *
 * Told from the files at its root that name their tool; the configured gates come first. Nothing is
 * run, and what is not there is not guessed.
 */
#ifndef DOMAIN_PLAN_GROUND_H
#define DOMAIN_PLAN_GROUND_H

#include "base/arena.h"
#include "base/err.h"

struct project;

struct plan_ground {
	const char *build, *test; /* commands as a person types them, or NULL */
};

/* In the arena. E_NOMEM only. */
enum status ground_look(struct project *p, struct arena *a, struct plan_ground *out,
                        struct err *err);

#endif
