#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "handlers/arg.h"

struct in {
	const char *text, *mode;
	long limit;
	double weight;
	bool dry;
	const cJSON *tags, *extra, *tasks, *any;
	const char *rare;
};

static const struct arg table[] = {
	{ "text", ARG_TEXT, 1, offsetof(struct in, text), 1, 20, "What to say.", NULL },
	{ "mode", ARG_CHOICE, 0, offsetof(struct in, mode), 0, 0, NULL, "list|show|wait" },
	{ "limit", ARG_COUNT, 0, offsetof(struct in, limit), 1, 100, "Most wanted.", NULL },
	{ "weight", ARG_NUMBER, 0, offsetof(struct in, weight), 0, 1, NULL, NULL },
	{ "dry", ARG_FLAG, 0, offsetof(struct in, dry), 0, 0, NULL, NULL },
	{ "tags", ARG_TEXTS, 0, offsetof(struct in, tags), 0, 3, NULL, NULL },
	{ "extra", ARG_OBJECT, 0, offsetof(struct in, extra), 0, 0, NULL, NULL },
	{ "tasks", ARG_LIST, 0, offsetof(struct in, tasks), 1, 2, NULL, NULL },
	{ "any", ARG_ANY, 0, offsetof(struct in, any), 0, 0, NULL, NULL },
	{ "rare", ARG_TEXT, ARG_UNLISTED, offsetof(struct in, rare), 0, 9, "For people.", NULL },
	{ 0 },
};

static enum status read_json(const char *text, struct in *in, struct err *err)
{
	cJSON *json = NULL;
	enum status st;

	memset(in, 0, sizeof *in);
	assert_int_equal(json_read(text, strlen(text), &json, NULL), OK);
	st = arg_read(table, json, in, err);
	cJSON_Delete(json);
	return st;
}

static void every_kind_is_put_where_it_belongs(void **state)
{
	static const char text[] =
	    "{\"text\":\"hi\",\"mode\":\"show\",\"limit\":7,\"weight\":0.5,\"dry\":true,"
	    "\"tags\":[\"a\"],\"extra\":{},\"tasks\":[{}],\"any\":\"x\"}";
	cJSON *json = NULL;
	struct in in = { 0 };

	(void)state;
	assert_int_equal(json_read(text, strlen(text), &json, NULL), OK);
	assert_int_equal(arg_read(table, json, &in, NULL), OK);
	assert_string_equal(in.text, "hi");
	assert_string_equal(in.mode, "show");
	assert_int_equal(in.limit, 7);
	assert_true(in.weight > 0.49 && in.weight < 0.51);
	assert_true(in.dry);
	assert_true(cJSON_IsArray(in.tags) && cJSON_IsObject(in.extra) && cJSON_IsArray(in.tasks));
	assert_true(cJSON_IsString(in.any));
	cJSON_Delete(json);
}

static void what_is_not_given_or_null_stays_zero(void **state)
{
	struct in in;

	(void)state;
	assert_int_equal(read_json("{\"text\":\"hi\",\"limit\":null,\"dry\":null}", &in, NULL), OK);
	assert_int_equal(in.limit, 0);
	assert_false(in.dry);
	assert_null(in.mode);
}

static void wrong_arguments_are_named_with_what_is_right(void **state)
{
	static const struct {
		const char *json, *words;
	} rows[] = {
		{ "{}", "the argument 'text' is missing: What to say." },
		{ "{\"text\":null}", "the argument 'text' is missing: What to say." },
		{ "{\"text\":\"a\",\"limti\":3}",
		  "there is no argument 'limti': did you mean 'limit'?" },
		{ "{\"text\":\"a\",\"zzzzzzzzz\":3}", "there is no argument 'zzzzzzzzz': this "
		                                      "takes text, mode, limit, weight, dry, tags, "
		                                      "extra, tasks, any, rare" },
		{ "{\"text\":3}", "'text' must be a text of 1 to 20 bytes, not 3" },
		{ "{\"text\":\"\"}", "'text' must be a text of 1 to 20 bytes, not \"\"" },
		{ "{\"text\":\"a\",\"limit\":\"9\"}",
		  "'limit' must be a whole number from 1 to 100, not \"9\"" },
		{ "{\"text\":\"a\",\"limit\":1.5}",
		  "'limit' must be a whole number from 1 to 100, not 1.5" },
		{ "{\"text\":\"a\",\"limit\":0}",
		  "'limit' must be a whole number from 1 to 100, not 0" },
		{ "{\"text\":\"a\",\"limit\":1e300}",
		  "'limit' must be a whole number from 1 to 100, not 1e+300" },
		{ "{\"text\":\"a\",\"mode\":\"sho\"}",
		  "'mode' must be one of list, show, wait, not \"sho\"" },
		{ "{\"text\":\"a\",\"mode\":\"\"}",
		  "'mode' must be one of list, show, wait, not \"\"" },
		{ "{\"text\":\"a\",\"weight\":2}", "'weight' must be a number from 0 to 1, not 2" },
		{ "{\"text\":\"a\",\"dry\":\"yes\"}", "'dry' must be true or false, not \"yes\"" },
		{ "{\"text\":\"a\",\"tags\":[1]}",
		  "'tags' must be an array of texts, 0 to 3 of them, not an array of 1" },
		{ "{\"text\":\"a\",\"tasks\":[]}",
		  "'tasks' must be an array of objects, 1 to 2 of them, not an array of 0" },
		{ "{\"text\":\"a\",\"extra\":[]}", "'extra' must be an object, not an array of 0" },
		{ "{\"text\":\"a\",\"any\":true}",
		  "'any' must be a text, an object or an array of objects, not true" },
		{ "[]", "arguments must be an object" },
	};
	struct err err;
	struct in in;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(read_json(rows[i].json, &in, &err), E_INPUT);
		assert_string_equal(err.text, rows[i].words);
	}
}

static void what_is_unlisted_is_taken_but_need_not_be_given(void **state)
{
	struct in in = { 0 };

	(void)state;
	assert_int_equal(read_json("{\"text\":\"a\",\"rare\":\"b\"}", &in, NULL), OK);
	assert_non_null(in.rare);
	assert_int_equal(read_json("{\"text\":\"a\"}", &in, NULL), OK);
	assert_null(in.rare);
}

static void the_schema_says_what_the_reader_checks(void **state)
{
	cJSON *schema = arg_schema(table);
	char *text = json_print(schema);

	(void)state;
	assert_non_null(text);
	assert_string_equal(
	    text,
	    "{\"type\":\"object\",\"properties\":{"
	    "\"text\":{\"type\":\"string\",\"description\":\"What to say.\"},"
	    "\"mode\":{\"type\":\"string\",\"enum\":[\"list\",\"show\",\"wait\"]},"
	    "\"limit\":{\"type\":\"integer\",\"maximum\":100,\"description\":\"Most "
	    "wanted.\"},"
	    "\"weight\":{\"type\":\"number\",\"maximum\":1},"
	    "\"dry\":{\"type\":\"boolean\"},"
	    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	    "\"extra\":{\"type\":\"object\"},"
	    "\"tasks\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
	    "\"any\":{\"type\":[\"string\",\"object\",\"array\"],\"items\":{\"type\":\"object\"}}},"
	    "\"required\":[\"text\"]}");
	mem_free(text);
	cJSON_Delete(schema);
}

static void a_schema_without_memory_is_no_schema(void **state)
{
	cJSON *schema;
	long n;

	(void)state;
	json_use_mem();
	for (n = 0;; n++) {
		mem_fail_after(n, 0);
		schema = arg_schema(table);
		mem_fail_after(-1, 0);
		if (schema != NULL)
			break;
	}
	assert_true(n > 30);
	cJSON_Delete(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_put_where_it_belongs),
		cmocka_unit_test(what_is_not_given_or_null_stays_zero),
		cmocka_unit_test(wrong_arguments_are_named_with_what_is_right),
		cmocka_unit_test(what_is_unlisted_is_taken_but_need_not_be_given),
		cmocka_unit_test(the_schema_says_what_the_reader_checks),
		cmocka_unit_test(a_schema_without_memory_is_no_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
