/* Changes of several threads that share a commit. */
#include "tests/unit/unit.h"

#include <stdatomic.h>
#include <string.h>

#include "base/json.h"
#include "domain/event.h"
#include "domain/project.h"
#include "store/db.h"
#include "tests/lib/folder.h"
#include "tests/lib/together.h"

#define MANY 16

struct place {
	struct folder *folder;
	struct project *project;
};

/* One who publishes `topic` in a change that may go wrong. */
struct one {
	const char *topic, *id; /* id: NULL for a new one */
	enum { WELL, REFUSED, LOSES_ALL, NO_COMMIT } how;
	pthread_t thread; /* it was made there */
	int made;         /* times */
	int64_t seq;
	bool duplicate;
};

static int set_up(void **state)
{
	static struct place p;
	void *folder = NULL;
	struct db *db = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct place){ .folder = folder };
	if (project_open(&p.project, p.folder->path, NULL) != OK ||
	    project_write(p.project, NULL, &db, NULL) != OK)
		return -1;
	project_done(p.project, db);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	void *folder = p->folder;

	project_free(p->project);
	return folder_teardown(&folder);
}

static int no_commit(void *arg)
{
	(void)arg;
	return 1;
}

static enum status make(void *arg, struct db *db, struct err *err)
{
	struct one *one = arg;
	const struct event_custom e = { .topic = one->topic, .source = "test", .id = one->id };
	enum status st = event_put_custom(db, 1, &e, &one->seq, &one->duplicate, err);

	one->made++;
	one->thread = pthread_self();
	if (one->how == NO_COMMIT)
		(void)sqlite3_commit_hook(db_handle(db), no_commit, NULL);
	if (st != OK || one->how == WELL || one->how == NO_COMMIT)
		return st;
	if (one->how == LOSES_ALL)
		(void)sqlite3_exec(db_handle(db), "ROLLBACK", NULL, NULL, NULL);
	return err_set(err, one->how == REFUSED ? E_INPUT : E_IO, "as asked for");
}

/* How many events have exactly that topic? */
static size_t count(struct project *p, const char *topic)
{
	const struct event_want want = { .pattern = topic, .limit = 1000 };
	struct arena *a = arena_new((size_t)16 << 20);
	struct event_page page = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p, NULL, &db, NULL), OK);
	assert_int_equal(event_find(db, &want, a, &page, NULL), OK);
	project_done(p, db);
	arena_free(a);
	return page.n;
}

static void begin(struct together *t, struct project *p, struct one *all, size_t n)
{
	struct project_change changes[MANY];

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct project_change){ .make = make, .arg = &all[i] };
	together_begin(t, p, changes, n);
}

static void one_alone_is_kept_or_has_its_reason(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one well = { .topic = "well" }, refused = { .topic = "refused", .how = REFUSED };
	struct err err = { 0 };

	assert_int_equal(project_change(p, &(struct project_change){ make, &well, 0, NULL }, NULL),
	                 OK);
	assert_int_equal(
	    project_change(p, &(struct project_change){ make, &refused, 0, NULL }, &err), E_INPUT);
	assert_string_equal(err.text, "as asked for");
	assert_int_equal(count(p, "well"), 1);
	assert_int_equal(count(p, "refused"), 0);
}

static void those_who_wait_together_share_a_commit_in_the_order_they_came(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[MANY] = { 0 };
	struct together t;

	for (size_t i = 0; i < MANY; i++)
		all[i].topic = "a.b";
	begin(&t, p, all, MANY);
	together_end(&t);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(t.at[i].st, OK);
		assert_int_equal(all[i].made, 1);
		assert_true(pthread_equal(all[i].thread, all[0].thread)); /* the leader's */
		assert_int_equal(all[i].seq, i + 1);
	}
	assert_int_equal(count(p, "a.b"), MANY);
}

static void one_that_fails_is_undone_alone(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[3] = { { .topic = "well" },
		              { .topic = "refused", .how = REFUSED },
		              { .topic = "well" } };
	struct together t;

	begin(&t, p, all, 3);
	together_end(&t);
	assert_int_equal(t.at[0].st, OK);
	assert_int_equal(t.at[1].st, E_INPUT);
	assert_string_equal(t.at[1].err.text, "as asked for");
	assert_int_equal(t.at[2].st, OK);
	assert_int_equal(count(p, "well"), 2);
	assert_int_equal(count(p, "refused"), 0);
}

static void one_that_costs_the_transaction_costs_no_other_its_change(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[4] = { { .topic = "well" },
		              { .topic = "refused", .how = REFUSED },
		              { .topic = "lost", .how = LOSES_ALL },
		              { .topic = "well" } };
	struct together t;

	begin(&t, p, all, 4);
	together_end(&t);
	assert_int_equal(t.at[0].st, OK);
	assert_int_equal(t.at[1].st, E_INPUT);
	assert_int_equal(t.at[2].st, E_IO);
	assert_int_equal(t.at[3].st, OK);
	assert_int_equal(all[0].made, 2); /* its first was lost with the transaction */
	assert_int_equal(all[1].made, 1);
	assert_int_equal(all[2].made, 1);
	assert_int_equal(count(p, "well"), 2);
	assert_int_equal(count(p, "lost"), 0);
}

static void who_loses_it_twice_is_told_to_all_that_are_left(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[4] = { { .topic = "lost", .how = LOSES_ALL },
		              { .topic = "well" },
		              { .topic = "lost", .how = LOSES_ALL },
		              { .topic = "well" } };
	struct together t;

	begin(&t, p, all, 4);
	together_end(&t);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(t.at[i].st, E_IO);
		assert_string_equal(t.at[i].err.text, "as asked for");
	}
	assert_int_equal(count(p, "#"), 0);
}

static void a_commit_that_fails_is_told_to_each(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[3] = { { .topic = "a" },
		              { .topic = "a", .how = NO_COMMIT },
		              { .topic = "a" } };
	struct one refused = { .topic = "a", .how = REFUSED };
	struct project_change changes[4];
	struct together t;
	struct db *db = NULL;

	for (size_t i = 0; i < 3; i++)
		changes[i] = (struct project_change){ .make = make, .arg = &all[i] };
	changes[3] = (struct project_change){ .make = make, .arg = &refused };
	together_begin(&t, p, changes, 4);
	together_end(&t);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(t.at[i].st, E_IO);
		assert_string_not_equal(t.at[i].err.text, "");
	}
	assert_int_equal(t.at[3].st, E_INPUT); /* it had its own reason before */
	assert_int_equal(count(p, "a"), 0);
	assert_int_equal(project_write(p, NULL, &db, NULL), OK);
	(void)sqlite3_commit_hook(db_handle(db), NULL, NULL);
	project_done(p, db);
	assert_int_equal(
	    project_change(p, &(struct project_change){ make, &all[0], 0, NULL }, NULL), OK);
}

static void who_is_stopped_leaves_and_the_others_go_on(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[4] = {
		{ .topic = "a" }, { .topic = "a" }, { .topic = "a" }, { .topic = "a" }
	};
	struct project_change changes[4];
	atomic_bool stop[4] = { 0 };
	struct together t;

	for (size_t i = 0; i < 4; i++)
		changes[i] =
		    (struct project_change){ .make = make, .arg = &all[i], .stop = &stop[i] };
	together_begin(&t, p, changes, 4);
	atomic_store(&stop[0], true); /* he leads, and waits for the turn */
	together_join(&t, 0);
	assert_int_equal(t.at[0].st, E_STOP);
	atomic_store(&stop[2], true); /* he waits for the leader */
	together_end(&t);
	assert_int_equal(t.at[2].st, E_STOP);
	assert_int_equal(all[0].made, 0);
	assert_int_equal(all[2].made, 0);
	assert_int_equal(count(p, "a"), 2);
}

static void a_group_has_a_bound(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[3] = { { .topic = "a" }, { .topic = "a" }, { .topic = "a" } };
	struct project_change changes[3];
	struct together t;

	for (size_t i = 0; i < 3; i++)
		changes[i] = (struct project_change){ .make = make,
			                              .arg = &all[i],
			                              .rows = PROJECT_GROUP_ROWS / 2 };
	together_begin(&t, p, changes, 3);
	together_end(&t);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(t.at[i].st, OK);
	assert_true(pthread_equal(all[0].thread, all[1].thread));
	assert_false(pthread_equal(all[0].thread, all[2].thread)); /* it led the next group */
	assert_int_equal(count(p, "a"), 3);
}

#define EACH 50

static void *publish_many(void *arg)
{
	const struct event_custom e = { .topic = "m", .source = "test" };
	int64_t last = 0, seq = 0;

	for (int i = 0; i < EACH; i++) {
		if (event_publish(arg, NULL, &e, &seq, NULL, NULL) != OK || seq <= last)
			return arg;
		last = seq;
	}
	return NULL;
}

static void many_publishers_lose_and_double_nothing(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	pthread_t threads[MANY];
	void *wrong = NULL;

	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, publish_many, p), 0);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(count(p, "m"), MANY * EACH);
}

static void an_id_published_by_two_at_once_enters_the_log_once(void **state)
{
	struct project *p = ((struct place *)*state)->project;
	struct one all[2] = { { .topic = "m", .id = "same" }, { .topic = "m", .id = "same" } };
	const struct event_custom again = { .topic = "m", .source = "test", .id = "same" };
	struct together t;
	int64_t seq = 0;
	bool duplicate = false;

	begin(&t, p, all, 2);
	together_end(&t);
	assert_int_equal(t.at[0].st, OK);
	assert_int_equal(t.at[1].st, OK);
	assert_false(all[0].duplicate);
	assert_true(all[1].duplicate);
	assert_int_equal(all[1].seq, all[0].seq);
	assert_int_equal(event_publish(p, NULL, &again, &seq, &duplicate, NULL), OK);
	assert_true(duplicate);
	assert_int_equal(seq, all[0].seq);
	assert_int_equal(count(p, "m"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_alone_is_kept_or_has_its_reason),
		TEST(those_who_wait_together_share_a_commit_in_the_order_they_came),
		TEST(one_that_fails_is_undone_alone),
		TEST(one_that_costs_the_transaction_costs_no_other_its_change),
		TEST(who_loses_it_twice_is_told_to_all_that_are_left),
		TEST(a_commit_that_fails_is_told_to_each),
		TEST(who_is_stopped_leaves_and_the_others_go_on),
		TEST(a_group_has_a_bound),
		TEST(many_publishers_lose_and_double_nothing),
		TEST(an_id_published_by_two_at_once_enters_the_log_once),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
