#include "domain/plan/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/draft.h"
#include "domain/plan/trial.h"
#include "domain/plan/write.h"

#define EDGES_TRIED 24 /* edges of the critical path that are tried without */
#define EDGES_TOLD  3
#define TASKS_FULL  3000 /* above, trying takes longer than anybody would read */

static void advice_add(struct plan *p, struct arena *a, const struct plan_advice *advice)
{
	struct plan_advice *grown = arena_take(a, (p->n_advice + 1) * sizeof *grown);

	if (grown == NULL)
		return;
	if (p->n_advice > 0)
		memcpy(grown, p->advice, p->n_advice * sizeof *grown);
	grown[p->n_advice++] = *advice;
	p->advice = grown;
}

struct gain {
	size_t edge;
	struct trial_result with;
};

static int gain_order(const void *a, const void *b)
{
	const struct gain *x = a, *y = b;

	if (x->with.makespan != y->with.makespan)
		return x->with.makespan < y->with.makespan ? -1 : 1;
	if (x->with.path != y->with.path)
		return x->with.path < y->with.path ? -1 : 1;
	return x->edge < y->edge ? -1 : x->edge > y->edge;
}

static void relax_tell(struct trial *t, const struct gain *gain)
{
	struct plan *p = t->p;
	const char *from = p->tasks[t->was[t->edges[gain->edge].from]].id;
	const char *to = p->tasks[t->was[t->edges[gain->edge].to]].id;
	struct plan_advice advice = { .kind = "relax-edge", .makespan_min = gain->with.makespan };

	advice.speedup = (double)p->work_min / (double)gain->with.makespan;
	advice.message = text_printf(
	    t->a, "if '%s' could start without '%s', the whole would take %s instead of %s (%.2fx)",
	    to, from, write_span(t->a, gain->with.makespan), write_span(t->a, p->makespan_min),
	    advice.speedup);
	draft_text(t->a, &advice.edge, from);
	draft_text(t->a, &advice.edge, to);
	advice_add(t->p, t->a, &advice);
}

/* Each edge of the critical path left out in turn. */
static bool relax(struct trial *t)
{
	struct graph_edge *less = arena_take(t->a, (t->m + 1) * sizeof *less);
	struct gain gains[EDGES_TRIED];
	size_t n = 0;

	if (less == NULL)
		return false;
	for (size_t k = 1; k < t->p->n_path && n < EDGES_TRIED; k++) {
		size_t from = t->now[t->p->path[k - 1]], to = t->now[t->p->path[k]], m = 0;

		for (size_t i = 0; i < t->m; i++) {
			if (t->edges[i].from == from && t->edges[i].to == to)
				gains[n].edge = i;
			else
				less[m++] = t->edges[i];
		}
		if (!trial_run(t, less, m, t->p->workers, &gains[n].with))
			return false;
		n += gains[n].with.makespan < t->p->makespan_min;
	}
	qsort(gains, n, sizeof *gains, gain_order);
	for (size_t i = 0; i < n && i < EDGES_TOLD; i++)
		relax_tell(t, &gains[i]);
	return true;
}

/* The longest task of the path in two halves that run side by side. */
static bool split(struct trial *t)
{
	struct plan_advice advice = { .kind = "split-task" };
	struct plan_task *big = NULL;
	struct trial_result halved;
	long was;

	for (size_t i = 0; i < t->p->n_path; i++)
		if (big == NULL || t->p->tasks[t->p->path[i]].estimate_min > big->estimate_min)
			big = &t->p->tasks[t->p->path[i]];
	if (big == NULL || big->estimate_min < 2)
		return true;
	was = big->estimate_min;
	t->weights[t->now[big - t->p->tasks]] = was / 2;
	if (!trial_run(t, t->edges, t->m, t->p->workers, &halved))
		return false;
	advice.makespan_min = halved.makespan;
	t->weights[t->now[big - t->p->tasks]] = was;
	/* the other half needs a worker too: with one there is nothing to gain */
	if (advice.makespan_min >= t->p->makespan_min || t->p->workers < 2)
		return true;
	advice.speedup = (double)t->p->work_min / (double)advice.makespan_min;
	advice.message = text_printf(
	    t->a,
	    "'%s' (%s) is the longest task of the critical path; as two that run side by side the "
	    "whole would take at best %s instead of %s (%.2fx)",
	    big->id, write_span(t->a, was), write_span(t->a, advice.makespan_min),
	    write_span(t->a, t->p->makespan_min), advice.speedup);
	draft_text(t->a, &advice.edge, big->id);
	advice_add(t->p, t->a, &advice);
	return true;
}

/* The fewest workers that reach the best time; more add nothing. */
static bool workers(struct trial *t)
{
	struct plan_advice advice = { .kind = "workers" };
	struct trial_result best, fewer;
	size_t low = 1, high = t->n < PLAN_WORKERS_MAX ? t->n : PLAN_WORKERS_MAX;

	if (t->n == 0 || !trial_run(t, t->edges, t->m, high, &best))
		return t->n == 0;
	/* the time falls with workers but for oddities of one or two places */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (!trial_run(t, t->edges, t->m, mid, &fewer))
			return false;
		if (fewer.makespan <= best.makespan)
			high = mid;
		else
			low = mid + 1;
	}
	advice.makespan_min = best.makespan;
	advice.speedup = best.makespan > 0 ? (double)t->p->work_min / (double)best.makespan : 1;
	advice.message = text_printf(
	    t->a, "%zu worker%s reach%s %s (%.2fx); more add nothing%s", low, low == 1 ? "" : "s",
	    low == 1 ? "es" : "", write_span(t->a, best.makespan), advice.speedup,
	    best.makespan > best.path ? "" : ", because that is the longest path");
	advice_add(t->p, t->a, &advice);
	return true;
}

bool advice_give(struct plan *p, const struct graph *whole, struct arena *a)
{
	struct trial t;

	if (p->work_min == 0 || p->n_tasks < 2)
		return true;
	if (!trial_init(&t, p, whole, a))
		return false;
	if (t.n > TASKS_FULL)
		return true;
	return relax(&t) && split(&t) && workers(&t);
}
