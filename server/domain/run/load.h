/*
 * load.h - a stored run brought back into memory, whatever state its last runner left it in.
 *
 * What an agent of a dead runner left running is ended first. Then each attempt that
 * was under way is brought to a point from which it goes on: merged if the branch says
 * so, to be merged if the agent had ended well, otherwise lost: its work is saved, its task
 * begins anew with the next attempt.
 */
#ifndef DOMAIN_RUN_LOAD_H
#define DOMAIN_RUN_LOAD_H

#include "domain/run/runner.h"

/* Fill a runner whose project, db and arena are set. E_ABSENT: no such run. */
enum status load_run(struct runner *r, const char *run, struct err *err);

/* Put the attempts that were under way back on their way; steps and lane must be there. */
enum status load_attempts(struct runner *r, struct err *err);

/* Free what load_run made. */
void load_done(struct runner *r);

#endif
