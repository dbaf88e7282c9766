#include "tests/unit/unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/screen.h"

static struct screen s;

static int setup(void **state)
{
	(void)state;
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	screen_init(&s, STDOUT_FILENO);
	s.terminal = s.colour = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	screen_done(&s);
	return 0;
}

static void shows(const char *expected)
{
	assert_string_equal(text_string(&s.text), expected);
	text_done(&s.text);
}

static void texts_cannot_steer_the_terminal(void **state)
{
	(void)state;
	screen_text(&s, "a\033[2Jb\rc\td\ne\x7f\xc2\x9b\xe2\x80\xae\xff");
	shows("a?[2Jb?c\td\ne????");
}

static void a_cell_has_the_width_it_was_given(void **state)
{
	(void)state;
	screen_cell(&s, STYLE_NONE, "ab", 4);
	shows("ab  ");
	screen_cell(&s, STYLE_NONE, "abcdef", 4);
	shows("abc\xe2\x80\xa6");
	screen_cell(&s, STYLE_NONE, "a\nb\tc", 5);
	shows("a b c");
	screen_cell(&s, STYLE_NONE, "\xc3\xa9\xc3\xa9", 3);
	shows("\xc3\xa9\xc3\xa9 ");
	screen_cell(&s, STYLE_NONE, "", 2);
	shows("  ");
}

static void wide_characters_take_two_columns(void **state)
{
	(void)state;
	assert_int_equal(screen_width("\xe6\xbc\xa2\xe5\xad\x97"), 4);
	screen_cell(&s, STYLE_NONE, "\xe6\xbc\xa2\xe5\xad\x97", 4);
	shows("\xe6\xbc\xa2\xe5\xad\x97");
	screen_cell(&s, STYLE_NONE, "\xe6\xbc\xa2\xe5\xad\x97", 3);
	shows("\xe6\xbc\xa2\xe2\x80\xa6");
}

static void colour_is_only_for_terminals_that_welcome_it(void **state)
{
	(void)state;
	screen_styled(&s, STYLE_RED, "no", SIZE_MAX);
	shows("no");
	s.colour = true;
	screen_styled(&s, STYLE_RED, "yes", SIZE_MAX);
	shows("\033[31myes\033[0m");
}

static void a_block_is_drawn_over_the_one_before(void **state)
{
	char got[256];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	s.fd = ends[1];
	text_add(&s.text, "one\ntwo\n");
	screen_redraw(&s);
	text_add(&s.text, "three\n");
	screen_redraw(&s);
	screen_keep(&s);
	text_add(&s.text, "four\n");
	screen_redraw(&s);
	n = read(ends[0], got, sizeof got - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(
	    got, "one\033[K\ntwo\033[K\n\033[J\033[2Athree\033[K\n\033[Jfour\033[K\n\033[J");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
#define on_screen(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		on_screen(texts_cannot_steer_the_terminal),
		on_screen(a_cell_has_the_width_it_was_given),
		on_screen(wide_characters_take_two_columns),
		on_screen(colour_is_only_for_terminals_that_welcome_it),
		on_screen(a_block_is_drawn_over_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
