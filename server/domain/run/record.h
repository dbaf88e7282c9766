/*
 * record.h - what the runner changes, and the one transaction a turn that makes it durable.
 *
 * Changes are made in memory and marked; events queue in the order things happened.
 * record_commit writes all of it or nothing; what could not be written stays marked.
 */
#ifndef DOMAIN_RUN_RECORD_H
#define DOMAIN_RUN_RECORD_H

#include "domain/run/runner.h"

/* A task's new state, with its event. cause is copied; NULL: none. No change, no event. */
void record_task(struct runner *r, struct job *job, enum task_state state, const char *cause);

/* Something else in the task's row has changed. */
void record_row(struct runner *r, struct job *job);

/* The run's new state, with its event. */
void record_run(struct runner *r, enum run_state state, const char *cause);

/* The attempt's new state (a word of the schema, static). */
void record_attempt(struct runner *r, struct attempt *t, const char *state);

/* Something a reader should know; said once for the same words. */
__attribute__((format(printf, 3, 4))) void record_note(struct runner *r, const char *code,
                                                       const char *fmt, ...);

/* Why a task that stays in its state does not go on. */
void record_cause(struct runner *r, struct job *job, const char *cause);

/* Something about the run that is worth an event, though its state stays. */
void record_event(struct runner *r, const char *cause);

/* The task waits for a second try until then (monotonic), or, with 0, no longer. */
void record_retry(struct runner *r, struct job *job, int64_t retry_ms);

/* Something is to be written that is not one of the above. */
void record_mark(struct runner *r);

/* Is anything marked? */
bool record_pending(const struct runner *r);

/* Write what is marked. On OK every intent marked before is durable. */
enum status record_commit(struct runner *r, struct err *err);

#endif
