#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static void additions_grow_and_stay_whole(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, 100000);
	assert_string_equal(text_string(&t), "");
	for (int i = 0; i < 1000; i++)
		text_addf(&t, "%d,", i % 10);
	text_add_char(&t, '.');
	assert_int_equal(t.len, 2001);
	assert_memory_equal(text_string(&t), "0,1,2,3,", 8);
	assert_int_equal(text_string(&t)[2000], '.');
	text_done(&t);
}

static void what_is_formatted_is_whole_at_every_length(void **state)
{
	struct arena *a = arena_new((size_t)1 << 20);

	(void)state;
	for (int n = 0; n < 600; n++) {
		struct text t;
		const char *copy;

		text_init(&t, 602);
		text_add(&t, "ab");
		text_addf(&t, "%0*d", n, 0);
		assert_int_equal(t.len, 2 + (n == 0 ? 1 : n));
		assert_int_equal(strlen(text_string(&t)), t.len);
		copy = text_printf(a, "%s", text_string(&t));
		assert_string_equal(copy, text_string(&t));
		text_addf(&t, "%0*d", 602, 0); /* does not fit: nothing of it is there */
		assert_true(t.failed);
		text_done(&t);
	}
	arena_free(a);
}

static void a_text_past_its_limit_stays_failed(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, 4);
	text_add(&t, "abcd");
	assert_false(t.failed);
	text_add(&t, "e");
	assert_true(t.failed);
	text_add(&t, "");
	assert_true(t.failed);
	assert_string_equal(text_string(&t), "");
	text_done(&t);
}

static void a_text_without_memory_stays_failed(void **state)
{
	struct arena *a = arena_new(100);
	struct text t;

	(void)state;
	text_init(&t, TEXT_LIMIT);
	mem_fail_after(0, 0);
	text_add(&t, "a");
	mem_fail_after(-1, 0);
	text_add(&t, "b");
	assert_true(t.failed);
	assert_null(text_copy(&t, a));
	text_done(&t);
	arena_free(a);
}

static void utf8_is_checked_to_the_byte(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, valid;
	} cases[] = {
		{ "abc", 3, 3 },
		{ "\xc3\xa9", 2, 2 },
		{ "\xe2\x82\xac!", 4, 4 },
		{ "\xf0\x9f\x98\x80", 4, 4 },
		{ "a\x80", 2, 1 },            /* a tail without its head */
		{ "\xc0\x80", 2, 0 },         /* a longer form of NUL */
		{ "\xe0\x80\x80", 3, 0 },     /* the same in three */
		{ "\xed\xa0\x80", 3, 0 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, 0 }, /* past U+10FFFF */
		{ "\xe2\x82", 2, 0 },         /* cut short */
		{ "\xff", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(text_utf8_valid(cases[i].bytes, cases[i].n), cases[i].valid);
}

static void a_cut_never_splits_a_character(void **state)
{
	(void)state;
	assert_int_equal(text_utf8_cut("a\xe2\x82\xac", 4, 10), 4);
	assert_int_equal(text_utf8_cut("a\xe2\x82\xac", 4, 3), 1);
	assert_int_equal(text_utf8_cut("a\xe2\x82\xac", 4, 1), 1);
	assert_int_equal(text_utf8_cut("\xe2\x82\xac", 3, 2), 0);
}

static void distance_counts_edits_and_swaps(void **state)
{
	(void)state;
	assert_int_equal(text_distance("query", "QUERY", 3), 0);
	assert_int_equal(text_distance("qurey", "query", 3), 1);
	assert_int_equal(text_distance("jobs", "job", 3), 1);
	assert_int_equal(text_distance("abc", "xyz", 3), 3);
	assert_int_equal(text_distance("abc", "xyz", 2), 3);
	assert_int_equal(text_distance("", "ab", 5), 2);
}

static void the_nearest_name_is_found_and_a_far_one_is_not(void **state)
{
	static const char *const names[] = { "query", "limit", "maxTokens", "scope" };

	(void)state;
	assert_string_equal(text_nearest("qeury", names, 4), "query");
	assert_string_equal(text_nearest("max_tokens", names, 4), "maxTokens");
	assert_string_equal(text_nearest("Limit", names, 4), "limit");
	assert_null(text_nearest("zzzzzz", names, 4));
}

static void what_is_not_plain_in_an_address_is_encoded(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, 100);
	text_add_percent(&t, "a-1 b/\xc3\xbc?~");
	assert_string_equal(text_string(&t), "a-1%20b%2F%C3%BC%3F~");
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(additions_grow_and_stay_whole),
		cmocka_unit_test(what_is_formatted_is_whole_at_every_length),
		cmocka_unit_test(a_text_past_its_limit_stays_failed),
		cmocka_unit_test(a_text_without_memory_stays_failed),
		cmocka_unit_test(utf8_is_checked_to_the_byte),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(what_is_not_plain_in_an_address_is_encoded),
		cmocka_unit_test(distance_counts_edits_and_swaps),
		cmocka_unit_test(the_nearest_name_is_found_and_a_far_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
