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

/* A cancelled run has ended: the wish that it be cancelled is taken back. */
void obey_cancelled(struct runner *r);

/*
 * A signal to the runner: INT cancels the run, TSTP pauses it, CONT lets it go on. False: it is
 * none of these.
 */
bool obey_signal(struct runner *r, int signal);

/* A stored run is taken up again: let what did not succeed be tried again (a wish to resume). */
void obey_resume(struct runner *r);

#endif
