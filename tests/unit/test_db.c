#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

#define WRITERS 4
#define ROWS    500

struct place {
	char path[400];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	const char *tmp = getenv("TMPDIR");
	char folder[300];

	if (p == NULL)
		return -1;
	(void)snprintf(folder, sizeof folder, "%s/db.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof p->path, "%s/gadugi.db", folder);
	*state = p;
	return 0;
}

static int end_place(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock", ".before-1" };
	struct place *p = *state;
	char path[450];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		(void)snprintf(path, sizeof path, "%s%s", p->path, ends[i]);
		(void)unlink(path);
	}
	*strrchr(p->path, '/') = '\0';
	(void)rmdir(p->path);
	free(p);
	return 0;
}

static enum status add(struct db *db, const char *id, struct err *err)
{
	sqlite3_stmt *s = NULL;
	enum status st = db_stmt(db,
	                         "INSERT INTO event (id, topic, type, at_ms, envelope) "
	                         "VALUES (?, 't', 't', 0, x'')",
	                         &s, err);

	if (st != OK)
		return st;
	db_bind_text(s, 1, id);
	return db_run(db, s, err);
}

static int64_t count(struct db *db)
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

static void a_new_file_gets_the_schema(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;
	bool sound = false;

	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(count(db), 0);
	assert_int_equal(db_check(db, &sound, NULL), OK);
	assert_true(sound);
	db_free(db);
}

static void reading_what_is_not_there_creates_nothing(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;

	assert_int_equal(db_open_if_there(&db, p->path, NULL), OK);
	assert_true(db_is_empty_stand_in(db));
	assert_int_equal(count(db), 0);
	db_free(db);
	assert_int_equal(access(p->path, F_OK), -1);
}

static void a_rollback_keeps_nothing_and_a_commit_all(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;

	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(add(db, "a", NULL), OK);
	db_rollback(db);
	assert_int_equal(count(db), 0);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(add(db, "a", NULL), OK);
	assert_int_equal(db_commit(db, NULL), OK);
	db_free(db);
	assert_int_equal(db_open_if_there(&db, p->path, NULL), OK);
	assert_false(db_is_empty_stand_in(db));
	assert_int_equal(count(db), 1);
	db_free(db);
}

static void a_newer_schema_is_refused_with_words(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;
	struct err err;

	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(sqlite3_exec(db_handle(db), "PRAGMA user_version = 999", NULL, NULL, NULL),
	                 SQLITE_OK);
	db_free(db);
	db = NULL;
	assert_int_equal(db_open(&db, p->path, &err), E_DENIED);
	assert_null(db);
	assert_non_null(strstr(err.text, "newer gadugi"));
}

static void an_older_schema_is_backed_up_and_migrated(void **state)
{
	const struct place *p = *state;
	sqlite3 *old = NULL, *copy = NULL;
	char backup[450];
	struct db *db = NULL;

	/* What the first step alone leaves, with a row that must survive. */
	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(add(db, "kept", NULL), OK);
	assert_int_equal(db_commit(db, NULL), OK);
	db_free(db);
	assert_int_equal(sqlite3_open(p->path, &old), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(old,
	                 "CREATE TEMP TABLE k AS SELECT * FROM event;"
	                 "PRAGMA writable_schema = ON;"
	                 "DELETE FROM sqlite_schema WHERE tbl_name NOT LIKE 'event%'"
	                 " AND tbl_name NOT LIKE 'sqlite%';"
	                 "PRAGMA writable_schema = RESET; PRAGMA user_version = 1; VACUUM",
	                 NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(old);
	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(count(db), 1);
	assert_int_equal(sqlite3_exec(db_handle(db), "SELECT * FROM attempt", NULL, NULL, NULL),
	                 SQLITE_OK);
	db_free(db);
	(void)snprintf(backup, sizeof backup, "%s.before-1", p->path);
	assert_int_equal(sqlite3_open_v2(backup, &copy, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(copy, "SELECT 1 FROM event WHERE id = 'kept'", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(copy, "SELECT * FROM attempt", NULL, NULL, NULL),
	                     SQLITE_OK);
	sqlite3_close(copy);
}

static void a_file_that_is_no_database_is_left_alone(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;
	struct err err;
	FILE *f = fopen(p->path, "w");
	char back[16] = "";

	assert_non_null(f);
	for (int i = 0; i < 400; i++)
		(void)fputs("this is a letter\n", f);
	(void)fclose(f);
	assert_int_equal(db_open(&db, p->path, &err), E_IO);
	assert_non_null(strstr(err.text, "not a gadugi database"));
	f = fopen(p->path, "r");
	assert_int_equal(fread(back, 1, 4, f), 4);
	assert_string_equal(back, "this");
	(void)fclose(f);
}

/* Runs in a child, where cmocka's asserts may not be used. */
static int write_rows(const char *path, int who)
{
	struct db *db = NULL;
	char id[32];

	if (db_open(&db, path, NULL) != OK)
		return 1;
	for (int i = 0; i < ROWS; i++) {
		(void)snprintf(id, sizeof id, "%d-%d", who, i);
		if (db_begin(db, NULL) != OK || add(db, id, NULL) != OK ||
		    db_commit(db, NULL) != OK)
			return 2;
	}
	db_free(db);
	return 0;
}

static void writers_in_many_processes_lose_nothing(void **state)
{
	const struct place *p = *state;
	struct db *db = NULL;
	bool sound = false;
	pid_t child[WRITERS];
	int status;

	for (int i = 0; i < WRITERS; i++) {
		child[i] = fork();
		if (child[i] == 0)
			_exit(write_rows(p->path, i));
		assert_true(child[i] > 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(db_open(&db, p->path, NULL), OK);
	assert_int_equal(count(db), WRITERS * ROWS);
	assert_int_equal(db_check(db, &sound, NULL), OK);
	assert_true(sound);
	db_free(db);
}

static void a_set_stop_flag_ends_a_statement(void **state)
{
	const struct place *p = *state;
	atomic_bool stop = true;
	struct db *db = NULL;
	sqlite3_stmt *s = NULL;
	bool row;

	assert_int_equal(db_open(&db, p->path, NULL), OK);
	db_stop_on(db, &stop);
	assert_int_equal(db_stmt(db,
	                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
	                         "SELECT max(i) FROM n",
	                         &s, NULL),
	                 OK);
	assert_int_equal(db_end(s, db_step(db, s, &row, NULL)), E_STOP);
	db_stop_on(db, NULL);
	db_free(db);
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_place, end_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_new_file_gets_the_schema),
		T(reading_what_is_not_there_creates_nothing),
		T(a_rollback_keeps_nothing_and_a_commit_all),
		T(a_newer_schema_is_refused_with_words),
		T(an_older_schema_is_backed_up_and_migrated),
		T(a_file_that_is_no_database_is_left_alone),
		T(writers_in_many_processes_lose_nothing),
		T(a_set_stop_flag_ends_a_statement),
	};

	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
