/* look.c - runs as they stand, read from their rows, and what can be measured from these. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/run.h"
#include "domain/run/names.h"
#include "domain/run/options.h"
#include "domain/run/schedule.h"
#include "domain/run/spawn.h"

#define START_MS 15000 /* so long after it was made a run may still be without a runner */

/* What the row says, unless it goes on without anybody who carries it out. */
static enum run_state true_state(struct project *p, const struct run_row *row, struct arena *a)
{
	enum run_state state = run_state_read(row->state);

	if (state == RUN_STATES)
		return RUN_INTERRUPTED;
	if (run_state_ended(state) || spawn_alive(p, row->id, a))
		return state;
	if (state == RUN_QUEUED && clock_wall_ms(&p->clock) < row->made_ms + START_MS)
		return state;
	return RUN_INTERRUPTED;
}

static enum status count(struct db *db, struct run_view *v, struct arena *a, struct err *err)
{
	struct count_row *rows;
	size_t n;
	enum status st = runs_counts(db, v->row.id, a, &rows, &n, err);

	for (size_t i = 0; st == OK && i < n; i++) {
		enum task_state state = task_state_read(rows[i].state);

		if (state < TASK_STATES)
			v->counts[state] = (size_t)rows[i].n;
		v->n_tasks += (size_t)rows[i].n;
	}
	return st;
}

/* --- measured ------------------------------------------------------------------------------- */

static int64_t took(const struct attempt_row *t, int64_t now)
{
	int64_t end = t->ended_ms != RUNS_NONE ? t->ended_ms : now;

	return t->started_ms == RUNS_NONE || end < t->started_ms ? 0 : end - t->started_ms;
}

/* The longest path through what succeeded, each task taking what it took. */
static enum status bound(struct run_view *v, const int64_t *task_ms, struct arena *a)
{
	struct schedule_task *tasks = arena_take(a, (v->n_tasks + 1) * sizeof *tasks);
	struct name *names = arena_take(a, (v->n_tasks + 1) * sizeof *names);
	size_t *needs = arena_take(a, (v->n_edges + 1) * sizeof *needs), used = 0;
	struct schedule_plan plan = { .tasks = tasks, .n = v->n_tasks, .workers = 1 };
	struct schedule *s = NULL;
	int64_t each = v->row.jobs > 0 ? v->work_ms / v->row.jobs : v->work_ms;

	if (tasks == NULL || names == NULL || needs == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < v->n_tasks; i++) {
		names[i] = (struct name){ v->tasks[i].id, i };
		tasks[i].cost = task_ms[i];
	}
	names_sort(names, v->n_tasks);
	for (int fill = 0; fill < 2; fill++) {
		for (size_t i = 0; i < v->n_edges; i++) {
			size_t from = names_find(names, v->n_tasks, v->edges[i].from);
			size_t to = names_find(names, v->n_tasks, v->edges[i].to);

			if (from == NAMES_NONE || to == NAMES_NONE)
				continue;
			if (fill != 0)
				needs[(size_t)(tasks[to].needs - needs) + tasks[to].n_needs] = from;
			tasks[to].n_needs++;
		}
		for (size_t i = 0; fill == 0 && i < v->n_tasks; i++) {
			tasks[i].needs = needs + used;
			used += tasks[i].n_needs;
			tasks[i].n_needs = 0;
		}
	}
	if (schedule_new(&s, &plan, NULL) != OK)
		return E_NOMEM;
	v->lower_bound_ms = schedule_path(s) > each ? schedule_path(s) : each;
	schedule_free(s);
	return OK;
}

static int64_t wall_of(const struct run_view *v, int64_t now, int64_t last_ms)
{
	int64_t until = v->state == RUN_INTERRUPTED ? last_ms : now;

	if (v->row.session_ms == RUNS_NONE || until < v->row.session_ms)
		return v->row.active_ms;
	return v->row.active_ms + until - v->row.session_ms;
}

/* The task that an attempt brought to its end, or PLAN_NONE. *at: where the last one was. */
static size_t brought(const struct run_view *v, const struct attempt_row *t, size_t *at)
{
	size_t task;

	if (strcmp(t->state, "merged") != 0 && strcmp(t->state, "staged") != 0)
		return PLAN_NONE;
	while (*at < v->n_tasks && strcmp(v->tasks[*at].id, t->task) != 0)
		++*at;
	if (*at == v->n_tasks) { /* attempts are sorted by id, tasks by position */
		task = run_find_task(v, t->task);
		*at = task == PLAN_NONE ? 0 : task;
		if (task == PLAN_NONE)
			return PLAN_NONE;
	}
	/* a stage of a task that came to nothing is no work */
	return strcmp(v->tasks[*at].state, "succeeded") == 0 ? *at : PLAN_NONE;
}

static enum status measure(struct run_view *v, int64_t now, struct arena *a)
{
	int64_t *task_ms = arena_take(a, (v->n_tasks + 1) * sizeof *task_ms), last_ms = 0;
	size_t at = 0, task;
	enum status st;

	if (task_ms == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < v->n_attempts; i++) {
		const struct attempt_row *t = &v->attempts[i];
		int64_t ms = took(t, v->state == RUN_INTERRUPTED ? t->started_ms : now);

		v->busy_ms += ms;
		last_ms = t->ended_ms > last_ms ? t->ended_ms : last_ms;
		if ((task = brought(v, t, &at)) == PLAN_NONE)
			continue;
		task_ms[task] += ms;
		v->work_ms += ms;
	}
	if ((st = bound(v, task_ms, a)) != OK)
		return st;
	v->wall_ms = wall_of(v, now, last_ms);
	if (v->wall_ms <= 0)
		return OK;
	v->speedup = (double)v->work_ms / (double)v->wall_ms;
	v->concurrency = (double)v->busy_ms / (double)v->wall_ms;
	if (v->row.jobs > 0)
		v->utilisation = v->concurrency / (double)v->row.jobs;
	v->efficiency = (double)v->lower_bound_ms / (double)v->wall_ms;
	return OK;
}

/* --- reading -------------------------------------------------------------------------------- */

size_t run_find_task(const struct run_view *v, const char *task)
{
	for (size_t i = 0; i < v->n_tasks; i++)
		if (strcmp(v->tasks[i].id, task) == 0)
			return i;
	return PLAN_NONE;
}

static enum status read_all(struct db *db, const char *run, struct arena *a, struct run_view *v,
                            struct err *err)
{
	enum status st;

	if ((st = db_read_begin(db, err)) != OK)
		return st;
	if ((st = runs_get(db, run, a, &v->row, err)) == OK &&
	    (st = runs_tasks(db, run, a, &v->tasks, &v->n_tasks, err)) == OK &&
	    (st = runs_edges(db, run, a, &v->edges, &v->n_edges, err)) == OK &&
	    (st = attempts_read(db, &(struct attempts_want){ run, NULL }, a, &v->attempts,
	                        &v->n_attempts, err)) == OK)
		st = attempts_gates(db, run, a, &v->gates, &v->n_gates, err);
	if (st == OK)
		st = attempts_conflicts(db, run, a, &v->conflicts, &v->n_conflicts, err);
	if (st == OK)
		st = attempts_checkpoints(db, run, a, &v->checkpoints, &v->n_checkpoints, err);
	db_read_end(db);
	return st;
}

static const struct run_options *read_options(const struct run_row *row, struct arena *a)
{
	struct run_options *o = arena_take(a, sizeof *o);

	return o != NULL && run_options_read(row->options, a, o, NULL) == OK ? o : NULL;
}

enum status run_look(struct project *p, const char *run, const atomic_bool *stop, struct arena *a,
                     struct run_view *out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	*out = (struct run_view){ .state = RUN_STATES };
	if (st != OK)
		return st;
	st = read_all(db, run, a, out, err);
	project_done(p, db);
	if (st != OK)
		return st;
	out->state = true_state(p, &out->row, a);
	out->options = read_options(&out->row, a);
	for (size_t i = 0; i < out->n_tasks; i++) {
		enum task_state state = task_state_read(out->tasks[i].state);

		if (state < TASK_STATES)
			out->counts[state]++;
	}
	if (measure(out, clock_wall_ms(&p->clock), a) != OK || arena_failed(a))
		return err_nomem(err, "the run");
	return OK;
}

enum status run_glance(struct project *p, const char *run, const atomic_bool *stop, struct arena *a,
                       struct run_view *out, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	*out = (struct run_view){ .state = RUN_STATES };
	if (st != OK)
		return st;
	if ((st = runs_get(db, run, a, &out->row, err)) == OK)
		st = count(db, out, a, err);
	project_done(p, db);
	if (st == OK)
		out->state = true_state(p, &out->row, a);
	return st;
}

static enum status view_all(struct project *p, struct db *db, const struct run_row *rows,
                            struct arena *a, struct run_views *out, struct err *err)
{
	enum status st = OK;

	if ((out->at = arena_take(a, (out->n + 1) * sizeof *out->at)) == NULL)
		return err_nomem(err, "the list of runs");
	for (size_t i = 0; st == OK && i < out->n; i++) {
		struct run_view *v = &out->at[i];

		v->row = rows[i];
		v->state = true_state(p, &v->row, a);
		v->wall_ms = wall_of(v, clock_wall_ms(&p->clock), v->row.session_ms);
		st = count(db, v, a, err);
	}
	return st;
}

enum status run_list(struct project *p, const struct run_page *page, const atomic_bool *stop,
                     struct arena *a, struct run_views *out, struct err *err)
{
	struct run_row *rows;
	struct db *db = NULL;
	enum status st = project_read(p, stop, &db, err);

	*out = (struct run_views){ NULL, 0 };
	if (st != OK)
		return st;
	if ((st = runs_list(db, &(struct runs_want){ page->before, page->limit }, a, &rows, &out->n,
	                    err)) == OK)
		st = view_all(p, db, rows, a, out, err);
	project_done(p, db);
	return st;
}
