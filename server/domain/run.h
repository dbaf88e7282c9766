/*
 * run.h - runs: a plan carried out by agents, by a runner of its own.
 *
 * run_start checks everything that can be checked, stores the run and starts its
 * runner: this same program in its own session, which holds the lock
 * STATE/runs/RUN/lock for as long as it lives and is the only one that changes the run's
 * state. Everybody else reads rows (run_view), and leaves wishes in them (run_control). A run
 * whose state says that it goes on and whose lock nobody holds is `interrupted`.
 *
 * A task starts when all it needs is merged, the most urgent first. Its attempt goes
 * intent -> started -> result -> gated -> merged, each step durable before the next one that
 * could not be done twice; so a runner may be killed at any moment and the next one
 * (resume) goes on from there.
 *
 * All functions but run_runner may be called from any thread.
 */
#ifndef DOMAIN_RUN_H
#define DOMAIN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/config.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "domain/run/state.h"
#include "store/attempts.h"
#include "store/runs.h"

#define RUN_JOBS_MAX    64
#define RUN_RETRIES_MAX 20
#define RUN_NOT_GIVEN   (-1L)

struct run_options; /* run/options.h */

/* What was asked for; NULL and RUN_NOT_GIVEN: as configured. */
struct run_request {
	const struct plan *plan;
	const char *plan_id;      /* where the plan is stored, or NULL */
	const char *agent;        /* for tasks that name none */
	const char *base;         /* commit or branch to begin on; NULL: HEAD */
	const char *merge;        /* `none`, `into` or `pr`; NULL: none */
	const char *conflicts;    /* `agent`, `person` or `stop` */
	const char *workflow;     /* of tasks that name none */
	const char *mode;         /* worktree, shared, sequential */
	const char *const *gates; /* names of configured gates */
	size_t n_gates;
	bool gates_given; /* else all */
	bool tags;        /* an annotated tag for each batch */
	bool red_base;    /* begin even where gates do not pass on the base */
	long jobs, retries, timeout_s;
	struct config_budget budget; /* of this run; 0: as configured, which none can widen */
};

struct run_note { /* what a reader of the result should know */
	const char *code, *message;
};

/* What a run will be, before it is stored. */
struct run_draft {
	const char *id, *branch, *base_oid, *mode; /* branch and base_oid NULL outside git */
	const char *options;                       /* JSON, resolved */
	long jobs;
	const struct run_note *notes;
	size_t n_notes, n_tasks;
	const char *first_prompt; /* of the most urgent task, for a dry run */
};

/*
 * Check a request and resolve it against the configuration; nothing is stored. E_INPUT for a
 * plan that is empty, unsound or all done, and for arguments that do not fit; E_ABSENT for an
 * unknown agent or gate; E_DENIED when commands are not trusted.
 */
enum status run_check(struct project *p, const struct run_request *want, struct arena *a,
                      struct run_draft *out, struct err *err);

/*
 * Check, store, start the runner. On OK the run is durable and its runner holds the lock.
 * *id is in the arena.
 */
enum status run_start(struct project *p, const struct run_request *want, const atomic_bool *stop,
                      struct arena *a, const char **id, struct err *err);

enum run_verb {
	RUN_DO_PAUSE,
	RUN_DO_RESUME,
	RUN_DO_CANCEL,
	RUN_DO_RETRY,
	RUN_DO_APPROVE,
	RUN_DO_SKIP,
};

/*
 * Ask for something; the runner obeys soon, and one is started where it needs one. Twice is as
 * once. E_INPUT, saying why, when it makes no sense in the state that the run or task is in.
 */
enum status run_control(struct project *p, const char *run, const char *task, enum run_verb verb,
                        const atomic_bool *stop, struct err *err);

/*
 * Another budget for a run that is not going on; 0: as it was. It counts from its next resume.
 * E_INPUT while its runner lives.
 */
enum status run_set_budget(struct project *p, const char *run, const struct config_budget *budget,
                           const atomic_bool *stop, struct err *err);

/* A run as it stands; everything in the arena. */
struct run_view {
	struct run_row row;
	enum run_state state; /* `interrupted` found out */
	struct task_row *tasks;
	size_t n_tasks;
	struct edge_row *edges;
	size_t n_edges;
	struct attempt_row *attempts; /* by task and number */
	size_t n_attempts;
	struct gate_row *gates;
	size_t n_gates;
	struct checkpoint_row *checkpoints;
	size_t n_checkpoints;
	const struct run_options *options; /* as stored; NULL: they cannot be read */
	struct conflict_row *conflicts;    /* by task and attempt */
	size_t n_conflicts;
	size_t counts[TASK_STATES];

	/* Measured; 0 where nothing can be said yet. */
	int64_t wall_ms;        /* runners were at work on it */
	int64_t work_ms;        /* sum of the run times of succeeded tasks */
	int64_t lower_bound_ms; /* no schedule of these run times on so many workers is shorter */
	int64_t busy_ms;        /* sum of the run times of all attempts */
	double speedup, efficiency, utilisation, concurrency;
};

/* E_ABSENT for an unknown run. */
enum status run_look(struct project *p, const char *run, const atomic_bool *stop, struct arena *a,
                     struct run_view *out, struct err *err);

/* Only row, state and counts: cheap enough to look often. */
enum status run_glance(struct project *p, const char *run, const atomic_bool *stop, struct arena *a,
                       struct run_view *out, struct err *err);

/* The newest first; before: id to go on after, or NULL. Views as run_glance's. */
struct run_page {
	const char *before;
	size_t limit;
};
struct run_views {
	struct run_view *at;
	size_t n;
};
enum status run_list(struct project *p, const struct run_page *page, const atomic_bool *stop,
                     struct arena *a, struct run_views *out, struct err *err);

/*
 * The next task from the one at `from` on that waits for an approval, or PLAN_NONE; and what
 * somebody who is to approve should know, one or more lines in the arena. To approve it is
 * run_control(RUN_DO_APPROVE), to refuse RUN_DO_CANCEL.
 */
size_t run_waiting(const struct run_view *v, size_t from);
const char *run_waiting_words(const struct run_view *v, size_t task, struct arena *a);

/* The contract's JSON: of the whole run with limit tasks from the one at `from`; of one task. */
cJSON *run_json(struct json_build *b, const struct run_view *v, size_t from, size_t limit);
cJSON *run_brief_json(struct json_build *b, const struct run_view *v);
cJSON *run_task_json(struct json_build *b, const struct run_view *v, size_t task);

/* Index of the task with that id, or PLAN_NONE. */
size_t run_find_task(const struct run_view *v, const char *task);

/*
 * The end of what an attempt said (0: the last one), at most max bytes, from the beginning of
 * a line. E_ABSENT when the task or attempt is not there or has said nothing yet.
 */
struct run_log_want {
	const char *run, *task;
	int64_t attempt;
	size_t max;
};
struct run_log {
	const char *text;
	bool cut; /* there was more before it */
};
enum status run_log(struct project *p, const struct run_log_want *want, struct arena *a,
                    struct run_log *out, struct err *err);

/*
 * The runner: carry out a stored run to its end. `ready` (may be NULL) is called once the lock is
 * held and the run is loaded. For the main thread of a process of its own. E_BUSY when another
 * runner has it.
 */
enum status run_runner(struct project *p, const char *run, void (*ready)(void *arg), void *arg,
                       struct err *err);

#endif
