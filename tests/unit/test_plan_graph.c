#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "domain/plan/graph.h"
#include "domain/plan/schedule.h"

#define NODES 8

struct random {
	uint64_t state;
};

static uint64_t next(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

struct sample {
	size_t n, m;
	struct graph_edge edges[NODES * NODES];
	long weights[NODES];
};

/* Edges only from smaller to larger numbers: no cycles. */
static void sample_make(struct sample *s, struct random *r, size_t n)
{
	uint64_t density = 1 + next(r) % 9;

	*s = (struct sample){ .n = n };
	for (size_t i = 0; i < n; i++) {
		s->weights[i] = (long)(next(r) % 7) + 1;
		for (size_t k = i + 1; k < n; k++)
			if (next(r) % 10 < density)
				s->edges[s->m++] = (struct graph_edge){ i, k };
	}
}

/* Longest way from a node, the slow and sure way. */
static long longest(const struct sample *s, size_t node)
{
	long best = 0;

	for (size_t i = 0; i < s->m; i++)
		if (s->edges[i].from == node && longest(s, s->edges[i].to) > best)
			best = longest(s, s->edges[i].to);
	return s->weights[node] + best;
}

struct exact {
	const struct sample *s;
	size_t workers;
	long best;
	unsigned needs[NODES];
};

/*
 * Every choice of what to start at every moment, waiting on purpose included, with
 * branches cut that cannot beat the best. end[i] is 0 while i has not been started.
 */
static void search(struct exact *x, long now, unsigned started, const long *end, long makespan)
{
	unsigned done = 0, all = (1u << x->s->n) - 1;
	size_t busy = 0;
	long soonest = 0;

	if (makespan >= x->best)
		return;
	if (started == all) {
		x->best = makespan;
		return;
	}
	for (size_t i = 0; i < x->s->n; i++) {
		if (!(started & 1u << i))
			continue;
		if (end[i] <= now) {
			done |= 1u << i;
			continue;
		}
		busy++;
		if (soonest == 0 || end[i] < soonest)
			soonest = end[i];
	}
	for (size_t i = 0; busy < x->workers && i < x->s->n; i++) {
		long ends[NODES];

		if (started & 1u << i || (x->needs[i] & ~done) != 0)
			continue;
		memcpy(ends, end, sizeof ends);
		ends[i] = now + x->s->weights[i];
		search(x, now, started | 1u << i, ends, ends[i] > makespan ? ends[i] : makespan);
	}
	if (soonest > 0)
		search(x, soonest, started, end, makespan);
}

static long optimum(const struct sample *s, size_t workers, long known)
{
	struct exact x = { .s = s, .workers = workers, .best = known + 1 };
	long end[NODES] = { 0 };

	for (size_t i = 0; i < s->m; i++)
		x.needs[s->edges[i].to] |= 1u << s->edges[i].from;
	search(&x, 0, 0, end, 0);
	return x.best;
}

static void lengths_and_slack_are_those_of_the_slow_way(void **state)
{
	struct random r = { 0x1234567 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct arena *a = arena_new(1 << 20);
		struct graph_times t;
		struct sample s;
		struct graph g;
		long best = 0, sum = 0;

		sample_make(&s, &r, 1 + next(&r) % NODES);
		assert_true(graph_build(&g, s.n, s.edges, s.m, a));
		assert_true(graph_measure(&g, s.weights, a, &t));
		for (size_t i = 0; i < s.n; i++) {
			long rank = longest(&s, i);

			assert_int_equal(t.rank[i], rank);
			best = rank > best ? rank : best;
		}
		assert_int_equal(t.length, best);
		for (size_t i = 0; i < t.n_path; i++)
			sum += s.weights[t.path[i]];
		assert_int_equal(sum, best);
		for (size_t i = 0; i < s.m; i++) {
			size_t from = s.edges[i].from, to = s.edges[i].to;

			assert_true(t.level[from] < t.level[to]);
			assert_true(t.earliest[from] + s.weights[from] <= t.earliest[to]);
		}
		for (size_t i = 0; i < s.n; i++)
			assert_true(t.earliest[i] + t.rank[i] <= t.length);
		arena_free(a);
	}
}

/* A schedule that could be: nothing before what it needs, no worker twice at once. */
static void check_possible(const struct sample *s, const struct schedule *sc, size_t workers)
{
	for (size_t i = 0; i < s->m; i++)
		assert_true(sc->start[s->edges[i].from] + s->weights[s->edges[i].from] <=
		            sc->start[s->edges[i].to]);
	for (size_t i = 0; i < s->n; i++) {
		assert_true(sc->worker[i] < workers);
		for (size_t k = 0; k < i; k++)
			assert_true(sc->worker[i] != sc->worker[k] ||
			            sc->start[i] >= sc->start[k] + s->weights[k] ||
			            sc->start[k] >= sc->start[i] + s->weights[i]);
	}
}

static void schedules_are_possible_and_near_the_exact_optimum(void **state)
{
	struct random r = { 0x9876543 };
	int equal = 0, rounds = 1500;
	double worst = 1;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct arena *a = arena_new(1 << 20);
		size_t workers = 1 + next(&r) % 4;
		struct graph_times t;
		struct schedule sc;
		struct sample s;
		struct graph g;
		long best;

		sample_make(&s, &r, 2 + next(&r) % (NODES - 2));
		assert_true(graph_build(&g, s.n, s.edges, s.m, a));
		assert_true(graph_measure(&g, s.weights, a, &t));
		assert_true(schedule_make(&g, s.weights, t.rank, workers, a, &sc));
		check_possible(&s, &sc, workers);
		best = optimum(&s, workers, sc.makespan);
		assert_true(best <= sc.makespan);
		equal += best == sc.makespan;
		/* Graham's bound */
		assert_true((double)sc.makespan <=
		            (2.0 - 1.0 / (double)workers) * (double)best + 1e-9);
		if ((double)sc.makespan / (double)best > worst)
			worst = (double)sc.makespan / (double)best;
		arena_free(a);
	}
	print_message("optimal in %d of %d, worst %.3f\n", equal, rounds, worst);
	assert_true(equal * 100 >= rounds * 95);
}

static bool is_cycle(const struct sample *s, const size_t *cycle, size_t len)
{
	for (size_t k = 0; k < len; k++) {
		bool there = false;

		for (size_t i = 0; i < s->m; i++)
			there = there || (s->edges[i].from == cycle[k] &&
			                  s->edges[i].to == cycle[(k + 1) % len]);
		if (!there)
			return false;
	}
	return true;
}

/* Shortest closed walk by growing powers of the edges: 0 when there is none. */
static size_t girth(const struct sample *s)
{
	bool reach[NODES][NODES] = { { false } };

	for (size_t i = 0; i < s->m; i++)
		reach[s->edges[i].from][s->edges[i].to] = true;
	for (size_t len = 1; len <= s->n; len++) {
		bool more[NODES][NODES] = { { false } };

		for (size_t i = 0; i < s->n; i++)
			if (reach[i][i])
				return len;
		for (size_t i = 0; i < s->n; i++)
			for (size_t e = 0; e < s->m; e++)
				if (reach[i][s->edges[e].from])
					more[i][s->edges[e].to] = true;
		memcpy(reach, more, sizeof reach);
	}
	return 0;
}

static void the_shortest_cycle_is_found_and_dropping_leaves_none(void **state)
{
	struct random r = { 0x55aa55aa };
	int cyclic = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct arena *a = arena_new(1 << 20);
		bool dropped[NODES * NODES] = { false };
		struct sample s = { .n = 1 + next(&r) % NODES };
		struct graph_edge left[NODES * NODES];
		size_t *cycle, len, m = 0;
		struct graph g;

		for (size_t i = 0; i < s.n; i++)
			for (size_t k = 0; k < s.n; k++)
				if (next(&r) % 6 == 0)
					s.edges[s.m++] = (struct graph_edge){ i, k };
		assert_true(graph_build(&g, s.n, s.edges, s.m, a));
		assert_true(graph_cycle(&g, a, &cycle, &len));
		assert_int_equal(len, girth(&s));
		assert_true(is_cycle(&s, cycle, len));
		cyclic += len > 0;
		assert_true(graph_drop_cycles(&g, dropped, a));
		for (size_t i = 0; i < s.m; i++)
			if (!dropped[i])
				left[m++] = s.edges[i];
		assert_true(len > 0 || m == s.m);
		assert_true(graph_build(&g, s.n, left, m, a));
		assert_true(graph_cycle(&g, a, &cycle, &len));
		assert_int_equal(len, 0);
		arena_free(a);
	}
	assert_in_range(cyclic, 200, 1990);
}

static bool reaches_without(const struct sample *s, size_t from, size_t to, size_t skip)
{
	if (from == to)
		return true;
	for (size_t i = 0; i < s->m; i++)
		if (i != skip && s->edges[i].from == from &&
		    reaches_without(s, s->edges[i].to, to, skip))
			return true;
	return false;
}

static void redundant_edges_are_those_with_a_longer_way(void **state)
{
	struct random r = { 0x777 };

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct arena *a = arena_new(1 << 20);
		bool redundant[NODES * NODES] = { false };
		struct graph_times t;
		struct sample s;
		struct graph g;

		sample_make(&s, &r, 1 + next(&r) % NODES);
		assert_true(graph_build(&g, s.n, s.edges, s.m, a));
		assert_true(graph_measure(&g, s.weights, a, &t));
		assert_true(graph_redundant(&g, &t, redundant, a));
		for (size_t i = 0; i < s.m; i++) {
			bool reaches = false;

			assert_int_equal(redundant[i],
			                 reaches_without(&s, s.edges[i].from, s.edges[i].to, i));
			assert_true(graph_reaches(&g, s.edges[i].from, s.edges[i].to, a, &reaches));
			assert_true(reaches);
		}
		arena_free(a);
	}
}

static void a_ring_of_ten_thousand_is_one_cycle(void **state)
{
	enum { RING = 10000 };
	struct arena *a = arena_new((size_t)64 << 20);
	struct graph_edge *edges = arena_take(a, RING * sizeof *edges);
	size_t *cycle, len;
	struct graph g;

	(void)state;
	for (size_t i = 0; i < RING; i++)
		edges[i] = (struct graph_edge){ i, (i + 1) % RING };
	assert_true(graph_build(&g, RING, edges, RING, a));
	assert_true(graph_cycle(&g, a, &cycle, &len));
	assert_int_equal(len, RING);
	arena_free(a);
}

static void nothing_is_a_graph_too(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct graph_times t;
	struct schedule sc;
	struct graph g;

	(void)state;
	assert_true(graph_build(&g, 0, NULL, 0, a));
	assert_true(graph_measure(&g, NULL, a, &t));
	assert_int_equal(t.length, 0);
	assert_int_equal(t.n_path, 0);
	assert_true(schedule_make(&g, NULL, t.rank, 4, a, &sc));
	assert_int_equal(sc.makespan, 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_and_slack_are_those_of_the_slow_way),
		cmocka_unit_test(schedules_are_possible_and_near_the_exact_optimum),
		cmocka_unit_test(the_shortest_cycle_is_found_and_dropping_leaves_none),
		cmocka_unit_test(redundant_edges_are_those_with_a_longer_way),
		cmocka_unit_test(a_ring_of_ten_thousand_is_one_cycle),
		cmocka_unit_test(nothing_is_a_graph_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
