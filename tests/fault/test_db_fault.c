#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "store/db.h"

#define RUNS_MAX  100000
#define ALL_UP_TO 600 /* beyond, every STRIDE-th: applying the schema is thousands of the same */
#define STRIDE    13

static char folder[300], path[400];

static void wipe(void)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock", "-journal" };
	char file[450];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		(void)snprintf(file, sizeof file, "%s%s", path, ends[i]);
		(void)unlink(file);
	}
}

static enum status one_row(void)
{
	struct db *db = NULL;
	sqlite3_stmt *s = NULL;
	enum status st = db_open(&db, path, NULL);

	if (st == OK && (st = db_begin(db, NULL)) == OK) {
		st = db_stmt(db,
		             "INSERT INTO event (id, topic, type, at_ms, envelope) "
		             "VALUES ('x', 't', 't', 0, x'')",
		             &s, NULL);
		if (st == OK && (st = db_run(db, s, NULL)) == OK)
			st = db_commit(db, NULL);
		db_rollback(db);
	}
	db_free(db);
	return st;
}

static void a_database_survives_every_refused_allocation(void **state)
{
	(void)state;
	for (int forever = 0; forever <= 1; forever++) {
		long n;

		for (n = 0; n < RUNS_MAX; n += n < ALL_UP_TO ? 1 : STRIDE) {
			enum status st;

			wipe();
			mem_fail_after(n, forever);
			st = one_row();
			mem_fail_after(-1, 0);
			if (st == OK)
				break;
			assert_int_equal(st, E_NOMEM);
		}
		assert_true(n > 3 && n < RUNS_MAX);
	}
	wipe();
}

static void json_survives_every_refused_allocation(void **state)
{
	static const char text[] = "{\"a\":[1,2,{\"\\u0062\":\"c\"}],\"\\u0064\":{\"e\":null}}";
	long n;

	(void)state;
	for (n = 0; n < RUNS_MAX; n++) {
		cJSON *v = NULL;
		enum status st;

		mem_fail_after(n, 0);
		st = json_read(text, sizeof text - 1, &v, NULL);
		mem_fail_after(-1, 0);
		cJSON_Delete(v);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
	}
	assert_true(n > 3 && n < RUNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_survives_every_refused_allocation),
		cmocka_unit_test(json_survives_every_refused_allocation),
	};
	const char *tmp = getenv("TMPDIR");
	int rc;

	(void)snprintf(folder, sizeof folder, "%s/fault.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	json_use_mem();
	if (db_use_mem() != OK || mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof path, "%s/gadugi.db", folder);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return rc;
}
