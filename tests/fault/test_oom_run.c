/*
 * An allocation of a runner fails, here or there: it ends or goes on, never crashes, and the next
 * runner brings the run to its end with every task merged once. (Without any memory for good it
 * tries to commit for a minute before it gives up, which is too long for a test.)
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/project.h"
#include "domain/run.h"
#include "tests/lib/scratch.h"

#define POINTS 24 /* where it fails, spread over all that there are */
#define TASKS  4

static struct scratch s;
static struct err err;

static const char plan[] =
    "{\"title\":\"p\",\"tasks\":["
    "{\"id\":\"a\",\"title\":\"A\",\"agent\":\"shell\",\"command\":[\"touch\",\"a.txt\"]},"
    "{\"id\":\"b\",\"title\":\"B\",\"agent\":\"shell\",\"command\":[\"touch\",\"b.txt\"]},"
    "{\"id\":\"c\",\"title\":\"C\",\"agent\":\"shell\",\"command\":[\"touch\",\"c.txt\"],"
    "\"dependsOn\":[\"a\"]},"
    "{\"id\":\"d\",\"title\":\"D\",\"agent\":\"shell\",\"command\":[\"touch\",\"d.txt\"],"
    "\"dependsOn\":[\"b\",\"c\"]}]}";

static int set_up(void **state)
{
	(void)state;
	if (scratch_open(&s) != 0)
		return -1;
	(void)scratch_sh(
	    &s, NULL,
	    "mkdir -p .gadugi && echo 'agents: {shell: {preset: shell}}' >.gadugi/config "
	    "&& echo 'flags: {memory: false, coach: false}' >>.gadugi/config");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return scratch_close(&s);
}

static void wish_to_resume(struct project *p, const char *run)
{
	struct db *db = NULL;

	assert_int_equal(project_write(p, NULL, &db, &err), OK);
	assert_int_equal(db_begin(db, &err), OK);
	assert_int_equal(runs_wish(db, run, NULL, "resume", &err), OK);
	assert_int_equal(project_commit(p, db, &err), OK);
	project_done(p, db);
}

/* A stored run without a runner: this program is no gadugi, so that none could be started. */
static const char *store_run(struct project *p, const char *mode)
{
	struct plan_options options = { .origin = "test" };
	struct run_request want = {
		.mode = mode, .jobs = 2, .retries = 1, .timeout_s = RUN_NOT_GIVEN
	};
	struct run_views views;
	struct plan *made = NULL;
	const char *id = NULL;
	cJSON *json = cJSON_Parse(plan);

	assert_int_equal(plan_from_json(json, &options, s.room, &made, &err), OK);
	cJSON_Delete(json);
	want.plan = made;
	assert_int_not_equal(run_start(p, &want, NULL, s.room, &id, &err), OK);
	assert_int_equal(run_list(p, &(struct run_page){ NULL, 1 }, NULL, s.room, &views, &err),
	                 OK);
	assert_int_equal(views.n, 1);
	return views.at[0].row.id;
}

static enum status carry_out(const char *run)
{
	struct project *p = NULL;
	enum status st = project_open(&p, s.main, &err);

	if (st == OK)
		st = run_runner(p, run, NULL, NULL, &err);
	project_free(p);
	return st;
}

static void check_whole(struct project *p, const char *run)
{
	struct run_view v;

	assert_int_equal(run_look(p, run, NULL, s.room, &v, &err), OK);
	assert_string_equal(run_state_word(v.state), "succeeded");
	assert_int_equal(v.counts[TASK_SUCCEEDED], TASKS);
	for (size_t i = 0; i < v.n_tasks; i++) {
		int merged = 0;

		for (size_t k = 0; k < v.n_attempts; k++)
			merged += strcmp(v.attempts[k].task, v.tasks[i].id) == 0 &&
			          strcmp(v.attempts[k].state, "merged") == 0;
		assert_int_equal(merged, 1);
	}
}

/* One run whose runner lacks memory at that point, and a second runner that does not. */
static long one_run(struct project *p, const char *mode, long after)
{
	const char *run = store_run(p, mode);
	long seen;

	wish_to_resume(p, run);
	mem_fail_after(after, 0);
	(void)carry_out(run);
	seen = mem_requests();
	mem_fail_after(-1, 0);
	wish_to_resume(p, run);
	assert_int_equal(carry_out(run), OK);
	check_whole(p, run);
	return seen;
}

static void fail_here_and_there(const char *mode)
{
	struct project *p = NULL;
	long all;

	assert_int_equal(project_open(&p, s.main, &err), OK);
	all = one_run(p, mode, -1);
	assert_true(all > 200);
	for (long i = 0; i < POINTS; i++)
		(void)one_run(p, mode, all * i / POINTS + i % 7);
	project_free(p);
}

static void a_runner_without_memory_loses_nothing_in_worktrees(void **state)
{
	(void)state;
	fail_here_and_there("worktree");
	assert_string_equal(scratch_sh(&s, NULL, "git status --porcelain --untracked-files=no"),
	                    "");
}

static void a_runner_without_memory_loses_nothing_in_the_folder_itself(void **state)
{
	(void)state;
	fail_here_and_there("shared");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_runner_without_memory_loses_nothing_in_worktrees,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_runner_without_memory_loses_nothing_in_the_folder_itself, set_up, tear_down),
	};

	(void)argv;
	if (argc > 1)
		return 1; /* asked to be a runner */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
