#include "domain/plan/unite.h"

#include <stdlib.h>
#include <string.h>

#include "domain/plan/order.h"

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
