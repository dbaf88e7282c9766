/* measure.h - the numbers of a session, added to those of the report. */
#ifndef DOMAIN_COACH_MEASURE_H
#define DOMAIN_COACH_MEASURE_H

#include "domain/coach.h"
#include "domain/coach/session.h"

/*
 * As one of the report's sessions, too, after measure_session; before: the report's numbers before
 * that. path is its main file's.
 */
void measure_one(struct coach_report *r, const struct session *s, const char *path,
                 const struct coach_metrics *before);

/* Add a closed session's numbers. Tokens are added by measure_end, from the report's table. */
void measure_session(struct coach_report *r, const struct session *s);

/* After the last session: totals of tokens, tools in order. */
void measure_end(struct coach_report *r);

/* Time from an answer to the next prompt; of gaps longer than over_ms only. */
int64_t measure_waiting(const struct session *s, int64_t over_ms);

/* Time in which at least one call was running. */
int64_t measure_tool_time(const struct session *s);

#endif
