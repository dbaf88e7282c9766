/* spawn.h - a runner for a stored run. */
#ifndef DOMAIN_RUN_SPAWN_H
#define DOMAIN_RUN_SPAWN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "domain/project.h"

/* Start this program as the run's runner; OK once it holds the run's lock. */
enum status spawn_runner(struct project *p, const char *run, struct arena *a, struct err *err);

/*
 * A runner for a run that was interrupted or has ended, and for which a wish was left. The last one
 * may not be gone yet, though it looks at no wish any more: that is waited for. OK, too, when
 * somebody else has taken the run up meanwhile.
 */
enum status spawn_again(struct project *p, const char *run, const atomic_bool *stop,
                        struct arena *a, struct err *err);

/* Does a runner hold the run's lock? */
bool spawn_alive(const struct project *p, const char *run, struct arena *a);

#endif
