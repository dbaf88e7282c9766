/* Looking at sessions, drafting issues, loading and judging recipes while memory is refused. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "domain/coach/before.h"
#include "domain/coach/change.h"
#include "domain/project.h"
#include "domain/recipe/verdict.h"
#include "tests/lib/folder.h"

#define FAILS(id)                                                                                  \
	"{\"type\":\"assistant\",\"sessionId\":\"s\",\"message\":{\"id\":\"" id                    \
	"\",\"content\":[{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"Bash\",\"input\":"    \
	"{\"command\":\"ls nowhere\"}}],\"usage\":{\"output_tokens\":3}}}\n"                       \
	"{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"content\":[{\"type\":"              \
	"\"tool_result\",\"tool_use_id\":\"" id                                                    \
	"\",\"is_error\":true,\"content\":\"none; password=hunter2222\"}]}}\n"

/* Once or for ever, from the n-th request on; true when the call was let through whole. */
typedef enum status one_call(struct folder *f, struct project *p, struct arena *a);

static enum status coaching(struct folder *f, struct project *p, struct arena *a)
{
	struct coach_wish wish = { .path = folder_at(f, "s.jsonl") };
	struct coach_issues issues;
	struct coach_taught taught;
	struct coach_patches patches;
	const char *page;
	struct coach_report *r = NULL, *fresh = NULL;
	struct json_build b = { false };
	cJSON *answer = NULL;
	struct err err;
	enum status st = coach_look(p, &wish, a, &r, &err);

	if (st == OK) {
		wish.fresh = true;
		st = coach_look(p, &wish, a, &fresh, &err);
	}
	if (st == OK)
		st = coach_recall(p, r, NULL, &err);
	if (st == OK)
		st = coach_issues(p, r, &(struct coach_posting){ .mode = COACH_DRAFT }, &issues,
		                  &err);
	if (st == OK)
		st = coach_lessons(p, r, NULL, &taught, &err);
	if (st == OK)
		st = coach_suggest(p, r, &patches, &err);
	if (st == OK) {
		r->subjects[0] = "session:other"; /* in which it came again */
		r->sessions[0].name = "other";
		st = coach_recall(p, r, NULL, &err);
		assert_true(st != OK || r->known->n_before > 0);
	}
	if (st == OK)
		st = coach_page(r, a, &page, &err);
	if (st == OK)
		st = coach_markdown(r, a, &page, &err);
	if (st != OK)
		return st;
	answer = json_object(&b);
	coach_put(&b, answer, r, 4000);
	coach_put_issues(&b, answer, &issues, 10);
	st = json_built(&b, answer, &answer, &err);
	if (st == OK)
		cJSON_Delete(answer);
	return st;
}

static enum status judging(struct folder *f, struct project *p, struct arena *a)
{
	static const char said[] = "ok holds\n";
	bool marks[8] = { false };
	const struct recipe_plan_want want = { .marks = marks, .shell = "shell", .root = p->root };
	struct recipe_output output = { said, sizeof said - 1 };
	struct recipe_verdicts verdicts;
	struct recipe_set *set = NULL;
	struct plan *plan = NULL;
	struct err err;
	enum status st = recipe_load(p->root, a, &set, &err);

	(void)f;
	if (st == OK)
		st = recipe_verify(set, p->root, &output, &verdicts, &err);
	if (st == OK)
		st = recipe_mark(set, RECIPE_NONE, marks, &err);
	if (st == OK)
		st = recipe_plan(set, &want, a, &plan, &err);
	if (st == OK && (recipe_mermaid(set, a) == NULL || recipe_table(set, a) == NULL))
		st = E_NOMEM;
	return st;
}

static void survives(struct folder *f, one_call *call)
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
		assert_true(n > 3);
	}
}

static void coaching_says_so_and_drafts_all_or_nothing(void **state)
{
	struct folder *f = *state;

	folder_put(f, "s.jsonl", FAILS("a") FAILS("b"));
	survives(f, coaching);
}

static void recipes_are_judged_or_not(void **state)
{
	struct folder *f = *state;

	folder_put(f, "recipes/one/requirements.md",
	           "# One\n\nIt.\n\n### A-1 MUST Hold\n- Criterion: 1\n- Test: t: holds\n"
	           "### A-2 SHOULD Last\n- Criterion: 2\n- Test: t\n");
	folder_put(f, "recipes/one/design.md", "# How\n\nBy a table, one row for each thing.\n");
	folder_put(f, "recipes/one/dependencies.json",
	           "{\"name\":\"one\",\"dependencies\":[],\"gates\":[[\"make\",\"check\"]],"
	           "\"files\":[\"a\"],\"estimateMinutes\":10}");
	survives(f, judging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(coaching_says_so_and_drafts_all_or_nothing,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(recipes_are_judged_or_not, folder_setup,
		                                folder_teardown),
	};

	if (db_use_mem() != OK)
		return 1;
	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
