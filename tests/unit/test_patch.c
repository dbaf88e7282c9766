/* Diffs of small texts; that git takes them is shown by tests/cli/test_coach_learning.sh. */
#include "tests/unit/unit.h"

#include <string.h>

#include "domain/coach/page.h"
#include "domain/coach/patch.h"

static void expect(const char *before, const char *after, const char *diff)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	patch_add(&t, "a", before, after);
	assert_false(t.failed);
	assert_string_equal(text_string(&t), diff);
	text_done(&t);
}

#define HEAD "diff --git a/a b/a\n--- a/a\n+++ b/a\n"

static void the_same_is_no_diff(void **state)
{
	(void)state;
	expect("one\n", "one\n", "");
	expect("", "", "");
}

static void a_new_file_comes_from_nothing(void **state)
{
	(void)state;
	expect(NULL, "one\ntwo\n",
	       "diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n"
	       "@@ -0,0 +1,2 @@\n+one\n+two\n");
}

static void what_is_added_at_the_end_has_lines_before_it(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\nnew\n",
	       HEAD "@@ -3,3 +3,4 @@\n 3\n 4\n 5\n+new\n");
	expect("", "new\n", HEAD "@@ -0,0 +1,1 @@\n+new\n");
}

static void what_changes_in_the_middle_has_lines_around_it(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
	       HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	expect("a\na\na\n", "a\na\na\na\n", HEAD "@@ -1,3 +1,4 @@\n a\n a\n a\n+a\n");
}

static void a_last_line_without_an_end_is_told(void **state)
{
	(void)state;
	expect("one", "one\ntwo\n",
	       HEAD "@@ -1,1 +1,2 @@\n-one\n\\ No newline at end of file\n+one\n+two\n");
	expect("x\none", "y\none",
	       HEAD "@@ -1,2 +1,2 @@\n-x\n+y\n one\n\\ No newline at end of file\n");
}

static void no_text_puts_a_mark_into_a_page(void **state)
{
	static const struct {
		const char *text, *page;
	} cases[] = {
		{ NULL, "" },
		{ "a & <b> \"c\" 'd'", "a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39;" },
		{ "line\nnext\ttab", "line next tab" },
		{ "bell\a escape\033[2J", "bell? escape?[2J" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "half \xc3", "half ?" },
		{ "\xff<\xfe", "?&lt;?" },
		{ "\xe2\x82", "??" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text t;

		text_init(&t, TEXT_LIMIT);
		page_text(&t, cases[i].text);
		assert_string_equal(text_string(&t), cases[i].page);
		text_done(&t);
	}
}

static void numbers_are_set_apart_by_thousands(void **state)
{
	static const struct {
		int64_t n;
		const char *page;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 1000007, "1,000,007" },
		{ -12345, "-12,345" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text t;

		text_init(&t, TEXT_LIMIT);
		page_count(&t, cases[i].n);
		assert_string_equal(text_string(&t), cases[i].page);
		text_done(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_no_diff),
		cmocka_unit_test(a_new_file_comes_from_nothing),
		cmocka_unit_test(what_is_added_at_the_end_has_lines_before_it),
		cmocka_unit_test(what_changes_in_the_middle_has_lines_around_it),
		cmocka_unit_test(a_last_line_without_an_end_is_told),
		cmocka_unit_test(no_text_puts_a_mark_into_a_page),
		cmocka_unit_test(numbers_are_set_apart_by_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
