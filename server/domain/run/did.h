/*
 * did.h - what a task changed, in words for those that need it and as paths for telling conflicts.
 *
 * A task merged by this runner knows it; for one merged before, by a runner that is gone, it
 * is read from the commits of its attempt when somebody asks.
 */
#ifndef DOMAIN_RUN_DID_H
#define DOMAIN_RUN_DID_H

#include "domain/run/runner.h"

/* Fill t->did and t->files, which live as long as the run, from what changed. */
void did_note(struct runner *r, struct attempt *t, const struct repo_change *changes, size_t n);

/* The job's `did` and `files`, fetched if they have not been. */
void did_fetch(struct runner *r, struct job *job);

#endif
