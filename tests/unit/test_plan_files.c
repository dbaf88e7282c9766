/* Plans that are folders: ccpm's epics as files, and recipes through the tool. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/plan/read.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "store/db.h"
#include "tests/lib/folder.h"

static struct err err;

#define EPIC "---\nname: shop\nstatus: backlog\n---\n\n# Epic: shop\n"
#define TASK(name, status, needs, conflicts, hours)                                                \
	"---\nname: " name "\nstatus: " status "\ndepends_on: " needs                              \
	"\nparallel: true\nconflicts_with: " conflicts "\n---\n\n# Task: " name                    \
	"\n\n## Description\n\nDo it in src/io.ts.\n\n## Acceptance Criteria\n\n- [ ] it works\n"  \
	"- [ ] it is fast\n  - below 2 ms\n\n## Effort Estimate\n\n- Size: M\n- Hours: " hours     \
	"\n"

static const struct plan *read_files(const struct folder *f, const char *const *files, size_t n)
{
	struct plan_options options = { 0 };
	struct read_file list[8];
	struct plan *p = NULL;

	for (size_t i = 0; i < n; i++)
		list[i] =
		    (struct read_file){ files[2 * i], files[2 * i + 1], strlen(files[2 * i + 1]) };
	if (plan_read_files(list, n, &options, f->arena, &p, &err) != OK)
		fail_msg("%s", err.text);
	return p;
}

static bool edge(const struct plan *p, const char *from, const char *to)
{
	for (size_t i = 0; i < p->n_edges; i++)
		if (strcmp(p->tasks[p->edges[i].from].id, from) == 0 &&
		    strcmp(p->tasks[p->edges[i].to].id, to) == 0)
			return true;
	return false;
}

static void an_epic_is_its_files(void **state)
{
	static const char *const files[] = {
		"epic.md", EPIC,
		"001.md",  TASK("Schema", "closed", "[]", "[]", "4"),
		"002.md",  TASK("API", "open", "[1]", "\"\"", "6-8"),
		"003.md",  TASK("Pages", "in-progress", "\"001, 002\"", "[]", "N"),
	};
	const struct plan *p = read_files(*state, files, 4);

	assert_string_equal(p->title, "shop");
	assert_int_equal(p->n_tasks, 3);
	assert_true(p->tasks[0].done);
	assert_false(p->tasks[2].done);
	assert_string_equal(p->tasks[1].id, "002");
	assert_string_equal(p->tasks[1].title, "API");
	assert_int_equal(p->tasks[1].estimate_min, 420);
	assert_int_equal(p->tasks[1].low_min, 360);
	assert_int_equal(p->tasks[2].estimate_min, 240); /* the size, where there are no hours */
	assert_int_equal(p->tasks[1].acceptance.n, 3);
	assert_string_equal(p->tasks[1].acceptance.at[0], "it works");
	assert_string_equal(p->tasks[1].files.at[0], "src/io.ts");
	assert_int_equal(p->n_edges, 3);
	assert_true(edge(p, "001", "002") && edge(p, "001", "003") && edge(p, "002", "003"));
}

/* What must not run at once gets an order, where it has none; never a circle. */
static void conflicts_become_an_order(void **state)
{
	static const char *const files[] = {
		"1.md", TASK("A", "open", "[]", "[2, 3]", "1"),
		"2.md", TASK("B", "open", "[]", "[1, 3]", "1"),
		"3.md", TASK("C", "open", "[]", "[1]", "1"),
		"4.md", TASK("D", "open", "[]", "[5]", "1"),
		"5.md", TASK("E", "open", "[]", "[]", "1"),
	};
	static const char *const turned[] = {
		"1.md",
		TASK("A", "open", "[2]", "[2]", "1"),
		"2.md",
		TASK("B", "open", "[]", "[1]", "1"),
	};
	const struct plan *p = read_files(*state, files, 5);

	assert_true(p->sound);
	assert_true(edge(p, "1", "2") && edge(p, "1", "3") && edge(p, "2", "3") &&
	            edge(p, "4", "5"));
	p = read_files(*state, turned, 2);
	assert_true(p->sound);
	assert_int_equal(p->n_edges, 1);
	assert_true(edge(p, "2", "1"));
}

static void what_is_wrong_in_an_epic_is_said(void **state)
{
	static const char *const unknown[] = { "1.md", TASK("A", "open", "[7]", "[]", "1") };
	const struct folder *f = *state;
	const struct plan *p = read_files(f, unknown, 1);
	struct plan_options options = { 0 };
	struct plan *none = NULL;
	const char *bad = "---\nname: [\n---\n";
	const struct read_file broken = { "001.md", bad, strlen(bad) };

	assert_false(p->sound);
	assert_string_equal(p->findings[0].code, "unknown-dependency");
	assert_int_equal(plan_read_files(&broken, 1, &options, f->arena, &none, &err), E_INPUT);
	assert_non_null(strstr(err.text, "001.md:"));
	assert_int_equal(plan_read_files(&broken, 0, &options, f->arena, &none, &err), E_INPUT);
}

static enum status ask(struct call *call, const char *path, cJSON **answer)
{
	void *in = arena_take(call->arena, tool_decompose.in_size);
	struct json_build b = { false };
	cJSON *args = json_object(&b);
	enum status st;

	json_put_text(&b, args, "path", path);
	*answer = NULL;
	st = arg_read(tool_decompose.args, args, in, &call->err);
	if (st == OK)
		st = tool_decompose.run(call, in, answer);
	cJSON_Delete(args);
	return st;
}

static void folders_are_read_through_the_tool(void **state)
{
	const struct folder *f = *state;
	struct call call = { .arena = f->arena, .answer_max = SIZE_MAX };
	cJSON *answer = NULL;

	folder_put(f, "home/.claude/epics/shop/epic.md", EPIC);
	folder_put(f, "home/.claude/epics/shop/10.md", TASK("Last", "open", "[2]", "[]", "1"));
	folder_put(f, "home/.claude/epics/shop/2.md", TASK("First", "open", "[]", "[]", "1"));
	folder_put(f, "home/.claude/epics/shop/2-analysis.md", "no task\n");
	folder_put(f, "home/empty/notes.txt", "x");
	folder_put(f, "home/recipes/tank/requirements.md",
	           "# Tank\n\nA tank.\n\n## Requirements\n\n### TANK-1 MUST It holds water\n\n"
	           "Always.\n\n- Criterion: no drop\n- Test: tests/tank.sh: holds\n");
	folder_put(f, "home/recipes/tank/design.md", "# Design\n\nRound.\n");
	folder_put(
	    f, "home/recipes/tank/dependencies.json",
	    "{\"name\":\"tank\",\"title\":\"Tank\",\"dependencies\":[],\"provides\":[\"tank\"],"
	    "\"files\":[\"tank.c\"],\"estimateMinutes\":90}");
	assert_int_equal(project_open(&call.project, folder_at(f, "home"), &call.err), OK);
	if (ask(&call, ".claude/epics/shop", &answer) != OK)
		fail_msg("%s", call.err.text);
	assert_string_equal(json_text(answer, "title"), "shop");
	assert_string_equal(json_text(cJSON_GetArrayItem(json_get(answer, "tasks"), 0), "id"), "2");
	assert_int_equal(cJSON_GetArraySize(json_get(answer, "edges")), 1);
	cJSON_Delete(answer);
	if (ask(&call, ".claude/epics/shop/epic.md", &answer) != OK)
		fail_msg("%s", call.err.text);
	assert_int_equal(cJSON_GetArraySize(json_get(answer, "tasks")), 2);
	cJSON_Delete(answer);
	assert_int_equal(ask(&call, "empty", &answer), E_INPUT);
	assert_non_null(strstr(call.err.text, "it has no epic.md"));
	assert_int_equal(ask(&call, "..", &answer), E_DENIED);
	for (size_t i = 0; i < 3; i++) {
		static const char *const paths[] = { "recipes", "./recipes/tank",
			                             "recipes/tank/dependencies.json" };

		if (ask(&call, paths[i], &answer) != OK)
			fail_msg("%s: %s", paths[i], call.err.text);
		assert_int_equal(cJSON_GetArraySize(json_get(answer, "tasks")), 1);
		assert_int_equal(json_int(cJSON_GetArrayItem(json_get(answer, "tasks"), 0),
		                          "estimateMinutes", 0),
		                 90);
		cJSON_Delete(answer);
	}
	assert_int_equal(ask(&call, "recipes/tnk", &answer), E_INPUT);
	assert_non_null(strstr(call.err.text, "did you mean tank"));
	project_free(call.project);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		T(an_epic_is_its_files),
		T(conflicts_become_an_order),
		T(what_is_wrong_in_an_epic_is_said),
		T(folders_are_read_through_the_tool),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
