/* Every finding happens, and bad documents get an answer or a clear word. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/plan.h"
#include "domain/plan/check.h"

struct reading {
	struct arena *a;
	struct plan *p;
	struct err err;
	enum status st;
};

static void read_bytes(struct reading *r, const char *bytes, size_t n)
{
	struct plan_options options = { 0 };

	*r = (struct reading){ .a = arena_new((size_t)256 << 20) };
	assert_non_null(r->a);
	r->st = plan_read(bytes, n, &options, r->a, &r->p, &r->err);
}

static const struct plan_finding *find(const struct plan *p, const char *code)
{
	for (size_t i = 0; i < p->n_findings; i++)
		if (strcmp(p->findings[i].code, code) == 0)
			return &p->findings[i];
	return NULL;
}

#define TABLE "| ID | Task | Depends on | Estimate |\n|---|---|---|---|\n"

/* A document in which the finding must be, the words it must say, and whether the plan is sound. */
static const struct {
	const char *code, *document, *words;
	bool sound;
} cases[] = {
	{ "dependency-cycle",
	  TABLE "| A | Lay | C | 1h |\n| B | Paint | A | 1h |\n| C | Dry | B | 1h |\n"
	        "| D | Sell | C | 1h |\n",
	  "3 tasks wait for each other", false },
	{ "unknown-dependency",
	  TABLE "| T029 | Lay | - | 1h |\n| T030 | Paint | T29 | 1h |\n"
	        "| T031 | Dry | T300 | 1h |\n",
	  "'T300', which is no task of this plan; did you mean 'T030'", false },
	{ "duplicate-id", TABLE "| A | Lay | - | 1h |\n| A | Paint | - | 1h |\n",
	  "'A' is given twice", false },
	{ "duplicate-id",
	  TABLE "| B | Lay | - | 1h |\n| A | Saw | - | 1h |\n| b | Paint | - | 1h |\n",
	  "'b' is given twice", false },
	{ "self-edge", TABLE "| A | Lay | A | 1h |\n| B | Paint | A | 1h |\n", "itself", false },
	{ "sources-disagree",
	  TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n| C | Dry | B | 1h |\n\n"
	        "```mermaid\ngraph TD\n A[Lay] --> B[Paint]\n A --> C[Dry]\n```\n",
	  "only the table says that 'C' depends on 'B'", true },
	{ "batch-breaks-dependency",
	  "### Batch 1: All at once\n\n" TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n",
	  "'B' is in 'Batch 1: All at once' and depends on 'A'", true },
	{ "critical-path-misstated",
	  TABLE "| A | Lay | - | 2h |\n| B | Paint | A | 1h |\n| C | Dry | - | 1h |\n\n"
	        "**Critical path**: 5 hours\n",
	  "the longest path is A -> B (3 h), stated as 5 hours", true },
	{ "total-misstated",
	  TABLE "| A | Lay | - | 2h |\n| B | Paint | A | 1h |\n\n**Total effort**: 5 hours\n",
	  "the estimates add up to 3 h", true },
	{ "speedup-impossible",
	  TABLE "| A | Lay | - | 2h |\n| B | Paint | A | 1h |\n\nWe expect a 4x speedup.\n",
	  "4x is promised; with any number of workers this graph allows 1.00x", true },
	{ "file-conflict",
	  "- [ ] T001 [P] Write the reader in src/io.c\n- [ ] T002 [P] Write the writer in "
	  "src/io.c\n",
	  "name 'src/io.c': 'T001', 'T002'", true },
	{ "likely-conflict",
	  "{\"tasks\":[{\"id\":\"a\",\"title\":\"x\",\"files\":[\"io.c\"],\"filesSource\":"
	  "\"predicted\"},"
	  "{\"id\":\"b\",\"title\":\"y\",\"files\":[\"io.c\"],\"filesSource\":\"predicted\"}]}",
	  "2 tasks that may run at once change 'io.c'", true },
	{ "acceptance-missing",
	  "| ID | Task | Depends on | Estimate | Acceptance |\n|---|---|---|---|---|\n"
	  "| A | Lay | - | 2h | it is even |\n| B | Paint | A | 1h | |\n",
	  "1 of 2 tasks do not say", true },
	{ "requirement-without-task",
	  "# P\n\n## Requirements\n\n- **FR-001**: It must hold\n- **FR-002**: It must shine\n"
	  "- FR-003 must last\n\n## Tasks\n\n- [ ] T1 Lay (FR-001)\n- [ ] T2 Dry, for FR-003\n",
	  "1 of 3 requirements are named by no task: FR-002 (It must shine)", true },
	{ "missing-estimate", TABLE "| A | Lay | - | 2h |\n| B | Paint | A | |\n",
	  "1 of 2 tasks state no estimate", true },
	{ "complexity-disagrees",
	  "| Task | Depends on | Complexity |\n|--|--|--|\n| Lay | - | High |\n| Paint | Lay | Low "
	  "|\n\n"
	  "| Component | Technical | Integration | Testing | Total |\n|--|--|--|--|--|\n"
	  "| Lay | 1 | 2 | 2 | 5 |\n",
	  "'lay' is called high in complexity and scored 5", true },
	{ "redundant-edge",
	  TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n| C | Dry | A, B | 1h |\n",
	  "that 'C' depends on 'A' follows", true },
	{ "task-too-large", TABLE "| A | Lay | - | 20h |\n| B | Paint | A | 1h |\n", "20 h", true },
	{ "task-too-small", TABLE "| A | Lay | - | 5 min |\n| B | Paint | A | 1h |\n", "5 min",
	  true },
	{ "order-assumed", "# P\n\n## Steps\n\n1. Lay\n2. Paint\n3. Dry\n", "gives 2 edges", true },
	{ "diagram-turned",
	  TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n| C | Dry | B | 1h |\n\n"
	        "```mermaid\ngraph TD\n B --> A\n C --> B\n```\n",
	  "they were turned", true },
	{ "not-read", TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n\n- [ ] buy brushes\n",
	  "1 check boxes were not read", true },
	{ "several-plans",
	  "{\"one\":{\"tasks\":[{\"id\":1,\"title\":\"x\"}]},\"two\":{\"tasks\":[{\"id\":1,"
	  "\"title\":"
	  "\"y\"}]}}",
	  "'one' was read", true },
	{ "ignored-value", "{\"tasks\":[{\"id\":\"a\",\"title\":\"x\",\"estimateMinutes\":[]}]}",
	  "'estimateMinutes' of 'a' is not a number", true },
};

static void every_finding_happens_and_says_what_it_must(void **state)
{
	size_t n;
	const struct check_code *codes = check_codes(&n);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct plan_finding *f;
		struct reading r;

		read_bytes(&r, cases[i].document, strlen(cases[i].document));
		if (r.st != OK)
			fail_msg("%s: %s", cases[i].code, r.err.text);
		if ((f = find(r.p, cases[i].code)) == NULL) {
			fail_msg("no %s", cases[i].code);
			return;
		}
		if (strstr(f->message, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].code, f->message);
		if (r.p->sound != cases[i].sound)
			fail_msg("%s: sound %d", cases[i].code, r.p->sound);
		arena_free(r.a);
	}
	/* the table of codes and this one are of the same codes; a draft is made from a goal */
	for (size_t i = 0; i < n; i++) {
		bool there = strcmp(codes[i].code, "draft") == 0;

		for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
			there = there || strcmp(cases[k].code, codes[i].code) == 0;
		if (!there)
			fail_msg("%s never happens", codes[i].code);
	}
}

static void a_clean_plan_has_no_findings(void **state)
{
	static const char clean[] =
	    "# Clean\n\n| ID | Task | Depends on | Estimate | Acceptance |\n|---|---|---|---|---|\n"
	    "| A | Lay the floor | - | 2h | it is even |\n"
	    "| B | Paint the wall | A | 1h | no spot is left |\n"
	    "| C | Hang the lamp | A | 1h | there is light |\n"
	    "| D | Move in | B, C | 3h | the van is empty |\n";
	struct reading r;

	(void)state;
	read_bytes(&r, clean, strlen(clean));
	assert_int_equal(r.st, OK);
	for (size_t i = 0; i < r.p->n_findings; i++)
		print_message("%s: %s\n", r.p->findings[i].code, r.p->findings[i].message);
	assert_int_equal(r.p->n_findings, 0);
	assert_int_equal(r.p->path_min, 360);
	assert_int_equal(r.p->tasks[1].slack_min, 0);
	arena_free(r.a);
}

/* What a plan must meet, as documents state it, and what the finding says; NULL: nothing. */
static void requirements_are_followed_to_their_tasks(void **state)
{
	static const char kiro[] =
	    "# Requirements Document\n\n### Requirement 1: Upload\n\n#### Acceptance Criteria\n\n"
	    "1. WHEN a file comes THEN it SHALL be stored\n2. WHEN it is big THEN refuse it\n\n"
	    "### Requirement 2: Delete\n\n#### Acceptance Criteria\n\n1. WHEN asked THEN gone\n";
	static const char spec[] = "# Spec\n\n### User Story 1 - Log in (Priority: P1)\n\n"
				   "### User Story 2 - Log out\n\n## Requirements\n\n"
				   "- **FR-001**: System MUST log in\n";
	static const struct {
		const char *beside, *tasks, *words;
	} asked[] = {
		{ kiro,
		  "- [ ] 1. Store\n  - _Requirements: 1.1, 1.2_\n- [ ] 2. Wipe\n  - _Requirements: "
		  "2_\n",
		  NULL },
		{ kiro,
		  "- [ ] 1. Store\n  - _Requirements: 1.1_\n- [ ] 2. Wipe\n  - _Requirements: "
		  "2.1_\n",
		  "1 of 5 requirements are named by no task: 1.2 (WHEN it is big" },
		/* numbers count only where they are called requirements */
		{ kiro, "- [ ] 1. Store 1.1\n- [ ] 2. Version 2.1\n", NULL },
		{ spec, "- [ ] T001 [US1] Log in\n- [ ] T002 [US1] Test it\n",
		  "1 of 2 requirements are named by no task: US2 (Log out)" },
		{ spec, "- [ ] T001 Log in\n- [ ] T002 Log out\n", NULL },
		{ NULL,
		  "## Requirements\n\n- Orders must be stored safely\n- Invoices must be printed "
		  "in "
		  "colour\n\n"
		  "## Tasks\n\n- [ ] Store orders safely\n- [ ] Write the manual\n",
		  "1 of 2 requirements share few words with any task: 'Invoices must" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		struct plan_options options = { .beside = asked[i].beside };
		struct arena *a = arena_new((size_t)64 << 20);
		const struct plan_finding *f;
		struct plan *p = NULL;
		struct err err = { OK, "" };

		if (plan_read(asked[i].tasks, strlen(asked[i].tasks), &options, a, &p, &err) != OK)
			fail_msg("%s", err.text);
		f = find(p, "requirement-without-task");
		if ((f == NULL) != (asked[i].words == NULL) ||
		    (f != NULL && strstr(f->message, asked[i].words) == NULL))
			fail_msg("%zu: %s", i, f == NULL ? "nothing" : f->message);
		arena_free(a);
	}
}

/* Bytes that are no plan, and the words that must come back. */
static void what_is_no_plan_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *words;
	} bad[] = {
		{ "", 0, "empty" },
		{ " \n\t\n", 4, "empty" },
		{ "\xef\xbb\xbf", 3, "empty" },
		{ "just some prose about nothing", 29, "no task found" },
		{ "# Title\n\nWords.\n", 16, "no task found" },
		{ "a\0b", 3, "NUL" },
		{ "ok\nline \xff\xfe\n", 11, "line 2" },
		{ "\xff\xfe#\0 \0", 6, "UTF-16" },
		{ "{\"tasks\": []}", 13, "no task found" },
		{ "{\"tasks\": [1]}", 14, "tasks[0] is not an object" },
		{ "{\"tasks\": [{}]}", 15, "neither an id nor a title" },
		{ "{\"x\": 1}", 8, "none of the known plans" },
		{ "{\"tasks\": [", 11, "" },
		{ "- [-] gone\n- [-] away\n", 22, "cancelled" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct reading r;

		read_bytes(&r, bad[i].bytes, bad[i].n);
		if (r.st != E_INPUT || strstr(r.err.text, bad[i].words) == NULL)
			fail_msg("%zu: status %d, %s", i, (int)r.st, r.err.text);
		arena_free(r.a);
	}
}

static void marks_and_line_ends_do_not_change_a_plan(void **state)
{
	static const char unix_lines[] = TABLE "| A | Lay | - | 1h |\n| B | Paint | A | 1h |\n";
	char bytes[512];
	size_t n = 3;
	struct reading r;

	(void)state;
	memcpy(bytes, "\xef\xbb\xbf", 3);
	for (size_t i = 0; i < sizeof unix_lines - 1; i++) {
		if (unix_lines[i] == '\n')
			bytes[n++] = '\r';
		bytes[n++] = unix_lines[i];
	}
	read_bytes(&r, bytes, n);
	assert_int_equal(r.st, OK);
	assert_int_equal(r.p->n_tasks, 2);
	assert_int_equal(r.p->n_edges, 1);
	assert_int_equal(r.p->tasks[1].line, 4);
	assert_string_equal(r.p->tasks[1].title, "Paint");
	arena_free(r.a);
}

/* A pattern again and again, then an end. */
static void repeated(struct reading *r, const char *start, const char *pattern, size_t times,
                     const char *end)
{
	struct text t;

	text_init(&t, (size_t)32 << 20);
	text_add(&t, start);
	for (size_t i = 0; i < times; i++)
		text_add(&t, pattern);
	text_add(&t, end);
	read_bytes(r, text_string(&t), t.len);
	text_done(&t);
}

static void huge_and_deep_documents_are_answered(void **state)
{
	struct reading r;

	(void)state;
	repeated(&r, "- [ ] ", "word ", 1000000, "\n- [ ] other\n");
	assert_int_equal(r.st, OK);
	assert_int_equal(r.p->n_tasks, 2);
	arena_free(r.a);
	repeated(&r, "", "> ", 100000, "x\n");
	assert_int_equal(r.st, E_INPUT);
	arena_free(r.a);
	repeated(&r, "", "- ", 100000, "x\n");
	assert_int_equal(r.st, E_INPUT);
	arena_free(r.a);
	repeated(&r, "# t\n\n", "![l", 500000, "\n");
	assert_int_equal(r.st, E_INPUT);
	arena_free(r.a);
	repeated(&r, "# t\n\n", "a_b*c`d\n", 300000, "\n");
	assert_int_equal(r.st, E_INPUT);
	arena_free(r.a);
	repeated(&r, "{\"tasks\":", "[", 100000, "");
	assert_int_equal(r.st, E_INPUT);
	arena_free(r.a);
	repeated(&r, "x", "y", (size_t)17 << 20, "");
	assert_int_equal(r.st, E_INPUT);
	assert_non_null(strstr(r.err.text, "at most"));
	arena_free(r.a);
}

static void more_tasks_than_the_limit_are_an_error_not_a_shorter_plan(void **state)
{
	struct reading r;

	(void)state;
	repeated(&r, "## Tasks\n\n", "- [ ] the same again\n", PLAN_TASKS_MAX + 1, "");
	assert_int_equal(r.st, E_INPUT);
	assert_non_null(strstr(r.err.text, "more than 20000 tasks"));
	arena_free(r.a);
}

static void ids_are_unique_whatever_the_titles(void **state)
{
	static const char doc[] = "## Tasks\n\n- [ ] Lay 2\n- [ ] Lay\n- [ ] Lay\n- [ ] Lay 2\n"
				  "- [ ] lay-2\n- [ ] Lay 2 2\n- [ ] Lay 2\n";
	struct reading r;

	(void)state;
	read_bytes(&r, doc, strlen(doc));
	assert_int_equal(r.st, OK);
	assert_int_equal(r.p->n_tasks, 7);
	for (size_t i = 0; i < r.p->n_tasks; i++)
		assert_int_equal(plan_find(r.p, r.p->tasks[i].id), i);
	arena_free(r.a);
}

static void fields_of_a_task_are_taken_apart(void **state)
{
	static const char doc[] =
	    "### T1: Lay\n\n**Command**: `make \"a b\" c`\n**Agent**: floor\n**Optimistic**: 2h\n"
	    "**Pessimistic**: 6h\n**Risk**: high\n**Complexity**: low\n**Files**:\n- `a/b.c`\n- "
	    "c.h (new)\n\n"
	    "**Done when**:\n- it holds\n- it shines\n\n### T2: Paint\n\n**Blocks**: "
	    "T1\n**Status**: done\n";
	struct reading r;
	const struct plan_task *t;

	(void)state;
	read_bytes(&r, doc, strlen(doc));
	assert_int_equal(r.st, OK);
	t = &r.p->tasks[0];
	assert_int_equal(t->command.n, 3);
	assert_string_equal(t->command.at[1], "a b");
	assert_string_equal(t->agent, "floor");
	assert_int_equal(t->estimate_min, 240);
	assert_int_equal(t->low_min, 120);
	assert_int_equal(t->high_min, 360);
	assert_int_equal(t->risk, PLAN_HIGH);
	assert_int_equal(t->complexity, t->technical + t->integration + t->testing);
	assert_int_equal(t->files.n, 2);
	assert_string_equal(t->files.at[1], "c.h");
	assert_int_equal(t->acceptance.n, 2);
	assert_int_equal(r.p->n_edges, 1);
	assert_int_equal(r.p->edges[0].to, 0);
	assert_true(r.p->tasks[1].done);
	arena_free(r.a);
}

static void what_ends_a_title_is_taken_off_it(void **state)
{
	static const struct {
		const char *line, *title;
		long minutes; /* 0: none stated */
		size_t edges;
	} ends[] = {
		{ "Write the lexer (1h) depends on T1", "Write the lexer", 60, 1 },
		{ "Write the lexer [2h] after T1", "Write the lexer", 120, 1 },
		{ "Write the lexer (1h), after T1", "Write the lexer", 60, 1 },
		{ "Write the lexer (1h; depends on T1)", "Write the lexer", 60, 1 },
		{ "Docs [P] (45m)", "Docs", 45, 0 },
		{ "Docs (45m) [P]", "Docs", 45, 0 },
		{ "Write it (in C) after lunch", "Write it (in C) after lunch", 0, 0 },
		{ "Say what (1) depends on weather", "Say what (1) depends on weather", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char doc[200];
		struct reading r;

		(void)snprintf(doc, sizeof doc, "- [ ] T1 Read\n- [ ] T2 %s\n", ends[i].line);
		read_bytes(&r, doc, strlen(doc));
		assert_int_equal(r.st, OK);
		assert_string_equal(r.p->tasks[1].title, ends[i].title);
		assert_int_equal(r.p->n_edges, ends[i].edges);
		assert_int_equal(r.p->tasks[1].estimate_source,
		                 ends[i].minutes == 0 ? PLAN_DEFAULT : PLAN_STATED);
		if (ends[i].minutes > 0)
			assert_int_equal(r.p->tasks[1].estimate_min, ends[i].minutes);
		arena_free(r.a);
	}
}

/* As spec-kit's plans name the test of a task. */
static void an_id_may_end_in_a_word(void **state)
{
	static const char words[] = "- [ ] T005-TEST [P] Test the reader\n- [ ] T005 Write the "
				    "reader (depends on T005-TEST)\n"
				    "- [ ] T006-A4 paper\n";
	struct reading r;

	(void)state;
	read_bytes(&r, words, strlen(words));
	assert_int_equal(r.st, OK);
	assert_string_equal(r.p->tasks[0].id, "T005-TEST");
	assert_string_equal(r.p->tasks[0].title, "Test the reader");
	assert_string_equal(r.p->tasks[1].id, "T005");
	assert_int_equal(r.p->n_edges, 1);
	assert_int_equal(r.p->edges[0].to, 1);
	arena_free(r.a);
}

static void a_task_of_an_id_alone_is_called_by_it(void **state)
{
	static const char doc[] = "### T1:\n\n**Estimate**: 1h\n\n### T2: Lay\n\n- [ ] T3 \n";
	struct reading r;

	(void)state;
	read_bytes(&r, doc, strlen(doc));
	assert_int_equal(r.st, OK);
	assert_int_equal(r.p->n_tasks, 2);
	assert_string_equal(r.p->tasks[0].id, "T1");
	assert_string_equal(r.p->tasks[0].title, "T1");
	arena_free(r.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_finding_happens_and_says_what_it_must),
		cmocka_unit_test(a_clean_plan_has_no_findings),
		cmocka_unit_test(requirements_are_followed_to_their_tasks),
		cmocka_unit_test(what_is_no_plan_is_refused_with_a_reason),
		cmocka_unit_test(fields_of_a_task_are_taken_apart),
		cmocka_unit_test(what_ends_a_title_is_taken_off_it),
		cmocka_unit_test(an_id_may_end_in_a_word),
		cmocka_unit_test(a_task_of_an_id_alone_is_called_by_it),
		cmocka_unit_test(ids_are_unique_whatever_the_titles),
		cmocka_unit_test(marks_and_line_ends_do_not_change_a_plan),
		cmocka_unit_test(huge_and_deep_documents_are_answered),
		cmocka_unit_test(more_tasks_than_the_limit_are_an_error_not_a_shorter_plan),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
