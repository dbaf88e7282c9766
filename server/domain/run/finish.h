/* finish.h - the end of a run: its last gates, the user's checkout, what lies about, the verdict.
 */
#ifndef DOMAIN_RUN_FINISH_H
#define DOMAIN_RUN_FINISH_H

#include "domain/run/runner.h"

/*
 * Nothing is under way any more. Run the gates of the run, move the checkout if that was
 * asked for, remove what worktrees hold nothing, say how the run ended. Only marks;
 * the caller commits.
 */
void finish_run(struct runner *r);

#endif
