#include "domain/plan/graph.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#define STEPS_MAX ((size_t)20 * 1000 * 1000)

/* Edges sorted by one of their ends. */
struct ends {
	size_t *at, *other, *which;
};

static bool ends_make(struct ends *e, const struct graph *g, bool by_from, struct arena *a)
{
	*e = (struct ends){
		.at = arena_take(a, (g->n + 2) * sizeof *e->at),
		.other = arena_take(a, (g->m + 1) * sizeof *e->other),
		.which = arena_take(a, (g->m + 1) * sizeof *e->which),
	};
	if (arena_failed(a))
		return false;
	/* counts go one place further than they belong, so that filling moves them into place */
	for (size_t i = 0; i < g->m; i++)
		e->at[(by_from ? g->edges[i].from : g->edges[i].to) + 1]++;
	for (size_t i = 1, sum = 0; i <= g->n; i++) {
		size_t count = e->at[i];

		e->at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < g->m; i++) {
		size_t key = by_from ? g->edges[i].from : g->edges[i].to;

		e->which[e->at[key + 1]] = i;
		e->other[e->at[key + 1]++] = by_from ? g->edges[i].to : g->edges[i].from;
	}
	return true;
}

bool graph_build(struct graph *g, size_t n, const struct graph_edge *edges, size_t m,
                 struct arena *a)
{
	struct ends out, in;

	*g = (struct graph){ .n = n, .m = m, .edges = edges };
	for (size_t i = 0; i < m; i++)
		assert(edges[i].from < n && edges[i].to < n);
	if (!ends_make(&out, g, true, a) || !ends_make(&in, g, false, a))
		return false;
	g->out_at = out.at;
	g->out = out.other;
	g->out_edge = out.which;
	g->in_at = in.at;
	g->in = in.other;
	g->in_edge = in.which;
	return true;
}

/* Nodes that are left when sources and sinks are taken away again and again: alive[n]. */
static bool core(const struct graph *g, bool *alive, struct arena *a)
{
	size_t *in = arena_take(a, (g->n + 1) * sizeof *in);
	size_t *todo = arena_take(a, (g->n + 1) * sizeof *todo);
	size_t n_todo = 0;

	if (in == NULL || todo == NULL)
		return false;
	for (size_t i = 0; i < g->n; i++) {
		alive[i] = true;
		in[i] = g->in_at[i + 1] - g->in_at[i];
		if (in[i] == 0)
			todo[n_todo++] = i;
	}
	while (n_todo > 0) {
		size_t i = todo[--n_todo];

		alive[i] = false;
		for (size_t k = g->out_at[i]; k < g->out_at[i + 1]; k++)
			if (--in[g->out[k]] == 0)
				todo[n_todo++] = g->out[k];
	}
	return true;
}

struct search {
	size_t *queue, *before, *depth, *seen; /* seen[i] == start + 1: reached from start */
	size_t steps;
};

/* Breadth first from start back to start over alive nodes, no deeper than most. 0: no way. */
static size_t around(const struct graph *g, const bool *alive, struct search *s, size_t start,
                     size_t most)
{
	size_t head = 0, tail = 0;

	s->queue[tail++] = start;
	s->depth[start] = 0;
	s->seen[start] = start + 1;
	while (head < tail) {
		size_t i = s->queue[head++];

		if (s->depth[i] + 1 >= most)
			return 0;
		for (size_t k = g->out_at[i]; k < g->out_at[i + 1]; k++) {
			size_t to = g->out[k];

			s->steps++;
			if (to == start) {
				s->before[start] = i;
				return s->depth[i] + 1;
			}
			if (!alive[to] || s->seen[to] == start + 1)
				continue;
			s->seen[to] = start + 1;
			s->before[to] = i;
			s->depth[to] = s->depth[i] + 1;
			s->queue[tail++] = to;
		}
	}
	return 0;
}

static bool search_init(struct search *s, size_t n, struct arena *a)
{
	*s = (struct search){
		.queue = arena_take(a, (n + 1) * sizeof *s->queue),
		.before = arena_take(a, (n + 1) * sizeof *s->before),
		.depth = arena_take(a, (n + 1) * sizeof *s->depth),
		.seen = arena_take(a, (n + 1) * sizeof *s->seen),
	};
	return !arena_failed(a);
}

bool graph_cycle(const struct graph *g, struct arena *a, size_t **cycle, size_t *len)
{
	bool *alive = arena_take(a, g->n + 1);
	size_t best = GRAPH_NONE;
	struct search s;

	*len = 0;
	*cycle = NULL;
	if (alive == NULL || !search_init(&s, g->n, a) || !core(g, alive, a))
		return false;
	for (size_t i = 0; i < g->n && best > 1 && s.steps < STEPS_MAX; i++) {
		size_t found = alive[i] ? around(g, alive, &s, i, best) : 0;

		if (found == 0)
			continue;
		best = found;
		if ((*cycle = arena_take(a, found * sizeof **cycle)) == NULL)
			return false;
		for (size_t at = i, k = found; k-- > 0;) {
			at = s.before[at];
			(*cycle)[k] = at;
		}
	}
	*len = best == GRAPH_NONE ? 0 : best;
	return true;
}

/* Depth first; an edge into a node on the way here is the one that closes a cycle. */
bool graph_drop_cycles(const struct graph *g, bool *dropped, struct arena *a)
{
	enum { NEW, OPEN, CLOSED };
	unsigned char *state = arena_take(a, g->n + 1);
	size_t *stack = arena_take(a, (g->n + 1) * sizeof *stack);
	size_t *next = arena_take(a, (g->n + 1) * sizeof *next);

	if (state == NULL || stack == NULL || next == NULL)
		return false;
	for (size_t root = 0; root < g->n; root++) {
		size_t n = 0;

		if (state[root] != NEW)
			continue;
		stack[n++] = root;
		next[root] = g->out_at[root];
		state[root] = OPEN;
		while (n > 0) {
			size_t i = stack[n - 1], k = next[i]++, to;

			if (k == g->out_at[i + 1]) {
				state[i] = CLOSED;
				n--;
				continue;
			}
			to = g->out[k];
			if (state[to] == OPEN)
				dropped[g->out_edge[k]] = true;
			if (state[to] != NEW)
				continue;
			state[to] = OPEN;
			next[to] = g->out_at[to];
			stack[n++] = to;
		}
	}
	return true;
}

/* Kahn's order; among those ready at once the smallest index comes first. */
static void topological(const struct graph *g, size_t *waits, struct graph_times *t)
{
	size_t head = 0, tail = 0;

	for (size_t i = 0; i < g->n; i++) {
		waits[i] = g->in_at[i + 1] - g->in_at[i];
		if (waits[i] == 0)
			t->order[tail++] = i;
	}
	while (head < tail) {
		size_t i = t->order[head++];

		for (size_t k = g->out_at[i]; k < g->out_at[i + 1]; k++)
			if (--waits[g->out[k]] == 0)
				t->order[tail++] = g->out[k];
	}
	assert(tail == g->n); /* no cycles: the caller dropped them */
}

static void times_fill(const struct graph *g, const long *weights, struct graph_times *t)
{
	for (size_t o = 0; o < g->n; o++) {
		size_t i = t->order[o];

		for (size_t k = g->in_at[i]; k < g->in_at[i + 1]; k++) {
			size_t from = g->in[k];

			if (t->level[from] + 1 > t->level[i])
				t->level[i] = t->level[from] + 1;
			if (t->earliest[from] + weights[from] > t->earliest[i])
				t->earliest[i] = t->earliest[from] + weights[from];
		}
		if (t->level[i] + 1 > t->n_levels)
			t->n_levels = t->level[i] + 1;
	}
	for (size_t o = g->n; o-- > 0;) {
		size_t i = t->order[o];
		long after = 0;

		for (size_t k = g->out_at[i]; k < g->out_at[i + 1]; k++)
			if (t->rank[g->out[k]] > after)
				after = t->rank[g->out[k]];
		t->rank[i] = weights[i] + after;
		if (t->rank[i] > t->length)
			t->length = t->rank[i];
	}
}

/* From the first source with the full rank, always to the first successor on a longest way. */
static void path_fill(const struct graph *g, const long *weights, struct graph_times *t)
{
	size_t at = GRAPH_NONE;

	for (size_t i = 0; i < g->n && at == GRAPH_NONE; i++)
		if (t->rank[i] == t->length && g->in_at[i] == g->in_at[i + 1])
			at = i;
	while (at != GRAPH_NONE) {
		size_t next = GRAPH_NONE;

		t->path[t->n_path++] = at;
		for (size_t k = g->out_at[at]; k < g->out_at[at + 1]; k++) {
			size_t to = g->out[k];

			if (t->rank[to] == t->rank[at] - weights[at] && to < next)
				next = to;
		}
		at = next;
	}
}

bool graph_measure(const struct graph *g, const long *weights, struct arena *a,
                   struct graph_times *out)
{
	size_t n = g->n + 1, *waits = arena_take(a, n * sizeof *waits);

	*out = (struct graph_times){
		.order = arena_take(a, n * sizeof *out->order),
		.level = arena_take(a, n * sizeof *out->level),
		.earliest = arena_take(a, n * sizeof *out->earliest),
		.rank = arena_take(a, n * sizeof *out->rank),
		.path = arena_take(a, n * sizeof *out->path),
	};
	if (arena_failed(a))
		return false;
	topological(g, waits, out);
	times_fill(g, weights, out);
	path_fill(g, weights, out);
	return true;
}

/* What no ancestor of a node's prerequisites that is one of them itself can lie beyond. */
struct window {
	size_t level;
	long earliest, rank;
};

static bool outside(const struct graph_times *t, const struct window *w, size_t node)
{
	return t->level[node] < w->level || t->earliest[node] < w->earliest ||
	       t->rank[node] > w->rank;
}

/*
 * Mark with node + 1 what lies before the prerequisites of a node, as far back as one of them
 * may be. Returns the steps it took.
 */
static size_t ancestors(const struct graph *g, const struct graph_times *t, size_t node,
                        size_t *mark, size_t *todo)
{
	struct window w = { .level = GRAPH_NONE, .earliest = LONG_MAX, .rank = 0 };
	size_t n = 0, steps = 0;

	for (size_t k = g->in_at[node]; k < g->in_at[node + 1]; k++) {
		size_t from = g->in[k];

		w.level = t->level[from] < w.level ? t->level[from] : w.level;
		w.earliest = t->earliest[from] < w.earliest ? t->earliest[from] : w.earliest;
		w.rank = t->rank[from] > w.rank ? t->rank[from] : w.rank;
		todo[n++] = from;
	}
	while (n > 0) {
		size_t i = todo[--n];

		for (size_t k = g->in_at[i]; k < g->in_at[i + 1]; k++) {
			size_t from = g->in[k];

			steps++;
			if (mark[from] == node + 1 || outside(t, &w, from))
				continue;
			mark[from] = node + 1;
			todo[n++] = from;
		}
	}
	return steps;
}

bool graph_redundant(const struct graph *g, const struct graph_times *times, bool *redundant,
                     struct arena *a)
{
	size_t *mark = arena_take(a, (g->n + 1) * sizeof *mark);
	size_t *todo = arena_take(a, (g->n + g->m + 1) * sizeof *todo);
	size_t steps = 0;

	if (mark == NULL || todo == NULL)
		return false;
	for (size_t i = 0; i < g->n && steps < STEPS_MAX; i++) {
		if (g->in_at[i + 1] - g->in_at[i] < 2)
			continue;
		steps += ancestors(g, times, i, mark, todo);
		for (size_t k = g->in_at[i]; k < g->in_at[i + 1]; k++)
			redundant[g->in_edge[k]] = mark[g->in[k]] == i + 1;
	}
	return true;
}

bool graph_reaches(const struct graph *g, size_t from, size_t to, struct arena *a, bool *reaches)
{
	bool *seen = arena_take(a, g->n + 1);
	size_t *todo = arena_take(a, (g->n + 1) * sizeof *todo);
	size_t n = 0;

	if (seen == NULL || todo == NULL)
		return false;
	*reaches = false;
	todo[n++] = from;
	seen[from] = true;
	while (n > 0 && !*reaches) {
		size_t i = todo[--n];

		for (size_t k = g->out_at[i]; k < g->out_at[i + 1]; k++) {
			if (g->out[k] == to)
				*reaches = true;
			if (!seen[g->out[k]]) {
				seen[g->out[k]] = true;
				todo[n++] = g->out[k];
			}
		}
	}
	return true;
}
