#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/plan.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "store/db.h"
#include "tests/lib/folder.h"

struct bed {
	const struct folder *f;
	struct project *project;
	struct call call;
};

static void bed_open(struct bed *b, const struct folder *f)
{
	*b = (struct bed){ .f = f };
	folder_put(f, "home/plan.md",
	           "# Small\n\n| Task | Estimate | Depends on |\n|---|---|---|\n"
	           "| Lay pipes | 2h | - |\n| Fill tank | 1h | Lay pipes |\n"
	           "| Paint fence | 30 min | none |\n");
	if (project_open(&b->project, folder_at(f, "home"), &b->call.err) != OK)
		fail_msg("%s", b->call.err.text);
	b->call.project = b->project;
	b->call.arena = arena_new(CALL_ARENA_MAX);
	b->call.answer_max = SIZE_MAX;
	assert_non_null(b->call.arena);
}

static void bed_close(struct bed *b)
{
	arena_free(b->call.arena);
	project_free(b->project);
}

/* Call the tool with arguments as text; the answer is the caller's. */
static enum status ask(struct bed *b, const char *json, cJSON **answer)
{
	void *in = arena_take(b->call.arena, tool_decompose.in_size);
	cJSON *args = NULL;
	enum status st = json_read(json, strlen(json), &args, &b->call.err);

	*answer = NULL;
	if (st == OK)
		st = arg_read(tool_decompose.args, args, in, &b->call.err);
	if (st == OK)
		st = tool_decompose.run(&b->call, in, answer);
	cJSON_Delete(args);
	return st;
}

static size_t count_events(struct bed *b)
{
	struct event_want want = { .pattern = "plan.#", .limit = 100 };
	struct event_page page = { 0 };
	struct arena *a = arena_new(1 << 20);
	struct db *db;

	assert_int_equal(project_read(b->project, NULL, &db, &b->call.err), OK);
	assert_int_equal(event_find(db, &want, a, &page, &b->call.err), OK);
	project_done(b->project, db);
	arena_free(a);
	return page.n;
}

static void a_file_of_the_project_is_read_saved_and_found_again(void **state)
{
	cJSON *first, *again;
	struct bed b;
	char *id, *args;

	bed_open(&b, *state);
	assert_int_equal(ask(&b, "{\"path\": \"plan.md\", \"workers\": 2}", &first), OK);
	assert_string_equal(json_text(first, "title"), "Small");
	assert_int_equal(cJSON_GetArraySize(json_get(first, "tasks")), 3);
	assert_int_equal(json_int(json_get(first, "criticalPath"), "minutes", 0), 180);
	assert_int_equal(json_int(json_get(first, "schedule"), "workers", 0), 2);
	assert_int_equal(count_events(&b), 1);
	id = text_dup(b.call.arena, json_text(first, "planId"));
	assert_non_null(id);
	args = text_printf(b.call.arena, "{\"plan\": \"%s\", \"workers\": 1}", id);
	assert_int_equal(ask(&b, args, &again), OK);
	assert_string_equal(json_text(again, "planId"), id);
	assert_int_equal(json_int(json_get(again, "schedule"), "makespanMinutes", 0), 210);
	assert_true(cJSON_Compare(json_get(first, "edges"), json_get(again, "edges"), 1));
	assert_true(cJSON_Compare(json_get(first, "findings"), json_get(again, "findings"), 1));
	assert_int_equal(count_events(&b), 1);
	cJSON_Delete(first);
	cJSON_Delete(again);
	bed_close(&b);
}

static void not_saving_leaves_nothing_behind(void **state)
{
	cJSON *answer;
	struct bed b;

	bed_open(&b, *state);
	assert_int_equal(ask(&b, "{\"path\": \"plan.md\", \"save\": false}", &answer), OK);
	assert_null(json_text(answer, "planId"));
	assert_int_not_equal(access(folder_at(b.f, "home/.gadugi"), F_OK), 0);
	cJSON_Delete(answer);
	bed_close(&b);
}

static void what_was_wrong_with_the_document_is_kept_with_the_plan(void **state)
{
	cJSON *first, *again;
	struct bed b;

	bed_open(&b, *state);
	assert_int_equal(
	    ask(&b,
	        "{\"document\": \"# P\\n\\nWe get a 9x speedup.\\n\\n"
	        "| Task | Depends on |\\n|---|---|\\n| A one | - |\\n| B two | Nobody |"
	        "\\n\"}",
	        &first),
	    OK);
	assert_true(cJSON_IsFalse(json_get(first, "sound")));
	assert_int_equal(
	    ask(&b, text_printf(b.call.arena, "{\"plan\": \"%s\"}", json_text(first, "planId")),
	        &again),
	    OK);
	assert_true(cJSON_IsFalse(json_get(again, "sound")));
	assert_true(cJSON_Compare(json_get(first, "findings"), json_get(again, "findings"), 1));
	cJSON_Delete(first);
	cJSON_Delete(again);
	bed_close(&b);
}

static void a_long_answer_is_cut_and_goes_on_at_the_cursor(void **state)
{
	struct text doc;
	cJSON *answer, *args;
	struct bed b;
	char *json;
	int seen = 0, pages = 0;

	bed_open(&b, *state);
	b.call.answer_max = 12000;
	text_init(&doc, TEXT_LIMIT);
	text_add(&doc, "| ID | Task | Depends on |\n|--|--|--|\n");
	for (int i = 1; i <= 300; i++)
		text_addf(&doc, "| T%03d | Piece of work %d | %s%03d |\n", i, i, i > 1 ? "T" : "-",
		          i > 1 ? i - 1 : 0);
	args = cJSON_CreateObject();
	cJSON_AddStringToObject(args, "document", text_string(&doc));
	json = json_print(args);
	assert_int_equal(ask(&b, json, &answer), OK);
	for (;;) {
		char *printed = json_print(answer), *next;
		const char *id = text_dup(b.call.arena, json_text(answer, "planId"));
		const char *cursor = text_dup(b.call.arena, json_text(answer, "nextCursor"));
		const cJSON *task;

		assert_true(strlen(printed) <= 12000);
		assert_int_equal(json_int(json_get(answer, "counts"), "tasks", 0), 300);
		assert_non_null(strstr(json_text(json_get(answer, "resource"), "uri"), id));
		cJSON_ArrayForEach(task, json_get(answer, "tasks")) {
			char want[16];

			(void)snprintf(want, sizeof want, "T%03d", ++seen);
			assert_string_equal(json_text(task, "id"), want);
		}
		cJSON_free(printed);
		cJSON_Delete(answer);
		pages++;
		if (cursor == NULL)
			break;
		next =
		    text_printf(b.call.arena, "{\"plan\": \"%s\", \"cursor\": \"%s\"}", id, cursor);
		assert_int_equal(ask(&b, next, &answer), OK);
	}
	assert_int_equal(seen, 300);
	assert_in_range(pages, 3, 30);
	cJSON_free(json);
	cJSON_Delete(args);
	text_done(&doc);
	bed_close(&b);
}

static void wrong_arguments_are_named(void **state)
{
	static const struct {
		const char *json;
		enum status st;
		const char *words;
	} cases[] = {
		{ "{}", E_INPUT, "none was given" },
		{ "{\"goal\": \"x y\", \"document\": \"z\"}", E_INPUT, "more than one" },
		{ "{\"path\": \"../secret.md\"}", E_DENIED, "../secret.md" },
		{ "{\"path\": \"missing.md\"}", E_ABSENT, "missing.md" },
		{ "{\"plan\": \"p123\"}", E_ABSENT, "p123" },
		{ "{\"document\": \" \\n \"}", E_INPUT, "empty" },
		{ "{\"document\": \"Dear diary, nothing happened.\"}", E_INPUT, "no task found" },
		{ "{\"goal\": \" . \"}", E_INPUT, "goal is empty" },
		{ "{\"path\": \"plan.md\", \"cursor\": \"abc\"}", E_INPUT, "'abc' is no cursor" },
		{ "{\"path\": \"plan.md\", \"format\": \"pdf\"}", E_INPUT, "pdf" },
	};
	struct bed b;

	bed_open(&b, *state);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cJSON *answer = NULL;

		assert_int_equal(ask(&b, cases[i].json, &answer), cases[i].st);
		if (strstr(b.call.err.text, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].json, b.call.err.text);
		assert_null(answer);
	}
	assert_int_equal(count_events(&b), 0);
	bed_close(&b);
}

static void other_formats_come_as_text(void **state)
{
	static const struct {
		const char *json, *words;
	} cases[] = {
		{ "{\"path\": \"plan.md\", \"format\": \"table\"}", "critical" },
		{ "{\"path\": \"plan.md\", \"format\": \"mermaid\"}", "lay-pipes --> fill-tank" },
		{ "{\"path\": \"plan.md\", \"format\": \"markdown\"}", "## Batch 2" },
	};
	struct bed b;

	bed_open(&b, *state);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cJSON *answer = NULL;

		assert_int_equal(ask(&b, cases[i].json, &answer), OK);
		assert_non_null(strstr(json_text(answer, "text"), cases[i].words));
		assert_int_equal(cJSON_GetArraySize(json_get(answer, "tasks")), 3);
		cJSON_Delete(answer);
	}
	bed_close(&b);
}

static void a_goal_becomes_a_draft_that_says_so(void **state)
{
	cJSON *answer;
	struct bed b;

	bed_open(&b, *state);
	assert_int_equal(
	    ask(&b, "{\"goal\": \"Build an API for users, orders and products\"}", &answer), OK);
	assert_string_equal(json_text(cJSON_GetArrayItem(json_get(answer, "findings"), 0), "code"),
	                    "draft");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetArrayItem(json_get(answer, "batches"), 1)), 3);
	cJSON_Delete(answer);
	bed_close(&b);
}

static void without_memory_nothing_is_half_saved(void **state)
{
	cJSON *answer = NULL;
	struct bed b;
	enum status st;
	long n;

	bed_open(&b, *state);
	assert_int_equal(ask(&b, "{\"path\": \"plan.md\"}", &answer), OK);
	cJSON_Delete(answer);
	for (n = 0;; n += 7) {
		arena_free(b.call.arena);
		b.call.arena = arena_new(CALL_ARENA_MAX);
		mem_fail_after(n, 1);
		st = ask(&b, "{\"path\": \"plan.md\"}", &answer);
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		if (st != E_NOMEM)
			fail_msg("after %ld: %s", n, b.call.err.text);
		assert_int_equal(count_events(&b), 1);
	}
	assert_true(n > 21);
	assert_int_equal(count_events(&b), 2);
	cJSON_Delete(answer);
	bed_close(&b);
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		in_folder(a_file_of_the_project_is_read_saved_and_found_again),
		in_folder(not_saving_leaves_nothing_behind),
		in_folder(what_was_wrong_with_the_document_is_kept_with_the_plan),
		in_folder(a_long_answer_is_cut_and_goes_on_at_the_cursor),
		in_folder(wrong_arguments_are_named),
		in_folder(other_formats_come_as_text),
		in_folder(a_goal_becomes_a_draft_that_says_so),
		in_folder(without_memory_nothing_is_half_saved),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
