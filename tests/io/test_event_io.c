#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/json.h"
#include "domain/event.h"
#include "domain/project.h"
#include "domain/question.h"
#include "domain/subscription.h"
#include "store/journal.h"
#include "store/questions.h"
#include "store/subscribers.h"
#include "tests/io/fail_vfs.h"
#include "tests/lib/folder.h"
#include "tests/lib/together.h"

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

#define PUBLISHERS 4

/* A payload of more pages than one, so that the writes of one are told from those of another. */
static enum status publish(void *arg, struct db *db, struct err *err)
{
	char payload[6000];
	const struct event_custom e = {
		.topic = "shared", .source = "test", .id = arg, .payload_json = payload
	};
	int64_t seq;

	(void)snprintf(payload, sizeof payload, "{\"text\":\"%05900d\"}", 7);
	return event_put_custom(db, 1, &e, &seq, NULL, err);
}

/* Is the event of that id in the log? */
static bool is_there(struct db *db, const char *id)
{
	int64_t seq = 0;

	assert_int_equal(journal_seq_of(db, id, &seq, NULL), OK);
	return seq != 0;
}

/*
 * One group whose n-th disk operation fails: who was told OK is there; of the others all are or
 * none, since what a failed sync was for may be found whole after all.
 */
static bool share_a_failure(struct folder *f, long at, int forever)
{
	static char ids[PUBLISHERS][2] = { "a", "b", "c", "d" };
	struct project_change changes[PUBLISHERS];
	struct project *p = NULL;
	struct together t;
	struct db *db = NULL;
	bool all = true, sound = false;
	size_t failed = 0, kept = 0;

	assert_int_equal(project_open(&p, folder_at(f, "shared"), NULL), OK);
	assert_int_equal(project_write(p, NULL, &db, NULL), OK);
	project_done(p, db);
	for (size_t i = 0; i < PUBLISHERS; i++)
		changes[i] = (struct project_change){ .make = publish, .arg = ids[i] };
	together_begin(&t, p, changes, PUBLISHERS);
	fail_vfs_after(at, forever);
	together_end(&t);
	fail_vfs_after(-1, 0);
	project_free(p);
	assert_int_equal(db_open(&db, folder_at(f, "shared/.gadugi/gadugi.db"), NULL), OK);
	for (size_t i = 0; i < PUBLISHERS; i++) {
		bool there = is_there(db, ids[i]);

		assert_true(t.at[i].st != OK || there);
		assert_true(t.at[i].st == OK || t.at[i].err.text[0] != '\0');
		failed += t.at[i].st != OK;
		kept += t.at[i].st != OK && there;
		all = all && t.at[i].st == OK;
	}
	assert_true(kept == 0 || kept == failed);
	assert_int_equal(db_check(db, &sound, NULL), OK);
	assert_true(sound);
	db_free(db);
	return all;
}

static void a_shared_commit_that_fails_is_told_to_all_it_was_for(void **state)
{
	static const int says[] = { SQLITE_IOERR_WRITE, SQLITE_FULL };
	struct folder *f = *state;
	long at = 0;

	for (int i = 0; i < 4; i++) {
		fail_vfs_write_says(says[i / 2]);
		for (at = 0; at < OPERATIONS_MAX; at++) {
			bool all;

			folder_put(f, "shared/here", "");
			all = share_a_failure(f, at, i % 2);
			folder_drop(f, "shared");
			if (all && at > 0)
				break;
		}
		assert_in_range(at, 8, OPERATIONS_MAX - 1); /* four events, two pages each */
	}
	fail_vfs_write_says(SQLITE_IOERR_WRITE);
}

static void a_log_that_is_locked_for_a_moment_is_waited_for(void **state)
{
	struct folder *f = *state;
	const struct event_custom e = { .topic = "a", .source = "test" };
	struct project *p = NULL;
	struct db *db = NULL;
	int64_t seq = 0;

	assert_int_equal(project_open(&p, f->path, NULL), OK);
	assert_int_equal(project_write(p, NULL, &db, NULL), OK);
	project_done(p, db);
	fail_vfs_busy(3);
	assert_int_equal(event_publish(p, NULL, &e, &seq, NULL, NULL), OK);
	fail_vfs_busy(0);
	assert_int_equal(seq, 1);
	project_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(state_and_events_are_kept_or_lost_together,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(
		    a_shared_commit_that_fails_is_told_to_all_it_was_for, folder_setup,
		    folder_teardown),
		cmocka_unit_test_setup_teardown(a_log_that_is_locked_for_a_moment_is_waited_for,
		                                folder_setup, folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK || fail_vfs_register() != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
