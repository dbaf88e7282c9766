#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/mem.h"

static void times_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01", 0 },
		{ "2000-02-29T12:00Z", 951825600000 },
		{ "2026-11-22T13:43:07.5Z", 1795354987500 },
		{ "2026-11-22 15:43:07+02:00", 1795354987000 },
		{ "2026-11-22T08:13:07-0530", 1795354987000 },
		{ "1969-12-31T23:59:59.999Z", -1 },
	};
	static const char *const bad[] = { "",
		                           "yesterday",
		                           "2026-13-01",
		                           "2026-1-1",
		                           "2026-11-22T25:00",
		                           "2026-11-22T10",
		                           "2026-11-22x",
		                           "2026-11-22T10:00+2" };
	char text[CLOCK_TEXT_SIZE];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(clock_parse(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
		clock_text(ms, text);
		assert_int_equal(clock_parse(text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(clock_parse(bad[i], &ms), -1);
	clock_text(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void a_fixed_clock_stands_still(void **state)
{
	struct clock c = { .fixed_ms = 42 };

	(void)state;
	assert_int_equal(clock_wall_ms(&c), 42);
	assert_true(clock_wall_ms(NULL) > 1700000000000);
	assert_true(clock_mono_us() <= clock_mono_us());
}

static void ids_sort_by_time_and_differ(void **state)
{
	char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE];

	(void)state;
	id_new(a, 'r', 1000);
	id_new(b, 'r', 1001);
	id_new(c, 'r', 1001);
	assert_int_equal(strlen(a), ID_SIZE - 1);
	assert_true(strcmp(a, b) < 0);
	assert_string_not_equal(b, c);
	assert_int_equal(strspn(a, "0123456789abcdefghjkmnpqrstvwxyz"), ID_SIZE - 1);
}

static void ids_of_a_run_sort_as_they_were_made(void **state)
{
	char before[ID_SIZE] = "", id[ID_SIZE], other[ID_SIZE];
	struct id_run run = { 0 }, second = { 0 };

	(void)state;
	for (int i = 0; i < 3000; i++) {
		id_next(&run, id, 'm', 1000 + i / 1000);
		assert_int_equal(strlen(id), ID_SIZE - 1);
		assert_true(strcmp(before, id) < 0);
		memcpy(before, id, sizeof before);
	}
	id_next(&second, other, 'm', 1002);
	assert_string_not_equal(id, other);
}

static void an_arena_refuses_past_its_limit_and_stays_failed(void **state)
{
	struct arena *a = arena_new(10000);

	(void)state;
	assert_non_null(a);
	for (int i = 0; i < 30; i++) {
		char *p = arena_copy(a, "0123456789", 10);

		assert_non_null(p);
		assert_string_equal(p, "0123456789");
		assert_int_equal((uintptr_t)p % sizeof(void *), 0);
	}
	assert_false(arena_failed(a));
	assert_null(arena_take(a, 20000));
	assert_null(arena_take(a, 1));
	assert_true(arena_failed(a));
	arena_free(a);
	arena_free(NULL);
}

static void errors_carry_words_and_are_never_overrun(void **state)
{
	struct err err;
	char longer[2 * ERR_TEXT_MAX];

	(void)state;
	assert_int_equal(err_sys(&err, ENOSPC, "cannot write '%s'", "x"), E_IO);
	assert_string_equal(err.text, "cannot write 'x': No space left on device");
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(err_set(&err, E_INPUT, "%s", longer), E_INPUT);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	assert_int_equal(err_set(NULL, E_BUSY, "dropped"), E_BUSY);
	for (int s = 0; s < STATUS_N; s++)
		assert_string_not_equal(err_name((enum status)s), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(a_fixed_clock_stands_still),
		cmocka_unit_test(ids_sort_by_time_and_differ),
		cmocka_unit_test(ids_of_a_run_sort_as_they_were_made),
		cmocka_unit_test(an_arena_refuses_past_its_limit_and_stays_failed),
		cmocka_unit_test(errors_carry_words_and_are_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
