#include "tests/unit/unit.h"

#include <string.h>

#include "bus/topic.h"

static void patterns_match_whole_words(void **state)
{
	static const struct {
		const char *pattern, *topic;
		bool match;
	} rows[] = {
		{ "task.a.b", "task.a.b", true },
		{ "task.a.b", "task.a", false },
		{ "task.a", "task.a.b", false },
		{ "task.*", "task.a", true },
		{ "task.*", "task.a.b", false },
		{ "task.*", "task", false },
		{ "*.a", "task.a", true },
		{ "*", "task", true },
		{ "*", "task.a", false },
		{ "#", "task", true },
		{ "#", "task.a.b", true },
		{ "task.#", "task", true },
		{ "task.#", "task.a.b.c", true },
		{ "task.#", "tasks.a", false },
		{ "task.#.failed", "task.failed", true },
		{ "task.#.failed", "task.a.b.failed", true },
		{ "task.#.failed", "task.a.failed.b", false },
		{ "#.a.#.b", "a.b", true },
		{ "#.a.#.b", "x.a.a.b.b", true },
		{ "#.a.#.b", "x.b.b", false },
		{ "#.a.*.b", "a.a.x.b", true },
		{ "#.#", "a", true },
		{ "#.*", "a", true },
		{ "*.#", "a.b", true },
		{ "#.*.#.*.#", "a", false },
		{ "#.*.#.*.#", "a.b", true },
		{ "te", "test", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (topic_matches(rows[i].pattern, rows[i].topic) != rows[i].match)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].topic);
}

static void malformed_topics_are_refused_with_words(void **state)
{
	static const char *const bad[] = { "",    ".",   "a.", ".a",  "a..b",
		                           "a b", "a.*", "#",  "a/b", "\xc3\xa9" };
	static const char *const good_patterns[] = { "*", "#", "a.*.#", "a-b.c_d.9" };
	static const char *const bad_patterns[] = { "a*", "##", "*.", "a.#b" };
	char long_one[TOPIC_MAX + 2];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(topic_check(bad[i], false, &err), E_INPUT);
	for (size_t i = 0; i < sizeof bad_patterns / sizeof *bad_patterns; i++)
		assert_int_equal(topic_check(bad_patterns[i], true, &err), E_INPUT);
	for (size_t i = 0; i < sizeof good_patterns / sizeof *good_patterns; i++)
		assert_int_equal(topic_check(good_patterns[i], true, &err), OK);
	memset(long_one, 'a', sizeof long_one);
	long_one[TOPIC_MAX] = '\0';
	assert_int_equal(topic_check(long_one, false, &err), OK);
	long_one[TOPIC_MAX] = 'a';
	long_one[TOPIC_MAX + 1] = '\0';
	assert_int_equal(topic_check(long_one, false, &err), E_INPUT);
	assert_int_equal(topic_check("a b", false, &err), E_INPUT);
	assert_non_null(strstr(err.text, "a b"));
}

static void any_name_becomes_a_word(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, 1000);
	topic_add_word(&t, "task");
	topic_add_word(&t, "1.2 *# \xc3\xa9");
	topic_add_word(&t, "");
	topic_add_word(&t, NULL);
	assert_string_equal(text_string(&t), "task.1_2______._._");
	assert_int_equal(topic_check(text_string(&t), false, NULL), OK);
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_whole_words),
		cmocka_unit_test(malformed_topics_are_refused_with_words),
		cmocka_unit_test(any_name_becomes_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
