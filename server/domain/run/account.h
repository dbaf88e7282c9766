/*
 * account.h - what the attempts of a run have used, and what it may use: minutes of agents'
 * time, tokens, money.
 *
 * Tokens count as they are paid for: what the model read anew and what it wrote, not what came
 * out of its cache. Sums are made of the attempts' rows, so a run that is taken up again goes
 * on counting where it stood. At 80 % of a limit the run says so, once; at 100 % nothing more is
 * started, what runs comes to its end, and the run ends. Runs on the runner's thread.
 */
#ifndef DOMAIN_RUN_ACCOUNT_H
#define DOMAIN_RUN_ACCOUNT_H

#include "domain/run/runner.h"

#define ACCOUNT_WARN 0.8

/* An agent ended: what it told of itself goes into its row, the sums, the run's notes. */
void account_take(struct runner *r, struct attempt *t);

/* An attempt of an earlier runner, or of this one once it is settled for good. */
void account_add(struct runner *r, struct job *job, const struct attempt_row *row);

/* Look at the sums: warn, or, once, halt the run. Every turn. */
void account_turn(struct runner *r);

#endif
