/* Reading, writing and keeping plans while memory is refused. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "domain/plan.h"

static const char *const documents[] = {
	"# P\n\n| ID | Task | Depends on | Estimate |\n|---|---|---|---|\n| A | Lay | - | 1h |\n"
	"| B | Paint | A, X | 2h |\n\n```mermaid\ngraph TD\n A-->B\n```\n\nWe get a 9x speedup.\n",
	"## Phase 1: Setup\n\n- [ ] T001 One in a/b.c\n- [ ] T002 [P] Two in a/b.c\n- [ ] T003 "
	"Three\n",
	"## Steps\n\na) Lay\nb) Paint (after a)\n\n## Tasks\n\n- [ ] (a) Dry\n- [ ] (b) Sweep "
	"(needs "
	"(a))\n\nStep a after the paint.\n",
	"### Task 1: Lay\n\n**Estimate**: 2h\n\n### Task 2: Paint\n\n**Depends on**: Task 1\n",
	"{\"tasks\":[{\"id\":\"a\",\"title\":\"x\",\"dependsOn\":[]},{\"id\":\"b\",\"title\":\"y\","
	"\"dependsOn\":[\"a\",\"c\"],\"files\":[\"m.c\"]}]}",
	"{\"m\":{\"tasks\":[{\"id\":1,\"title\":\"x\",\"status\":\"done\",\"subtasks\":[{\"id\":1,"
	"\"title\":\"s\"}]}]}}",
	"{\"id\":\"b-1\",\"title\":\"x\",\"status\":\"open\"}\n{\"id\":\"b-2\",\"title\":\"y\","
	"\"dependencies\":[{\"depends_on_id\":\"b-1\",\"type\":\"blocks\"}]}\n",
};

/* Read a document and write it down in every form; the limit bounds the arena too. */
static enum status once(const char *document, size_t limit)
{
	struct plan_options options = { 0 };
	struct arena *a = arena_new(limit);
	struct json_build b = { false };
	struct plan *p = NULL;
	struct err err;
	cJSON *json = NULL;
	enum status st;

	if (a == NULL)
		return E_NOMEM;
	st = plan_read(document, strlen(document), &options, a, &p, &err);
	if (st == OK)
		st = json_built(&b, plan_json(&b, p), &json, &err);
	if (st == OK && (plan_table(p, true, 80, a) == NULL || plan_mermaid(p, a) == NULL ||
	                 plan_markdown(p, a) == NULL))
		st = E_NOMEM;
	cJSON_Delete(json);
	arena_free(a);
	return st;
}

static void every_refused_request_is_said_to_be_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		for (int forever = 0; forever < 2; forever++) {
			long n;

			for (n = 0;; n++) {
				enum status st;

				mem_fail_after(n, forever);
				st = once(documents[i], (size_t)64 << 20);
				mem_fail_after(-1, 0);
				if (st == OK)
					break;
				if (st != E_NOMEM)
					fail_msg("document %zu, request %ld: status %d", i, n,
					         (int)st);
			}
			if (n <= 5)
				fail_msg("document %zu: only %ld requests", i, n);
		}
}

static void a_full_arena_is_no_half_plan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		size_t limit;

		for (limit = 1000;; limit += 997) {
			enum status st = once(documents[i], limit);

			if (st == OK)
				break;
			if (st != E_NOMEM)
				fail_msg("document %zu, arena of %zu: status %d", i, limit,
				         (int)st);
		}
		assert_true(limit > 10000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refused_request_is_said_to_be_one),
		cmocka_unit_test(a_full_arena_is_no_half_plan),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
