#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"
#include "tests/io/fail_vfs.h"

#define RUNS_MAX 400

struct place {
	char folder[300], path[400];
};

static const char *const ends[] = { "", "-wal", "-shm", "-lock", "-journal" };

static void wipe(const struct place *p)
{
	char path[450];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		(void)snprintf(path, sizeof path, "%s%s", p->path, ends[i]);
		(void)unlink(path);
	}
}

static enum status add(struct db *db, const char *id)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO event (id, topic, type, at_ms, envelope) "
	                         "VALUES (?, 't', 't', 0, zeroblob(3000))",
	                         &s, NULL);

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	return db_run(db, s, NULL);
}

/* Two rows in one transaction, in a database that may have to be made first. */
static enum status two_rows(const char *path)
{
	struct db *db = NULL;
	struct err err;
	enum status st = db_open(&db, path, &err);

	if (st == OK && (st = db_begin(db, &err)) == OK) {
		if ((st = add(db, "a")) == OK && (st = add(db, "b")) == OK)
			st = db_commit(db, &err);
		db_rollback(db);
	}
	db_free(db);
	return st;
}

static int64_t rows(struct db *db)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;
	bool row;

	assert_int_equal(db_stmt(db, "SELECT count(*) FROM event", &s, NULL), OK);
	assert_int_equal(db_step(db, s, &row, NULL), OK);
	if (row)
		n = sqlite3_column_int64(s, 0);
	(void)db_end(s, OK);
	return n;
}

static void every_failing_disk_operation_leaves_all_or_nothing(void **state)
{
	const struct place *p = *state;

	for (int forever = 0; forever <= 1; forever++) {
		long at;

		for (at = 0; at < RUNS_MAX; at++) {
			struct db *db = NULL;
			bool sound = false;
			enum status st;
			int64_t n;

			wipe(p);
			fail_vfs_after(at, forever);
			st = two_rows(p->path);
			fail_vfs_after(-1, 0);
			assert_int_equal(db_open(&db, p->path, NULL), OK);
			n = rows(db);
			assert_true(n == 0 || n == 2);
			if (st == OK)
				assert_int_equal(n, 2);
			assert_int_equal(db_check(db, &sound, NULL), OK);
			assert_true(sound);
			db_free(db);
			if (st == OK)
				break;
		}
		assert_true(at > 3 && at < RUNS_MAX);
	}
	wipe(p);
}

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	const char *tmp = getenv("TMPDIR");

	if (p == NULL)
		return -1;
	(void)snprintf(p->folder, sizeof p->folder, "%s/io.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(p->folder) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof p->path, "%s/gadugi.db", p->folder);
	*state = p;
	return 0;
}

static int end_place(void **state)
{
	struct place *p = *state;

	wipe(p);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_failing_disk_operation_leaves_all_or_nothing,
		                                make_place, end_place),
	};

	if (db_use_mem() != OK || fail_vfs_register() != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
