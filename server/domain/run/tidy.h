/*
 * tidy.h - worktrees and locks that lie about: what a dead runner left half made, and what
 * is left when a run is over.
 */
#ifndef DOMAIN_RUN_TIDY_H
#define DOMAIN_RUN_TIDY_H

#include "domain/run/runner.h"

/*
 * A runner before this one died. Its locks on refs of the run go, and so do worktrees that it
 * was just making or moving on, which nobody has worked in. For a holder of the run's lock.
 */
void tidy_after_crash(struct runner *r);

/* The run is over: remove what worktrees hold nothing; those that do are named in a note. */
void tidy_at_end(struct runner *r);

#endif
