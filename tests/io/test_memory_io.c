#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/memory.h"
#include "store/db.h"
#include "tests/io/fail_vfs.h"
#include "tests/lib/folder.h"

#define RUNS_MAX 3000
#define BATCH    40

static enum status remember_many(const char *path, const char *word)
{
	struct memory_item items[BATCH];
	struct memory_stored out[BATCH];
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, NULL);

	for (int i = 0; i < BATCH && st == OK; i++)
		items[i] = (struct memory_item){
			.text = text_printf(a, "%s number %d goes through the door", word, i),
			.entity = i % 2 == 0 ? text_printf(a, "%s %d", word, i) : NULL,
		};
	if (st == OK)
		st = memory_remember(p, NULL, &(struct memory_batch){ items, BATCH, out }, a, NULL);
	project_free(p);
	arena_free(a);
	return st;
}

static size_t stored(const char *path, const char *word)
{
	struct memory_query q = { .text = word, .limit = MEMORY_LIMIT_MAX };
	struct memory_found found = { 0 };
	struct arena *a = arena_new((size_t)64 << 20);
	struct project *p = NULL;
	struct err err = { 0 };
	struct db *db;
	bool sound = false;

	assert_int_equal(project_open(&p, path, NULL), OK);
	if (memory_recall(p, NULL, &q, a, &found, &err) != OK)
		fail_msg("%s", err.text);
	assert_int_equal(project_read(p, NULL, &db, NULL), OK);
	assert_int_equal(db_check(db, &sound, NULL), OK);
	assert_true(sound);
	project_done(p, db);
	project_free(p);
	arena_free(a);
	return found.n_hits;
}

static void every_failing_disk_operation_leaves_all_of_a_batch_or_nothing(void **state)
{
	const struct folder *f = *state;

	for (int forever = 0; forever <= 1; forever++) {
		long at;

		folder_drop(f, ".gadugi");
		assert_int_equal(remember_many(f->path, "before"), OK);
		for (at = 0; at < RUNS_MAX; at++) {
			enum status st;
			size_t n;

			fail_vfs_after(at, forever);
			st = remember_many(f->path, "after");
			fail_vfs_after(-1, 0);
			n = stored(f->path, "after");
			assert_int_equal(stored(f->path, "before"), BATCH);
			assert_true(n == 0 || n == BATCH);
			if (n == BATCH)
				break; /* a commit may be there although its end was not seen */
			assert_true(st != OK);
		}
		assert_true(at > 3 && at < RUNS_MAX);
	}
}

struct both { /* what came of a call for this project and for all */
	enum status st;
	bool own, shared; /* has an id */
	bool duplicate;   /* the one for all was there */
	struct err err;
};

static struct both remember_both(const char *path, const char *word)
{
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	struct both got = { 0 };
	struct memory_stored out[2] = { { 0 } };
	const struct memory_item items[2] = {
		{ .text = text_printf(a, "%s stays here", word) },
		{ .text = text_printf(a, "%s goes everywhere", word), .scope = "global" },
	};

	got.st = project_open(&p, path, &got.err);
	if (got.st == OK)
		got.st =
		    memory_remember(p, NULL, &(struct memory_batch){ items, 2, out }, a, &got.err);
	got.own = out[0].id != NULL;
	got.shared = out[1].id != NULL;
	got.duplicate = out[1].duplicate;
	project_free(p);
	arena_free(a);
	return got;
}

static void a_call_for_two_stores_says_truly_what_a_failing_disk_kept(void **state)
{
	const struct folder *f = *state;
	long at, halves = 0;

	assert_int_equal(setenv("XDG_DATA_HOME", f->path, 1), 0);
	assert_int_equal(remember_both(f->path, "before").st, OK);
	for (at = 0; at < RUNS_MAX; at++) {
		struct both got;
		size_t n;

		fail_vfs_after(at, 0);
		got = remember_both(f->path, "after");
		fail_vfs_after(-1, 0);
		n = stored(f->path, "after");
		assert_int_equal(stored(f->path, "before"), 2);
		if (got.st == OK) {
			assert_true(got.own && got.shared && n == 2);
			break;
		}
		assert_false(got.own);
		assert_true(n >= (size_t)got.shared);
		if (n == 0)
			continue;
		halves += got.shared;
		if (got.shared)
			assert_non_null(strstr(got.err.text, "1 for all projects are stored"));
		got = remember_both(f->path, "after");
		assert_true(got.st == OK && got.own && got.shared && got.duplicate);
		assert_int_equal(stored(f->path, "after"), 2);
		folder_drop(f, ".gadugi");
		folder_drop(f, "gadugi");
		assert_int_equal(remember_both(f->path, "before").st, OK);
	}
	assert_true(at > 3 && at < RUNS_MAX);
	assert_true(halves > 0);
}

static void a_failing_disk_makes_recall_fail_in_words_and_spoils_nothing(void **state)
{
	const struct folder *f = *state;
	long at;

	assert_int_equal(remember_many(f->path, "before"), OK);
	for (at = 0; at < RUNS_MAX; at++) {
		struct memory_query q = { .text = "before" };
		struct memory_found found = { 0 };
		struct arena *a = arena_new((size_t)8 << 20);
		struct project *p = NULL;
		struct err err = { 0 };
		enum status st;

		assert_int_equal(project_open(&p, f->path, NULL), OK);
		fail_vfs_after(at, 1);
		st = memory_recall(p, NULL, &q, a, &found, &err);
		fail_vfs_after(-1, 0);
		if (st != OK)
			assert_true(err.text[0] != '\0');
		project_free(p);
		arena_free(a);
		if (st == OK)
			break;
	}
	assert_true(at > 2 && at < RUNS_MAX);
	assert_int_equal(stored(f->path, "before"), BATCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_failing_disk_operation_leaves_all_of_a_batch_or_nothing),
		TEST(a_call_for_two_stores_says_truly_what_a_failing_disk_kept),
		TEST(a_failing_disk_makes_recall_fail_in_words_and_spoils_nothing),
	};

	json_use_mem();
	if (db_use_mem() != OK || fail_vfs_register() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
