#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "domain/plan.h"
#include "domain/plan/ground.h"
#include "domain/project.h"
#include "tests/lib/folder.h"

static struct plan *goal(struct arena *a, const char *words)
{
	struct plan_options options = { 0 };
	struct plan *p = NULL;
	struct err err;

	if (plan_from_goal(words, &options, a, &p, &err) != OK)
		fail_msg("%s: %s", words, err.text);
	return p;
}

static bool waits(const struct plan *p, const char *task, const char *on)
{
	for (size_t i = 0; i < p->n_edges; i++)
		if (strcmp(p->tasks[p->edges[i].to].id, task) == 0 &&
		    strcmp(p->tasks[p->edges[i].from].id, on) == 0)
			return p->edges[i].sources == PLAN_INFERRED;
	return false;
}

static void the_kind_of_work_decides_the_steps(void **state)
{
	static const struct {
		const char *words, *first, *last;
		size_t n;
	} goals[] = {
		{ "Implement user authentication with OAuth2", "design", "review", 5 },
		{ "Fix the memory leak in the event router", "reproduce", "verify", 4 },
		{ "Refactor the orchestrator for better performance", "pin", "verify", 3 },
		{ "Write documentation for the MCP service", "outline", "review", 4 },
		{ "Migrate the database to PostgreSQL", "inventory", "remove", 6 },
		{ "Upgrade the parser library", "changes", "verify", 4 },
		{ "Update the latest prefix in the address book", "design", "review", 5 },
	};
	struct arena *a = arena_new((size_t)64 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
		struct plan *p = goal(a, goals[i].words);

		assert_int_equal(p->n_tasks, goals[i].n);
		assert_string_equal(p->tasks[0].id, goals[i].first);
		assert_string_equal(p->tasks[p->n_tasks - 1].id, goals[i].last);
		assert_true(p->sound);
		assert_string_equal(p->findings[0].code, "draft");
		for (size_t k = 0; k < p->n_tasks; k++)
			assert_int_equal(p->tasks[k].estimate_source, PLAN_DEFAULT);
	}
	arena_free(a);
}

static void what_is_enumerated_becomes_siblings(void **state)
{
	static const char *const things[] = { "implement-users", "implement-orders",
		                              "implement-products", "implement-jwt" };
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan *p =
	    goal(a, "Build a REST API with CRUD for users, orders, products, JWT, tests");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(waits(p, things[i], "design"));
		assert_true(waits(p, "test", things[i]));
		for (size_t k = 0; k < 4; k++)
			assert_false(waits(p, things[i], things[k]));
	}
	assert_int_equal(p->n_tasks, 8);
	p = goal(a, "Build an API for users, orders and products");
	assert_true(waits(p, "test", "implement-products"));
	assert_int_equal(p->n_tasks, 7);
	arena_free(a);
}

static void clauses_follow_each_other(void **state)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan *p = goal(a, "Add caching to the API, then benchmark it, and document it");

	(void)state;
	/* the template's own documents give way to the clause that asks for them */
	assert_true(plan_find(p, "document") == PLAN_NONE);
	assert_true(waits(p, "benchmark-it", "review"));
	assert_true(waits(p, "document-it", "benchmark-it"));
	assert_string_equal(p->tasks[plan_find(p, "document-it")].kind, "docs");
	arena_free(a);
}

static void no_goal_and_a_document_are_refused(void **state)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options options = { 0 };
	struct plan *p = NULL;
	char longer[5000];
	struct err err;

	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(plan_from_goal(" ... ", &options, a, &p, &err), E_INPUT);
	assert_non_null(strstr(err.text, "empty"));
	assert_int_equal(plan_from_goal(longer, &options, a, &p, &err), E_INPUT);
	assert_non_null(strstr(err.text, "document"));
	arena_free(a);
}

static void nothing_between_two_words_is_no_clause(void **state)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan *p = goal(a, "Lay the pipes and then  and then paint them");

	(void)state;
	for (size_t i = 0; i < p->n_tasks; i++)
		assert_true(p->tasks[i].title[0] != '\0');
	assert_string_equal(p->tasks[p->n_tasks - 1].title, "paint them");
	arena_free(a);
}

/* What this project calls built and tested is what proves a step. */
static void a_draft_stands_on_the_projects_own_commands(void **state)
{
	static const struct plan_ground ground = { "make", "make check" };
	struct arena *a = arena_new((size_t)64 << 20);
	struct plan_options options = { .ground = &ground };
	struct plan *p = NULL;

	(void)state;
	assert_int_equal(plan_from_goal("Fix the leak", &options, a, &p, NULL), OK);
	assert_int_equal(p->n_tasks, 4);
	assert_int_equal(p->tasks[0].acceptance.n, 0); /* what reproduces a fault fails */
	assert_string_equal(p->tasks[2].acceptance.at[0], "`make check` exits 0");
	assert_string_equal(p->tasks[3].acceptance.at[0], "`make check` exits 0");
	assert_int_equal(p->gates.n, 1);
	assert_string_equal(p->gates.at[0], "make check");
	assert_int_equal(plan_from_goal("Add a page", &options, a, &p, NULL), OK);
	assert_string_equal(p->tasks[1].acceptance.at[0], "`make` exits 0");
	arena_free(a);
}

static const struct plan_ground *look(const struct folder *f)
{
	static struct plan_ground ground;
	struct project *p = NULL;
	struct err err;

	assert_int_equal(project_open(&p, folder_at(f, "home"), &err), OK);
	assert_int_equal(ground_look(p, f->arena, &ground, &err), OK);
	project_free(p);
	return &ground;
}

static void commands_are_told_from_the_projects_files(void **state)
{
	const struct folder *f = *state;
	const struct plan_ground *g;

	folder_put(f, "home/notes.txt", "make test\n");
	g = look(f);
	assert_null(g->build);
	assert_null(g->test);
	folder_put(f, "home/Cargo.toml", "[package]\n");
	assert_string_equal(look(f)->test, "cargo test");
	folder_put(f, "home/package.json", "{\"scripts\":{\"test\":\"x\",\"build\":\"y\"}}");
	assert_string_equal(look(f)->test, "npm test");
	folder_put(f, "home/pnpm-lock.yaml", "");
	assert_string_equal(look(f)->build, "pnpm run build");
	folder_put(f, "home/Makefile", "all: x\nlatest: x\ncheck : all\n\ttrue\n");
	g = look(f);
	assert_string_equal(g->build, "make");
	assert_string_equal(g->test, "make check");
	folder_put(f, "home/.gadugi/config",
	           "agents:\n  demo: {command: [./a.sh]}\n"
	           "gates:\n  - {name: all, command: [./ci.sh, --fast], when: task}\n");
	assert_string_equal(look(f)->test, "./ci.sh --fast");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_between_two_words_is_no_clause),
		cmocka_unit_test(a_draft_stands_on_the_projects_own_commands),
		cmocka_unit_test_setup_teardown(commands_are_told_from_the_projects_files,
		                                folder_setup, folder_teardown),
		cmocka_unit_test(the_kind_of_work_decides_the_steps),
		cmocka_unit_test(what_is_enumerated_becomes_siblings),
		cmocka_unit_test(clauses_follow_each_other),
		cmocka_unit_test(no_goal_and_a_document_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
