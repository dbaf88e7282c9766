/* What one more hour costs, and when the whole ends if all goes well or badly. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/plan.h"

#define HEAD "| ID | Task | Depends on | Estimate |\n|---|---|---|---|\n"

struct reading {
	struct arena *a;
	struct plan *p;
};

static int set_up(void **state)
{
	static struct reading r;

	r = (struct reading){ .a = arena_new((size_t)64 << 20) };
	*state = &r;
	return r.a == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	arena_free(((struct reading *)*state)->a);
	return 0;
}

static const struct plan *read_with(struct reading *r, const char *document,
                                    const struct plan_options *options)
{
	struct err err = { OK, "" };

	if (plan_read(document, strlen(document), options, r->a, &r->p, &err) != OK)
		fail_msg("%s", err.text);
	return r->p;
}

static void an_hour_more_costs_what_the_slack_does_not_hold(void **state)
{
	const struct plan_options options = { .workers = 8 };
	const struct plan *p = read_with(*state,
	                                 HEAD "| A | Lay | - | 4h |\n| B | Paint | - | 210 min |\n"
	                                      "| C | Hang | - | 1h |\n| D | Move | A, B | 1h |\n",
	                                 &options);

	assert_int_equal(p->tasks[0].delay_min, 60); /* on the longest path */
	assert_int_equal(p->tasks[1].delay_min, 30); /* half an hour of slack */
	assert_int_equal(p->tasks[2].delay_min, 0);  /* four hours of it */
}

/* With one worker every hour counts, whatever the slack. */
static void an_hour_more_costs_an_hour_where_workers_are_few(void **state)
{
	const struct plan_options options = { .workers = 1 };
	const struct plan *p = read_with(
	    *state, HEAD "| A | Lay | - | 4h |\n| B | Paint | - | 1h |\n| C | Hang | - | 1h |\n",
	    &options);

	for (size_t i = 0; i < p->n_tasks; i++)
		assert_int_equal(p->tasks[i].delay_min, 60);
}

static void stated_ranges_give_a_timeline(void **state)
{
	const struct plan_options options = { .workers = 4 };
	const struct plan *p = read_with(
	    *state,
	    HEAD "| A | Lay | - | 2-4h |\n| B | Paint | A | 1-3h |\n| C | Hang | A | 1h |\n",
	    &options);

	assert_int_equal(p->timeline.source, PLAN_RANGE_STATED);
	assert_int_equal(p->timeline.ranged, 2);
	assert_int_equal(p->timeline.optimistic_min, 180);
	assert_int_equal(p->timeline.realistic_min, 300);
	assert_int_equal(p->timeline.realistic_min, p->makespan_min);
	assert_int_equal(p->timeline.pessimistic_min, 420);
}

static void without_ranges_there_is_none(void **state)
{
	const struct plan_options options = { .workers = 4 };
	struct json_build b = { false };
	const struct plan *p =
	    read_with(*state, HEAD "| A | Lay | - | 2h |\n| B | Paint | A | 1h |\n", &options);
	cJSON *json = plan_json(&b, p);

	assert_int_equal(p->timeline.source, PLAN_RANGE_NONE);
	assert_null(json_get(json_get(json, "schedule"), "timeline"));
	cJSON_Delete(json);
}

static void the_error_of_earlier_estimates_gives_a_timeline(void **state)
{
	static const struct plan_factor factors[] = { { "*", 0.5, 1, 2, 9 },
		                                      { "fix", 1, 3, 4, 3 } };
	const struct plan_options options = { .workers = 4, .factors = factors, .n_factors = 2 };
	struct json_build b = { false };
	const struct plan *p = read_with(
	    *state, HEAD "| A | Fix the leak | - | 2h |\n| B | Paint | A | 1h |\n", &options);
	cJSON *json = plan_json(&b, p);
	const cJSON *line = json_get(json_get(json, "schedule"), "timeline");

	assert_int_equal(p->timeline.source, PLAN_RANGE_ERROR);
	assert_int_equal(p->timeline.optimistic_min, 120 + 30);
	assert_int_equal(p->timeline.realistic_min, 360 + 60);
	assert_int_equal(p->timeline.pessimistic_min, 480 + 120);
	assert_string_equal(json_text(line, "source"), "error");
	assert_int_equal(json_int(line, "realisticMinutes", 0), 420);
	assert_int_equal(p->makespan_min, 180); /* as stated, all the same */
	cJSON_Delete(json);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_hour_more_costs_what_the_slack_does_not_hold),
		T(an_hour_more_costs_an_hour_where_workers_are_few),
		T(stated_ranges_give_a_timeline),
		T(without_ranges_there_is_none),
		T(the_error_of_earlier_estimates_gives_a_timeline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
