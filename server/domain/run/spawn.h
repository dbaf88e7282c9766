/* spawn.h - a runner for a stored run. */
#ifndef DOMAIN_RUN_SPAWN_H
#define DOMAIN_RUN_SPAWN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/project.h"

/* Start this program as the run's runner; OK once it holds the run's lock. */
enum status spawn_runner(struct project *p, const char *run, struct arena *a, struct err *err);

/* Does a runner hold the run's lock? */
bool spawn_alive(const struct project *p, const char *run, struct arena *a);

#endif
