#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "domain/run.h"
#include "domain/run/ending.h"
#include "domain/run/names.h"
#include "domain/run/notes.h"
#include "domain/run/options.h"
#include "domain/run/output.h"
#include "domain/run/prompt.h"
#include "sys/fs.h"

#define AT INT64_C(1700000000123) /* 2023-11-14T22:13:20.123Z */

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *place(const char *name)
{
	const char *folder = getenv("TMPDIR");
	char *path = text_printf(arena, "%s/%s", folder == NULL ? "/tmp" : folder, name);

	assert_non_null(path);
	(void)remove(path);
	return path;
}

static const char *whole(const char *path, size_t *n)
{
	char *bytes = NULL;

	assert_int_equal(fs_read(path, (size_t)32 << 20, arena, &bytes, n, NULL), OK);
	return bytes;
}

static void every_line_of_output_has_its_time(void **state)
{
	const char *path = place("lines.log");
	struct output *o = NULL;
	size_t n;

	(void)state;
	assert_int_equal(output_new(&o, path, NULL), OK);
	output_add(o, "one\ntw", 6, AT);
	output_add(o, "o\r\n\nend", 7, AT + 1000);
	assert_string_equal(output_last_line(o), "two");
	output_note(o, AT, "said %d", 7);
	assert_int_equal(output_size(o), 13);
	assert_int_equal(output_close(o, NULL), OK);
	assert_string_equal(whole(path, &n), "2023-11-14T22:13:20.123Z one\n"
	                                     "2023-11-14T22:13:20.123Z two\n"
	                                     "2023-11-14T22:13:21.123Z \n"
	                                     "2023-11-14T22:13:21.123Z end\n"
	                                     "2023-11-14T22:13:20.123Z gadugi: said 7\n");
}

static void bytes_that_are_no_text_are_masked(void **state)
{
	const char *path = place("bytes.log");
	struct output *o = NULL;
	size_t n;

	(void)state;
	assert_int_equal(output_new(&o, path, NULL), OK);
	output_add(o, "a\xff\0b\xc3\xa4\n", 7, AT);
	assert_int_equal(output_close(o, NULL), OK);
	assert_string_equal(whole(path, &n) + 25, "a??b\xc3\xa4\n");
}

static void too_much_output_keeps_its_beginning_and_its_end(void **state)
{
	const char *path = place("much.log"), *text;
	struct output *o = NULL;
	char line[1024];
	size_t n;

	(void)state;
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	assert_int_equal(output_new(&o, path, NULL), OK);
	output_add(o, "the beginning\n", 14, AT);
	for (int i = 0; i < 16 * 1024; i++)
		output_add(o, line, sizeof line, AT);
	output_add(o, "the end\n", 8, AT);
	assert_int_equal(output_size(o), 16 * 1024 * sizeof line + 22);
	assert_int_equal(output_close(o, NULL), OK);
	text = whole(path, &n);
	assert_true(n < OUTPUT_MAX + OUTPUT_TAIL_MAX + 100);
	assert_non_null(strstr(text, "the beginning"));
	assert_non_null(strstr(text, "bytes are left out here"));
	assert_string_equal(text + n - 8, "the end\n");
}

static void a_line_without_end_is_broken_between_characters(void **state)
{
	const char *path = place("long.log"), *text;
	struct output *o = NULL;
	size_t n;

	(void)state;
	assert_int_equal(output_new(&o, path, NULL), OK);
	for (int i = 0; i < 20000; i++)
		output_add(o, "\xc3\xa4", 2, AT);
	assert_int_equal(output_close(o, NULL), OK);
	text = whole(path, &n);
	assert_null(strchr(text, '?'));
	assert_true(n > 40000);
	for (const char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
		assert_true(end - at < OUTPUT_LINE_MAX + 30);
}

static void a_prompt_holds_the_task_word_for_word_and_what_was_done_before(void **state)
{
	cJSON *task =
	    cJSON_Parse("{\"id\":\"t1\",\"title\":\"Do it\",\"description\":\"Line *one*.\\n\\n"
	                "  Line two.\",\"acceptance\":[\"it runs\"],\"files\":[\"a.c\"]}");
	struct prompt_before before[] = { { "t0", "First", "changed 1 file: b.c (+2 -0)" },
		                          { "tx", "Idle", NULL } };
	struct prompt p = { .task = task,
		            .plan = "the plan",
		            .before = before,
		            .n_before = 2,
		            .remembered = "use tabs",
		            .last_time = "exit code 3",
		            .worktree = true };
	const char *text = prompt_write(&p, arena);

	(void)state;
	assert_non_null(text);
	assert_non_null(strstr(text, "# Do it\n"));
	assert_non_null(strstr(text, "\nLine *one*.\n\n  Line two.\n"));
	assert_non_null(strstr(text, "## Acceptance\n\n- it runs\n"));
	assert_non_null(strstr(text, "- t0: First - changed 1 file: b.c (+2 -0)\n"));
	assert_non_null(strstr(text, "- tx: Idle - changed no files\n"));
	assert_non_null(strstr(text, "use tabs"));
	assert_non_null(strstr(text, "exit code 3"));
	cJSON_Delete(task);
}

static void a_prompt_fits_into_one_argument(void **state)
{
	size_t n = (size_t)1 << 20;
	char *long_text = mem_take(n);
	cJSON *task = cJSON_CreateObject();
	struct prompt p = { .task = task, .plan = "p" };
	const char *text;

	(void)state;
	assert_non_null(long_text);
	memset(long_text, 'w', n);
	long_text[n - 1] = '\0';
	assert_non_null(cJSON_AddStringToObject(task, "description", long_text));
	text = prompt_write(&p, arena);
	assert_non_null(text);
	assert_true(strlen(text) <= PROMPT_MAX);
	assert_non_null(strstr(text, "[cut here"));
	assert_non_null(strstr(text, "## How you work here"));
	cJSON_Delete(task);
	mem_free(long_text);
}

static void options_come_back_as_they_were(void **state)
{
	const char *gates[] = { "tests", "lint" };
	struct run_options o = { .agent = "demo",
		                 .jobs = 3,
		                 .retries = 2,
		                 .timeout_ms = 60000,
		                 .stall_ms = 5000,
		                 .into = true,
		                 .red_base = true,
		                 .gates = gates,
		                 .n_gates = 2 },
			   back;
	const char *json = NULL;

	(void)state;
	assert_int_equal(run_options_write(&o, arena, &json, NULL), OK);
	assert_int_equal(run_options_read(json, arena, &back, NULL), OK);
	assert_string_equal(back.agent, "demo");
	assert_int_equal(back.jobs, 3);
	assert_int_equal(back.retries, 2);
	assert_int_equal(back.timeout_ms, 60000);
	assert_int_equal(back.stall_ms, 5000);
	assert_true(back.into);
	assert_true(back.red_base);
	assert_int_equal(back.n_gates, 2);
	assert_string_equal(back.gates[1], "lint");
	assert_int_equal(run_options_read("{", arena, &back, NULL), E_BUG);
}

static void notes_come_back_as_they_were(void **state)
{
	const struct run_note notes[] = { { "a-code", "some \"words\"" }, { "b", "more" } };
	struct run_note *back;
	size_t n;
	const char *json = notes_write(notes, 2, arena);

	(void)state;
	assert_int_equal(notes_read(json, arena, &back, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(back[0].message, "some \"words\"");
	assert_int_equal(notes_read(NULL, arena, &back, &n), OK);
	assert_int_equal(n, 0);
}

static void names_are_found_after_sorting(void **state)
{
	struct name names[] = { { "d", 0 }, { "a", 1 }, { "c", 2 }, { "a", 3 }, { "b", 4 } };

	(void)state;
	names_sort(names, 5);
	assert_int_equal(names_find(names, 5, "a"), 1);
	assert_int_equal(names_find(names, 5, "d"), 0);
	assert_int_equal(names_find(names, 5, "e"), NAMES_NONE);
	assert_int_equal(names_find(names, 0, "a"), NAMES_NONE);
}

static void the_wait_before_a_try_grows_and_stays_bounded(void **state)
{
	(void)state;
	for (uint64_t chance = 0; chance < 1000; chance += 7) {
		int64_t first = ending_backoff_ms(1, chance), tenth = ending_backoff_ms(10, chance);

		assert_true(first >= 200 && first <= 300);
		assert_true(ending_backoff_ms(2, chance) >= 800);
		assert_true(tenth >= 48000 && tenth <= 72000);
	}
}

static void words_of_states_are_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < TASK_STATES; i++)
		assert_int_equal(task_state_read(task_state_word((enum task_state)i)), i);
	for (int i = 0; i < RUN_STATES; i++)
		assert_int_equal(run_state_read(run_state_word((enum run_state)i)), i);
	assert_int_equal(task_state_read("fine"), TASK_STATES);
	assert_int_equal(run_state_read("fine"), RUN_STATES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_line_of_output_has_its_time),
		TEST(bytes_that_are_no_text_are_masked),
		TEST(too_much_output_keeps_its_beginning_and_its_end),
		TEST(a_line_without_end_is_broken_between_characters),
		TEST(a_prompt_holds_the_task_word_for_word_and_what_was_done_before),
		TEST(a_prompt_fits_into_one_argument),
		TEST(options_come_back_as_they_were),
		TEST(notes_come_back_as_they_were),
		TEST(names_are_found_after_sorting),
		TEST(the_wait_before_a_try_grows_and_stays_bounded),
		TEST(words_of_states_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
