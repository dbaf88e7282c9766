#include "domain/plan/unite.h"

#include <stdlib.h>
#include <string.h>

/* Tasks of a batch that wait for nothing in it, and that nothing in it waits for. */
static void batch_ends(const struct draft *d, bool *has_in, bool *has_out)
{
	for (size_t i = 0; i < d->n_edges; i++) {
		const struct plan_edge *e = &d->edges[i];

		if (d->tasks[e->from]->batch_number != d->tasks[e->to]->batch_number)
			continue;
		has_out[e->from] = true;
		has_in[e->to] = true;
	}
}

/* Every last task of one batch before every first task of another. */
static void batch_edges(struct draft *d, long before, long after, const bool *has_in,
                        const bool *has_out)
{
	for (size_t i = 0; i < d->n_tasks; i++) {
		if (d->tasks[i]->batch_number != after || has_in[i])
			continue;
		for (size_t k = 0; k < d->n_tasks; k++)
			if (d->tasks[k]->batch_number == before && !has_out[k])
				draft_edge(d, k, i, PLAN_BATCH, d->tasks[i]->t.line);
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
	bool *has_in = arena_take(d->a, d->n_tasks + 1),
	     *has_out = arena_take(d->a, d->n_tasks + 1);
	size_t before = d->n_edges;
	long number = 0, below;

	if (has_in == NULL || has_out == NULL)
		return 0;
	batch_ends(d, has_in, has_out);
	for (size_t i = 0; i < d->n_tasks; i++)
		number = d->tasks[i]->batch_number > number ? d->tasks[i]->batch_number : number;
	for (; number > 0 && (below = batch_below(d, number)) > 0; number = below)
		batch_edges(d, below, number, has_in, has_out);
	return d->n_edges - before;
}

/* What stands in for dependencies where none are stated. */
static void order_assume(struct draft *d)
{
	size_t listed = 0, batches;

	if (d->stated || d->n_tasks < 2)
		return;
	for (size_t i = 1; d->numbered && i < d->n_tasks; i++)
		if (d->tasks[i]->batch_number == d->tasks[i - 1]->batch_number) {
			draft_edge(d, i - 1, i, PLAN_ORDER, d->tasks[i]->t.line);
			listed++;
		}
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
		    : listed == 0 ? "the batches"
				  : "the numbered list and the batches",
		    listed + batches);
}

static int edge_order(const void *a, const void *b)
{
	const struct plan_edge *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Is there an edge from `from` to `to` in the sorted list that is not of the diagram? */
static bool stated_elsewhere(const struct draft *d, size_t from, size_t to)
{
	size_t low = 0, high = d->n_edges;
	struct plan_edge want = { .from = from, .to = to, .line = -1 };

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (edge_order(&d->edges[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < d->n_edges && d->edges[low].from == from && d->edges[low].to == to; low++)
		if (d->edges[low].sources != PLAN_DIAGRAM)
			return true;
	return false;
}

/* A diagram may be drawn from what depends to what it needs: the other sources tell. */
static void diagram_turn(struct draft *d)
{
	size_t same = 0, turned = 0;
	long line = 0;

	qsort(d->edges, d->n_edges, sizeof *d->edges, edge_order);
	for (size_t i = 0; i < d->n_edges; i++) {
		const struct plan_edge *e = &d->edges[i];

		if (e->sources != PLAN_DIAGRAM)
			continue;
		line = line == 0 || e->line < line ? e->line : line;
		same += stated_elsewhere(d, e->from, e->to);
		turned += stated_elsewhere(d, e->to, e->from);
	}
	if (turned < 2 || turned <= 2 * same)
		return;
	for (size_t i = 0; i < d->n_edges; i++)
		if (d->edges[i].sources == PLAN_DIAGRAM) {
			size_t from = d->edges[i].from;

			d->edges[i].from = d->edges[i].to;
			d->edges[i].to = from;
		}
	draft_find(
	    d, "diagram-turned", PLAN_INFO, line,
	    "the arrows of the diagram point from a task to what it depends on, as the other "
	    "sources show; they were turned");
}

void unite_edges(struct draft *d)
{
	size_t n = 0;

	order_assume(d);
	if (d->n_edges == 0)
		return;
	if (d->diagram)
		diagram_turn(d);
	qsort(d->edges, d->n_edges, sizeof *d->edges, edge_order);
	for (size_t i = 0; i < d->n_edges; i++) {
		struct plan_edge *e = &d->edges[i], *last = n == 0 ? NULL : &d->edges[n - 1];

		if (e->from == e->to) {
			const char *id = d->tasks[e->from]->t.id;
			struct plan_finding *f =
			    draft_find(d, "self-edge", PLAN_ERROR, e->line,
			               "'%s' is said to depend on itself; take that out", id);

			draft_text(d->a, &f->tasks, id);
		} else if (last != NULL && last->from == e->from && last->to == e->to) {
			last->sources |= e->sources;
		} else {
			d->edges[n++] = *e;
		}
	}
	d->n_edges = n;
}
