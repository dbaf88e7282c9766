#include "tests/unit/unit.h"

#include <string.h>

#include "cli/edit.h"

static const struct edit_entry json = { "servers", "gadugi", "{ \"x\": 1 }" };
static const struct edit_entry toml = { "mcp", "gadugi", "a = 1\n" };

typedef enum status change(const char *text, struct text *out, bool *changed, struct err *err);

static enum status put(const char *text, struct text *out, bool *changed, struct err *err)
{
	return edit_json_put(text, &json, out, changed, err);
}

static enum status drop(const char *text, struct text *out, bool *changed, struct err *err)
{
	return edit_json_drop(text, &json, out, changed, err);
}

static enum status toml_put(const char *text, struct text *out, bool *changed, struct err *err)
{
	return edit_toml_put(text, &toml, out, changed, err);
}

static enum status toml_drop(const char *text, struct text *out, bool *changed, struct err *err)
{
	return edit_toml_drop(text, &toml, out, changed, err);
}

static void becomes(change *how, const char *before, const char *after)
{
	struct text out;
	struct err err = { 0 };
	bool changed = false;

	text_init(&out, 1 << 20);
	assert_int_equal(how(before, &out, &changed, &err), OK);
	assert_string_equal(text_string(&out), after);
	assert_int_equal(changed, strcmp(before, after) != 0);
	text_done(&out);
}

static void refused(const char *before)
{
	struct text out;
	struct err err = { 0 };
	bool changed;

	text_init(&out, 1 << 20);
	assert_int_equal(put(before, &out, &changed, &err), E_INPUT);
	assert_non_null(strstr(err.text, "nothing was changed"));
	text_done(&out);
}

static void an_empty_file_becomes_a_whole_one(void **state)
{
	static const char whole[] = "{\n  \"servers\": {\n    \"gadugi\": { \"x\": 1 }\n  }\n}\n";

	(void)state;
	becomes(put, "", whole);
	becomes(put, " // only a comment\n", whole);
	becomes(put, whole, whole);
	becomes(drop, whole, "");
}

static void what_people_wrote_stays_as_it_is(void **state)
{
	(void)state;
	becomes(
	    put,
	    "// mine\n{\n  \"a\": [1, {\"b\": \"}\"}], // why\n  \"servers\": {\n    \"other\": {} "
	    "/* } "
	    "*/\n  },\n}\n",
	    "// mine\n{\n  \"a\": [1, {\"b\": \"}\"}], // why\n  \"servers\": {\n    \"gadugi\": { "
	    "\"x\": 1 },\n    \"other\": {} /* } */\n  },\n}\n");
	becomes(put, "{\"a\":1}",
	        "{\n  \"servers\": {\n    \"gadugi\": { \"x\": 1 }\n  },\"a\":1}");
	becomes(put, "{}", "{\n  \"servers\": {\n    \"gadugi\": { \"x\": 1 }\n  }\n}");
	becomes(put, "{\"servers\":{}}", "{\"servers\":{\n    \"gadugi\": { \"x\": 1 }\n  }}");
}

static void an_older_entry_is_replaced_in_its_place(void **state)
{
	(void)state;
	becomes(put, "{\"servers\": {\"gadugi\": {\"y\": [\"]\"]}, \"z\": 2}}",
	        "{\"servers\": {\"gadugi\": { \"x\": 1 }, \"z\": 2}}");
	becomes(put, "{\"servers\": {\"gadugi2\": 1, \"gadugi\": 5}}",
	        "{\"servers\": {\"gadugi2\": 1, \"gadugi\": { \"x\": 1 }}}");
}

static void only_the_entry_is_taken_out(void **state)
{
	(void)state;
	becomes(drop, "{\"servers\": {\"gadugi\": {}, \"z\": 2}}", "{\"servers\": { \"z\": 2}}");
	becomes(drop, "{\"servers\": {\"z\": 2, \"gadugi\": {}}}", "{\"servers\": {\"z\": 2}}");
	becomes(drop, "{\"servers\": {\"z\": 2,\n \"gadugi\": {},\n}, \"a\": 1}",
	        "{\"servers\": {\"z\": 2,\n}, \"a\": 1}");
	becomes(drop, "{\"a\": 1}", "{\"a\": 1}");
	becomes(drop, "{\"a\": 1, \"servers\": {\"gadugi\": 1}}", "{\"a\": 1, \"servers\": {}}");
	becomes(drop, "", "");
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	refused("[1]");
	refused("nonsense");
	refused("{\"servers\": 5}");
	refused("{\"a\" 1}");
	refused("{\"a\": }");
	refused("{\"a\": 1");
	refused("{\"a");
	refused("{ /* no end");
}

static void a_toml_table_is_put_and_taken_out(void **state)
{
	(void)state;
	becomes(toml_put, "", "[mcp.gadugi]\na = 1\n");
	becomes(toml_put, "model = \"x\"", "model = \"x\"\n\n[mcp.gadugi]\na = 1\n");
	becomes(toml_put, "x = 1\n\n[mcp.gadugi]\na = 1\n", "x = 1\n\n[mcp.gadugi]\na = 1\n");
	becomes(toml_put, "[mcp.gadugi]\nold = 1\n[mcp.gadugi.env]\nB = 2\n[other]\nc = 3\n",
	        "[other]\nc = 3\n\n[mcp.gadugi]\na = 1\n");
	becomes(toml_drop, "x = 1\n\n[mcp.gadugi]\na = 1\n\n[mcp.gadugi2]\nb = 1\n",
	        "x = 1\n[mcp.gadugi2]\nb = 1\n");
	becomes(toml_drop, "x = 1\n", "x = 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_becomes_a_whole_one),
		cmocka_unit_test(what_people_wrote_stays_as_it_is),
		cmocka_unit_test(an_older_entry_is_replaced_in_its_place),
		cmocka_unit_test(only_the_entry_is_taken_out),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(a_toml_table_is_put_and_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
