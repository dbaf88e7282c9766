/* ask.c - asking a run for something, from any process. */
#include <string.h>

#include "base/text.h"
#include "domain/run.h"
#include "domain/run/options.h"
#include "domain/run/spawn.h"

static const char *const wishes[] = {
	[RUN_DO_PAUSE] = "pause", [RUN_DO_RESUME] = "resume",   [RUN_DO_CANCEL] = "cancel",
	[RUN_DO_RETRY] = "retry", [RUN_DO_APPROVE] = "approve", [RUN_DO_SKIP] = "skip",
};

/* What to do about a request in the state that the run is in. */
enum answer { WISH, WISH_AND_SPAWN, NOTHING_TO_DO, NO_SENSE };

static enum answer of_resume(enum run_state state, bool live)
{
	if (state == RUN_PAUSED)
		return WISH;
	return live || state == RUN_SUCCEEDED ? NOTHING_TO_DO : WISH_AND_SPAWN;
}

static enum answer of_cancel(enum run_state state, bool live)
{
	if (live)
		return WISH;
	if (state == RUN_CANCELLED)
		return NOTHING_TO_DO;
	return state == RUN_INTERRUPTED ? WISH_AND_SPAWN : NO_SENSE;
}

static enum answer of_run(enum run_verb verb, const struct run_view *v)
{
	enum run_state state = v->state;
	bool live = state == RUN_QUEUED || state == RUN_RUNNING || state == RUN_PAUSED;

	switch (verb) {
	case RUN_DO_PAUSE:
		return state == RUN_PAUSED ? NOTHING_TO_DO : live ? WISH : NO_SENSE;
	case RUN_DO_RESUME:
		return of_resume(state, live);
	case RUN_DO_CANCEL:
		return of_cancel(state, live);
	case RUN_DO_RETRY:
		return live ? NOTHING_TO_DO : state == RUN_SUCCEEDED ? NO_SENSE : WISH_AND_SPAWN;
	case RUN_DO_APPROVE:
		return run_waiting(v, 0) == PLAN_NONE ? NO_SENSE : live ? WISH : WISH_AND_SPAWN;
	case RUN_DO_SKIP:
		break;
	}
	return NO_SENSE;
}

/* Twice is as once: what was approved before is no mistake. */
static enum answer of_approval(const struct run_view *v, size_t task, enum answer yes)
{
	const struct task_row *t = &v->tasks[task];

	if (t->waits_for != NULL)
		return yes;
	for (size_t i = 0; i < v->n_attempts; i++)
		if (v->attempts[i].approved_ms != RUNS_NONE &&
		    strcmp(v->attempts[i].task, t->id) == 0)
			return NOTHING_TO_DO;
	return NO_SENSE;
}

static enum answer of_task(enum run_verb verb, const struct run_view *v, size_t at)
{
	enum run_state run = v->state;
	enum task_state task = task_state_read(v->tasks[at].state);
	bool live = run == RUN_QUEUED || run == RUN_RUNNING || run == RUN_PAUSED;
	enum answer yes = live ? WISH : WISH_AND_SPAWN;

	switch (verb) {
	case RUN_DO_CANCEL:
		return task == TASK_CANCELLED   ? NOTHING_TO_DO
		       : task >= TASK_SUCCEEDED ? NO_SENSE
		                                : yes;
	case RUN_DO_RETRY:
		return task == TASK_SUCCEEDED          ? NO_SENSE
		       : task < TASK_SUCCEEDED && live ? WISH
		                                       : yes;
	case RUN_DO_SKIP:
		return task == TASK_SUCCEEDED || (task >= TASK_RUNNING && task <= TASK_MERGING)
		           ? NO_SENSE
		           : yes;
	case RUN_DO_APPROVE:
		return of_approval(v, at, yes);
	case RUN_DO_PAUSE:
	case RUN_DO_RESUME:
		break;
	}
	return NO_SENSE;
}

static enum status wish(struct project *p, const char *run, const char *task, const char *words,
                        const atomic_bool *stop, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st != OK)
		return st;
	if ((st = db_begin(db, err)) == OK && (st = runs_wish(db, run, task, words, err)) == OK)
		st = project_commit(p, db, err); /* wakes the runner */
	project_done(p, db);
	return st;
}

static enum status refuse(const struct run_view *v, const char *task, enum run_verb verb,
                          struct err *err)
{
	size_t at = task == NULL ? PLAN_NONE : run_find_task(v, task);

	if (verb == RUN_DO_APPROVE && task != NULL)
		return err_set(err, E_INPUT,
		               "task '%s' of run '%s' is %s and waits for no approval", task,
		               v->row.id, v->tasks[at].state);
	if (verb == RUN_DO_APPROVE)
		return err_set(err, E_INPUT, "nothing in run '%s' waits for an approval",
		               v->row.id);
	if (task == NULL && verb == RUN_DO_SKIP)
		return err_set(err, E_INPUT,
		               "'skip' needs 'taskId': which task is to be left out?");
	if (task == NULL)
		return err_set(err, E_INPUT, "run '%s' is %s and cannot be asked to %s", v->row.id,
		               run_state_word(v->state), wishes[verb]);
	if (verb == RUN_DO_PAUSE || verb == RUN_DO_RESUME)
		return err_set(err, E_INPUT, "'%s' concerns the whole run; leave out 'taskId'",
		               wishes[verb]);
	return err_set(err, E_INPUT, "task '%s' of run '%s' is %s and cannot be asked to %s", task,
	               v->row.id, v->tasks[at].state, wishes[verb]);
}

/* The nearest task's id, for a person who mistyped one. */
static enum status no_such_task(const struct run_view *v, const char *task, struct arena *a,
                                struct err *err)
{
	const char **ids = arena_take(a, (v->n_tasks + 1) * sizeof *ids);
	const char *near;

	for (size_t i = 0; ids != NULL && i < v->n_tasks; i++)
		ids[i] = v->tasks[i].id;
	near = ids == NULL ? NULL : text_nearest(task, ids, v->n_tasks);
	return err_set(err, E_ABSENT, "run '%s' has no task '%s'%s%s%s", v->row.id, task,
	               near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
	               near == NULL ? "" : "'?");
}

/* What is asked for: of a task, or of the whole run when that is NULL. */
struct ask {
	struct project *project;
	const char *task;
	enum run_verb verb;
	const atomic_bool *stop;
	struct arena *arena;
};

static enum status control(const struct ask *ask, const struct run_view *v, struct err *err)
{
	const char *task = ask->task;
	enum run_verb verb = ask->verb;
	enum answer answer;
	enum status st;
	size_t at = PLAN_NONE;

	if (task != NULL && (at = run_find_task(v, task)) == PLAN_NONE)
		return no_such_task(v, task, ask->arena, err);
	answer = task == NULL ? of_run(verb, v) : of_task(verb, v, at);
	if (answer == NOTHING_TO_DO)
		return OK;
	if (answer == NO_SENSE)
		return refuse(v, task, verb, err);
	/* To try a run again is to resume it. */
	if (task == NULL && verb == RUN_DO_RETRY)
		verb = RUN_DO_RESUME;
	if ((st = wish(ask->project, v->row.id, task, wishes[verb], ask->stop, err)) != OK)
		return st;
	if (answer == WISH_AND_SPAWN)
		st = spawn_again(ask->project, v->row.id, ask->stop, ask->arena, err);
	return st;
}

static enum status store_options(struct project *p, const char *run, const char *options,
                                 const atomic_bool *stop, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(p, stop, &db, err);

	if (st != OK)
		return st;
	if ((st = db_begin(db, err)) == OK && (st = runs_set_options(db, run, options, err)) == OK)
		st = project_commit(p, db, err);
	project_done(p, db);
	return st;
}

static enum status change_budget(struct project *p, const struct run_view *v,
                                 const struct config_budget *budget, struct arena *a,
                                 struct err *err)
{
	struct run_options o;
	const char *text;
	enum status st;

	if (v->state == RUN_QUEUED || v->state == RUN_RUNNING || v->state == RUN_PAUSED)
		return err_set(err, E_INPUT,
		               "run '%s' is %s; its budget can be changed once it has ended",
		               v->row.id, run_state_word(v->state));
	if ((st = run_options_read(v->row.options, a, &o, err)) != OK)
		return st;
	o.budget.minutes = budget->minutes > 0 ? budget->minutes : o.budget.minutes;
	o.budget.usd = budget->usd > 0 ? budget->usd : o.budget.usd;
	o.budget.tokens = budget->tokens > 0 ? budget->tokens : o.budget.tokens;
	if ((st = run_options_write(&o, a, &text, err)) != OK)
		return st;
	return store_options(p, v->row.id, text, NULL, err);
}

enum status run_set_budget(struct project *p, const char *run, const struct config_budget *budget,
                           const atomic_bool *stop, struct err *err)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct run_view v;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "the run");
	if ((st = run_glance(p, run, stop, a, &v, err)) == OK)
		st = change_budget(p, &v, budget, a, err);
	arena_free(a);
	return st;
}

enum status run_control(struct project *p, const char *run, const char *task, enum run_verb verb,
                        const atomic_bool *stop, struct err *err)
{
	struct arena *a = arena_new((size_t)256 << 20);
	struct ask ask = { p, task, verb, stop, a };
	struct run_view v;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "the run");
	if ((st = run_look(p, run, stop, a, &v, err)) == OK)
		st = control(&ask, &v, err);
	arena_free(a);
	return st;
}
