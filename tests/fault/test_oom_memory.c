#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "domain/memory.h"
#include "store/db.h"
#include "tests/lib/folder.h"

struct place {
	void *folder;
	const char *path;
};

static int setup(void **state)
{
	struct place *place = mem_zero(1, sizeof *place);

	if (place == NULL || folder_setup(&place->folder) != 0)
		return -1;
	place->path = ((struct folder *)place->folder)->path;
	if (setenv("XDG_DATA_HOME", place->path, 1) != 0)
		return -1;
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	int rc = folder_teardown(&place->folder);

	mem_free(place);
	return rc;
}

/* Two memories, one of them with relations, in a project opened for them. */
static struct err why; /* of the last failure, for the reader of a failed test */

static enum status remember_two(const char *path, int times)
{
	struct memory_relation r[] = { { "uses", "zlib", NULL }, { "owner", "Ann", NULL } };
	struct memory_item items[] = {
		{ .text = "the codec compresses frames of video quickly enough",
		  .entity = "codec",
		  .session = "s1",
		  .relations = r,
		  .n_relations = 2 },
		{ .text = "the codec compresses frames of sound quickly enough", .session = "s1" },
	};
	struct memory_stored out[2];
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, &why);

	for (int i = 0; i < times && st == OK; i++) {
		items[0].text = i == 0 ? items[0].text : "something new about the codec here";
		st = memory_remember(p, NULL, &(struct memory_batch){ items, 2, out }, a, &why);
	}
	project_free(p);
	arena_free(a);
	return st;
}

static enum status recall_all(const char *path, size_t *n)
{
	struct memory_query q = { .text = "codec frames", .hops = 2, .limit = 5, .count = true };
	struct memory_found found = { 0 };
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, &why);

	if (st == OK)
		st = memory_recall(p, NULL, &q, a, &found, &why);
	*n = found.n_hits;
	project_free(p);
	arena_free(a);
	return st;
}

static enum status forget_word(const char *path)
{
	struct memory_forget what = { .text = "sound", .confirm = true, .purge = true };
	struct memory_forgotten gone;
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, &why);

	if (st == OK)
		st = memory_forget(p, NULL, &what, a, &gone, &why);
	project_free(p);
	arena_free(a);
	return st;
}

static enum status remember_for_all(const char *path)
{
	struct memory_item item = { .text = "frames of any codec are checked", .scope = "global" };
	struct memory_stored out;
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, &why);

	if (st == OK)
		st = memory_remember(p, NULL, &(struct memory_batch){ &item, 1, &out }, a, &why);
	project_free(p);
	arena_free(a);
	return st;
}

/* One for this project, one for all; *ids: of those that were stored. */
static enum status remember_both(const char *path, size_t *ids)
{
	const struct memory_item items[] = {
		{ .text = "the codec here checks its frames" },
		{ .text = "every codec writes frames", .scope = "global" },
	};
	struct memory_stored out[2] = { { 0 } };
	struct arena *a = arena_new((size_t)8 << 20);
	struct project *p = NULL;
	enum status st = a == NULL ? E_NOMEM : project_open(&p, path, &why);

	if (st == OK)
		st = memory_remember(p, NULL, &(struct memory_batch){ items, 2, out }, a, &why);
	*ids = (size_t)(out[0].id != NULL) + (size_t)(out[1].id != NULL);
	project_free(p);
	arena_free(a);
	return st;
}

static size_t stored(const char *path)
{
	size_t n;

	assert_int_equal(recall_all(path, &n), OK);
	return n;
}

static void drop(const struct place *place)
{
	if (access(folder_at(place->folder, ".gadugi"), F_OK) == 0)
		folder_drop(place->folder, ".gadugi");
}

static void remembering_without_memory_stores_all_or_nothing(void **state)
{
	const struct place *place = *state;

	for (int forever = 0; forever <= 1; forever++) {
		long n;

		drop(place);
		for (n = 0;; n++) {
			enum status st;
			size_t there;

			mem_fail_after(n, forever);
			st = remember_two(place->path, 1);
			mem_fail_after(-1, 0);
			there = stored(place->path);
			if (st == OK) {
				assert_int_equal(there, 2);
				break;
			}
			if (st != E_NOMEM)
				fail_msg("%ld: %s", n, why.text);
			assert_true(there == 0);
		}
		assert_true(n > 30);
	}
}

static void an_index_that_could_not_grow_is_made_anew(void **state)
{
	const struct place *place = *state;

	for (long n = 0;; n++) {
		enum status st;
		size_t there;

		drop(place);
		mem_fail_after(n * 7, 0);
		st = remember_two(place->path, 3);
		mem_fail_after(-1, 0);
		there = stored(place->path);
		if (st == OK) {
			assert_int_equal(there, 3);
			break;
		}
		if (st != E_NOMEM)
			fail_msg("%ld: %s", n, why.text);
		assert_true(there == 0 || there == 2 || there == 3);
	}
}

static void remembering_for_all_projects_without_memory_stores_it_or_not(void **state)
{
	const struct place *place = *state;
	size_t found;

	for (int forever = 0; forever <= 1; forever++) {
		long n;

		for (n = 0;; n++) {
			enum status st;

			mem_fail_after(n, forever);
			st = remember_for_all(place->path);
			mem_fail_after(-1, 0);
			assert_int_equal(recall_all(place->path, &found), OK);
			if (st == OK)
				break;
			if (st != E_NOMEM)
				fail_msg("%ld: %s", n, why.text);
			assert_int_equal(found, forever);
		}
		assert_int_equal(found, 1);
		assert_true(n > 30);
	}
}

static void remembering_here_and_for_all_without_memory_stores_both_or_says_what(void **state)
{
	const struct place *place = *state;
	size_t ids, before = 0;
	long n;

	for (n = 0;; n++) {
		enum status st;

		mem_fail_after(n, 0);
		st = remember_both(place->path, &ids);
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		if (st != E_NOMEM)
			fail_msg("%ld: %s", n, why.text);
		/* What is there was told to be there, in this call or an earlier one. */
		if (ids > before)
			before = ids;
		assert_int_equal(stored(place->path), before);
	}
	assert_int_equal(ids, 2);
	assert_int_equal(stored(place->path), 2);
	assert_true(n > 60);
}

static void recalling_without_memory_says_so_and_nothing_else(void **state)
{
	const struct place *place = *state;

	assert_int_equal(remember_two(place->path, 1), OK);
	assert_int_equal(remember_for_all(place->path), OK);
	for (int forever = 0; forever <= 1; forever++) {
		long n;

		for (n = 0;; n++) {
			enum status st;
			size_t found;

			mem_fail_after(n, forever);
			st = recall_all(place->path, &found);
			mem_fail_after(-1, 0);
			if (st == OK)
				break;
			if (st != E_NOMEM)
				fail_msg("%ld: %s", n, why.text);
		}
		assert_true(n > 30);
	}
}

static void forgetting_without_memory_forgets_nothing(void **state)
{
	const struct place *place = *state;
	long n;

	assert_int_equal(remember_two(place->path, 1), OK);
	for (n = 0;; n++) {
		enum status st;

		mem_fail_after(n, 0);
		st = forget_word(place->path);
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		if (st != E_NOMEM)
			fail_msg("%ld: %s", n, why.text);
		assert_int_equal(stored(place->path), 2);
	}
	assert_true(n > 30);
	assert_int_equal(stored(place->path), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(remembering_without_memory_stores_all_or_nothing),
		TEST(an_index_that_could_not_grow_is_made_anew),
		TEST(remembering_for_all_projects_without_memory_stores_it_or_not),
		TEST(remembering_here_and_for_all_without_memory_stores_both_or_says_what),
		TEST(recalling_without_memory_says_so_and_nothing_else),
		TEST(forgetting_without_memory_forgets_nothing),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
