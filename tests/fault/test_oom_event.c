#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "bus/wake.h"
#include "domain/event.h"
#include "domain/project.h"
#include "store/journal.h"
#include "tests/lib/folder.h"
#include "tests/lib/together.h"

static enum status put_both(struct db *db)
{
	const struct event_task task = { .run = "r1",
		                         .task = "t",
		                         .state = "failed",
		                         .cause = "bad \xff byte",
		                         .exit_code = 1 };
	const struct event_custom custom = { .topic = "a.b",
		                             .source = "test",
		                             .payload_json = "{\"a\": 1}" };
	enum status st;
	int64_t seq;

	if ((st = db_begin(db, NULL)) != OK)
		return st;
	if ((st = event_put_task(db, 1, &task, NULL)) != OK ||
	    (st = event_put_custom(db, 1, &custom, &seq, NULL, NULL)) != OK) {
		db_rollback(db);
		return st;
	}
	return db_commit(db, NULL);
}

static enum status read_all(struct db *db, size_t *n)
{
	struct arena *a = arena_new((size_t)8 << 20);
	const struct event_want want = { .pattern = "#", .limit = 100 };
	struct event_page page = { 0 };
	enum status st = a == NULL ? E_NOMEM : event_find(db, &want, a, &page, NULL);

	*n = page.n;
	arena_free(a);
	return st;
}

/* Put with the n-th request refused; what is in the log is all of it or nothing. */
static long refuse_putting(struct db *db, int forever)
{
	int64_t before = 0, last = 0;

	for (long n = 0;; n++) {
		enum status st;

		assert_int_equal(journal_last(db, &before, NULL), OK);
		mem_fail_after(n, forever);
		st = put_both(db);
		mem_fail_after(-1, 0);
		assert_int_equal(journal_last(db, &last, NULL), OK);
		assert_int_equal(last, st == OK ? before + 2 : before);
		if (st == OK)
			return n;
		assert_int_equal(st, E_NOMEM);
	}
}

static long refuse_reading(struct db *db, int forever, size_t *n_events)
{
	for (long n = 0;; n++) {
		enum status st;

		mem_fail_after(n, forever);
		st = read_all(db, n_events);
		mem_fail_after(-1, 0);
		if (st == OK)
			return n;
		assert_int_equal(st, E_NOMEM);
	}
}

static void putting_and_reading_survive_every_refusal(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	const char *tmp = getenv("TMPDIR");
	struct db *db = NULL;
	char path[200], name[240];
	size_t n_events = 0;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/oom-event-%d.db", tmp == NULL ? "/tmp" : tmp,
	               (int)getpid());
	assert_int_equal(db_open(&db, path, NULL), OK);
	for (int forever = 0; forever <= 1; forever++) {
		assert_true(refuse_putting(db, forever) > 3);
		assert_true(refuse_reading(db, forever, &n_events) > 3);
		assert_int_equal(n_events, 2 * (forever + 1));
	}
	db_free(db);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
		(void)unlink(name);
	}
}

static void waiting_survives_every_refusal(void **state)
{
	struct wake *w = NULL;
	enum status st;
	long n;

	(void)state;
	for (n = 0;; n++) {
		mem_fail_after(n, 1);
		st = wake_open(&w, "/tmp/none-of-ours", NULL);
		wake_touch("/tmp/none-of-ours");
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
	}
	assert_int_equal(n, 3);
	wake_free(w);
}

#define PUBLISHERS 4

static enum status publish(void *arg, struct db *db, struct err *err)
{
	const struct event_custom e = { .topic = "shared", .source = "test", .id = arg };
	int64_t seq;

	return event_put_custom(db, 1, &e, &seq, NULL, err);
}

static bool is_there(struct project *p, const char *id)
{
	struct db *db = NULL;
	int64_t seq = 0;

	assert_int_equal(project_read(p, NULL, &db, NULL), OK);
	assert_int_equal(journal_seq_of(db, id, &seq, NULL), OK);
	project_done(p, db);
	return seq != 0;
}

/* The n-th request of a group is refused: who was told OK is there, who was not is not. */
static void a_group_survives_every_refusal(void **state)
{
	struct project_change changes[PUBLISHERS];
	char ids[PUBLISHERS][40];
	struct folder *f = *state;
	struct project *p = NULL;
	struct db *db = NULL;
	size_t failed = 1, spared = 0;
	struct together t;
	long n = 0;

	assert_int_equal(project_open(&p, f->path, NULL), OK);
	assert_int_equal(project_write(p, NULL, &db, NULL), OK);
	project_done(p, db);
	for (int forever = 0; forever <= 1; forever++)
		for (n = 0, failed = 1; failed > 0; n++) {
			for (size_t i = 0; i < PUBLISHERS; i++) {
				(void)snprintf(ids[i], sizeof ids[i], "%d-%ld-%zu", forever, n, i);
				changes[i] =
				    (struct project_change){ .make = publish, .arg = ids[i] };
			}
			together_begin(&t, p, changes, PUBLISHERS);
			mem_fail_after(n, forever);
			together_end(&t);
			mem_fail_after(-1, 0);
			failed = 0;
			for (size_t i = 0; i < PUBLISHERS; i++) {
				failed += t.at[i].st != OK;
				assert_true(t.at[i].st == OK || t.at[i].st == E_NOMEM);
				assert_int_equal(is_there(p, ids[i]), t.at[i].st == OK);
			}
			spared += !forever && failed > 0 && failed < PUBLISHERS;
		}
	assert_true(n > 3);
	assert_true(spared > 0); /* what one could not get did not fail the others */
	project_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(putting_and_reading_survive_every_refusal),
		cmocka_unit_test(waiting_survives_every_refusal),
		cmocka_unit_test_setup_teardown(a_group_survives_every_refusal, folder_setup,
		                                folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
