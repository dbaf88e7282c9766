/* What finished tasks teach about the next one, and how good that is. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/plan/learn.h"
#include "domain/project.h"
#include "store/attempts.h"
#include "store/runs.h"
#include "tests/lib/folder.h"

#define N 40

static struct err err;

#define GOOD(call) assert_string_equal((call) == OK ? "" : err.text, "")

/* Every second one a fix of a minute or so, the others migrations of an hour; newest first. */
static struct learned *two_kinds(struct arena *a)
{
	struct learned_task tasks[N];

	for (size_t i = 0; i < N; i++)
		tasks[i] = (struct learned_task){
			.title = i % 2 ? "Fix the crash" : "Migrate a table",
			.kind = i % 2 ? "fix" : "migration",
			.minutes = i % 2 ? 1 + (double)(i % 3) : 50 + (double)(i % 5),
			.estimate_min = i % 4 == 0 ? 100 : 0,
		};
	return learned_new(a, tasks, N);
}

static void a_task_takes_what_tasks_like_it_took(void **state)
{
	struct arena *a = arena_new((size_t)16 << 20);
	struct learned *l = two_kinds(a);
	struct learned_guess g;

	(void)state;
	assert_true(learned_guess(l, "Fix a crash in the parser", "fix", &g));
	assert_true(g.minutes >= 1 && g.minutes <= 3);
	assert_true(learned_guess(l, "Migrate the table of users", "migration", &g));
	assert_true(g.minutes >= 50 && g.minutes <= 54);
	assert_true(g.low <= g.minutes && g.minutes <= g.high);
	arena_free(a);
}

/* The words of the title tell where the kinds are the same. */
static void words_that_titles_share_count(void **state)
{
	static const struct learned_task tasks[] = {
		{ "Write the codec tests", "test", 5, 0 },
		{ "Write browser tests", "test", 90, 0 },
		{ "More codec tests", "test", 6, 0 },
		{ "More browser tests", "test", 80, 0 },
		{ "Codec tests for errors", "test", 4, 0 },
		{ "Browser tests: login", "test", 85, 0 },
	};
	struct arena *a = arena_new((size_t)16 << 20);
	struct learned *l = learned_new(a, tasks, sizeof tasks / sizeof *tasks);
	struct learned_guess g;

	(void)state;
	assert_true(learned_guess(l, "Codec tests for large files", "test", &g));
	assert_true(g.minutes < 10);
	assert_true(learned_guess(l, "Browser tests: logout", "test", &g));
	assert_true(g.minutes > 70);
	arena_free(a);
}

static void what_was_done_lately_counts_more(void **state)
{
	struct learned_task tasks[N];
	struct arena *a = arena_new((size_t)16 << 20);
	struct learned_guess g;

	(void)state;
	for (size_t i = 0; i < N; i++)
		tasks[i] = (struct learned_task){ "Add a page", "feature", i < 12 ? 2 : 60, 0 };
	assert_true(learned_guess(learned_new(a, tasks, N), "Add a page", "feature", &g));
	assert_true(g.minutes < 3);
	arena_free(a);
}

static void a_replay_is_closer_than_saying_always_the_middle(void **state)
{
	struct arena *a = arena_new((size_t)16 << 20);
	struct learned_replay r = learned_replay(two_kinds(a));

	(void)state;
	assert_int_equal(r.n, N - 5);
	assert_true(r.after >= 1 && r.after < 2);
	assert_true(r.before > 2 * r.after);
	arena_free(a);
}

static void too_few_teach_nothing(void **state)
{
	static const struct learned_task two[] = { { "x", NULL, 1, 5 }, { "y", "fix", 2, 5 } };
	struct arena *a = arena_new((size_t)16 << 20);
	struct learned *l = learned_new(a, two, 2);
	struct plan_factor *factors = NULL;
	struct learned_guess g;
	size_t n = 9;

	(void)state;
	assert_false(learned_guess(l, "x", NULL, &g));
	assert_int_equal(learned_replay(l).n, 0);
	assert_true(learned_factors(l, a, &factors, &n));
	assert_int_equal(n, 0);
	assert_non_null(learned_new(a, two, 0));
	arena_free(a);
}

static void factors_are_of_stated_estimates_alone(void **state)
{
	struct arena *a = arena_new((size_t)16 << 20);
	struct plan_factor *f = NULL;
	size_t n = 0;

	(void)state;
	assert_true(learned_factors(two_kinds(a), a, &f, &n));
	assert_int_equal(n, 2);
	assert_string_equal(f[0].kind, "*");
	assert_int_equal(f[0].n, 10);
	assert_string_equal(f[1].kind, "migration");
	assert_true(f[1].middle >= 0.50 && f[1].middle <= 0.54);
	arena_free(a);
}

/* Finished tasks as a run leaves them, minutes each. */
static void finish(struct project *p, const double *minutes, size_t n)
{
	static const struct run_row run = { .id = "r1",
		                            .title = "r1",
		                            .state = "succeeded",
		                            .options = "{}",
		                            .mode = "worktree",
		                            .jobs = 1,
		                            .runner_pid = RUNS_NONE,
		                            .runner_start = RUNS_NONE,
		                            .made_ms = 1,
		                            .started_ms = 1,
		                            .ended_ms = 2,
		                            .session_ms = RUNS_NONE };
	struct db *db = NULL;

	GOOD(project_write(p, NULL, &db, &err));
	GOOD(db_begin(db, &err));
	GOOD(runs_add(db, &run, &err));
	for (size_t i = 0; i < n; i++) {
		char id[24];
		int64_t from = 1000000 + (int64_t)i * 60000;
		struct task_row task = { .id = id,
			                 .position = (int64_t)i,
			                 .title = "Add a page",
			                 .spec = "{}",
			                 .estimate_min = 60,
			                 .kind = "feature",
			                 .state = "succeeded",
			                 .ready_ms = RUNS_NONE,
			                 .started_ms = from,
			                 .ended_ms = from,
			                 .again_ms = RUNS_NONE };
		struct attempt_row x = { .task = id,
			                 .number = 1,
			                 .state = "merged",
			                 .agent = "demo",
			                 .pid = RUNS_NONE,
			                 .pid_start = RUNS_NONE,
			                 .intent_ms = from,
			                 .started_ms = from,
			                 .ended_ms = from + (int64_t)(minutes[i] * 60000),
			                 .done_ms = RUNS_NONE,
			                 .tokens_in = RUNS_NONE,
			                 .tokens_out = RUNS_NONE,
			                 .cost_usd = -1,
			                 .resolves = RUNS_NONE,
			                 .tokens_cached = RUNS_NONE };

		(void)snprintf(id, sizeof id, "t%zu", i);
		GOOD(runs_add_task(db, run.id, &task, &err));
		GOOD(attempts_put(db, run.id, &x, &err));
	}
	GOOD(db_commit(db, &err));
	project_done(p, db);
}

static void runs_teach_until_they_are_forgotten(void **state)
{
	static const double minutes[] = { 3, 4, 5, 4, 3, 4, 5, 4 };
	static const char words[] = "# P\n\n- [ ] Add the reader\n- [ ] Add the writer\n";
	const struct folder *f = *state;
	struct plan_options options = { 0 };
	struct project *p = NULL;
	struct learned *l = NULL;
	struct plan *plan = NULL;
	cJSON *json = NULL;

	folder_put(f, "home/x", "");
	GOOD(project_open(&p, folder_at(f, "home"), &err));
	finish(p, minutes, sizeof minutes / sizeof *minutes);
	GOOD(learn_open(p, NULL, f->arena, &l, &err));
	GOOD(learn_options(l, f->arena, &options, &err));
	GOOD(plan_read(words, strlen(words), &options, f->arena, &plan, &err));
	assert_int_equal(plan->tasks[0].estimate_source, PLAN_LEARNED);
	assert_int_equal(plan->tasks[0].estimate_min, 4);
	assert_int_equal(plan->lesson.tasks, 8);
	assert_true(plan->lesson.after >= 1);
	assert_int_equal(plan->timeline.source, PLAN_RANGE_LEARNED);
	GOOD(learn_json(p, NULL, f->arena, &json, &err));
	assert_int_equal(json_int(json, "tasks", 0), 8);
	assert_int_equal(json_int(json, "replayed", 0), 3);
	assert_int_equal(cJSON_GetArraySize(json_get(json, "factors")), 2);
	cJSON_Delete(json);
	GOOD(learn_reset(p, NULL, &err));
	GOOD(learn_json(p, NULL, f->arena, &json, &err));
	assert_int_equal(json_int(json, "tasks", 9), 0);
	assert_non_null(json_text(json, "since"));
	cJSON_Delete(json);
	options = (struct plan_options){ 0 };
	GOOD(learn_open(p, NULL, f->arena, &l, &err));
	GOOD(learn_options(l, f->arena, &options, &err));
	assert_null(options.learned);
	project_free(p);
}

/* Hours of people and minutes of agents do not mix. */
static void beside_stated_estimates_nothing_is_guessed(void **state)
{
	static const char words[] = "# P\n\n- [ ] Fix the crash (2h)\n- [ ] Migrate a table\n";
	struct arena *a = arena_new((size_t)16 << 20);
	const struct plan_options options = { .learned = two_kinds(a) };
	struct plan *plan = NULL;

	(void)state;
	GOOD(plan_read(words, strlen(words), &options, a, &plan, &err));
	assert_int_equal(plan->tasks[0].estimate_min, 120);
	assert_int_equal(plan->tasks[1].estimate_source, PLAN_DEFAULT);
	assert_int_equal(plan->lesson.tasks, 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_takes_what_tasks_like_it_took),
		cmocka_unit_test(words_that_titles_share_count),
		cmocka_unit_test(what_was_done_lately_counts_more),
		cmocka_unit_test(a_replay_is_closer_than_saying_always_the_middle),
		cmocka_unit_test(too_few_teach_nothing),
		cmocka_unit_test(factors_are_of_stated_estimates_alone),
		cmocka_unit_test(beside_stated_estimates_nothing_is_guessed),
		cmocka_unit_test_setup_teardown(runs_teach_until_they_are_forgotten, folder_setup,
		                                folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
