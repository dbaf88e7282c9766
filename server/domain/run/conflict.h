/*
 * conflict.h - results that cannot be merged: told with files and both tasks, and by policy
 * left for the person, given to an agent, or the end of the run.
 *
 * For an agent the task gets another attempt (its row says which one it resolves). Its worktree
 * is the merge of the branch and the work of that attempt, with both sides between markers where
 * they do not fit; what it leaves becomes a merge commit with both as parents, unless markers
 * are left. The work of the first attempt is kept in its ref all the while.
 *
 * All functions run on the runner's thread and only mark what they change.
 */
#ifndef DOMAIN_RUN_CONFLICT_H
#define DOMAIN_RUN_CONFLICT_H

#include "domain/run/runner.h"
#include "sys/repo_merge.h"

/* The attempt's result conflicts with the branch: as the policy has it. */
void conflict_met(struct runner *r, struct attempt *t, const struct repo_merge *merge);

/* What an attempt is told about the conflict that it is to resolve, or NULL. In its arena. */
const char *conflict_words(struct runner *r, const struct attempt *t);

/* Write conflicts that were met; part of the turn's commit. Afterwards: they are written. */
enum status conflict_put(struct runner *r, struct err *err);
void conflict_committed(struct runner *r);

/* After a load: what was met before, then of each job's attempts, by number, what is to resolve. */
enum status conflict_load_rows(struct runner *r, struct err *err);
void conflict_load(struct runner *r, struct job *job, const struct attempt_row *row);

#endif
