#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/attempts.h"
#include "store/runs.h"

#define ARENA_MAX ((size_t)16 << 20)

struct bench {
	struct db *db;
	struct arena *a;
	struct text path;
};

static int set_up(void **state)
{
	struct bench *b = mem_zero(1, sizeof *b);
	const char *folder = getenv("TMPDIR");
	static int number;

	if (b == NULL)
		return -1;
	text_init(&b->path, 4096);
	text_addf(&b->path, "%s/runs-%d.db", folder == NULL ? "/tmp" : folder, number++);
	(void)remove(text_string(&b->path));
	b->a = arena_new(ARENA_MAX);
	*state = b;
	return db_open(&b->db, text_string(&b->path), NULL) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	db_free(b->db);
	arena_free(b->a);
	(void)remove(text_string(&b->path));
	text_done(&b->path);
	mem_free(b);
	return 0;
}

static struct run_row a_run(const char *id, int64_t made_ms)
{
	return (struct run_row){ .id = id,
		                 .title = "a title",
		                 .state = "queued",
		                 .options = "{}",
		                 .mode = "worktree",
		                 .jobs = 4,
		                 .base_oid = "abc",
		                 .made_ms = made_ms };
}

static void add_run(struct bench *b, const char *id, int64_t made_ms)
{
	struct run_row run = a_run(id, made_ms);
	struct task_row task = {
		.title = "T", .spec = "{}", .estimate_min = 5, .state = "pending"
	};
	struct edge_row edge = { "one", "two" };

	assert_int_equal(db_begin(b->db, NULL), OK);
	assert_int_equal(runs_add(b->db, &run, NULL), OK);
	task.id = "two";
	task.position = 1;
	assert_int_equal(runs_add_task(b->db, id, &task, NULL), OK);
	task.id = "one";
	task.position = 0;
	assert_int_equal(runs_add_task(b->db, id, &task, NULL), OK);
	assert_int_equal(runs_add_edge(b->db, id, &edge, NULL), OK);
	assert_int_equal(db_commit(b->db, NULL), OK);
}

static void a_run_is_read_back_as_it_was_written(void **state)
{
	struct bench *b = *state;
	struct run_row run;
	struct task_row *tasks;
	struct edge_row *edges;
	size_t n;

	add_run(b, "r1", 7);
	assert_int_equal(runs_get(b->db, "r1", b->a, &run, NULL), OK);
	assert_string_equal(run.base_oid, "abc");
	assert_null(run.branch);
	assert_int_equal(run.started_ms, RUNS_NONE);
	run.state = "running";
	run.branch = "gadugi/r1";
	run.runner_pid = 12;
	run.started_ms = 8;
	assert_int_equal(runs_put(b->db, &run, NULL), OK);
	assert_int_equal(runs_get(b->db, "r1", b->a, &run, NULL), OK);
	assert_string_equal(run.state, "running");
	assert_string_equal(run.branch, "gadugi/r1");
	assert_int_equal(run.runner_pid, 12);
	assert_int_equal(run.ended_ms, RUNS_NONE);
	assert_int_equal(runs_tasks(b->db, "r1", b->a, &tasks, &n, NULL), OK);
	assert_int_equal(n, 2);
	assert_string_equal(tasks[0].id, "one");
	assert_int_equal(runs_edges(b->db, "r1", b->a, &edges, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_string_equal(edges[0].to, "two");
}

static void an_unknown_run_or_plan_is_absent_by_name(void **state)
{
	struct bench *b = *state;
	struct run_row run;
	struct plan_row plan;
	struct err err;

	assert_int_equal(runs_get(b->db, "r9", b->a, &run, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "'r9'"));
	assert_int_equal(runs_plan(b->db, "p9", b->a, &plan, &err), E_ABSENT);
	assert_non_null(strstr(err.text, "'p9'"));
	assert_int_equal(runs_wish(b->db, "r9", NULL, "cancel", &err), E_ABSENT);
	assert_int_equal(runs_wish(b->db, "r9", "one", "cancel", &err), E_ABSENT);
}

static void runs_are_listed_newest_first_page_by_page(void **state)
{
	struct bench *b = *state;
	struct run_row *runs;
	size_t n;

	add_run(b, "r1", 1);
	add_run(b, "r2", 2);
	add_run(b, "r3", 2);
	assert_int_equal(runs_list(b->db, &(struct runs_want){ NULL, 2 }, b->a, &runs, &n, NULL),
	                 OK);
	assert_int_equal(n, 2);
	assert_string_equal(runs[0].id, "r3");
	assert_string_equal(runs[1].id, "r2");
	assert_int_equal(runs_list(b->db, &(struct runs_want){ "r2", 2 }, b->a, &runs, &n, NULL),
	                 OK);
	assert_int_equal(n, 1);
	assert_string_equal(runs[0].id, "r1");
}

static void an_attempt_is_replaced_as_a_whole(void **state)
{
	struct bench *b = *state;
	struct attempt_row put = { .task = "one",
		                   .number = 1,
		                   .state = "intent",
		                   .agent = "demo",
		                   .pid = RUNS_NONE,
		                   .pid_start = RUNS_NONE,
		                   .exit_code = RUNS_NONE,
		                   .files = RUNS_NONE,
		                   .intent_ms = 3,
		                   .started_ms = RUNS_NONE,
		                   .ended_ms = RUNS_NONE,
		                   .done_ms = RUNS_NONE,
		                   .tokens_in = RUNS_NONE,
		                   .tokens_out = RUNS_NONE,
		                   .cost_usd = -1 };
	struct attempt_row *got;
	size_t n;

	add_run(b, "r1", 1);
	assert_int_equal(attempts_put(b->db, "r1", &put, NULL), OK);
	put.state = "started";
	put.pid = 77;
	put.cost_usd = 0.5;
	assert_int_equal(attempts_put(b->db, "r1", &put, NULL), OK);
	assert_int_equal(
	    attempts_read(b->db, &(struct attempts_want){ "r1", NULL }, b->a, &got, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_string_equal(got->state, "started");
	assert_int_equal(got->pid, 77);
	assert_int_equal(got->exit_code, RUNS_NONE);
	assert_true(got->cost_usd > 0.4);
	assert_int_equal(
	    attempts_read(b->db, &(struct attempts_want){ "r1", "two" }, b->a, &got, &n, NULL), OK);
	assert_int_equal(n, 0);
}

static void a_wish_stays_until_it_is_taken_back(void **state)
{
	struct bench *b = *state;
	struct task_row *wishes;
	struct run_row run;
	size_t n;

	add_run(b, "r1", 1);
	assert_int_equal(runs_wish(b->db, "r1", NULL, "pause", NULL), OK);
	assert_int_equal(runs_wish(b->db, "r1", "two", "skip", NULL), OK);
	assert_int_equal(runs_get(b->db, "r1", b->a, &run, NULL), OK);
	assert_string_equal(run.wish, "pause");
	assert_int_equal(runs_put(b->db, &run, NULL), OK); /* leaves the wish alone */
	assert_int_equal(runs_wishes(b->db, "r1", b->a, &wishes, &n, NULL), OK);
	assert_int_equal(n, 2);
	assert_null(wishes[0].id);
	assert_string_equal(wishes[0].wish, "pause");
	assert_string_equal(wishes[1].id, "two");
	assert_string_equal(wishes[1].wish, "skip");
	assert_int_equal(runs_obeyed(b->db, "r1", "two", "cancel", NULL),
	                 OK); /* another one: stays */
	assert_int_equal(runs_obeyed(b->db, "r1", NULL, "pause", NULL), OK);
	assert_int_equal(runs_wishes(b->db, "r1", b->a, &wishes, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(runs_wish(b->db, "r1", "two", NULL, NULL), OK);
	assert_int_equal(runs_wishes(b->db, "r1", b->a, &wishes, &n, NULL), OK);
	assert_int_equal(n, 0);
}

static void a_state_that_is_not_in_the_contract_is_refused(void **state)
{
	struct bench *b = *state;
	struct run_row run = a_run("r1", 1);

	run.state = "splendid";
	assert_int_not_equal(runs_add(b->db, &run, NULL), OK);
}

static void counts_gates_and_checkpoints_are_read_back(void **state)
{
	struct bench *b = *state;
	struct gate_row gate = { .task = NULL,
		                 .attempt = RUNS_NONE,
		                 .name = "tests",
		                 .exit_code = 2,
		                 .passed = 0,
		                 .output = "no" };
	struct checkpoint_row point = { 1, "abc", NULL, 9 }, *points;
	struct count_row *counts;
	struct gate_row *gates;
	size_t n;

	add_run(b, "r1", 1);
	assert_int_equal(attempts_add_gate(b->db, "r1", &gate, NULL), OK);
	assert_int_equal(attempts_put_checkpoint(b->db, "r1", &point, NULL), OK);
	assert_int_equal(attempts_gates(b->db, "r1", b->a, &gates, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_null(gates->task);
	assert_int_equal(gates->exit_code, 2);
	assert_int_equal(attempts_checkpoints(b->db, "r1", b->a, &points, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(runs_counts(b->db, "r1", b->a, &counts, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(counts->n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_is_read_back_as_it_was_written, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_unknown_run_or_plan_is_absent_by_name, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(runs_are_listed_newest_first_page_by_page, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_attempt_is_replaced_as_a_whole, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_wish_stays_until_it_is_taken_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_state_that_is_not_in_the_contract_is_refused,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_gates_and_checkpoints_are_read_back, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
