#include "tests/unit/unit.h"

#include "base/json.h"
#include "domain/event.h"
#include "domain/question.h"
#include "domain/subscription.h"
#include "store/journal.h"
#include "store/questions.h"
#include "store/subscribers.h"
#include "tests/io/fail_vfs.h"
#include "tests/lib/folder.h"

#define OPERATIONS_MAX 2000

/* A question, its event, a subscriber that moves on, a dead letter: one transaction. */
static enum status change(struct db *db, struct arena *a)
{
	const struct question q = { .agent = "coder", .text = "which?" };
	const struct dead_row dead = {
		.subscriber = "s", .cause = "exit 1", .attempts = 3, .event = { .seq = 1 }
	};
	struct question asked;
	enum status st = db_begin(db, NULL);

	if (st != OK)
		return st;
	if ((st = question_ask(db, 5, &q, a, &asked, NULL)) == OK &&
	    (st = subscription_done(db, "s", 1, a, NULL)) == OK &&
	    (st = dead_put(db, &dead, NULL)) == OK)
		st = db_commit(db, NULL);
	db_rollback(db);
	return st;
}

/* How many of the four traces of the change are there? */
static int traces(struct db *db, struct arena *a)
{
	const struct dead_want want = { .limit = 10 };
	struct subscriber_row s = { 0 };
	struct question_row *questions = NULL;
	struct dead_row *dead = NULL;
	size_t n_questions = 0, n_dead = 0;
	int64_t last = 0;

	assert_int_equal(journal_last(db, &last, NULL), OK);
	assert_int_equal(subscriber_find(db, "s", a, &s, NULL), OK);
	assert_int_equal(question_list(db, true, a, &questions, &n_questions, NULL), OK);
	assert_int_equal(dead_list(db, &want, a, &dead, &n_dead, NULL), OK);
	return (last == 2) + (s.seq == 1) + (int)n_questions + (int)n_dead;
}

/* A database with one event and a subscriber before it. */
static void prepare(const char *path, struct arena *a)
{
	const struct subscription s = { .name = "s", .topic = "#" };
	const struct event_custom c = { .topic = "a", .source = "test" };
	struct subscription made;
	struct db *db = NULL;
	int64_t seq = 0;

	assert_int_equal(db_open(&db, path, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_add(db, 1, &s, a, &made, NULL), OK);
	assert_int_equal(event_put_custom(db, 1, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(db, NULL), OK);
	db_free(db);
}

static void state_and_events_are_kept_or_lost_together(void **state)
{
	struct folder *f = *state;
	long at = 0;

	for (int forever = 0; forever <= 1; forever++)
		for (at = 0; at < OPERATIONS_MAX; at++) {
			const char *path = folder_at(f, "gadugi.db");
			struct arena *a = arena_new((size_t)1 << 22);
			struct db *db = NULL;
			bool sound = false;
			enum status st;
			int found;

			prepare(path, a);
			assert_int_equal(db_open(&db, path, NULL), OK);
			fail_vfs_after(at, forever);
			st = change(db, a);
			db_free(db);
			fail_vfs_after(-1, 0);
			assert_int_equal(db_open(&db, path, NULL), OK);
			found = traces(db, a);
			assert_true(found == 0 || found == 4);
			assert_true(st != OK || found == 4);
			assert_int_equal(db_check(db, &sound, NULL), OK);
			assert_true(sound);
			db_free(db);
			arena_free(a);
			folder_drop(f, "gadugi.db");
			folder_drop(f, "gadugi.db-wal");
			folder_drop(f, "gadugi.db-shm");
			if (st == OK && at > 0)
				break;
		}
	assert_in_range(at, 2, OPERATIONS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(state_and_events_are_kept_or_lost_together,
		                                folder_setup, folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK || fail_vfs_register() != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
