#include "domain/plan/trial.h"

#include "domain/plan/schedule.h"

bool trial_init(struct trial *t, struct plan *p, const struct graph *whole, struct arena *a)
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
bool trial_run(const struct trial *t, const struct graph_edge *edges, size_t m, size_t workers,
               struct trial_result *out)
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
		out->path = times.length;
		out->makespan = s.makespan;
	}
	arena_free(own);
	return ok;
}
