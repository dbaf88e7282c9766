/* halt.h - a run that shall start nothing more: what is under way comes to its end. */
#ifndef DOMAIN_RUN_HALT_H
#define DOMAIN_RUN_HALT_H

#include "domain/run/runner.h"

/*
 * From now on nothing is started and nothing tried again; tasks that nobody is at are skipped
 * for that cause, which the run fails with. Once: later causes change nothing.
 */
void halt_run(struct runner *r, const char *cause);

/* In a halted run: a task that the schedule handed out after all. */
void halt_task(struct runner *r, struct job *job);

#endif
