/* report.h - a report's beginning and end. */
#ifndef DOMAIN_COACH_REPORT_H
#define DOMAIN_COACH_REPORT_H

#include "domain/coach.h"
#include "domain/coach/session.h"
#include "domain/coach/sources.h"

#define SESSION_MEMORY ((size_t)1 << 30) /* most a single session may take; it takes far less */

/* An empty report, or NULL when the arena is full. */
struct coach_report *report_new(struct arena *a);

/* Put the findings in order, the most serious first; E_NOMEM when something did not fit. */
enum status report_end(struct coach_report *r, struct coach_report **out, struct err *err);

/* A closed session with its main file: its numbers and what is found in it. */
void report_session(struct coach_report *r, const struct session *s, const char *path);

/* The sessions that are wished. */
enum status report_sources(const struct coach_wish *wish, struct arena *a, struct sources *out,
                           struct err *err);

/* report_end of a report of sessions: what shows only among all of them. */
enum status report_sessions_end(struct coach_report *r, struct coach_report **out, struct err *err);

/* Note what was looked at: kind `run` or `session`, and its name. */
void report_subject(struct coach_report *r, const char *kind, const char *name);

/* A run's numbers as JSON, in put_run.c. */
void report_put_run(struct json_build *b, cJSON *metrics, const struct coach_report *r);

#endif
