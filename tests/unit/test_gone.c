#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/gone.h"
#include "tests/lib/folder.h"

#define LONG_MS 30000 /* a wait that ends early when all is well */

static struct gone *watch(const struct folder *f, const char *name)
{
	struct gone *g = NULL;
	struct err err = { 0 };

	if (gone_watch(&g, folder_at(f, name), &err) != OK)
		fail_msg("%s", err.text);
	assert_false(gone_look(g));
	return g;
}

/* It tells, and is told of rightly. */
static void expect(struct gone *g, bool gone)
{
	struct pollfd p = { .fd = gone_fd(g), .events = POLLIN };

	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	assert_int_equal(gone_look(g), gone);
	assert_int_equal(poll(&p, 1, 0), 0);
	gone_free(g);
}

static void a_folder_that_is_deleted_is_told_of_while_its_files_are_open(void **state)
{
	struct folder *f = *state;
	struct gone *g;
	FILE *open;

	folder_put(f, "a/b/file", "x");
	g = watch(f, "a/b");
	open = fopen(folder_at(f, "a/b/file"), "re");
	assert_non_null(open);
	folder_drop(f, "a/b");
	expect(g, true);
	(void)fclose(open);
}

static void a_folder_that_is_moved_is_told_of(void **state)
{
	struct folder *f = *state;
	struct gone *g;

	folder_put(f, "a/b/file", "x");
	g = watch(f, "a/b");
	assert_int_equal(rename(folder_at(f, "a/b"), folder_at(f, "c")), 0);
	expect(g, true);
}

static void a_folder_further_up_that_is_moved_is_told_of(void **state)
{
	struct folder *f = *state;
	struct gone *g;

	folder_put(f, "a/b/c/d/file", "x");
	g = watch(f, "a/b/c/d");
	assert_int_equal(rename(folder_at(f, "a"), folder_at(f, "z")), 0);
	expect(g, true);
}

static void another_folder_of_the_same_name_is_not_it(void **state)
{
	struct folder *f = *state;
	struct gone *g;

	folder_put(f, "a/b/file", "x");
	g = watch(f, "a/b");
	assert_int_equal(rename(folder_at(f, "a/b"), folder_at(f, "a/kept")), 0);
	assert_int_equal(mkdir(folder_at(f, "a/b"), 0700), 0);
	expect(g, true);
}

static void what_goes_beside_it_is_nothing(void **state)
{
	struct folder *f = *state;
	struct gone *g;

	folder_put(f, "a/b/file", "x");
	folder_put(f, "a/other", "x");
	g = watch(f, "a/b");
	folder_drop(f, "a/b/file");
	assert_int_equal(poll(&(struct pollfd){ .fd = gone_fd(g), .events = POLLIN }, 1, 0), 0);
	folder_drop(f, "a/other");
	expect(g, false);
}

static void a_folder_that_is_not_there_cannot_be_watched(void **state)
{
	struct folder *f = *state;
	struct gone *g = NULL;
	struct err err = { 0 };

	assert_int_equal(gone_watch(&g, folder_at(f, "nowhere/b"), &err), E_IO);
	assert_non_null(strstr(err.text, "nowhere/b"));
	assert_null(g);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_that_is_deleted_is_told_of_while_its_files_are_open),
		TEST(a_folder_that_is_moved_is_told_of),
		TEST(a_folder_further_up_that_is_moved_is_told_of),
		TEST(another_folder_of_the_same_name_is_not_it),
		TEST(what_goes_beside_it_is_nothing),
		TEST(a_folder_that_is_not_there_cannot_be_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
