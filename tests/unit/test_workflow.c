#include "tests/unit/unit.h"

#include <string.h>

#include "base/text.h"
#include "domain/run/flow.h"
#include "domain/run/options.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 << 20);
	return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *const three =
    "about: three\n"
    "stages:\n"
    "  - {name: make, prompt: Make it., gates: task}\n"
    "  - {name: look, agent: other, prompt: Look., verdict: true,\n"
    "     back: make, rounds: 2}\n"
    "  - {name: end, prompt: End., gates: [lint, tests], approval: true}\n";

static struct workflow read(const char *text)
{
	struct workflow w;
	struct err err = { OK, "" };

	if (workflow_read("w", "w.yaml", text, arena, &w, &err) != OK)
		fail_msg("%s", err.text);
	return w;
}

static void refused(const char *text, const char *words)
{
	struct workflow w;
	struct err err = { OK, "" };

	assert_int_equal(workflow_read("w", "w.yaml", text, arena, &w, &err), E_INPUT);
	if (strstr(err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, err.text);
}

static void check_three(const struct workflow *w)
{
	assert_int_equal(w->n, 3);
	assert_string_equal(w->stages[0].name, "make");
	assert_true(w->stages[0].task_gates);
	assert_null(w->stages[0].agent);
	assert_true(w->stages[0].back == WORKFLOW_NONE);
	assert_int_equal(w->stages[0].rounds, WORKFLOW_ROUNDS);
	assert_string_equal(w->stages[1].agent, "other");
	assert_true(w->stages[1].verdict);
	assert_int_equal(w->stages[1].back, 0);
	assert_int_equal(w->stages[1].rounds, 2);
	assert_int_equal(w->stages[2].n_gates, 2);
	assert_string_equal(w->stages[2].gates[1], "tests");
	assert_true(w->stages[2].approval);
	assert_string_equal(w->stages[2].prompt, "End.");
}

static void a_workflow_is_read(void **state)
{
	struct workflow w = read(three);

	(void)state;
	assert_string_equal(w.about, "three");
	check_three(&w);
}

static void mistakes_are_told_with_their_place(void **state)
{
	(void)state;
	refused("stages:\n  - {name: a, prompt: x, back: b}\n", "w.yaml:2:");
	refused("stages:\n  - {name: a, prompt: x, back: a}\n", "no stage 'a' before");
	refused("stages:\n  - {name: a}\n", "needs a prompt");
	refused("stages:\n  - {prompt: a}\n", "needs a name");
	refused("stages:\n  - {name: 'a b', prompt: x}\n", "needs a name of letters");
	refused("stages:\n  - {name: a, promt: x}\n", "is it 'prompt'?");
	refused("stages:\n  - {name: a, prompt: x}\n  - {name: a, prompt: x}\n", "two stages 'a'");
	refused("stages:\n  - {name: a, prompt: x, rounds: 99}\n", "from 0 to 20");
	refused("stages:\n  - {name: a, prompt: x, gates: all}\n", "'task' or a list");
	refused("stages: []\n", "1 to 32 stages");
	refused("about: nothing\n", "needs 'stages'");
	refused("steps: []\n", "no 'steps' here");
	refused("- a\n", "'about' and 'stages'");
}

static void a_workflow_comes_back_from_json(void **state)
{
	struct workflow w = read(three), back;
	struct json_build b = { false };
	cJSON *object = json_object(&b);

	(void)state;
	workflow_put(&b, object, &w);
	assert_false(b.failed);
	assert_int_equal(workflow_take(object, arena, &back, NULL), OK);
	assert_string_equal(back.name, "w");
	check_three(&back);
	cJSON_DeleteItemFromObject(object, "stages");
	assert_int_equal(workflow_take(object, arena, &back, NULL), E_BUG);
	cJSON_Delete(object);
}

static void those_that_ship_are_sound(void **state)
{
	size_t n = 0;

	(void)state;
	for (; workflow_texts[n].name != NULL; n++) {
		struct workflow w = read(workflow_texts[n].text);

		assert_non_null(w.about);
		assert_true(w.stages[w.n - 1].task_gates);
		if (strcmp(workflow_texts[n].name, "eleven-phases") == 0)
			assert_int_equal(w.n, 11);
	}
	assert_true(n >= 2);
}

/* One row more. */
static void after(struct flow *f, const char *stage, const char *state, const char *result)
{
	flow_replay(f, &(struct attempt_row){ .stage = stage,
	                                      .state = state,
	                                      .base_oid = "base",
	                                      .result_oid = result,
	                                      .note = stage,
	                                      .cause = "why" });
}

static void where_a_task_stands_follows_from_its_rows(void **state)
{
	struct workflow w = read(three);
	struct flow f = { .of = &w };

	(void)state;
	after(&f, "make", "failed", "c0");
	assert_int_equal(f.at, 0);
	assert_string_equal(f.commit.hex, "");
	after(&f, "make", "staged", "c1");
	assert_int_equal(f.at, 1);
	assert_string_equal(f.base.hex, "base");
	assert_string_equal(f.commit.hex, "c1");
	assert_string_equal(f.notes[0], "make");
	after(&f, "look", "lost", "c2");
	assert_int_equal(f.at, 1);
	assert_string_equal(f.commit.hex, "c1");
	after(&f, "look", "returned", "c3");
	assert_int_equal(f.at, 0);
	assert_int_equal(f.rounds[1], 1);
	assert_string_equal(f.returned, "why");
	assert_string_equal(f.commit.hex, "c3");
	after(&f, "make", "staged", "c4");
	after(&f, "look", "staged", "c5");
	assert_null(f.returned);
	assert_int_equal(f.at, 2);
	after(&f, "gone", "staged", "c6"); /* of another version of the workflow */
	assert_int_equal(f.at, 2);
	after(&f, "end", "staged", "c7"); /* cannot be: the last one is merged */
	assert_int_equal(f.at, 2);
}

static void a_task_names_its_workflow_before_the_run(void **state)
{
	struct workflow list[] = { { .name = "a" }, { .name = "b" } };
	const struct run_options o = { .workflow = "a", .workflows = list, .n_workflows = 2 };
	cJSON *own = cJSON_Parse("{\"workflow\":\"b\"}"),
	      *none = cJSON_Parse("{\"workflow\":\"none\"}");

	(void)state;
	assert_ptr_equal(flow_of(&o, NULL), &list[0]);
	assert_ptr_equal(flow_of(&o, own), &list[1]);
	assert_null(flow_of(&o, none));
	cJSON_Delete(own);
	cJSON_Delete(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_workflow_is_read),
		TEST(mistakes_are_told_with_their_place),
		TEST(a_workflow_comes_back_from_json),
		TEST(those_that_ship_are_sound),
		TEST(where_a_task_stands_follows_from_its_rows),
		TEST(a_task_names_its_workflow_before_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
