#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/run/schedule.h"

#define MOST 64

/* A graph under construction: a task's needs are rows of `need`. */
struct graph {
	struct schedule_task tasks[MOST];
	size_t need[MOST][MOST], use[MOST][MOST];
	size_t capacity[MOST];
	size_t n, n_resources;
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t add(struct graph *g, int64_t cost)
{
	g->tasks[g->n] =
	    (struct schedule_task){ .cost = cost, .needs = g->need[g->n], .uses = g->use[g->n] };
	return g->n++;
}

static void edge(struct graph *g, size_t from, size_t to)
{
	g->need[to][g->tasks[to].n_needs++] = from;
}

static void uses(struct graph *g, size_t task, size_t resource)
{
	g->use[task][g->tasks[task].n_uses++] = resource;
}

static struct schedule *start(struct graph *g, size_t workers)
{
	struct schedule_plan plan = { g->tasks, g->n, g->capacity, g->n_resources, workers };
	struct schedule *s = NULL;

	assert_int_equal(schedule_new(&s, &plan, NULL), OK);
	return s;
}

/* Let time pass in a model of the machine; the makespan. Checks on the way that nothing starts too
 * early. */
static int64_t simulate(const struct graph *g, struct schedule *s)
{
	int64_t ends[MOST], now = 0;
	bool on[MOST] = { false };
	const size_t *told;
	size_t i;

	for (;;) {
		while (schedule_next(s, &i)) {
			for (size_t k = 0; k < g->tasks[i].n_needs; k++)
				assert_int_equal(schedule_state(s, g->need[i][k]), SCHEDULE_DONE);
			on[i] = true;
			ends[i] = now + g->tasks[i].cost;
		}
		i = MOST;
		for (size_t k = 0; k < g->n; k++)
			if (on[k] && (i == MOST || ends[k] < ends[i]))
				i = k;
		if (i == MOST)
			break;
		now = ends[i];
		on[i] = false;
		(void)schedule_done(s, i, &told);
	}
	return now;
}

static void starts_a_task_only_when_all_it_needs_is_done(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	const size_t *told;
	size_t a = add(&g, 1), b = add(&g, 1), c = add(&g, 1), got;

	(void)state;
	edge(&g, a, c);
	edge(&g, b, c);
	s = start(&g, 4);
	assert_true(schedule_next(s, &got));
	assert_true(schedule_next(s, &got));
	assert_false(schedule_next(s, &got));
	assert_int_equal(schedule_done(s, a, &told), 0);
	assert_false(schedule_next(s, &got));
	schedule_idle(s, b);
	assert_false(schedule_next(s, &got)); /* ended is not merged */
	assert_int_equal(schedule_done(s, b, &told), 1);
	assert_int_equal(told[0], c);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, c);
	schedule_free(s);
}

static void starts_the_critical_path_first(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	size_t small = add(&g, 5), head = add(&g, 1), tail = add(&g, 10), got;

	(void)state;
	edge(&g, head, tail);
	s = start(&g, 1);
	assert_int_equal(schedule_rank(s, head), 11);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, head);
	(void)small;
	schedule_free(s);
}

static void a_tie_goes_to_the_one_more_wait_for_then_to_the_first(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	size_t one = add(&g, 2), two = add(&g, 2), three = add(&g, 2), got;

	(void)state;
	edge(&g, two, add(&g, 1));
	edge(&g, two, add(&g, 1));
	edge(&g, one, add(&g, 1));
	edge(&g, three, add(&g, 1));
	s = start(&g, 3);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, two);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, one);
	schedule_free(s);
}

static void the_seed_graph_meets_its_lower_bound_on_any_number_of_workers(void **state)
{
	/* Costs and edges of the twelve systems in both readings; hours. */
	static const int64_t cost[12] = { 4, 4, 2, 4, 8, 4, 6, 8, 8, 8, 6, 6 };
	static const size_t edges[][2] = { { 2, 4 },  { 4, 5 },  { 4, 7 }, { 3, 7 },
		                           { 1, 6 },  { 7, 8 },  { 4, 8 }, { 8, 9 },
		                           { 9, 11 }, { 8, 10 }, { 7, 10 } };

	(void)state;
	for (size_t workers = 1; workers <= 8; workers++) {
		struct graph g = { .n = 0 };
		struct schedule *s;
		int64_t work = 0, bound, took;

		for (size_t i = 0; i < 12; i++) {
			(void)add(&g, cost[i]);
			work += cost[i];
		}
		for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
			edge(&g, edges[i][0], edges[i][1]);
		s = start(&g, workers);
		bound = (work + (int64_t)workers - 1) / (int64_t)workers;
		bound = schedule_path(s) > bound ? schedule_path(s) : bound;
		took = simulate(&g, s);
		assert_int_equal(took, bound);
		schedule_free(s);
	}
}

/* The best there is, by trying everything: start any ready task, or let time pass. */
static void try_all(const struct graph *g, size_t workers, int64_t now, int64_t *ends,
                    unsigned begun, int64_t *best)
{
	int64_t later = INT64_MAX, last = now;
	size_t busy = 0;

	for (size_t i = 0; i < g->n; i++) {
		if ((begun & (1u << i)) == 0)
			continue;
		last = ends[i] > last ? ends[i] : last;
		busy += ends[i] > now;
		if (ends[i] > now && ends[i] < later)
			later = ends[i];
	}
	if (last >= *best)
		return;
	if (begun == (1u << g->n) - 1) {
		*best = last;
		return;
	}
	for (size_t i = 0; i < g->n && busy < workers; i++) {
		bool may = (begun & (1u << i)) == 0;

		for (size_t k = 0; may && k < g->tasks[i].n_needs; k++)
			may = (begun & (1u << g->need[i][k])) != 0 && ends[g->need[i][k]] <= now;
		if (!may)
			continue;
		ends[i] = now + g->tasks[i].cost;
		try_all(g, workers, now, ends, begun | (1u << i), best);
	}
	if (later != INT64_MAX)
		try_all(g, workers, later, ends, begun, best);
}

static void small_random_graphs_take_hardly_longer_than_the_best_schedule(void **state)
{
	uint64_t seed = 424242424242u;
	int64_t ours = 0, best_of_all = 0;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct graph g = { .n = 0 };
		size_t n = 5 + next_random(&seed) % 4, workers = 2 + next_random(&seed) % 3;
		int64_t ends[MOST], best = INT64_MAX, took;
		struct schedule *s;

		for (size_t i = 0; i < n; i++) {
			(void)add(&g, (int64_t)(1 + next_random(&seed) % 20));
			for (size_t k = 0; k < i; k++)
				if (next_random(&seed) % 4 == 0)
					edge(&g, k, i);
		}
		s = start(&g, workers);
		took = simulate(&g, s);
		schedule_free(s);
		try_all(&g, workers, 0, ends, 0, &best);
		assert_true(took >= best);
		ours += took;
		best_of_all += best;
	}
	assert_true((double)ours <= 1.01 * (double)best_of_all);
}

static void what_needs_a_failed_task_is_skipped_and_nothing_else(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	const size_t *told;
	size_t a = add(&g, 9), b = add(&g, 1), c = add(&g, 1), other = add(&g, 1), got;

	(void)state;
	edge(&g, a, b);
	edge(&g, b, c);
	s = start(&g, 1);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, a);
	assert_int_equal(schedule_fail(s, a, &told), 2);
	assert_int_equal(schedule_state(s, b), SCHEDULE_SKIPPED);
	assert_int_equal(schedule_state(s, c), SCHEDULE_SKIPPED);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, other);
	assert_int_equal(schedule_unsettled(s), 1);
	schedule_free(s);
}

static void a_retry_revives_what_was_skipped_for_its_sake(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	const size_t *told;
	size_t a = add(&g, 9), x = add(&g, 8), b = add(&g, 1), c = add(&g, 1), got;

	(void)state;
	edge(&g, a, b);
	edge(&g, b, c);
	edge(&g, x, c);
	s = start(&g, 2);
	assert_true(schedule_next(s, &got));
	assert_true(schedule_next(s, &got));
	(void)schedule_fail(s, a, &told);
	(void)schedule_fail(s, x, &told);
	assert_int_equal(schedule_retry(s, c, &told), 0); /* b is skipped: no use */
	assert_int_equal(schedule_retry(s, a, &told), 2); /* a and b; c still hangs on x */
	assert_int_equal(schedule_state(s, c), SCHEDULE_SKIPPED);
	assert_int_equal(schedule_retry(s, x, &told), 2);
	assert_int_equal(schedule_unsettled(s), 4);
	(void)simulate(&g, s);
	assert_int_equal(schedule_state(s, c), SCHEDULE_DONE);
	assert_int_equal(schedule_unsettled(s), 0);
	schedule_free(s);
}

static void tasks_that_use_the_same_resource_do_not_overlap(void **state)
{
	struct graph g = { .n = 0, .n_resources = 2, .capacity = { 1, 2 } };
	struct schedule *s;
	const size_t *told;
	size_t a = add(&g, 9), b = add(&g, 8), c = add(&g, 1), got;

	(void)state;
	uses(&g, a, 0);
	uses(&g, b, 0);
	uses(&g, b, 1);
	s = start(&g, 3);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, a);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, c); /* b waits, but keeps nobody else waiting */
	assert_false(schedule_next(s, &got));
	schedule_idle(s, a);
	assert_false(schedule_next(s, &got)); /* until it is merged */
	(void)schedule_done(s, a, &told);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, b);
	schedule_free(s);
}

static void every_task_runs_whatever_the_resources(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct graph g = { .n = 0, .n_resources = 4, .capacity = { 1, 1, 2, 3 } };
		struct schedule *s;

		for (size_t i = 0; i < 40; i++) {
			(void)add(&g, (int64_t)(next_random(&seed) % 9 + 1));
			for (size_t k = 0; k < 4; k++)
				if (next_random(&seed) % 3 == 0)
					uses(&g, i, k);
			for (size_t k = 0; k < i; k++)
				if (next_random(&seed) % 16 == 0)
					edge(&g, k, i);
		}
		s = start(&g, 1 + next_random(&seed) % 6);
		(void)simulate(&g, s);
		assert_int_equal(schedule_unsettled(s), 0);
		schedule_free(s);
	}
}

static void a_worker_is_kept_for_what_is_more_urgent_in_a_moment(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	const size_t *told;
	size_t head = add(&g, 1), tail = add(&g, 10), small = add(&g, 5), tiny = add(&g, 2), got;

	(void)state;
	edge(&g, head, tail);
	s = start(&g, 2);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, head);
	schedule_idle(s, head);
	schedule_expect(s, head, true);
	assert_true(schedule_next(s, &got)); /* there is a worker for both */
	assert_int_equal(got, small);
	assert_false(schedule_next(s, &got)); /* the other one is tail's */
	schedule_expect(s, head, false);
	schedule_expect(s, head, true);
	assert_int_equal(schedule_done(s, head, &told), 1);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, tail);
	(void)tiny;
	schedule_free(s);
}

static void a_circle_is_refused(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule_plan plan;
	struct schedule *s = NULL;
	struct err err;
	size_t a = add(&g, 1), b = add(&g, 1);

	(void)state;
	edge(&g, a, b);
	edge(&g, b, a);
	plan = (struct schedule_plan){ g.tasks, g.n, g.capacity, 0, 1 };
	assert_int_equal(schedule_new(&s, &plan, &err), E_INPUT);
	assert_non_null(strstr(err.text, "circle"));
}

static void what_was_done_before_is_not_started_again(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	size_t a = add(&g, 1), b = add(&g, 1), c = add(&g, 1), d = add(&g, 1), got;

	(void)state;
	edge(&g, a, b);
	edge(&g, c, d);
	g.tasks[a].state = SCHEDULE_DONE;
	g.tasks[c].state = SCHEDULE_FAILED;
	s = start(&g, 4);
	assert_int_equal(schedule_state(s, d), SCHEDULE_SKIPPED);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, b);
	assert_false(schedule_next(s, &got));
	assert_int_equal(schedule_unsettled(s), 1);
	schedule_free(s);
}

static void a_pause_starts_nothing_and_a_drop_settles_what_waits(void **state)
{
	struct graph g = { .n = 0 };
	struct schedule *s;
	const size_t *told;
	size_t a = add(&g, 9), b = add(&g, 2), c = add(&g, 1), got, ahead[4];

	(void)state;
	edge(&g, b, c);
	s = start(&g, 4);
	assert_int_equal(schedule_ahead(s, 4, ahead), 2);
	assert_int_equal(ahead[0], a);
	schedule_pause(s, true);
	assert_false(schedule_next(s, &got));
	assert_int_equal(schedule_drop(s, b, true, &told), 1);
	assert_int_equal(told[0], c);
	assert_int_equal(schedule_drop(s, c, false, &told), 0);
	schedule_pause(s, false);
	assert_true(schedule_next(s, &got));
	assert_int_equal(got, a);
	assert_false(schedule_next(s, &got));
	schedule_again(s, a);
	assert_true(schedule_next(s, &got));
	assert_int_equal(schedule_done(s, a, &told), 0);
	assert_int_equal(schedule_unsettled(s), 0);
	schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_a_task_only_when_all_it_needs_is_done),
		cmocka_unit_test(starts_the_critical_path_first),
		cmocka_unit_test(a_tie_goes_to_the_one_more_wait_for_then_to_the_first),
		cmocka_unit_test(the_seed_graph_meets_its_lower_bound_on_any_number_of_workers),
		cmocka_unit_test(small_random_graphs_take_hardly_longer_than_the_best_schedule),
		cmocka_unit_test(what_needs_a_failed_task_is_skipped_and_nothing_else),
		cmocka_unit_test(a_retry_revives_what_was_skipped_for_its_sake),
		cmocka_unit_test(tasks_that_use_the_same_resource_do_not_overlap),
		cmocka_unit_test(every_task_runs_whatever_the_resources),
		cmocka_unit_test(a_worker_is_kept_for_what_is_more_urgent_in_a_moment),
		cmocka_unit_test(a_circle_is_refused),
		cmocka_unit_test(what_was_done_before_is_not_started_again),
		cmocka_unit_test(a_pause_starts_nothing_and_a_drop_settles_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
