#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/recipe/verdict.h"

#define DESIGN "# How\n\nOne table maps names to values; a lookup is one probe of it.\n"

static struct arena *arena;

static struct recipe_source source(const char *name, const char *requirements,
                                   const char *dependencies)
{
	return (struct recipe_source){
		.name = name,
		.requirements = requirements,
		.design = DESIGN,
		.dependencies = dependencies,
		.requirements_size = requirements == NULL ? 0 : strlen(requirements),
		.design_size = strlen(DESIGN),
		.dependencies_size = dependencies == NULL ? 0 : strlen(dependencies),
	};
}

static struct recipe_set *made(const struct recipe_source *sources, size_t n)
{
	struct recipe_set *set = NULL;
	struct err err;

	assert_int_equal(recipe_make(sources, n, arena, &set, &err), OK);
	return set;
}

static struct recipe_set *one(const char *requirements, const char *dependencies)
{
	struct recipe_source s = source("lookup", requirements, dependencies);

	return made(&s, 1);
}

/* The first finding with that code, or one with an empty code. */
static const struct recipe_finding *find(const struct recipe_set *set, const char *code)
{
	static const struct recipe_finding none = { .code = "", .file = "", .message = "" };

	for (size_t i = 0; i < set->n_findings; i++)
		if (strcmp(set->findings[i].code, code) == 0)
			return &set->findings[i];
	return &none;
}

#define GOOD_NEEDS "{\"name\": \"lookup\", \"dependencies\": []}"
#define GOOD                                                                                       \
	"# Lookup\n\nFinds values\nby name.\n\n## Requirements\n\n"                                \
	"### LOOK-1 MUST Every name is found\nWhat was put in\ncomes out.\n\n"                     \
	"- Criterion: 10,000 names, all found,\n  in 1 ms\n"                                       \
	"- Test: `tests/test_a.c: finds_all`\n- Test: tests/b.sh\n\n"                              \
	"### LOOK-2 COULD: Names are sorted\n- Criterion: sorted\n- Test: tests/b.sh: sorted\n"

static void a_requirement_has_all_its_parts(void **state)
{
	struct recipe_set *set = one(GOOD, GOOD_NEEDS);
	const struct recipe *r = &set->recipes[0];
	const struct recipe_requirement *q = r->requirements;

	(void)state;
	assert_int_equal(set->n_findings, 0);
	assert_true(set->sound);
	assert_string_equal(r->title, "Lookup");
	assert_string_equal(r->about, "Finds values by name.");
	assert_int_equal(r->n_requirements, 2);
	assert_string_equal(q->id, "LOOK-1");
	assert_int_equal(q->level, RECIPE_MUST);
	assert_string_equal(q->title, "Every name is found");
	assert_string_equal(q->text, "What was put in comes out.");
	assert_string_equal(q->criterion, "10,000 names, all found, in 1 ms");
	assert_int_equal(q->line, 8);
	assert_int_equal(q->n_tests, 2);
	assert_string_equal(q->tests[0].path, "tests/test_a.c");
	assert_string_equal(q->tests[0].name, "finds_all");
	assert_string_equal(q->tests[1].path, "tests/b.sh");
	assert_null(q->tests[1].name);
	assert_int_equal(q[1].level, RECIPE_COULD);
	assert_string_equal(q[1].title, "Names are sorted");
}

static void what_a_requirement_lacks_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text, *code;
		long line;
		enum recipe_severity severity;
	} cases[] = {
		{ "# T\n\n### A-1 Never lost\n- Criterion: 0 lost\n- Test: t.c\n", "no-level", 3,
		  RECIPE_ERROR },
		{ "# T\n\n### A-1 MUST\n- Criterion: 0 lost\n- Test: t.c\n", "no-title", 3,
		  RECIPE_ERROR },
		{ "### A-1 MUST Never lost\n- Test: t.c\n", "no-criterion", 1, RECIPE_WARNING },
		{ "\n### A-1 MUST Never lost\n- Criterion: none\n", "no-test", 2, RECIPE_WARNING },
		{ "### A-1 COULD Be nice\n- Criterion: none\n", "no-test", 1, RECIPE_INFO },
		{ "### A-1 MUST x\n### A-1 MUST y\n", "duplicate-requirement", 2, RECIPE_ERROR },
		{ "### A-1 MUST be fast, TBD\n", "placeholder", 1, RECIPE_ERROR },
		{ "### A-1 MUST Requirement 7\n", "placeholder", 1, RECIPE_ERROR },
		{ "### Never lost\n", "bad-heading", 1, RECIPE_WARNING },
		{ "# T\n\nNothing here\n", "no-requirements", 1, RECIPE_ERROR },
		{ "### A-1 MUST x\n<<<<<<< mine\n", "conflict-marker", 2, RECIPE_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe_set *set = one(cases[i].text, GOOD_NEEDS);
		const struct recipe_finding *f = find(set, cases[i].code);

		if (strcmp(f->code, cases[i].code) != 0)
			fail_msg("no %s in case %zu", cases[i].code, i);
		assert_int_equal(f->line, cases[i].line);
		assert_int_equal(f->severity, cases[i].severity);
		assert_string_equal(f->file, "recipes/lookup/requirements.md");
	}
}

static void words_that_only_contain_a_placeholder_are_none(void **state)
{
	struct recipe_set *set = one("### A-1 MUST TODOS and XXXL sizes, and Requirement 7 too\n"
	                             "- Criterion: 1\n- Test: t.c\n",
	                             GOOD_NEEDS);

	(void)state;
	assert_string_equal(find(set, "placeholder")->code, "");
}

static void fenced_code_is_not_read_as_requirements(void **state)
{
	struct recipe_set *set = one("### A-1 MUST x\n- Criterion: 1\n- Test: t.c\n"
	                             "```\n### B-1 MUST y\n```\n",
	                             GOOD_NEEDS);

	(void)state;
	assert_int_equal(set->recipes[0].n_requirements, 1);
}

static void older_requirements_are_read_with_one_warning(void **state)
{
	struct recipe_set *set =
	    one("# T\n\n## Functional\n\n- **FR-1**: The system MUST start.\n"
	        "- **FR-2**: It SHOULD be fast\n\n### Limits\n- NFR-1: small\n",
	        GOOD_NEEDS);
	const struct recipe_finding *f = find(set, "old-format");

	(void)state;
	assert_int_equal(set->n_findings, 1);
	assert_true(set->sound);
	assert_int_equal(f->line, 5);
	assert_int_equal(set->recipes[0].n_requirements, 3);
	assert_string_equal(set->recipes[0].requirements[0].title, "The system MUST start.");
	assert_int_equal(set->recipes[0].requirements[1].level, RECIPE_SHOULD);
	assert_string_equal(set->recipes[0].requirements[2].id, "NFR-1");
}

static void a_mistake_in_dependencies_has_line_and_column(void **state)
{
	static const struct {
		const char *json, *code;
		long line, column;
	} cases[] = {
		{ "{\"name\": \"lookup\",\n  \"dependencies\": [}\n", "bad-json", 2, 20 },
		{ "[]", "bad-json", 1, 1 },
		{ "{\"dependencies\": []}", "missing-member", 1, 1 },
		{ "{\"name\": \"lookup\"}", "missing-member", 1, 1 },
		{ "{\"name\": \"other\",\n\"dependencies\": []}", "name-differs", 1, 10 },
		{ "{\"name\": \"lookup\",\n \"dependencies\": \"x\"}", "bad-member", 2, 18 },
		{ "{\"name\": \"lookup\",\n \"dependencies\": [\n\"nix\"]}", "unknown-dependency",
		  3, 1 },
		{ "{\"name\": \"lookup\", \"dependencies\": [],\n\"provide\": []}",
		  "unknown-member", 2, 12 },
		{ "{\"name\":\"lookup\",\"dependencies\":[],\"estimateMinutes\":0}", "bad-member",
		  1, 54 },
		{ "{\"name\":\"lookup\",\"dependencies\":[],\"gates\":[\"make check\"]}",
		  "bad-member", 1, 44 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe_set *set = one(GOOD, cases[i].json);
		const struct recipe_finding *f = find(set, cases[i].code);

		if (strcmp(f->code, cases[i].code) != 0)
			fail_msg("no %s in case %zu", cases[i].code, i);
		if (f->line != cases[i].line || f->column != cases[i].column)
			fail_msg("case %zu: %ld:%ld", i, f->line, f->column);
		assert_string_equal(f->file, "recipes/lookup/dependencies.json");
	}
}

static void missing_files_are_errors(void **state)
{
	struct recipe_set *set = one(NULL, NULL);

	(void)state;
	assert_int_equal(set->n_findings, 2);
	assert_string_equal(set->findings[0].code, "missing-file");
	assert_false(set->sound);
}

static struct recipe_source named(const char *name, const char *needs)
{
	return source(name, GOOD,
	              text_printf(arena, "{\"name\":\"%s\",\"dependencies\":[%s]}", name, needs));
}

static void recipes_are_ordered_by_level_then_name(void **state)
{
	struct recipe_source s[] = { named("d", "\"b\",\"c\""), named("c", "\"a\""),
		                     named("b", "\"a\""), named("a", ""), named("e", "") };
	struct recipe_set *set = made(s, 5);
	static const size_t order[] = { 0, 4, 1, 2, 3 };

	(void)state;
	assert_int_equal(set->n_order, 5);
	assert_int_equal(set->n_levels, 3);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(set->order[i], order[i]);
	assert_string_equal(recipe_table(set, arena),
	                    "batch  recipe  needs\n    1  a\n    1  e\n    2  b       a\n"
	                    "    2  c       a\n    3  d       b, c\n");
	assert_non_null(strstr(recipe_mermaid(set, arena), "    b --> d\n    c --> d\n"));
}

static void each_cycle_is_told_once_with_its_path(void **state)
{
	struct recipe_source s[] = { named("a", "\"b\""), named("b", "\"c\""), named("c", "\"b\""),
		                     named("x", "\"x\""), named("z", "") };
	struct recipe_set *set = made(s, 5);
	size_t cycles = 0;

	(void)state;
	for (size_t i = 0; i < set->n_findings; i++)
		if (strcmp(set->findings[i].code, "dependency-cycle") == 0) {
			cycles++;
			assert_non_null(strstr(set->findings[i].message,
			                       cycles == 1 ? "b needs c needs b" : "x needs x"));
		}
	assert_int_equal(cycles, 2);
	assert_int_equal(set->n_order, 1);
	assert_int_equal(set->recipes[0].level, RECIPE_NONE);
}

static void an_unknown_name_brings_the_nearest(void **state)
{
	struct recipe_source s[] = { named("event-system", ""),
		                     named("memory", "\"event-sistem\"") };
	struct recipe_set *set = made(s, 2);
	const char *nearest = NULL;

	(void)state;
	assert_non_null(strstr(find(set, "unknown-dependency")->message, "'event-system'"));
	assert_int_equal(recipe_find(set, "memory", NULL), 1);
	assert_int_equal(recipe_find(set, "memry", &nearest), RECIPE_NONE);
	assert_string_equal(nearest, "memory");
}

/* A plan of the chosen recipe and all it needs. */
static enum status planned(const struct recipe_set *set, size_t chosen, const char *shell,
                           struct plan **out, struct err *err)
{
	bool marks[8] = { false };
	const struct recipe_plan_want want = { .marks = marks, .shell = shell, .root = "/nowhere" };

	assert_int_equal(recipe_mark(set, chosen, marks, err), OK);
	return recipe_plan(set, &want, arena, out, err);
}

static void recipes_become_a_plan_in_their_order(void **state)
{
	struct recipe_source s[] = { named("c", "\"b\""), named("b", "\"a\""), named("a", ""),
		                     named("z", "") };
	struct recipe_set *set = made(s, 4);
	struct plan *plan = NULL;
	struct err err;

	(void)state;
	assert_int_equal(planned(set, RECIPE_NONE, NULL, &plan, &err), OK);
	assert_int_equal(plan->n_tasks, 4);
	assert_int_equal(plan->n_edges, 2);
	assert_true(plan->sound);
	assert_int_equal(planned(set, 1, NULL, &plan, &err), OK);
	assert_int_equal(plan->n_tasks, 2); /* b and what it needs */
	assert_string_equal(plan->tasks[0].id, "a");
	assert_int_equal(plan->tasks[1].acceptance.n, 2);
	assert_non_null(strstr(plan->tasks[1].acceptance.at[0],
	                       "LOOK-1: 10,000 names, all found, in 1 ms; shown by "
	                       "tests/test_a.c: finds_all, tests/b.sh"));
	assert_non_null(strstr(plan->tasks[1].steps.at[0], "write the tests"));
}

static void gates_become_tasks_where_commands_are_allowed(void **state)
{
	struct recipe_source s[] = {
		source("a", GOOD,
		       "{\"name\":\"a\",\"dependencies\":[],\"gates\":[[\"make\",\"a "
		       "b\"],[\"./c\"]]}"),
		named("b", "\"a\""),
	};
	struct recipe_set *set = made(s, 2);
	struct plan *plan = NULL;
	struct err err;

	(void)state;
	assert_int_equal(planned(set, RECIPE_NONE, NULL, &plan, &err), OK);
	assert_int_equal(plan->n_tasks, 2);
	assert_non_null(strstr(plan->tasks[0].steps.at[2], "`make a b`"));
	assert_int_equal(planned(set, RECIPE_NONE, "shell", &plan, &err), OK);
	assert_int_equal(plan->n_tasks, 4);
	assert_true(plan->sound);
	assert_string_equal(plan->tasks[1].id, "a.gate-1");
	assert_string_equal(plan->tasks[1].agent, "shell");
	assert_int_equal(plan->tasks[1].command.n, 2);
	assert_string_equal(plan->tasks[1].command.at[1], "a b");
	assert_int_equal(plan->n_edges, 5); /* a to its gates, all three to b */
	assert_int_equal(plan->tasks[3].level, 2);
}

static void missing_test_files_are_begun_and_fail(void **state)
{
	struct recipe_source s =
	    source("one",
	           "### A-1 MUST Hold\n- Criterion: 1 \"x\"\n"
	           "- Test: tests/a.py: test_holds\n- Test: tests/b.sh: stays\n"
	           "### A-2 MUST Stay\n- Criterion: 2\n"
	           "- Test: tests/a.py: test_stays\n- Test: tests/c.odd: z\n",
	           "{\"name\":\"one\",\"dependencies\":[]}");
	struct recipe_set *set = made(&s, 1);
	struct plan *plan = NULL;
	struct err err;
	const char *words;

	(void)state;
	assert_int_equal(planned(set, RECIPE_NONE, NULL, &plan, &err), OK);
	words = plan->tasks[0].description;
	assert_non_null(strstr(words, "tests/a.py\n\n```python\ndef test_holds():\n"
	                              "    raise AssertionError(\"not shown yet: A-1 1 x\")\n"));
	assert_non_null(strstr(words, "def test_stays():"));
	assert_non_null(strstr(words, "echo \"not ok stays\""));
	assert_null(strstr(words, "tests/c.odd\n\n```"));
}

static void recipes_with_errors_become_no_plan(void **state)
{
	struct recipe_source s[] = { named("a", "\"nix\""), named("b", "") };
	struct recipe_set *set = made(s, 2);
	struct plan *plan = NULL;
	struct err err;

	(void)state;
	assert_int_equal(planned(set, RECIPE_NONE, NULL, &plan, &err), E_INPUT);
	assert_non_null(strstr(err.text, "recipes/a/dependencies.json"));
	assert_int_equal(planned(set, 1, NULL, &plan, &err), OK); /* b is sound */
}

/* Is LOOK-1 met, and how did its first test come out, when the tests said this? */
static bool met(const char *said, enum recipe_shown *first)
{
	struct recipe_set *set =
	    one("### A-1 MUST x\n- Criterion: 1\n- Test: tests/t.c: one_is\n", GOOD_NEEDS);
	struct recipe_output output = { said, strlen(said) };
	struct recipe_verdicts v;

	assert_int_equal(recipe_verify(set, "/nowhere", &output, &v, NULL), OK);
	assert_int_equal(v.n, 1);
	*first = v.items[0].tests[0];
	return v.items[0].met;
}

static void a_requirement_is_met_by_its_named_test_alone(void **state)
{
	static const char *const yes[] = { "ok one_is\n",
		                           "ok 12 - one_is\n",
		                           "[       OK ] one_is\n",
		                           "  test t::one_is ... ok\n",
		                           "--- PASS: one_is (0.1s)\n",
		                           "tests/t.py::one_is PASSED [ 5%]\n",
		                           "PASS: one_is",
		                           "ok one is\n",
		                           "ok one is: in 3 ms\nskip other: why\n" };
	static const char *const no[] = { "not ok one_is\n", "[  FAILED  ] one_is\n",
		                          "test t::one_is ... FAILED\n", "--- FAIL: one_is\n",
		                          "ok one_is\nnot ok one_is\n" };
	static const char *const nothing[] = { "",
		                               "one_is\n",
		                               "ok one_is_not\n",
		                               "ok none_is\n",
		                               "ok one is not\n",
		                               "ok one is (2)\n",
		                               "see one_is, ok\n",
		                               "ok tests/other.c (3)\n" };
	static const char *const skipped[] = {
		"skip one_is: no network\n",  "skip one is: no network\n",
		"[  SKIPPED ] one_is\n",      "--- SKIP: one_is (0.00s)\n",
		"ok 4 - one_is # SKIP why\n", "test t::one_is ... ignored\n",
	};
	enum recipe_shown how;

	(void)state;
	for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
		if (met(skipped[i], &how) || how != RECIPE_NOT_RUN)
			fail_msg("ran: %s", skipped[i]);
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!met(yes[i], &how) || how != RECIPE_SHOWN)
			fail_msg("not met by: %s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (met(no[i], &how) || how != RECIPE_BROKEN)
			fail_msg("no failure: %s", no[i]);
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		if (met(nothing[i], &how) || how != RECIPE_TEST_ABSENT)
			fail_msg("something: %s", nothing[i]);
}

static void a_requirement_without_a_test_is_not_met(void **state)
{
	struct recipe_set *set = one("### A-1 MUST x\n- Criterion: 1\n", GOOD_NEEDS);
	struct recipe_output output = { "ok everything\n", 14 };
	struct recipe_verdicts v;

	(void)state;
	assert_int_equal(recipe_verify(set, "/nowhere", &output, &v, NULL), OK);
	assert_false(v.items[0].met);
}

static void memory_running_out_is_a_status(void **state)
{
	struct recipe_source s = source("lookup", GOOD, GOOD_NEEDS);
	struct recipe_set *set;
	enum status st;
	long n;

	(void)state;
	for (n = 0;; n++) {
		struct arena *a = arena_new((size_t)1 << 20);

		mem_fail_after(n, 1);
		st = a == NULL ? E_NOMEM : recipe_make(&s, 1, a, &set, NULL);
		mem_fail_after(-1, 0);
		arena_free(a);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
	}
	assert_true(n > 3);
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return arena == NULL;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_requirement_has_all_its_parts),
		cmocka_unit_test(what_a_requirement_lacks_is_said_with_its_line),
		cmocka_unit_test(words_that_only_contain_a_placeholder_are_none),
		cmocka_unit_test(fenced_code_is_not_read_as_requirements),
		cmocka_unit_test(older_requirements_are_read_with_one_warning),
		cmocka_unit_test(a_mistake_in_dependencies_has_line_and_column),
		cmocka_unit_test(missing_files_are_errors),
		cmocka_unit_test(recipes_are_ordered_by_level_then_name),
		cmocka_unit_test(each_cycle_is_told_once_with_its_path),
		cmocka_unit_test(an_unknown_name_brings_the_nearest),
		cmocka_unit_test(recipes_become_a_plan_in_their_order),
		cmocka_unit_test(gates_become_tasks_where_commands_are_allowed),
		cmocka_unit_test(missing_test_files_are_begun_and_fail),
		cmocka_unit_test(recipes_with_errors_become_no_plan),
		cmocka_unit_test(a_requirement_is_met_by_its_named_test_alone),
		cmocka_unit_test(a_requirement_without_a_test_is_not_met),
		cmocka_unit_test(memory_running_out_is_a_status),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
