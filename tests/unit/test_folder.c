#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "sys/folder.h"

static struct arena *arena;
static const char *folder;

static const char *put(const char *name, const char *bytes, size_t n)
{
	const char *path = text_printf(arena, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void names_come_sorted_and_links_are_left_out(void **state)
{
	struct folder_entry *e = NULL;
	size_t n = 0;

	(void)state;
	(void)put("b.txt", "12", 2);
	(void)put("a.txt", "", 0);
	assert_int_equal(mkdir(text_printf(arena, "%s/c", folder), 0700), 0);
	assert_int_equal(symlink("/", text_printf(arena, "%s/d", folder)), 0);
	assert_int_equal(folder_list(folder, arena, &e, &n, NULL), OK);
	assert_int_equal(n, 3);
	assert_string_equal(e[0].name, "a.txt");
	assert_int_equal(e[1].size_bytes, 2);
	assert_true(e[2].is_folder);
}

static void what_changes_below_a_folder_is_seen(void **state)
{
	const char *deep = text_printf(arena, "%s/x/y", folder), *file;
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat about;
	int64_t now_ms;

	(void)state;
	assert_int_equal(mkdir(text_printf(arena, "%s/x", folder), 0700), 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(mkdir(text_printf(arena, "%s/.git", folder), 0700), 0);
	file = put("x/y/f", "1", 1);
	(void)put(".git/f", "1", 1);
	assert_int_equal(stat(file, &about), 0);
	now_ms = (int64_t)about.st_ctim.tv_sec * 1000 + about.st_ctim.tv_nsec / 1000000;
	assert_true(folder_touched(folder, now_ms - 1000, 1000));
	assert_false(folder_touched(folder, now_ms + 60000, 1000));
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0); /* an old file made anew */
	assert_true(folder_touched(deep, now_ms - 1000, 1000));
	assert_false(folder_touched("/nowhere/at/all", 0, 1000));
}

static void a_missing_folder_and_a_file_are_told_apart(void **state)
{
	struct folder_entry *e = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(folder_list("/nowhere/at/all", arena, &e, &n, NULL), E_ABSENT);
	assert_int_equal(folder_list(put("f", "", 0), arena, &e, &n, NULL), E_INPUT);
}

/* All lines of bytes joined with '|', a line that was too long as '!'. */
static const char *lines_of(const char *bytes, size_t size, size_t max)
{
	const char *line, *out = "";
	struct lines *l = NULL;
	bool too_long;
	size_t n;

	assert_int_equal(lines_open(&l, put("lines", bytes, size), NULL), OK);
	for (;;) {
		assert_int_equal(lines_next(l, max, &line, &n, &too_long, NULL), OK);
		if (line == NULL)
			break;
		out = text_printf(arena, "%s%.*s|", out, (int)n, too_long ? "!" : line);
		if (too_long)
			out = text_printf(arena, "%s!|", out);
	}
	lines_free(l);
	return out;
}

static void lines_are_given_whole_and_long_ones_skipped(void **state)
{
	(void)state;
	assert_string_equal(lines_of("a\nbb\n\nccc", 9, 10), "a|bb||ccc|");
	assert_string_equal(lines_of("", 0, 10), "");
	assert_string_equal(lines_of("\n", 1, 10), "|");
	assert_string_equal(lines_of("aaaa\nb\n", 7, 3), "|!|b|");
	assert_string_equal(lines_of("aaaa", 4, 3), "|!|");
}

static void lines_longer_than_the_buffer_are_whole(void **state)
{
	size_t size = 3000000, n = 0, count = 0;
	char *bytes = malloc(size);
	const char *line;
	struct lines *l = NULL;
	bool too_long;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	bytes[700000] = bytes[2000000] = '\n';
	assert_int_equal(lines_open(&l, put("big", bytes, size), NULL), OK);
	while (lines_next(l, 1000000, &line, &n, &too_long, NULL) == OK && line != NULL) {
		count++;
		assert_int_equal(too_long, count == 2);
		if (count != 2)
			assert_int_equal(n, count == 1 ? 700000 : 999999);
	}
	assert_int_equal(count, 3);
	lines_free(l);
	free(bytes);
}

static int prepare(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *made;

	(void)state;
	if ((arena = arena_new((size_t)1 << 20)) == NULL)
		return -1;
	made = text_printf(arena, "%s/folder.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	folder = made == NULL ? NULL : mkdtemp(made);
	return folder == NULL;
}

static int finish(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_sorted_and_links_are_left_out),
		cmocka_unit_test(what_changes_below_a_folder_is_seen),
		cmocka_unit_test(a_missing_folder_and_a_file_are_told_apart),
		cmocka_unit_test(lines_are_given_whole_and_long_ones_skipped),
		cmocka_unit_test(lines_longer_than_the_buffer_are_whole),
	};

	return cmocka_run_group_tests(tests, prepare, finish);
}
