/*
 * job.h - a task of the run in memory (a "job"), and the attempt it is at. The rule of
 * runner.h holds for both.
 */
#ifndef DOMAIN_RUN_JOB_H
#define DOMAIN_RUN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "domain/config.h"
#include "domain/run.h"
#include "domain/run/output.h"
#include "domain/run/steps.h"
#include "domain/run/stream.h"
#include "sys/proc.h"
#include "sys/repo.h"

enum attempt_phase {
	PHASE_NONE,       /* settled: only its row is still to be written */
	PHASE_INTENT,     /* waits for a worktree whose last work is not durable yet */
	PHASE_PREPARING,  /* its worktree is being made */
	PHASE_PREPARED,   /* may start as soon as the intent is committed */
	PHASE_RUNNING,    /* the agent */
	PHASE_COLLECTING, /* what it left is being committed, or looked at by its stage's gates */
	PHASE_WAITING,    /* for somebody's approval */
	PHASE_QUEUED,     /* for the merge lane */
	PHASE_MERGING,    /* in it: merged in memory, gated */
	PHASE_MOVING,     /* the run's branch is to be moved onto it */
	PHASE_SAVING,     /* it failed; what it left is being kept */
};

/* Why an attempt did not succeed, for how long to wait before the next. */
enum attempt_why {
	WHY_FAILED, /* the agent */
	WHY_GATE,   /* its work did not pass */
	WHY_TIME,   /* a time limit, a stall */
	WHY_LIMIT,  /* it was refused work */
	WHY_LOST,   /* nothing was tried, or its runner died */
};

struct job;
struct flow;
struct stage;

struct attempt {
	struct job *job;
	struct arena *arena;    /* dies with the attempt */
	struct attempt_row row; /* oids point to the fields below */
	enum attempt_phase phase;
	bool changed, committed; /* the row: to be written; the intent is durable */
	struct oid base, result, merged;
	const struct stage *stage; /* of its task's workflow, or NULL */
	const char *ends;          /* `staged` or `returned`: the task goes on after it; or NULL */
	const char *last_said;     /* the last line of its agent */
	struct oid theirs; /* earlier work whose conflict with base it is to resolve, or none */
	struct oid from; /* what its worktree is made of: base, or what an attempt before it left */
	const struct config_agent *agent;
	const char *path;  /* folder it works in */
	char *old_path;    /* a warm worktree it is to be made of, or NULL; owned */
	bool keep_dirty;   /* it holds what no commit can: never used again, never removed */
	bool own_worktree; /* path is a worktree of ours */
	struct step *step; /* away for it, or NULL */

	struct proc *proc;
	struct output *log;
	struct stream *stream;                   /* what it tells of itself, or NULL */
	bool goes_on;                            /* with the session of the attempt before it */
	size_t denials;                          /* what it was not permitted */
	bool kept;                               /* all it left is in a commit */
	enum attempt_why why;                    /* once it failed */
	int64_t deadline_ms, again_ms, heard_ms; /* monotonic */
	int64_t quiet_ms, looked_ms, cpu_us;     /* see stall.h */
	int64_t started_us;
	enum task_state verdict; /* once ended by us or failed: what it will be */
	const char *cause;
	bool again;             /* may be tried again by itself */
	bool no_count;          /* the try does not count against the retries */
	const char *remembered; /* for its prompt, or NULL */
	const size_t *readied;  /* tasks that may begin once it is merged */
	size_t n_readied;
	const char *did;    /* what it changed, for the prompts of those who need it */
	const char **files; /* paths it changed */
	size_t n_files;
	struct attempt *next; /* in the lane's queue */
};

/* What is known of the session that an agent may go on with. */
struct job_session {
	const char *id;        /* in the run's arena; NULL: there is none */
	const char *path;      /* folder it worked in; it can go on only there */
	struct oid left, base; /* commit with what it left, and what that began on */
	int64_t tokens_in, tokens_cached, tokens_out; /* used so far */
	double usd;
};

struct job {
	struct task_row row; /* texts in the run's arena */
	enum task_state state;
	bool changed;
	size_t index;
	const cJSON *spec; /* the plan's task */
	cJSON *spec_own;
	const struct config_agent *agent;
	struct flow *flow; /* where it is in its workflow; NULL: it has none */
	bool approval;     /* somebody must approve what it did */
	bool waited;       /* for that, when the runner before this one ended */
	size_t level;      /* longest chain of needs before it */
	const size_t *needs;
	size_t n_needs;
	struct attempt *now; /* or NULL */
	int64_t attempts;    /* number of the last one */
	int64_t tries;       /* that failed and counted, since somebody last asked for it */
	int64_t worked_ms;   /* of the attempt that succeeded */
	int64_t retry_ms;    /* monotonic; 0: does not wait for a second try */
	bool cancel;         /* asked for */
	const char *did;     /* these three: see did.h */
	const char **files;  /* it changed and that were merged */
	size_t n_files;
	struct oid from, to; /* what a runner before this one merged for it, or none */
	struct oid theirs;   /* work that conflicts, for the next attempt to resolve, or none */
	int64_t resolves;    /* the number of that attempt */
	int rounds;          /* attempts that ended so */
	int64_t refusals;    /* in a row, for a rate limit */
	struct job_session session;
};

#endif
