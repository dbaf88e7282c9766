#include "domain/plan/order.h"

#include <string.h>

/* Has the task an edge within its own batch, in or out? */
static bool has_edge(const struct draft *d, size_t task, bool in)
{
	for (size_t i = 0; i < d->n_edges; i++) {
		const struct plan_edge *e = &d->edges[i];

		if ((in ? e->to : e->from) == task &&
		    d->tasks[e->from]->batch_number == d->tasks[e->to]->batch_number)
			return true;
	}
	return false;
}

void order_batches(struct draft *d, long before, long after, enum plan_source source)
{
	size_t *ends = arena_take(d->a, (d->n_tasks + 1) * sizeof *ends), n = 0;

	if (ends == NULL)
		return;
	for (size_t i = 0; i < d->n_tasks; i++)
		if (d->tasks[i]->batch_number == before && !has_edge(d, i, false))
			ends[n++] = i;
	for (size_t i = 0; i < d->n_tasks; i++) {
		bool first = d->tasks[i]->batch_number == after;

		/* edges between batches, added here, are none within one */
		if (!first || has_edge(d, i, true))
			continue;
		for (size_t k = 0; k < n; k++)
			draft_edge(d, ends[k], i, source, d->tasks[i]->t.line);
	}
}

/* The number of the batch next below, or 0. */
static long batch_below(const struct draft *d, long number)
{
	long best = 0;

	for (size_t i = 0; i < d->n_tasks; i++)
		if (d->tasks[i]->batch_number < number && d->tasks[i]->batch_number > best)
			best = d->tasks[i]->batch_number;
	return best;
}

static size_t batches_order(struct draft *d)
{
	size_t before = d->n_edges;
	long number = 0, below;

	for (size_t i = 0; i < d->n_tasks; i++)
		number = d->tasks[i]->batch_number > number ? d->tasks[i]->batch_number : number;
	for (; number > 0 && (below = batch_below(d, number)) > 0; number = below)
		order_batches(d, below, number, d->grouped ? PLAN_ORDER : PLAN_BATCH);
	return d->n_edges - before;
}

/* Each place of a numbered list after the one before it, batch by batch. */
static size_t places_order(struct draft *d)
{
	size_t before = d->n_edges, last = 0, here = 0;

	for (size_t i = 1; i < d->n_tasks; i++) {
		const struct draft_task *t = d->tasks[i], *prior = d->tasks[i - 1];

		if (t->batch_number != prior->batch_number) {
			last = here = i;
			continue;
		}
		if (t->place == 0 || t->place != prior->place) {
			last = here;
			here = i;
		}
		for (size_t k = last; k < here; k++)
			draft_edge(d, k, i, PLAN_ORDER, t->t.line);
	}
	return d->n_edges - before;
}

void order_assume(struct draft *d)
{
	size_t listed = 0, batches;

	if (d->stated || d->ordered || d->n_tasks < 2)
		return;
	if (d->numbered)
		listed = places_order(d);
	batches = batches_order(d);
	if (listed + batches == 0)
		draft_find(d, "order-assumed", PLAN_INFO, 0,
		           "no dependencies are stated; all %zu tasks are taken as independent",
		           d->n_tasks);
	else
		draft_find(
		    d, "order-assumed", PLAN_INFO, 0,
		    "no dependencies are stated; the order of %s is taken as such, which gives "
		    "%zu edges",
		    batches == 0  ? "the numbered list"
		    : listed == 0 ? "the groups"
				  : "the numbered list and of the groups",
		    listed + batches);
}
