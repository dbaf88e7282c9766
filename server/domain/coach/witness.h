/*
 * witness.h - the events that a finding in a run can be looked up by.
 */
#ifndef DOMAIN_COACH_WITNESS_H
#define DOMAIN_COACH_WITNESS_H

#include "domain/coach.h"
#include "store/runs.h"

/*
 * Give every task that is evidence its last event of that run. One look through the log, from the
 * run's beginning to its end; what was forgotten of it has no event.
 */
enum status witness_events(struct db *db, const struct run_row *run, struct coach_report *r,
                           struct err *err);

#endif
