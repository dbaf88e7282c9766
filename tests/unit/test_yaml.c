#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/yaml.h"

static struct err err;

static int setup(void **state)
{
	*state = arena_new((size_t)32 << 20);
	return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static enum status parse(const char *bytes, size_t n, const char *name, size_t first_line,
                         struct arena *a, const struct yaml **out)
{
	const struct yaml_source source = { bytes, n, name, first_line };

	return yaml_parse(&source, a, out, &err);
}

static const struct yaml *read_good(struct arena *a, const char *text)
{
	const struct yaml *y = NULL;

	if (parse(text, strlen(text), "f", 1, a, &y) != OK)
		fail_msg("%s", err.text);
	return y;
}

static void refused(struct arena *a, const char *text, const char *message)
{
	const struct yaml *y = NULL;

	assert_int_equal(parse(text, strlen(text), "f", 1, a, &y), E_INPUT);
	assert_string_equal(err.text, message);
	assert_null(y);
}

static void values_keep_their_place(void **state)
{
	const struct yaml *y = read_good(*state, "a: 1\nb:\n  - x\n  - {c: \"2\"}\n");
	const struct yaml *b = yaml_get(y, "b");

	assert_int_equal(y->kind, YAML_MAP);
	assert_int_equal(y->n, 2);
	assert_string_equal(yaml_get(y, "a")->text, "1");
	assert_int_equal(yaml_get(y, "a")->line, 1);
	assert_int_equal(yaml_get(y, "a")->column, 4);
	assert_int_equal(b->kind, YAML_LIST);
	assert_int_equal(b->n, 2);
	assert_int_equal(b->key->line, 2);
	assert_string_equal(b->first->text, "x");
	assert_int_equal(b->first->line, 3);
	assert_true(yaml_get(b->first->next, "c")->quoted);
	assert_null(b->first->next->next);
	assert_null(yaml_get(b, "c"));
	assert_null(yaml_get(NULL, "c"));
}

static void lines_count_from_where_the_text_began(void **state)
{
	const struct yaml *y = NULL;

	assert_int_equal(parse("a: b", 4, "f", 7, *state, &y), OK);
	assert_int_equal(yaml_get(y, "a")->line, 7);
	assert_int_equal(parse("a: }", 4, "f.md", 7, *state, &y), E_INPUT);
	assert_non_null(strstr(err.text, "f.md:7:"));
}

static void nothing_is_null(void **state)
{
	static const char *const texts[] = { "", "# only a comment\n", "---\n", "~", "null\n" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(read_good(*state, texts[i])->kind, YAML_NULL);
	assert_int_equal(read_good(*state, "'null'")->kind, YAML_TEXT);
}

static void what_settings_do_not_need_is_refused(void **state)
{
	refused(*state, "a: &x 1\nb: *x\n", "f:1:4: anchors, aliases and tags are not read here");
	refused(*state, "b: *x\n", "f:1:4: anchors, aliases and tags are not read here");
	refused(*state, "a: !!str 1\n", "f:1:4: anchors, aliases and tags are not read here");
	refused(*state, "<<: {a: 1}\n", "f:1:1: merge keys are not read here");
	refused(*state, "a: 1\n'a': 2\n", "f:2:1: 'a' stands here a second time");
	refused(*state, "? [a]\n: 1\n", "f:1:3: a key must be a word");
	refused(*state, "a: 1\n---\nb: 2\n", "f:2:1: a second document begins here");
	refused(*state, "a: \"x\\0y\"\n", "f:1:4: a text may not hold a NUL");
	refused(*state, "a: \xff\n", "f: not UTF-8 at byte 3");
}

static void a_syntax_error_says_where(void **state)
{
	const struct yaml *y = NULL;

	assert_int_equal(parse("a: 1\nb: [1, 2\nc: 3\n", 19, "f", 1, *state, &y), E_INPUT);
	assert_true(strncmp(err.text, "f:3:", 4) == 0);
}

static void depth_and_number_are_bounded(void **state)
{
	struct text t;
	const struct yaml *y = NULL;

	text_init(&t, TEXT_LIMIT);
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		text_add(&t, "[");
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		text_add(&t, "]");
	assert_int_equal(parse(t.bytes, t.len, "f", 1, *state, &y), OK);
	text_done(&t);
	for (int i = 0; i < 100000; i++)
		text_add(&t, "[");
	assert_int_equal(parse(t.bytes, t.len, "f", 1, *state, &y), E_INPUT);
	assert_string_equal(err.text, "f:1:33: nested deeper than 32");
	text_done(&t);
	for (int i = 0; i <= YAML_NODES_MAX; i++)
		text_add(&t, "- a\n");
	assert_int_equal(parse(t.bytes, t.len, "f", 1, *state, &y), E_INPUT);
	assert_non_null(strstr(err.text, "too many values"));
	text_done(&t);
	for (int i = 0; i <= YAML_KEYS_MAX; i++)
		text_addf(&t, "k%d: 1\n", i);
	assert_int_equal(parse(t.bytes, t.len, "f", 1, *state, &y), E_INPUT);
	assert_string_equal(err.text, "f:1001:1: more than 1000 keys");
	text_done(&t);
}

static void scalars_are_read_as_what_they_are(void **state)
{
	const struct yaml *y = read_good(
	    *state, "[12, -3, '12', 1.5, 1e3, yes, Off, nan, 0x10, 99999999999999999999, a]");
	const struct yaml *at[11];
	long whole = 0;
	double number = 0;
	bool on = false;

	at[0] = y->first;
	for (size_t i = 1; i < 11; i++)
		at[i] = at[i - 1]->next;
	assert_true(yaml_whole(at[0], &whole) && whole == 12);
	assert_true(yaml_whole(at[1], &whole) && whole == -3);
	assert_false(yaml_whole(at[2], &whole));
	assert_false(yaml_whole(at[3], &whole));
	assert_true(yaml_number(at[3], &number) && number > 1.4 && number < 1.6);
	assert_true(yaml_number(at[4], &number) && number > 999);
	assert_true(yaml_flag(at[5], &on) && on);
	assert_true(yaml_flag(at[6], &on) && !on);
	assert_false(yaml_number(at[7], &number));
	assert_false(yaml_whole(at[8], &whole));
	assert_false(yaml_whole(at[9], &whole));
	assert_false(yaml_flag(at[10], &on));
	assert_false(yaml_flag(NULL, &on));
}

static void without_memory_it_fails_cleanly(void **state)
{
	static const char text[] = "a: [1, {b: c}]\n";
	enum status st = E_NOMEM;
	long n;

	(void)state;
	for (n = 0; st != OK && n < 100; n++) {
		struct arena *a = arena_new(1 << 20);
		const struct yaml *y = NULL;

		mem_fail_after(n, 1);
		st = parse(text, sizeof text - 1, "f", 1, a, &y);
		mem_fail_after(-1, 0);
		arena_free(a);
		if (st != OK)
			assert_int_equal(st, E_NOMEM);
	}
	assert_int_equal(st, OK);
	assert_true(n > 1);
}

int main(void)
{
#define in_arena(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		in_arena(values_keep_their_place),
		in_arena(lines_count_from_where_the_text_began),
		in_arena(nothing_is_null),
		in_arena(what_settings_do_not_need_is_refused),
		in_arena(a_syntax_error_says_where),
		in_arena(depth_and_number_are_bounded),
		in_arena(scalars_are_read_as_what_they_are),
		in_arena(without_memory_it_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
