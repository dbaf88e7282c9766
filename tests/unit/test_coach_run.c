/* Runs are written as rows with a known truth in them; the coach has to name it, and nothing else.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/coach.h"
#include "domain/coach/facts.h"
#include "store/attempts.h"
#include "store/runs.h"

struct bench {
	struct db *db;
	struct arena *a;
	struct text path;
	int runs;
	bool foretold; /* the plan says that all tasks change x.c */
};

static int set_up(void **state)
{
	struct bench *b = mem_zero(1, sizeof *b);
	const char *folder = getenv("TMPDIR");
	static int number;

	if (b == NULL)
		return -1;
	text_init(&b->path, 4096);
	text_addf(&b->path, "%s/coach-%d.db", folder == NULL ? "/tmp" : folder, number++);
	(void)remove(text_string(&b->path));
	b->a = arena_new((size_t)64 << 20);
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

/* An attempt at a task, times in seconds from the start of the run. */
struct
try {
	const char *task;
	int slot;
	int from, to;      /* its place; the agent begins with it and ends with it */
	const char *state; /* NULL: merged */
	const char *cause;
};

/* A task; several tries of one task stand in a row. */
struct todo {
	const char *id;
	int minutes; /* 0: no estimate was stated */
	int ready;
	const char *needs; /* ids with blanks between, or NULL */
};

struct case_run {
	int workers, seconds;
	const struct todo *tasks;
	const struct try *tries;
};

static void add_edges(struct bench *b, const char *run, const struct todo *p)
{
	char *copy = text_dup(b->a, p->needs == NULL ? "" : p->needs), *need;

	assert_non_null(copy);
	while ((need = strtok_r(copy, " ", &copy)) != NULL) {
		struct edge_row edge = { need, p->id };

		assert_int_equal(runs_add_edge(b->db, run, &edge, NULL), OK);
	}
}

static void add_try(struct bench *b, const char *run, const struct try *t, int number)
{
	struct attempt_row x = {
		.task = t->task,
		.number = number,
		.state = t->state == NULL ? "merged" : t->state,
		.slot = t->slot,
		.agent = "demo",
		.pid = RUNS_NONE,
		.pid_start = RUNS_NONE,
		.exit_code = t->state == NULL ? 0 : 1,
		.cause = t->cause,
		.files = 1,
		.intent_ms = t->from * 1000,
		.started_ms = t->from * 1000,
		.ended_ms = t->to * 1000,
		.done_ms = t->to * 1000,
		.tokens_in = RUNS_NONE,
		.tokens_out = RUNS_NONE,
		.cost_usd = -1,
	};

	assert_int_equal(attempts_put(b->db, run, &x, NULL), OK);
}

/* How a task stands after its tries. */
static struct task_row task_of(const struct bench *b, const struct case_run *c,
                               const struct todo *p, int position)
{
	struct task_row t = {
		.id = p->id,
		.position = position,
		.title = p->id,
		.spec = p->minutes == 0 ? "{\"estimateSource\":\"default\"}"
		        : b->foretold   ? "{\"files\":[\"x.c\"]}"
		                        : "{\"estimateSource\":\"stated\"}",
		.estimate_min = p->minutes == 0 ? 60 : p->minutes,
		.kind = "feature",
		.state = "skipped",
		.ready_ms = p->ready * 1000,
		.started_ms = RUNS_NONE,
		.ended_ms = RUNS_NONE,
	};

	for (const struct try *x = c->tries; x->task != NULL; x++)
		if (strcmp(x->task, p->id) == 0) {
			t.state = x->state == NULL ? "succeeded" : "failed";
			t.commit_oid = x->state == NULL ? "c0ffee" : NULL;
		}
	return t;
}

static const char *add_run(struct bench *b, const struct case_run *c)
{
	const char *id = text_printf(b->a, "r%d", ++b->runs);
	struct run_row run = {
		.id = id,
		.title = "a run",
		.state = "succeeded",
		.options = "{}",
		.mode = "worktree",
		.jobs = c->workers,
		.branch = "gadugi/r",
		.runner_pid = RUNS_NONE,
		.runner_start = RUNS_NONE,
		.made_ms = b->runs,
		.started_ms = 0,
		.ended_ms = c->seconds * 1000,
	};
	int position = 0, number = 0;

	assert_int_equal(db_begin(b->db, NULL), OK);
	assert_int_equal(runs_add(b->db, &run, NULL), OK);
	assert_int_equal(runs_put(b->db, &run, NULL), OK);
	for (const struct todo *p = c->tasks; p->id != NULL; p++) {
		struct task_row t = task_of(b, c, p, position++);

		assert_int_equal(runs_add_task(b->db, id, &t, NULL), OK);
		assert_int_equal(runs_put_task(b->db, id, &t, NULL), OK);
	}
	for (const struct todo *p = c->tasks; p->id != NULL; p++)
		add_edges(b, id, p);
	for (const struct try *t = c->tries; t->task != NULL; t++) {
		number = t > c->tries && strcmp(t[-1].task, t->task) == 0 ? number + 1 : 1;
		add_try(b, id, t, number);
	}
	assert_int_equal(db_commit(b->db, NULL), OK);
	return id;
}

static struct coach_report *report_of(struct bench *b, const char *run)
{
	struct coach_report *r = NULL;
	struct err err = { 0 };

	if (coach_of_run(b->db, run, b->a, &r, &err) != OK)
		fail_msg("%s", err.text);
	assert_non_null(r);
	return r;
}

static const char *codes_of(struct bench *b, const struct coach_report *r)
{
	const char *out = "";

	for (size_t i = 0; i < r->n_findings; i++)
		out = text_printf(b->a, "%s%s%s%s ", out, r->findings[i].code,
		                  r->findings[i].n_places > 0 ? ":" : "",
		                  r->findings[i].n_places > 0 ? r->findings[i].places[0].task : "");
	return out;
}

static const struct todo four[] = {
	{ "a", 10, 0, NULL },
	{ "b", 10, 0, NULL },
	{ "c", 10, 0, NULL },
	{ "d", 10, 0, NULL },
	{ 0 },
};
static const struct todo chain[] = {
	{ "a", 10, 0, NULL },
	{ "b", 10, 10, "a" },
	{ "c", 10, 40, "b" },
	{ "d", 10, 50, "c" },
	{ 0 },
};

static const struct {
	const char *about;
	struct case_run run;
	const char *codes;
} cases[] = {
	{ "four equal tasks on two workers, nothing wrong",
	  { 2, 20, four,
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 1, 0, 10, NULL, NULL },
	                          { "c", 0, 10, 20, NULL, NULL },
	                          { "d", 1, 10, 20, NULL, NULL },
	                          { 0 } } },
	  "" },
	{ "one of a chain takes three times as long",
	  { 1, 60, chain,
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 0, 10, 40, NULL, NULL },
	                          { "c", 0, 40, 50, NULL, NULL },
	                          { "d", 0, 50, 60, NULL, NULL },
	                          { 0 } } },
	  "critical-path-slip:b estimate-miss:b " },
	{ "as slow, but nobody waited for it",
	  { 3, 40,
	    (const struct todo[]){ { "a", 10, 0, NULL },
	                           { "b", 10, 10, "a" },
	                           { "c", 10, 20, "b" },
	                           { "d", 10, 30, "c" },
	                           { "s", 10, 0, NULL },
	                           { "t", 10, 0, NULL },
	                           { "u", 10, 10, NULL },
	                           { "v", 10, 20, NULL },
	                           { 0 } },
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 0, 10, 20, NULL, NULL },
	                          { "c", 0, 20, 30, NULL, NULL },
	                          { "d", 0, 30, 40, NULL, NULL },
	                          { "s", 1, 0, 30, NULL, NULL },
	                          { "t", 2, 0, 10, NULL, NULL },
	                          { "u", 2, 10, 20, NULL, NULL },
	                          { "v", 2, 20, 30, NULL, NULL },
	                          { 0 } } },
	  "estimate-miss:s " },
	{ "all take three times as long as said: the estimates are, not a task",
	  { 2, 60, four,
	    (const struct try[]){ { "a", 0, 0, 30, NULL, NULL },
	                          { "b", 1, 0, 30, NULL, NULL },
	                          { "c", 0, 30, 60, NULL, NULL },
	                          { "d", 1, 30, 60, NULL, NULL },
	                          { 0 } } },
	  "" },
	{ "one was tried three times",
	  { 2, 40, four,
	    (const struct try[]){ { "a", 0, 0, 10, "failed", "exit status 1" },
	                          { "a", 0, 10, 20, "timed_out", NULL },
	                          { "a", 0, 20, 30, NULL, NULL },
	                          { "b", 1, 0, 10, NULL, NULL },
	                          { "c", 1, 10, 20, NULL, NULL },
	                          { "d", 1, 20, 30, NULL, NULL },
	                          { 0 } } },
	  "critical-path-slip:a retry-waste:a " },
	{ "a worker stood still although tasks were ready",
	  { 2, 40, four,
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 0, 10, 20, NULL, NULL },
	                          { "c", 0, 20, 30, NULL, NULL },
	                          { "d", 0, 30, 40, NULL, NULL },
	                          { 0 } } },
	  "idle-workers serial-parallelisable:b " },
	{ "hardly anything ran side by side",
	  { 4, 100, four,
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 0, 30, 40, NULL, NULL },
	                          { "c", 0, 60, 70, NULL, NULL },
	                          { "d", 0, 90, 100, NULL, NULL },
	                          { 0 } } },
	  "false-parallel idle-workers serial-parallelisable:b " },
	{ "too many workers for a chain",
	  { 4, 40,
	    (const struct todo[]){ { "a", 10, 0, NULL },
	                           { "b", 10, 10, "a" },
	                           { "c", 10, 20, "b" },
	                           { "d", 10, 30, "c" },
	                           { 0 } },
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 0, 10, 20, NULL, NULL },
	                          { "c", 0, 20, 30, NULL, NULL },
	                          { "d", 0, 30, 40, NULL, NULL },
	                          { 0 } } },
	  "idle-workers " },
	{ "two tasks changed the same file",
	  { 2, 30, four,
	    (const struct try[]){ { "a", 0, 0, 10, NULL, NULL },
	                          { "b", 1, 0, 11, "conflicted", "both changed x.c" },
	                          { "b", 1, 11, 21, NULL, NULL },
	                          { "c", 0, 10, 20, NULL, NULL },
	                          { "d", 0, 20, 30, NULL, NULL },
	                          { 0 } } },
	  "merge-conflict:b retry-waste:b " },
};

static void the_truth_in_the_rows_is_named_and_nothing_else(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *codes = codes_of(b, report_of(b, add_run(b, &cases[i].run)));

		if (strcmp(codes, cases[i].codes) != 0)
			fail_msg("%s: found '%s', not '%s'", cases[i].about, codes, cases[i].codes);
	}
}

/* Change the attempts of a run that was written. */
static void change(struct bench *b, const char *run, void with(struct attempt_row *x))
{
	struct attempt_row *rows = NULL;
	size_t n = 0;

	assert_int_equal(
	    attempts_read(b->db, &(struct attempts_want){ run, NULL }, b->a, &rows, &n, NULL), OK);
	assert_int_equal(db_begin(b->db, NULL), OK);
	for (size_t i = 0; i < n; i++) {
		with(&rows[i]);
		assert_int_equal(attempts_put(b->db, run, &rows[i], NULL), OK);
	}
	assert_int_equal(db_commit(b->db, NULL), OK);
}

static const struct coach_finding *finding_of(const struct coach_report *r, const char *code)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (strcmp(r->findings[i].code, code) == 0)
			return &r->findings[i];
	fail_msg("there is no %s", code);
	return NULL;
}

static void left_two_behind(struct attempt_row *x)
{
	x->left_over = strcmp(x->task, "c") == 0 ? 2 : 0;
}

static void processes_that_outlived_their_agent_are_named(void **state)
{
	struct bench *b = *state;
	const char *run = add_run(b, &cases[0].run);
	const struct coach_finding *f;

	change(b, run, left_two_behind);
	f = finding_of(report_of(b, run), "zombie");
	assert_string_equal(f->places[0].task, "c");
	assert_non_null(strstr(f->message, "2 processes"));
	assert_int_equal(report_of(b, run)->n_findings, 1);
}

static void met_limits(struct attempt_row *x)
{
	if (strcmp(x->state, "failed") != 0)
		return;
	x->cause = "agent ended: usage limit reached, resets at 5 pm";
	x->tokens_in = 700;
}

static void waste_is_told_by_reason_with_time_and_tokens(void **state)
{
	struct bench *b = *state;
	const char *run = add_run(b, &cases[4].run);
	const struct coach_finding *f;

	change(b, run, met_limits);
	f = finding_of(report_of(b, run), "retry-waste");
	assert_non_null(
	    strstr(f->message, "(rate limit: 1, 10.00 s, 700 tokens; time-out: 1, 10.00 s)"));
}

static void met_another(struct attempt_row *x)
{
	if (strcmp(x->state, "conflicted") == 0)
		x->cause = "cannot be merged: x.c (both changed it, by task 'a' too)";
}

static void a_conflict_names_the_pair_and_whether_it_was_foretold(void **state)
{
	struct bench *b = *state;
	const char *run = add_run(b, &cases[8].run);

	change(b, run, met_another);
	assert_non_null(strstr(finding_of(report_of(b, run), "merge-conflict")->message,
	                       "it met 'a', which the plan's files did not foretell"));
	b->foretold = true;
	run = add_run(b, &cases[8].run);
	change(b, run, met_another);
	assert_non_null(strstr(finding_of(report_of(b, run), "merge-conflict")->message,
	                       "it met 'a', as the plan's files foretold"));
}

static void numbers_are_computed_from_the_rows(void **state)
{
	struct bench *b = *state;
	const struct facts *f = report_of(b, add_run(b, &cases[4].run))->run;

	assert_int_equal(f->wall_ms, 40000);
	assert_int_equal(f->work_ms, 40000); /* the two failed attempts add nothing */
	assert_int_equal(f->busy_ms, 60000);
	assert_int_equal(f->failed_ms, 20000);
	assert_int_equal(f->n_retries, 2);
	assert_int_equal(f->path_ms, 10000);
	assert_int_equal(f->bound_ms, 20000);
	assert_int_equal(f->width, 4);
	assert_int_equal(f->n_factor, 4);
	assert_true(f->factor > 0.0166 && f->factor < 0.0167);
	assert_int_equal(f->idle_ready_ms, 0);
	assert_int_equal(f->idle_narrow_ms, 20000);
	f = report_of(b, add_run(b, &cases[1].run))->run;
	assert_int_equal(f->n_chain, 4);
	assert_int_equal(f->chain[0], 0);
	assert_int_equal(f->links[0], LINK_START);
	assert_int_equal(f->links[1], LINK_NEED);
	assert_int_equal(f->path_ms, 60000);
	f = report_of(b, add_run(b, &cases[0].run))->run;
	assert_int_equal(f->n_chain, 2);
	assert_int_equal(f->links[1], LINK_WORKER);
}

static void a_place_made_ready_early_is_still_behind_what_it_needs(void **state)
{
	struct bench *b = *state;
	const char *id = add_run(b, &cases[1].run);
	struct attempt_row *x = NULL;
	const struct facts *f;
	size_t n = 0;

	assert_int_equal(
	    attempts_read(b->db, &(struct attempts_want){ id, NULL }, b->a, &x, &n, NULL), OK);
	assert_int_equal(n, 4);
	x[2].intent_ms -= 7; /* while b was being merged */
	assert_int_equal(db_begin(b->db, NULL), OK);
	assert_int_equal(attempts_put(b->db, id, &x[2], NULL), OK);
	assert_int_equal(db_commit(b->db, NULL), OK);
	f = report_of(b, id)->run;
	assert_int_equal(f->n_chain, 4);
	assert_int_equal(f->links[2], LINK_NEED);
}

static void too_little_data_gives_no_number(void **state)
{
	static const struct todo two[] = {
		{ "a", 10, 0, NULL }, { "b", 10, 0, NULL }, { "x", 0, 0, NULL }, { 0 }
	};
	static const struct try tries[] = { { "a", 0, 0, 10, NULL, NULL },
		                            { "b", 1, 0, 90, NULL, NULL },
		                            { "x", 2, 0, 90, NULL, NULL },
		                            { 0 } };
	struct bench *b = *state;
	const struct case_run run = { 3, 90, two, tries };
	struct coach_report *r = report_of(b, add_run(b, &run));
	struct json_build build = { 0 };
	cJSON *answer = json_object(&build);
	char *text;

	assert_int_equal(r->run->n_factor, 2); /* an assumed estimate teaches nothing */
	assert_true(r->run->factor <= 0);
	assert_int_equal(r->n_factors, 0);
	assert_string_equal(codes_of(b, r), "");
	coach_put(&build, answer, r, SIZE_MAX);
	text = json_print(answer);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"factor\":\"not enough data\""));
	mem_free(text);
	cJSON_Delete(answer);
}

static void no_run_yet_is_said(void **state)
{
	struct bench *b = *state;
	struct coach_report *r = NULL;
	struct err err = { 0 };

	assert_int_equal(coach_of_run(b->db, NULL, b->a, &r, &err), E_ABSENT);
	assert_int_equal(coach_of_run(b->db, "r9", b->a, &r, &err), E_ABSENT);
}

static void the_last_run_is_taken_when_none_is_named(void **state)
{
	struct bench *b = *state;

	(void)add_run(b, &cases[1].run);
	(void)add_run(b, &cases[0].run);
	assert_string_equal(report_of(b, NULL)->run->run->id, "r1"); /* it ended later */
}

static void estimates_are_calibrated_by_kind_over_all_runs(void **state)
{
	struct bench *b = *state;
	struct coach_factor *f = NULL;
	size_t n = 0;

	assert_int_equal(coach_factors(b->db, b->a, &f, &n, NULL), OK);
	assert_int_equal(n, 0);
	(void)add_run(b, &cases[0].run); /* 10 min in 10 s, four times */
	(void)add_run(b, &cases[3].run); /* 10 min in 30 s, four times */
	assert_int_equal(coach_factors(b->db, b->a, &f, &n, NULL), OK);
	assert_int_equal(n, 2);
	assert_string_equal(f[0].kind, "*");
	assert_string_equal(f[1].kind, "feature");
	assert_int_equal(f[1].n, 8);
	assert_true(f[1].factor > 0.0333 && f[1].factor < 0.0334);
	assert_true(f[1].low < 0.0167 && f[1].high > 0.0499);
}

static void a_gate_with_two_answers_for_one_tree_is_found(void **state)
{
	struct bench *b = *state;
	const char *id = add_run(b, &cases[0].run);
	struct gate_row gate = { .task = "a",
		                 .attempt = 1,
		                 .name = "tests",
		                 .tree_oid = "abc",
		                 .exit_code = 1,
		                 .output = "" };

	assert_int_equal(db_begin(b->db, NULL), OK);
	assert_int_equal(attempts_add_gate(b->db, id, &gate, NULL), OK);
	gate.tree_oid = "def";
	gate.passed = 1;
	assert_int_equal(attempts_add_gate(b->db, id, &gate, NULL), OK);
	assert_int_equal(db_commit(b->db, NULL), OK);
	assert_string_equal(codes_of(b, report_of(b, id)), "");
	gate.tree_oid = "abc";
	assert_int_equal(db_begin(b->db, NULL), OK);
	assert_int_equal(attempts_add_gate(b->db, id, &gate, NULL), OK);
	assert_int_equal(db_commit(b->db, NULL), OK);
	assert_string_equal(codes_of(b, report_of(b, id)), "flaky-gate:a ");
}

static void memory_running_out_is_a_status(void **state)
{
	struct bench *b = *state;
	const char *id = add_run(b, &cases[4].run);
	struct coach_report *r;
	enum status st;
	long n;

	(void)report_of(b, id); /* statements are prepared now */
	for (n = 0;; n++) {
		struct arena *a = arena_new((size_t)8 << 20);

		mem_fail_after(n, 1);
		st = a == NULL ? E_NOMEM : coach_of_run(b->db, id, a, &r, NULL);
		mem_fail_after(-1, 0);
		arena_free(a);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_truth_in_the_rows_is_named_and_nothing_else,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(processes_that_outlived_their_agent_are_named,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(waste_is_told_by_reason_with_time_and_tokens,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_conflict_names_the_pair_and_whether_it_was_foretold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_are_computed_from_the_rows, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(
		    a_place_made_ready_early_is_still_behind_what_it_needs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_little_data_gives_no_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_run_yet_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_run_is_taken_when_none_is_named, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(estimates_are_calibrated_by_kind_over_all_runs,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_with_two_answers_for_one_tree_is_found,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_running_out_is_a_status, set_up, tear_down),
	};

	if (db_use_mem() != OK)
		return 1;
	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
