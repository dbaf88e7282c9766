/*
 * What passes by itself (a lock, a signal, a full disk, a read that comes short) is told in words
 * and leaves a healthy database as it is: nothing is moved, made anew or repaired.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <sqlite3.h>

#include "base/json.h"
#include "base/text.h"
#include "store/db.h"
#include "tests/io/fail_vfs.h"
#include "tests/lib/bench.h"

#define RUNS_MAX 2000
#define TOLD     5

struct passing {
	const char *name;
	int read_says, write_says;
	const char *words; /* in at least one of the sentences */
};

static const struct passing kinds[] = {
	{ "reads fail", SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, "cannot read or write" },
	{ "reads come short", SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_WRITE, "left as it is" },
	{ "the disk is full", SQLITE_IOERR_READ, SQLITE_FULL, "nothing was changed" },
};

static void begin(const struct passing *kind, long at)
{
	fail_vfs_read_says(kind->read_says);
	fail_vfs_write_says(kind->write_says);
	fail_vfs_after(at, 0);
}

/* Was there something to fail? */
static bool end(void)
{
	bool came = fail_vfs_came();

	fail_vfs_after(-1, 0);
	fail_vfs_read_says(SQLITE_IOERR_READ);
	fail_vfs_write_says(SQLITE_IOERR_WRITE);
	return came;
}

/* Another process's view: nothing is in the caches of this one. */
static void reopen(struct bench *b)
{
	project_free(b->p);
	b->p = NULL;
	assert_int_equal(project_open(&b->p, b->f->path, &b->err), OK);
	b->p->clock.fixed_ms = NOW;
}

static void fill(struct bench *b)
{
	for (int i = 0; i < TOLD; i++)
		(void)bench_put(b, (struct memory_item){ .text = text_printf(b->a, "tea %d", i) });
}

/* Move what the log holds into the file itself, where it is read otherwise. */
static void empty_log(struct bench *b)
{
	sqlite3 *db = NULL;

	project_free(b->p);
	b->p = NULL;
	assert_int_equal(sqlite3_open(folder_at(b->f, ".gadugi/gadugi.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	reopen(b);
}

/* A plain sentence that names the file and sends nobody to do away with it; is it the kind's own?
 */
static bool told(const struct bench *b, const struct passing *kind, enum status st, long at)
{
	const char *words = b->err.text;

	if (st != E_IO || strstr(words, "move it away") != NULL ||
	    strstr(words, "gadugi.db") == NULL)
		fail_msg("%s, operation %ld: %s: '%s'", kind->name, at, err_name(st), words);
	return strstr(words, kind->words) != NULL;
}

static uint64_t bytes_of(const struct bench *b)
{
	FILE *f = fopen(folder_at(b->f, ".gadugi/gadugi.db"), "rb");
	uint64_t sum = 0;
	char some[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(some, 1, sizeof some, f)) > 0)
		sum = sum * 31 + text_hash(some, n);
	(void)fclose(f);
	return sum;
}

/* Nothing but the database and what SQLite and the turns keep beside it. */
static void nothing_is_beside(const struct bench *b)
{
	static const char *const good[] = {
		".",        "..",  "gadugi.db", "gadugi.db-wal", "gadugi.db-shm", "gadugi.db-lock",
		"identity", "wake"
	};
	DIR *d = opendir(folder_at(b->f, ".gadugi"));
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		bool known = false;

		for (size_t i = 0; i < sizeof good / sizeof *good; i++)
			known = known || strcmp(e->d_name, good[i]) == 0;
		if (!known)
			fail_msg("'%s' was made", e->d_name);
	}
	(void)closedir(d);
}

static void is_healthy(struct bench *b, int64_t least, int64_t most)
{
	bool sound = false;
	struct db *db;
	int64_t n;

	reopen(b);
	n = bench_number(b, b->p, "SELECT count(*) FROM memory");
	assert_true(n >= least && n <= most);
	assert_int_equal(bench_find(b, "tea").n_hits > 0, 1);
	assert_int_equal(project_read(b->p, NULL, &db, &b->err), OK);
	assert_int_equal(db_check(db, &sound, NULL), OK);
	project_done(b->p, db);
	assert_true(sound);
	nothing_is_beside(b);
}

static void read_through(struct bench *b, const struct passing *kind)
{
	const struct memory_query q = { .text = "tea", .limit = 50 };
	long at, of_kind = 0;
	bool came = true;

	for (at = 0; at < RUNS_MAX && came; at++) {
		struct memory_found found = { 0 };
		enum status st;
		uint64_t before;

		reopen(b);
		before = bytes_of(b);
		begin(kind, at);
		st = memory_recall(b->p, NULL, &q, b->a, &found, &b->err);
		came = end();
		if (st == OK)
			assert_int_equal(found.n_hits, TOLD);
		else
			of_kind += told(b, kind, st, at);
		reopen(b);
		assert_true(bytes_of(b) == before);
		is_healthy(b, TOLD, TOLD);
	}
	assert_true(at > 3 && at < RUNS_MAX);
	assert_true(of_kind > 0 || kind->write_says == SQLITE_FULL);
}

static void what_passes_while_reading_is_told_and_changes_no_byte(void **state)
{
	struct bench *b = *state;

	fill(b);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		read_through(b, &kinds[k]);
	empty_log(b);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		read_through(b, &kinds[k]);
}

static void what_passes_while_writing_is_told_and_the_next_call_is_as_if_nothing_was(void **state)
{
	struct bench *b = *state;
	int64_t n = TOLD;

	fill(b);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		long at, of_kind = 0;
		bool came = true;

		for (at = 0; at < RUNS_MAX && came; at++) {
			enum status st;
			const struct memory_item item = {
				.text = text_printf(b->a, "tea of kind %zu, cup %ld", k, at)
			};
			struct memory_stored out;

			reopen(b);
			begin(&kinds[k], at);
			st = memory_remember(b->p, NULL, &(struct memory_batch){ &item, 1, &out },
			                     b->a, &b->err);
			came = end();
			of_kind += st != OK && told(b, &kinds[k], st, at);
			/* A commit may be there although its end was not seen. */
			is_healthy(b, n + (st == OK), n + 1);
			n = bench_number(b, b->p, "SELECT count(*) FROM memory");
		}
		assert_true(at > 3 && at < RUNS_MAX);
		assert_true(of_kind > 0);
	}
}

/* As when another connection rebuilds the index of the log at that moment. */
static void a_log_that_is_locked_for_a_moment_is_waited_for(void **state)
{
	struct bench *b = *state;

	fill(b);
	for (int times = 1; times < 6; times++) {
		reopen(b);
		fail_vfs_busy(times);
		assert_int_equal(bench_find(b, "tea").n_hits, TOLD);
		fail_vfs_busy(0);
		is_healthy(b, TOLD, TOLD);
	}
}

static void *remember_one(void *arg)
{
	struct bench *b = arg;

	(void)bench_put(b, (struct memory_item){ .text = "tea after all" });
	return NULL;
}

/* A program that knows nothing of the turns of gadugi's. */
static void a_stranger_who_writes_is_waited_for(void **state)
{
	struct bench *b = *state;
	sqlite3 *stranger = NULL;
	pthread_t thread;

	fill(b);
	assert_int_equal(sqlite3_open(folder_at(b->f, ".gadugi/gadugi.db"), &stranger), SQLITE_OK);
	assert_int_equal(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(pthread_create(&thread, NULL, remember_one, b), 0);
	assert_int_equal(sqlite3_exec(stranger, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sqlite3_close(stranger), SQLITE_OK);
	is_healthy(b, TOLD + 1, TOLD + 1);
}

static void nothing(int number)
{
	(void)number;
}

/* Every call that can be interrupted is, over and over: without SA_RESTART. */
static void signals_between_are_not_noticed(void **state)
{
	struct bench *b = *state;
	const struct sigaction act = { .sa_handler = nothing };
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };

	fill(b);
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 100; i++) {
		reopen(b);
		(void)bench_put(
		    b, (struct memory_item){ .text = text_printf(b->a, "tea at ring %d", i) });
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	is_healthy(b, TOLD + 100, TOLD + 100);
}

static void no_code_of_the_library_sends_anybody_to_do_away_with_a_file(void **state)
{
	static const struct {
		int rc;
		enum status st;
		const char *words;
	} codes[] = {
		{ SQLITE_BUSY, E_BUSY, "locked by another process; try again" },
		{ SQLITE_BUSY_RECOVERY, E_BUSY, "try again" },
		{ SQLITE_BUSY_SNAPSHOT, E_BUSY, "try again" },
		{ SQLITE_LOCKED, E_BUSY, "try again" },
		{ SQLITE_FULL, E_IO, "the disk is full; nothing was changed" },
		{ SQLITE_READONLY, E_IO, "it is read-only; nothing was changed" },
		{ SQLITE_CANTOPEN, E_IO, "cannot open" },
		{ SQLITE_IOERR_SHORT_READ, E_IO, "left as it is" },
		{ SQLITE_IOERR_FSYNC, E_IO, "left as it is" },
		{ SQLITE_IOERR_LOCK, E_IO, "left as it is" },
		{ SQLITE_NOTADB, E_IO, "ask 'gadugi doctor'" },
		{ SQLITE_CORRUPT, E_IO, "ask 'gadugi doctor'" },
		{ SQLITE_PROTOCOL, E_BUSY, "try again" },
		{ SQLITE_INTERRUPT, E_STOP, "stopped" },
		{ SQLITE_NOMEM, E_NOMEM, "no memory" },
	};
	struct bench *b = *state;
	struct db *db;

	fill(b);
	assert_int_equal(project_read(b->p, NULL, &db, &b->err), OK);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		assert_int_equal(db_failed(db, codes[i].rc, &b->err), codes[i].st);
		if (strstr(b->err.text, codes[i].words) == NULL)
			fail_msg("%d: '%s'", codes[i].rc, b->err.text);
		assert_null(strstr(b->err.text, "move it away"));
	}
	project_done(b->p, db);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_passes_while_reading_is_told_and_changes_no_byte),
		TEST(what_passes_while_writing_is_told_and_the_next_call_is_as_if_nothing_was),
		TEST(a_log_that_is_locked_for_a_moment_is_waited_for),
		TEST(a_stranger_who_writes_is_waited_for),
		TEST(signals_between_are_not_noticed),
		TEST(no_code_of_the_library_sends_anybody_to_do_away_with_a_file),
	};

	json_use_mem();
	if (db_use_mem() != OK || fail_vfs_register() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
