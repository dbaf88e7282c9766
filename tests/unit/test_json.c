#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static enum status check(const char *text)
{
	return json_check(text, strlen(text), NULL);
}

static void valid_values_are_let_through(void **state)
{
	static const char *const good[] = {
		"{}",
		"[]",
		" [ ] ",
		"0",
		"-0.5e+10",
		"true",
		"null",
		"\"\"",
		"[1,2,[3,{\"a\":[]}]]",
		"{\"a\":1,\"b\":{\"a\":1}}",
		"\"\\ud83d\\ude00\"",
		"\"\xc3\xa9\"",
		"[[],[],{}]",
		"{\"a\":{\"b\":{}},\"c\":[{}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(check(good[i]), OK);
}

static void invalid_values_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,]",
		"{\"a\":1,}",
		"{a:1}",
		"[1 2]",
		"01",
		"1.",
		".5",
		"+1",
		"nul",
		"tru",
		"\"",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"\\u0000\"",
		"\"a\tb\"",
		"{}{}",
		"[1]]",
		"\"\\ud83d\"",
		"\"\\ude00\"",
		"\"\\ud83d\\u0041\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"[,]",
		"{\"a\"}",
		"{\"a\" 1}",
		"{1:1}",
		"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (check(bad[i]) != E_INPUT)
			fail_msg("let through: %s", bad[i]);
}

static void depth_is_bounded(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 4];

	(void)state;
	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	deep[2 * JSON_DEPTH_MAX] = '\0';
	assert_int_equal(check(deep), OK);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	deep[2 * JSON_DEPTH_MAX + 2] = '\0';
	assert_int_equal(check(deep), E_INPUT);
}

static void a_duplicate_among_many_keys_is_found(void **state)
{
	char *big = mem_take(1 << 20);
	size_t n = 0;

	(void)state;
	assert_non_null(big);
	n += (size_t)sprintf(big, "{");
	for (int i = 0; i < 5000; i++)
		n += (size_t)sprintf(big + n, "\"k%d\":%d,", i, i);
	(void)sprintf(big + n, "\"last\":0}");
	assert_int_equal(check(big), OK);
	(void)sprintf(big + n, "\"k77\":0}");
	assert_int_equal(check(big), E_INPUT);
	mem_free(big);
}

static void a_raw_member_keeps_its_digits(void **state)
{
	static const char text[] =
	    "{\"x\":[1,\"}\",{\"id\":3}],\"id\": 123456789012345678901234567890 ,\"y\":0}";
	struct json_span s = json_raw_member(text, sizeof text - 1, "id");

	(void)state;
	assert_int_equal(s.len, 30);
	assert_memory_equal(s.at, "123456789012345678901234567890", 30);
	assert_int_equal(json_raw_member(text, sizeof text - 1, "none").len, 0);
	s = json_raw_member("{\"id\":\"a\\\"b\"}", 13, "id");
	assert_int_equal(s.len, 6);
}

static void a_member_is_found_by_its_whole_name(void **state)
{
	static const char text[] = "{\"ab\":1,\"a\":2,\"\":3,\"A\":4,\"abc\":5}";
	static const struct {
		const char *key;
		int64_t value;
	} members[] = { { "ab", 1 },  { "a", 2 },    { "", 3 }, { "A", 4 },
		        { "abc", 5 }, { "abcd", 0 }, { "b", 0 } };
	cJSON *o = NULL;

	(void)state;
	assert_int_equal(json_read(text, sizeof text - 1, &o, NULL), OK);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		assert_int_equal(json_int(o, members[i].key, 0), members[i].value);
	assert_null(json_get(json_get(o, "a"), "a"));
	assert_null(json_get(NULL, "a"));
	cJSON_Delete(o);
}

static void a_build_that_failed_says_so_once(void **state)
{
	struct json_build b = { 0 };
	cJSON *root = json_object(&b), *out = NULL;
	cJSON *list = json_put_array(&b, root, "list");
	struct err err;

	(void)state;
	json_add_text(&b, list, "x");
	mem_fail_after(0, 1);
	json_put_text(&b, root, "more", "y");
	mem_fail_after(-1, 0);
	json_put_int(&b, root, "n", 1);
	assert_int_equal(json_built(&b, root, &out, &err), E_NOMEM);
	assert_null(out);
}

static void long_numbers_are_passed_on_digit_for_digit(void **state)
{
	static const char *const texts[] = {
		"{\"n\":9007199254740993}",
		"{\"a\":[1,-12345678901234567890,{\"b\":0.12345678901234567890}],\"c\":"
		"\"12345678901234567890\"}",
		"[true,false,null,123456789012345678,{},[],\"\\\"9999999999999999999\"]",
		"{\"\\u00e9,:\":1e400000,\"n\":100000000000000000000000000001}",
		"18446744073709551615",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		cJSON *value = NULL;
		char *text;

		if (strstr(texts[i], "e400000") != NULL &&
		    json_check(texts[i], strlen(texts[i]), NULL) != OK)
			continue;
		assert_int_equal(json_read(texts[i], strlen(texts[i]), &value, NULL), OK);
		text = json_print_exact(value);
		if (strstr(texts[i], "u00e9") == NULL)
			assert_string_equal(text, texts[i]);
		else
			assert_non_null(strstr(text, "100000000000000000000000000001"));
		cJSON_free(text);
		cJSON_Delete(value);
	}
}

static void blanks_between_do_not_lead_digits_astray(void **state)
{
	static const char spaced[] =
	    " { \"a\" : [ 1 , 9007199254740993 ] , \"b\" : 9007199254740995 } ";
	cJSON *value = NULL;
	char *text;

	(void)state;
	assert_int_equal(json_read(spaced, strlen(spaced), &value, NULL), OK);
	text = json_print_exact(value);
	assert_string_equal(text, "{\"a\":[1,9007199254740993],\"b\":9007199254740995}");
	cJSON_free(text);
	cJSON_Delete(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_values_are_let_through),
		cmocka_unit_test(invalid_values_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_duplicate_among_many_keys_is_found),
		cmocka_unit_test(a_raw_member_keeps_its_digits),
		cmocka_unit_test(a_member_is_found_by_its_whole_name),
		cmocka_unit_test(a_build_that_failed_says_so_once),
		cmocka_unit_test(long_numbers_are_passed_on_digit_for_digit),
		cmocka_unit_test(blanks_between_do_not_lead_digits_astray),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
