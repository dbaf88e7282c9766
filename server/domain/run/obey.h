/*
 * obey.h - wishes: what people and tools asked a run or a task for, and the runner's answer.
 */
#ifndef DOMAIN_RUN_OBEY_H
#define DOMAIN_RUN_OBEY_H

#include "domain/run/runner.h"

/* Read the wishes there are and do them; they are taken back with the next commit. */
enum status obey_wishes(struct runner *r, struct err *err);

/* Part of the turn's commit: take back what was obeyed. */
enum status obey_put(struct runner *r, struct err *err);
void obey_committed(struct runner *r);

/* A stored run is taken up again: let what did not succeed be tried again (a wish to resume). */
void obey_resume(struct runner *r);

#endif
