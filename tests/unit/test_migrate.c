#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/db.h"
#include "store/schema.h"
#include "tests/lib/folder.h"

#define TABLES "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"

static void run(sqlite3 *db, const char *sql)
{
	char *words = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
		fail_msg("%s: %s", sql, words);
}

/* All rows of an answer as text, one a line. */
static const char *answer(const struct folder *f, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	struct text t;
	const char *copy;

	text_init(&t, TEXT_LIMIT);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(s) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const char *value = (const char *)sqlite3_column_text(s, i);

			text_addf(&t, "%s|", value == NULL ? "NULL" : value);
		}
		text_add_char(&t, '\n');
	}
	(void)sqlite3_finalize(s);
	copy = text_copy(&t, f->arena);
	text_done(&t);
	assert_non_null(copy);
	return copy;
}

/* A name a line in `lines`: the next one, or NULL. */
static char *next_line(char **lines)
{
	char *from = *lines, *end = strchr(from, '|');

	if (end == NULL)
		return NULL;
	*end = '\0';
	*lines = end + 2;
	return from;
}

/* Put a row into a table, whatever it means: each column a value of its type. */
static void fill(const struct folder *f, sqlite3 *db, const char *table)
{
	const char *sql = answer(
	    f, db,
	    text_printf(
		f->arena,
		"SELECT 'INSERT OR IGNORE INTO %s (' || group_concat(name) || ') VALUES (' ||"
		" group_concat(CASE type WHEN 'INTEGER' THEN '41' WHEN 'REAL' THEN '0.5'"
		" WHEN 'BLOB' THEN 'x''6162''' ELSE '''kept''' END) || ')'"
		" FROM pragma_table_info('%s')",
		table, table));
	char *end = strrchr(sql, '|');

	assert_non_null(end);
	*end = '\0';
	run(db, sql);
}

/* Every row of every table that is named, with the columns that are named with it. */
static const char *rows(const struct folder *f, sqlite3 *db, const char *tables)
{
	char *names = text_dup(f->arena, tables), *table;
	struct text t;
	const char *copy;

	text_init(&t, TEXT_LIMIT);
	while ((table = next_line(&names)) != NULL) {
		char *columns = next_line(&names);

		text_addf(
		    &t, "%s: %s", table,
		    answer(f, db, text_printf(f->arena, "SELECT %s FROM %s", columns, table)));
	}
	copy = text_copy(&t, f->arena);
	text_done(&t);
	return copy;
}

static const char *const with_columns =
    "SELECT m.name || '|' || char(10) || (SELECT group_concat(name) FROM pragma_table_info(m.name))"
    " FROM sqlite_schema m WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1";

/* A database as the program of that version left it, with a row in every table. */
static void make_old(const struct folder *f, const char *path, int version)
{
	char *tables, *table;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (const struct schema_step *s = schema_steps; s->number != 0 && s->number <= version;
	     s++)
		run(db, s->sql);
	run(db, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
	tables = text_dup(f->arena, answer(f, db, TABLES));
	while ((table = next_line(&tables)) != NULL)
		fill(f, db, table);
	run(db, text_printf(f->arena, "PRAGMA user_version = %d", version));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void every_earlier_version_is_brought_up_to_date_with_all_its_rows(void **state)
{
	static const char schema[] = "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2";
	const struct folder *f = *state;
	struct db *fresh = NULL;
	struct err err = { 0 };
	int tried = 0;

	assert_int_equal(db_open(&fresh, folder_at(f, "fresh.db"), &err), OK);
	for (int version = 1; version < db_schema_version(); version++, tried++) {
		const char *path = folder_at(f, text_printf(f->arena, "from-%d.db", version));
		const char *before, *tables;
		struct db *db = NULL;
		sqlite3 *old = NULL;

		make_old(f, path, version);
		assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
		tables = answer(f, old, with_columns);
		before = rows(f, old, tables);
		assert_non_null(strstr(before, "kept"));
		assert_int_equal(sqlite3_close(old), SQLITE_OK);

		if (db_open(&db, path, &err) != OK)
			fail_msg("from %d: %s", version, err.text);
		assert_string_equal(answer(f, db_handle(db), schema),
		                    answer(f, db_handle(fresh), schema));
		assert_string_equal(rows(f, db_handle(db), tables), before);
		assert_string_equal(answer(f, db_handle(db), "PRAGMA user_version"),
		                    answer(f, db_handle(fresh), "PRAGMA user_version"));
		/* The rows made up above break CHECKs on purpose; pages and indexes must be whole.
		 */
		run(db_handle(db), "PRAGMA ignore_check_constraints = ON");
		assert_string_equal(answer(f, db_handle(db), "PRAGMA integrity_check"), "ok|\n");
		db_free(db);

		/* And beside it stands the file as it was. */
		path = text_printf(f->arena, "%s.before-%d", path, version);
		assert_int_equal(sqlite3_open_v2(path, &old, SQLITE_OPEN_READONLY, NULL),
		                 SQLITE_OK);
		assert_string_equal(answer(f, old, "PRAGMA user_version"),
		                    text_printf(f->arena, "%d|\n", version));
		assert_string_equal(rows(f, old, tables), before);
		assert_int_equal(sqlite3_close(old), SQLITE_OK);
	}
	db_free(fresh);
	assert_int_equal(tried, db_schema_version() - 1);
	assert_true(tried >= 5);
}

static void steps_are_numbered_from_one_without_a_gap(void **state)
{
	int expected = 1;

	(void)state;
	for (const struct schema_step *s = schema_steps; s->number != 0; s++)
		assert_int_equal(s->number, expected++);
	assert_int_equal(expected - 1, db_schema_version());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_earlier_version_is_brought_up_to_date_with_all_its_rows),
		TEST(steps_are_numbered_from_one_without_a_gap),
	};

	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
