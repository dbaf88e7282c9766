/*
 * runner.h - what the parts of the runner share: the run in memory, its tasks and the attempt each
 * is at (job.h), the merge lane.
 *
 * All of it belongs to the runner's one thread. The rule that keeps it recoverable: a part
 * changes memory and marks what it changed (record.h); once a turn the loop commits all
 * marks in one transaction; only then runner_act does what cannot be done twice:
 * moving the run's branch and starting agents.
 */
#ifndef DOMAIN_RUN_RUNNER_H
#define DOMAIN_RUN_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/wake.h"
#include "domain/config.h"
#include "domain/run.h"
#include "domain/run/job.h"
#include "domain/run/names.h"
#include "domain/run/options.h"
#include "domain/run/schedule.h"
#include "domain/run/steps.h"
#include "sys/proc.h"
#include "sys/repo.h"

struct warm {
	char *path;                 /* owned */
	const struct job *kept_for; /* NULL: for anybody */
	bool fresh; /* what was done in it is not durable yet: leave it alone until it is */
};

struct happening {       /* an event to be written with the next commit */
	struct job *job; /* NULL: of the run */
	const char *state, *cause;
	int64_t attempt, duration_ms;
	int exit_code;
	int64_t at_ms;
};

struct obeyed { /* a wish to be taken back; job NULL: the run's */
	struct job *job;
	const char *wish;
};

enum lane_look { LOOK_NONE, LOOK_BASELINE, LOOK_BATCH }; /* at what there is, with gates */
struct spent {                                           /* by all attempts that have ended */
	int64_t ms, tokens;
	double usd;
};

struct cooling {           /* an agent that was refused work */
	const char *agent; /* preset or name */
	int64_t until_ms;  /* wall clock */
	int64_t times;     /* refusals in a row */
	size_t most;       /* this many at once, 0: as many as there are workers */
	bool changed;
};

struct lane {                          /* one merge at a time */
	struct attempt *first, **last; /* PHASE_QUEUED */
	size_t queued;
	struct attempt **on; /* in the step that is away, or being moved to; room for n_jobs */
	size_t n_on;
	size_t most;           /* how many to take at once: halved when a gate fails on several */
	struct step *step;     /* merging or gating */
	bool moving;           /* committed: the branch goes to run->head */
	enum lane_look look;   /* what step is for, when it is not for a merge */
	size_t batch, batches; /* whose gates are being run; how many have passed theirs */
	struct oid batch_head; /* where the last of these did */
	char *gate_tree;       /* worktree in which gates were run last, or NULL; owned */
	size_t gate_trees;     /* made so far */
	struct gate_row *results; /* of gates, to be written; in the run's arena */
	size_t n_results, results_room;
};

struct runner {
	struct project *project;
	struct db *db;
	const struct config *config;
	struct arena *arena; /* as long as the runner */
	struct run_row row;
	bool changed;
	enum run_state state;
	struct run_options options;
	struct run_note *notes;
	size_t n_notes, notes_room;

	struct job *jobs;
	struct name *names; /* of the jobs' ids */
	size_t n_jobs;
	size_t *changed_jobs; /* indices, in the order they changed */
	size_t n_changed;
	size_t n_waiting; /* for a second try */
	struct schedule *schedule;
	struct attempt **slots; /* of workers; NULL: free */
	size_t n_slots;
	struct attempt **alive; /* every attempt, whatever its phase */
	size_t n_alive, alive_room;
	struct conflict_row *conflicts; /* that were met; in the run's arena */
	size_t n_conflicts, conflicts_room, conflicts_written;
	struct happening *happenings;
	size_t n_happenings, happenings_room;

	bool tree_made;          /* worktrees can be made here */
	bool confined;           /* the kernel keeps agents out of the user's checkout */
	struct repo_state *user; /* when it does not: HEAD, refs, ... as they must stay */
	bool in_git;             /* worktrees, merges */
	struct repo *repo;       /* the loop's own handle */
	struct oid head;         /* where the branch is or is about to be */
	struct oid at;           /* where it is */
	const char *branch_ref;
	const char *prefix;    /* of the names of its worktrees */
	const char *worktrees; /* folder */
	struct warm *warm;     /* free worktrees that may be used again */
	size_t n_warm, warm_room;
	struct step *ahead_step; /* one more is being made */
	size_t n_aheads;         /* made so */
	const char *const *env;  /* allow-list for gates and set-up */
	struct lane lane;

	size_t *open_in; /* by level: tasks that have not been settled */
	size_t n_levels, checkpointed, tagged;
	struct obeyed *obeyed;
	size_t n_obeyed, obeyed_room;

	bool ahead;              /* intents are recorded before a worker is free */
	int64_t n_over, over_us; /* agents that have ended, and how long they took */
	struct sandbox *shared;  /* of agents that work in the project's folder itself */
	const struct config_agent *shared_by;

	struct spent spent;
	struct config_budget budget; /* the configured one and the run's own */
	struct cooling *cooling;
	size_t n_cooling, cooling_room;

	struct steps *steps;
	struct proc_keeper *keeper;
	struct wake *wake;
	struct mailbox *mailbox;  /* for what agents ask and tell */
	int signals;              /* signalfd */
	bool cancelled;           /* the run: asked for */
	bool given_up;            /* cannot go on: cause in row.cause */
	bool held;                /* nothing starts before the base was looked at */
	const char *halted;       /* why nothing more is started, or NULL; see halt.h */
	int64_t dirty_since_ms;   /* monotonic; 0: nothing to commit */
	int64_t trouble_since_ms; /* commits fail since; 0: they do not */
	struct gone *gone;        /* tells when the state folder goes */
	int64_t last_sign_ms;     /* wall clock: of the runner before this one that died; or 0 */
	int64_t tasks_ended_ms;   /* wall clock: the last task was settled */
};

#endif
