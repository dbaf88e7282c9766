/*
 * left.h - what runs have left behind: worktrees, saved work, branches; throwing it away, going
 * back to a checkpoint. As domain/run.h: any thread may call.
 */
#ifndef DOMAIN_RUN_LEFT_H
#define DOMAIN_RUN_LEFT_H

#include "domain/run.h"

/*
 * Throw away what a task that did not get merged has left: its worktrees and saved refs. Without
 * confirm only say what would be lost. E_ABSENT when it has left nothing.
 */
struct run_discard_want {
	const char *run, *task;
	bool confirm;
	const char *name; /* of a worktree, in place of run and task */
};
enum status run_discard(struct project *p, const struct run_discard_want *want, struct arena *a,
                        const char **words, struct err *err);

/* The same for one worktree by its name, whoever left it there. */
enum status run_discard_named(struct project *p, const struct run_discard_want *want,
                              struct arena *a, const char **words, struct err *err);

/* Worktrees in the project's folder for them; those of a live run are in use. */
struct run_left {
	const char *name, *path;
	const char *class;      /* clean, dirty (not committed), unmerged (in no ref), broken */
	const char *run, *task; /* whose it was, or NULL */
	bool live;              /* that run goes on */
};
struct run_lefts {
	struct run_left *at;
	size_t n;
};
enum status run_left(struct project *p, const atomic_bool *stop, struct arena *a,
                     struct run_lefts *out, struct err *err);

/*
 * Move the run's branch back to the checkpoint of a batch, by compare-and-swap. What is left
 * behind stays in a ref; tasks merged since count as cancelled, and resume does them anew. The
 * user's checkout is not touched. E_INPUT while the run goes on, E_ABSENT without that
 * checkpoint, E_DENIED when somebody else moved the branch or has it checked out.
 */
struct run_rollback_want {
	const char *run;
	int64_t batch;
};
enum status run_rollback(struct project *p, const struct run_rollback_want *want, struct arena *a,
                         const char **words, struct err *err);

#endif
