#include "domain/plan/forecast.h"

#include <string.h>

#include "domain/plan/trial.h"

#define HOUR 60
#define TASKS_TRIED                                                                                \
	200 /* more are not scheduled anew for each of them: the path alone is asked               \
	     */

/*
 * One more hour for each task in turn. On few workers a task off the longest path may matter too,
 * so the schedule is asked; it cannot end before the path does.
 */
static bool delays(struct trial *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct plan_task *task = &t->p->tasks[t->was[i]];
		long by_path = task->slack_min < HOUR ? HOUR - task->slack_min : 0;
		struct trial_result later;

		task->delay_min = by_path;
		if (t->n > TASKS_TRIED)
			continue;
		t->weights[i] += HOUR;
		if (!trial_run(t, t->edges, t->m, t->p->workers, &later))
			return false;
		t->weights[i] -= HOUR;
		/* an hour more may make a greedy schedule end earlier: that is no gain to count on
		 */
		task->delay_min =
		    later.makespan > t->p->makespan_min ? later.makespan - t->p->makespan_min : 0;
	}
	return true;
}

enum end { LOW, MIDDLE, HIGH };

/* What tasks of a kind took against what was stated for them; NULL when that is not known. */
static const struct plan_factor *factor_for(const struct plan_options *options, const char *kind)
{
	const struct plan_factor *any = NULL;

	for (size_t i = 0; i < options->n_factors; i++) {
		if (strcmp(options->factors[i].kind, kind) == 0)
			return &options->factors[i];
		if (strcmp(options->factors[i].kind, "*") == 0)
			any = &options->factors[i];
	}
	return any;
}

static long scaled(long minutes, double factor)
{
	double value = (double)minutes * factor;

	return value < 1 ? 1 : value > 1e9 ? (long)1e9 : (long)(value + 0.5);
}

/* Minutes of a task at one end of its range. */
static long minutes_at(const struct plan_task *task, const struct plan_factor *f, enum end end)
{
	if (f != NULL)
		return scaled(task->estimate_min, end == LOW      ? f->low
		                                  : end == MIDDLE ? f->middle
		                                                  : f->high);
	if (end == MIDDLE || task->high_min == 0)
		return task->estimate_min;
	return end == LOW ? task->low_min : task->high_min;
}

/* The schedule with every task at that end. */
static bool ends(struct trial *t, const struct plan_options *options, enum end end, long *out)
{
	bool by_factor = t->p->timeline.source == PLAN_RANGE_ERROR;
	struct trial_result result;

	for (size_t i = 0; i < t->n; i++) {
		const struct plan_task *task = &t->p->tasks[t->was[i]];

		t->weights[i] =
		    minutes_at(task, by_factor ? factor_for(options, task->kind) : NULL, end);
	}
	if (!trial_run(t, t->edges, t->m, t->p->workers, &result))
		return false;
	for (size_t i = 0; i < t->n; i++)
		t->weights[i] = t->p->tasks[t->was[i]].estimate_min;
	*out = result.makespan;
	return true;
}

/* Where the ranges come from: the document, earlier tasks, or how far estimates were off. */
static void source_choose(struct trial *t, const struct plan_options *options)
{
	struct plan_timeline *line = &t->p->timeline;
	size_t learned = 0, stated = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct plan_task *task = &t->p->tasks[t->was[i]];

		line->ranged += task->high_min > 0;
		learned += task->estimate_source == PLAN_LEARNED;
		stated += task->estimate_source == PLAN_STATED;
	}
	if (line->ranged > 0) {
		line->source = learned > 0 ? PLAN_RANGE_LEARNED : PLAN_RANGE_STATED;
	} else if (options->n_factors > 0 && stated == t->n) {
		line->source = PLAN_RANGE_ERROR;
		line->ranged = t->n;
	}
}

bool forecast(struct plan *p, const struct graph *whole, const struct plan_options *options,
              struct arena *a)
{
	struct plan_timeline *line = &p->timeline;
	struct trial t;

	if (!trial_init(&t, p, whole, a))
		return false;
	source_choose(&t, options);
	if (!delays(&t))
		return false;
	if (line->source == PLAN_RANGE_NONE)
		return true;
	if (!ends(&t, options, LOW, &line->optimistic_min) ||
	    !ends(&t, options, MIDDLE, &line->realistic_min) ||
	    !ends(&t, options, HIGH, &line->pessimistic_min))
		return false;
	/* a greedy schedule of shorter tasks may be longer: the bounds hold all the same */
	if (line->optimistic_min > line->realistic_min)
		line->optimistic_min = line->realistic_min;
	if (line->pessimistic_min < line->realistic_min)
		line->pessimistic_min = line->realistic_min;
	return true;
}
