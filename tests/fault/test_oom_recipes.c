/* Older recipes, patterns, a new recipe, what was built and what is not written, while memory is
 * refused. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "domain/project.h"
#include "domain/recipe/build.h"
#include "domain/recipe/check.h"
#include "domain/recipe/verdict.h"
#include "store/runs.h"
#include "sys/fs.h"
#include "tests/lib/folder.h"

#define HASH "0000000000000000000000000000000000000000000000000000000000000000"

typedef enum status one_call(const struct folder *f, struct project *p, struct arena *a);

static enum status reading(const struct folder *f, struct project *p, struct arena *a)
{
	struct recipe_set *set = NULL;
	struct err err;
	enum status st = recipe_load(p->root, a, &set, &err);

	(void)f;
	if (st != OK)
		return st;
	assert_int_equal(set->n_recipes, 2);
	assert_int_equal(set->recipes[0].n_needs, 1);
	assert_int_equal(set->recipes[0].n_requirements, 2);
	assert_int_equal(strlen(set->recipes[1].hash), 64);
	return OK;
}

static enum status building(const struct folder *f, struct project *p, struct arena *a)
{
	const struct recipes_want history = { .limit = 10 };
	struct recipe_status *statuses = NULL;
	struct recipe_set *set = NULL;
	struct recipes_page page;
	struct stubs stubs = { 0 };
	bool wanted[4] = { false }, build[4] = { false };
	struct err err;
	enum status st = recipe_load(p->root, a, &set, &err);

	(void)f;
	if (st == OK)
		st = recipe_mark(set, RECIPE_NONE, wanted, &err);
	if (st == OK)
		st = recipe_look(p, set, NULL, a, &statuses, &err);
	if (st == OK)
		st = recipe_choose(set, statuses, wanted, false, build, &err);
	if (st == OK)
		st = recipe_look_by_hand(p, set, build, NULL, statuses, &err);
	if (st == OK)
		st = recipe_history(p, &history, NULL, a, &page, &err);
	if (st == OK)
		st = recipe_stubs(set, RECIPE_NONE, p->root, a, &stubs, &err);
	if (st != OK)
		return st;
	assert_int_equal(page.n, 1);
	assert_int_equal(statuses[1].state, RECIPE_CHANGED);
	assert_int_equal(stubs.total, 1);
	return OK;
}

/* All three files, or an error. */
static enum status scaffolding(const struct folder *f, struct project *p, struct arena *a)
{
	static const char *const needs[] = { "two", NULL };
	struct recipe_set *set = NULL;
	struct err err;
	enum status st = recipe_load(p->root, a, &set, &err);

	if (st == OK)
		st = recipe_new(set, p->root, "three", needs, &err);
	mem_fail_after(-1, 0);
	if (st == OK)
		assert_non_null(strstr(folder_get(f, "recipes/three/dependencies.json"), "two"));
	if (fs_kind(folder_at(f, "recipes/three")) != FS_NOTHING)
		folder_drop(f, "recipes/three"); /* without any memory it cannot be taken back */
	return st;
}

static enum status checking(const struct folder *f, struct project *p, struct arena *a)
{
	struct check_view v;
	struct err err;
	enum status st = check_look(p, "v0000000000000000", NULL, a, &v, &err);

	(void)f;
	if (st != OK)
		return st;
	assert_int_equal(v.n_gates, 1);
	assert_string_equal(v.gates[0].outcome, "clean");
	return OK;
}

static void survives(const struct folder *f, one_call *call)
{
	for (int forever = 0; forever < 2; forever++) {
		enum status st = E_NOMEM;
		long n;

		for (n = 0; st != OK; n++) {
			struct arena *a = arena_new((size_t)64 << 20);
			struct project *p = NULL;

			assert_non_null(a);
			assert_int_equal(project_open(&p, f->path, NULL), OK);
			mem_fail_after(n, forever);
			st = call(f, p, a);
			mem_fail_after(-1, 0);
			project_free(p);
			arena_free(a);
			if (st != OK && st != E_NOMEM)
				fail_msg("status %s at request %ld", err_name(st), n);
		}
		assert_true(n > 1); /* the first refusal at least was in the way */
	}
}

/* A run that built the recipe two from other files, and a check that has ended. */
static void store(const struct folder *f)
{
	struct project *p = NULL;
	struct db *db = NULL;
	struct err err;

	assert_int_equal(project_open(&p, f->path, &err), OK);
	assert_int_equal(project_write(p, NULL, &db, &err), OK);
	assert_int_equal(db_begin(db, &err), OK);
	assert_int_equal(runs_add(db,
	                          &(struct run_row){ .id = "r1",
	                                             .title = "t",
	                                             .state = "succeeded",
	                                             .options = "{}",
	                                             .mode = "shared",
	                                             .jobs = 1 },
	                          &err),
	                 OK);
	assert_int_equal(
	    runs_add_task(
		db, "r1",
		&(struct task_row){
		    .id = "two", .title = "Two", .spec = "{}", .agent = "a", .state = "succeeded" },
		&err),
	    OK);
	assert_int_equal(
	    recipes_add(db, &(struct recipe_row){ .recipe = "two", .hash = HASH, .run = "r1" },
	                &err),
	    OK);
	assert_int_equal(
	    checks_put(
		db,
		&(struct check_row){ .id = "v0000000000000000", .state = "ended", .ended_ms = 1 },
		&err),
	    OK);
	assert_int_equal(
	    checks_put_gate(db, "v0000000000000000",
	                    &(struct check_gate_row){ .name = "g", .outcome = "clean" }, &err),
	    OK);
	assert_int_equal(project_commit(p, db, &err), OK);
	project_done(p, db);
	project_free(p);
}

static void recipes_survive_every_refused_allocation(void **state)
{
	const struct folder *f = *state;

	folder_put(f, "recipes/one/requirements.md",
	           "# One\n\n## Requirements\n\n### Of it\n- It MUST hold\n- It SHOULD last\n");
	folder_put(f, "recipes/one/design.md", "# How\n\nBy a table, one row for each thing.\n");
	folder_put(f, "recipes/one/components.json",
	           "{\"version\":\"1\",\"dependencies\":{\"internal\":[{\"component\":\"Two\"}]},"
	           "\"provides\":[{\"interface\":\"I\"}],\"components\":[{\"path\":\"src\"}]}");
	folder_put(f, "recipes/two/requirements.md", "# Two\n\nInclude: patterns/p.md\n");
	folder_put(f, "recipes/two/design.md", "# How\n\nBy a table, one row for each thing.\n");
	folder_put(f, "recipes/two/dependencies.json", "{\"name\":\"two\",\"dependencies\":[]}");
	folder_put(f, "recipes/patterns/p.md",
	           "### P-1 MUST {recipe} holds\n- Criterion: 1\n- Test: t.py: holds\n");
	folder_put(f, "src/a.c", "/* TODO: more */\n");
	store(f);
	survives(f, reading);
	survives(f, building);
	survives(f, scaffolding);
	survives(f, checking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(recipes_survive_every_refused_allocation,
		                                folder_setup, folder_teardown),
	};

	if (db_use_mem() != OK)
		return 1;
	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
