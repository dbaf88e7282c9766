#include "tests/unit/unit.h"

#include <time.h>

#include "domain/memory/dates.h"

static int64_t at(int year, int month, int day, int hour)
{
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour
	};

	return (int64_t)timegm(&tm) * 1000;
}

static void reads(const char *text, int year, int month, int day)
{
	struct dates_date found[DATES_MAX];

	if (dates_read(text, found) != 1)
		fail_msg("not one date in '%s'", text);
	if (found[0].year != year || found[0].month != month || found[0].day != day)
		fail_msg("'%s' is read as %d-%d-%d", text, found[0].year, found[0].month,
		         found[0].day);
}

static void a_date_is_read_in_each_way_of_writing(void **state)
{
	(void)state;
	reads("what happened on 8 May 2023?", 2023, 5, 8);
	reads("what happened on May 8th, 2023?", 2023, 5, 8);
	reads("the 21st of June", 0, 6, 21);
	reads("on March 2nd", 0, 3, 2);
	reads("on March 3rd, 2022", 2022, 3, 3);
	reads("in June 2022", 2022, 6, 0);
	reads("released 2023-05-08", 2023, 5, 8);
	reads("all of 1999", 1999, 0, 0);
}

static void may_is_a_month_only_where_it_cannot_be_the_verb(void **state)
{
	struct dates_date found[DATES_MAX];

	(void)state;
	assert_int_equal(dates_read("what may fail", found), 0);
	assert_int_equal(dates_read("May we deploy", found), 0);
	reads("what broke in May", 0, 5, 0);
	reads("8 may", 0, 5, 8);
}

static void what_is_no_day_or_year_is_not_read(void **state)
{
	struct dates_date found[DATES_MAX];

	(void)state;
	assert_int_equal(dates_read("", found), 0);
	assert_int_equal(dates_read("port 8080, 1899 files, 2100 rows, 2023x", found), 0);
	reads("45 June", 0, 6, 0);
	reads("8x June", 0, 6, 0);
}

static void an_impossible_month_or_day_leaves_the_year(void **state)
{
	(void)state;
	reads("in 2023-13-05", 2023, 0, 0);
	reads("in 2023-05-45", 2023, 0, 0);
	reads("in 2023-12-31", 2023, 12, 31);
}

static void a_long_number_is_no_date_and_does_no_harm(void **state)
{
	struct dates_date found[DATES_MAX];

	(void)state;
	assert_int_equal(dates_read("ticket 99999999999 and 20230508123456789", found), 0);
	reads("99999999999 June 2022", 2022, 6, 0);
}

static void no_more_dates_are_found_than_fit(void **state)
{
	struct dates_date found[DATES_MAX];

	(void)state;
	assert_int_equal(dates_read("2001, 2002, 2003, 2004, 2005 and 2006", found), DATES_MAX);
	assert_int_equal(found[DATES_MAX - 1].year, 2004);
}

static void a_day_fits_less_the_further_off_it_is(void **state)
{
	const struct dates_date day = { 2023, 5, 8 }, any_year = { 0, 5, 8 };

	(void)state;
	assert_true(dates_fit(&day, at(2023, 5, 8, 0)) == 1);
	assert_true(dates_fit(&day, at(2023, 5, 8, 23)) == 1);
	assert_true(dates_fit(&day, at(2023, 5, 6, 0)) < 1);
	assert_true(dates_fit(&day, at(2023, 5, 6, 0)) > dates_fit(&day, at(2023, 5, 4, 0)));
	assert_true(dates_fit(&day, at(2023, 5, 11, 0)) > dates_fit(&day, at(2023, 5, 13, 0)));
	assert_true(dates_fit(&day, at(2023, 5, 20, 0)) == 0);
	assert_true(dates_fit(&day, at(2024, 5, 8, 0)) == 0);
	assert_true(dates_fit(&any_year, at(2024, 5, 8, 12)) == 1);
}

static void a_month_fits_itself_and_half_the_days_after_it(void **state)
{
	const struct dates_date month = { 2023, 5, 0 }, december = { 0, 12, 0 };

	(void)state;
	assert_true(dates_fit(&month, at(2023, 5, 31, 0)) == 1);
	assert_true(dates_fit(&month, at(2023, 6, 10, 0)) == 0.5);
	assert_true(dates_fit(&month, at(2023, 6, 11, 0)) == 0);
	assert_true(dates_fit(&month, at(2022, 5, 31, 0)) == 0);
	assert_true(dates_fit(&december, at(2024, 1, 3, 0)) == 0.5);
}

static void a_year_fits_all_its_days_and_no_other(void **state)
{
	const struct dates_date year = { 2023, 0, 0 };

	(void)state;
	assert_true(dates_fit(&year, at(2023, 1, 1, 0)) == 1);
	assert_true(dates_fit(&year, at(2023, 12, 31, 23)) == 1);
	assert_true(dates_fit(&year, at(2024, 1, 1, 0)) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_is_read_in_each_way_of_writing),
		cmocka_unit_test(may_is_a_month_only_where_it_cannot_be_the_verb),
		cmocka_unit_test(what_is_no_day_or_year_is_not_read),
		cmocka_unit_test(an_impossible_month_or_day_leaves_the_year),
		cmocka_unit_test(a_long_number_is_no_date_and_does_no_harm),
		cmocka_unit_test(no_more_dates_are_found_than_fit),
		cmocka_unit_test(a_day_fits_less_the_further_off_it_is),
		cmocka_unit_test(a_month_fits_itself_and_half_the_days_after_it),
		cmocka_unit_test(a_year_fits_all_its_days_and_no_other),
	};

	return cmocka_run_group_tests_name("dates", tests, NULL, NULL);
}
