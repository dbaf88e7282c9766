/* Changes in folders: what is told, whatever happens to the folders themselves. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/changes.h"
#include "tests/lib/folder.h"

static const char *const endings[] = { ".md", ".json", NULL };

static struct changes *watch(const struct folder *f, const char *name)
{
	const char *path = folder_at(f, name);
	struct changes *w = NULL;

	assert_int_equal(changes_new(&w, &path, 1, endings, NULL), OK);
	return w;
}

/* inotify tells of what happened before the call that asks; nothing has to be waited for. */
static bool is_readable(const struct changes *w)
{
	struct pollfd fd = { .fd = changes_fd(w), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void a_file_that_comes_changes_or_goes_is_told_once(void **state)
{
	const struct folder *f = *state;
	struct changes *w;

	folder_put(f, "here/a.md", "1");
	w = watch(f, "here");
	assert_false(changes_heard(w));
	assert_false(is_readable(w));
	folder_put(f, "here/a.md", "2");
	assert_true(is_readable(w));
	assert_true(changes_heard(w));
	assert_false(changes_heard(w));
	folder_put(f, "here/b.json", "{}");
	assert_true(changes_heard(w));
	folder_drop(f, "here/a.md");
	assert_true(changes_heard(w));
	assert_int_equal(rename(folder_at(f, "here/b.json"), folder_at(f, "here/c.json")), 0);
	assert_true(changes_heard(w));
	/* files of other names, and folders in it, do not count */
	folder_put(f, "here/c.txt", "x");
	folder_put(f, "here/deep/a.md", "x");
	assert_false(changes_heard(w));
	changes_free(w);
}

static void a_file_put_in_place_by_a_rename_is_told(void **state)
{
	const struct folder *f = *state;
	struct changes *w;

	folder_put(f, "here/a.md", "1");
	w = watch(f, "here");
	folder_put(f, "here/.a.md.tmp", "2");
	assert_false(changes_heard(w));
	assert_int_equal(rename(folder_at(f, "here/.a.md.tmp"), folder_at(f, "here/a.md")), 0);
	assert_true(changes_heard(w));
	assert_int_equal(symlink("/nowhere", folder_at(f, "here/l.md")), 0);
	assert_true(changes_heard(w));
	changes_free(w);
}

static void a_folder_that_comes_later_is_watched_from_then_on(void **state)
{
	const struct folder *f = *state;
	struct changes *w = watch(f, "one/two/three");

	assert_false(changes_heard(w));
	assert_int_equal(mkdir(folder_at(f, "one"), 0700), 0);
	assert_false(changes_heard(w));
	assert_int_equal(mkdir(folder_at(f, "one/two"), 0700), 0);
	assert_false(changes_heard(w));
	folder_put(f, "one/two/three/a.md", "x");
	assert_true(changes_heard(w));
	folder_put(f, "one/two/three/b.md", "x");
	assert_true(changes_heard(w));
	changes_free(w);
	/* all of them at once */
	w = watch(f, "a/b/c");
	folder_put(f, "a/b/c/x.md", "x");
	assert_true(changes_heard(w));
	folder_put(f, "a/b/c/y.md", "x");
	assert_true(changes_heard(w));
	changes_free(w);
}

static void a_folder_removed_and_made_anew_is_watched_again(void **state)
{
	const struct folder *f = *state;
	struct changes *w;

	folder_put(f, "top/here/a.md", "1");
	w = watch(f, "top/here");
	for (int i = 0; i < 3; i++) {
		folder_drop(f, "top/here");
		assert_true(changes_heard(w));
		folder_put(f, "top/here/a.md", "2");
		assert_true(changes_heard(w));
		folder_put(f, "top/here/b.md", "3");
		assert_true(changes_heard(w));
	}
	/* gone and back between two looks, another folder under the same name */
	folder_drop(f, "top");
	folder_put(f, "top/here/a.md", "4");
	assert_true(changes_heard(w));
	folder_put(f, "top/here/a.md", "5");
	assert_true(changes_heard(w));
	/* moved away: what happens there is no concern any more */
	assert_int_equal(rename(folder_at(f, "top/here"), folder_at(f, "top/gone")), 0);
	assert_true(changes_heard(w));
	folder_put(f, "top/gone/a.md", "6");
	assert_false(changes_heard(w));
	changes_free(w);
}

static void folders_can_be_added_and_are_told_apart_from_their_parents(void **state)
{
	const struct folder *f = *state;
	struct changes *w;
	char name[40];

	folder_put(f, "all/a.md", "1");
	w = watch(f, "all");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "all/sub%d", i);
		assert_int_equal(mkdir(folder_at(f, name), 0700), 0);
		assert_int_equal(changes_add(w, folder_at(f, name), NULL), OK);
		assert_int_equal(changes_add(w, folder_at(f, name), NULL), OK);
	}
	(void)changes_heard(w);
	folder_put(f, "all/sub39/a.md", "x");
	assert_true(changes_heard(w));
	folder_put(f, "all/sub7/a.txt", "x");
	assert_false(changes_heard(w));
	folder_put(f, "all/b.md", "x");
	assert_true(changes_heard(w));
	changes_free(w);
}

/* More happens than the kernel keeps: then something is told, and the watch goes on. */
static void an_overflow_is_told_as_a_change(void **state)
{
	const struct folder *f = *state;
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	char line[32] = "", a[] = "x.txt", b[] = "y.txt";
	struct changes *w;
	long most;

	if (limit != NULL) {
		(void)!fgets(line, sizeof line, limit);
		(void)fclose(limit);
	}
	most = strtol(line, NULL, 10);
	if (most <= 0 || most > 200000)
		skip();
	folder_put(f, "here/x.txt", "x");
	w = watch(f, "here");
	assert_int_equal(chdir(folder_at(f, "here")), 0);
	/* two events a rename, none of them of a file that counts, and no two alike in a row */
	for (long i = 0; i < most; i++)
		assert_int_equal(rename(i % 2 == 0 ? a : b, i % 2 == 0 ? b : a), 0);
	assert_int_equal(chdir(f->path), 0);
	assert_true(changes_heard(w));
	folder_put(f, "here/a.md", "x");
	assert_true(changes_heard(w));
	assert_false(changes_heard(w));
	changes_free(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_comes_changes_or_goes_is_told_once),
		TEST(a_file_put_in_place_by_a_rename_is_told),
		TEST(a_folder_that_comes_later_is_watched_from_then_on),
		TEST(a_folder_removed_and_made_anew_is_watched_again),
		TEST(folders_can_be_added_and_are_told_apart_from_their_parents),
		TEST(an_overflow_is_told_as_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
