#include "domain/plan/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/plan/draft.h"
#include "domain/plan/schedule.h"
#include "domain/plan/write.h"

#define EDGES_TRIED 24 /* edges of the critical path that are tried without */
#define EDGES_TOLD  3
#define TASKS_FULL  3000 /* above, trying takes longer than anybody would read */

struct trial {
	struct plan *p;
	struct arena *a;
	struct graph_edge *edges; /* among open tasks */
	size_t m, n;
	size_t *now, *was; /* open tasks by number, and back */
	long *weights;
};

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

static bool trial_init(struct trial *t, struct plan *p, const struct graph *whole, struct arena *a)
{
	*t = (struct trial){
		.p = p,
		.a = a,
		.edges = arena_take(a, (whole->m + 1) * sizeof *t->edges),
		.now = arena_take(a, (p->n_tasks + 1) * sizeof *t->now),
		.was = arena_take(a, (p->n_tasks + 1) * sizeof *t->was),
		.weights = arena_take(a, (p->n_tasks + 1) * sizeof *t->weights),
	};
	if (arena_failed(a))
		return false;
	for (size_t i = 0; i < p->n_tasks; i++) {
		t->now[i] = p->tasks[i].done ? PLAN_NONE : t->n;
		if (p->tasks[i].done)
			continue;
		t->was[t->n] = i;
		t->weights[t->n++] = p->tasks[i].estimate_min;
	}
	for (size_t i = 0; i < whole->m; i++) {
		size_t from = t->now[whole->edges[i].from], to = t->now[whole->edges[i].to];

		if (from != PLAN_NONE && to != PLAN_NONE)
			t->edges[t->m++] = (struct graph_edge){ from, to };
	}
	return true;
}

/* Length of the path and of the schedule with these edges and weights. */
static bool run(const struct trial *t, const struct graph_edge *edges, size_t m, size_t workers,
                long *path, long *makespan)
{
	/* what a trial takes is given back at once: hundreds may be made */
	struct arena *own = arena_new((size_t)64 << 20);
	struct graph_times times;
	struct schedule s;
	struct graph g;
	bool ok;

	if (own == NULL)
		return false;
	ok = graph_build(&g, t->n, edges, m, own) && graph_measure(&g, t->weights, own, &times) &&
	     schedule_make(&g, t->weights, times.rank, workers, own, &s);
	if (ok) {
		*path = times.length;
		*makespan = s.makespan;
	}
	arena_free(own);
	return ok;
}

struct gain {
	size_t edge;
	long path, makespan;
};

static int gain_order(const void *a, const void *b)
{
	const struct gain *x = a, *y = b;

	if (x->makespan != y->makespan)
		return x->makespan < y->makespan ? -1 : 1;
	if (x->path != y->path)
		return x->path < y->path ? -1 : 1;
	return x->edge < y->edge ? -1 : x->edge > y->edge;
}

static void relax_tell(struct trial *t, const struct gain *gain)
{
	struct plan *p = t->p;
	const char *from = p->tasks[t->was[t->edges[gain->edge].from]].id;
	const char *to = p->tasks[t->was[t->edges[gain->edge].to]].id;
	struct plan_advice advice = { .kind = "relax-edge", .makespan_min = gain->makespan };

	advice.speedup = (double)p->work_min / (double)gain->makespan;
	advice.message = text_printf(
	    t->a, "if '%s' could start without '%s', the whole would take %s instead of %s (%.2fx)",
	    to, from, write_span(t->a, gain->makespan), write_span(t->a, p->makespan_min),
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
		if (!run(t, less, m, t->p->workers, &gains[n].path, &gains[n].makespan))
			return false;
		n += gains[n].makespan < t->p->makespan_min;
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
	long was, path = 0;

	for (size_t i = 0; i < t->p->n_path; i++)
		if (big == NULL || t->p->tasks[t->p->path[i]].estimate_min > big->estimate_min)
			big = &t->p->tasks[t->p->path[i]];
	if (big == NULL || big->estimate_min < 2)
		return true;
	was = big->estimate_min;
	t->weights[t->now[big - t->p->tasks]] = was / 2;
	if (!run(t, t->edges, t->m, t->p->workers, &path, &advice.makespan_min))
		return false;
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
	long path = 0, best = 0, makespan = 0;
	size_t low = 1, high = t->n < PLAN_WORKERS_MAX ? t->n : PLAN_WORKERS_MAX;

	if (t->n == 0 || !run(t, t->edges, t->m, high, &path, &best))
		return t->n == 0;
	/* the time falls with workers but for oddities of one or two places */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (!run(t, t->edges, t->m, mid, &path, &makespan))
			return false;
		if (makespan <= best)
			high = mid;
		else
			low = mid + 1;
	}
	advice.makespan_min = best;
	advice.speedup = best > 0 ? (double)t->p->work_min / (double)best : 1;
	advice.message =
	    text_printf(t->a, "%zu worker%s reach%s %s (%.2fx); more add nothing%s", low,
	                low == 1 ? "" : "s", low == 1 ? "es" : "", write_span(t->a, best),
	                advice.speedup, best > path ? "" : ", because that is the longest path");
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
