#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/lock.h"

static struct arena *room;
static char *path;

static int set_up(void **state)
{
	const char *folder = getenv("TMPDIR");

	(void)state;
	room = arena_new((size_t)1 << 20);
	path = text_printf(room, "%s/lock-%d", folder != NULL ? folder : "/tmp", (int)getpid());
	return path == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	arena_free(room);
	return 0;
}

/* A process that holds the lock until a byte, or the end, comes down *to. */
static pid_t holder(int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;
	char c = 0;

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	if ((pid = fork()) == 0) {
		struct lock *lock = NULL;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(in[1]);
		if (lock_take(&lock, path, 0, NULL, NULL) != OK)
			_exit(1);
		(void)!write(out[1], "x", 1);
		(void)!read(in[0], &c, 1);
		lock_free(lock);
		_exit(0);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	assert_int_equal(read(out[0], &c, 1), 1);
	*to = in[1];
	*from = out[0];
	return pid;
}

static void a_lock_taken_once_is_busy_for_the_next_and_names_the_holder(void **state)
{
	struct lock *a = NULL, *b = NULL;
	struct err err = { 0 };
	char pid[32];

	(void)state;
	assert_int_equal(lock_take(&a, path, 0, NULL, &err), OK);
	assert_int_equal(lock_take(&b, path, 0, NULL, &err), E_BUSY);
	assert_null(b);
	(void)snprintf(pid, sizeof pid, "process %d", (int)getpid());
	assert_non_null(strstr(err.text, pid));
	lock_free(a);
	assert_int_equal(lock_take(&b, path, 0, NULL, &err), OK);
	lock_free(b);
}

static void held_is_seen_without_being_disturbed(void **state)
{
	struct lock *a = NULL;
	int pid = -1;

	(void)state;
	assert_false(lock_held(path, &pid));
	assert_int_equal(pid, 0);
	assert_int_equal(fs_kind(path), FS_NOTHING);
	assert_int_equal(lock_take(&a, path, 0, NULL, NULL), OK);
	assert_true(lock_held(path, &pid));
	assert_int_equal(pid, getpid());
	lock_free(a);
	assert_false(lock_held(path, NULL));
}

static void a_wait_ends_in_time(void **state)
{
	struct lock *a = NULL, *b = NULL;
	int64_t before;

	(void)state;
	assert_int_equal(lock_take(&a, path, 0, NULL, NULL), OK);
	before = clock_mono_ms();
	assert_int_equal(lock_take(&b, path, 120, NULL, NULL), E_BUSY);
	assert_true(clock_mono_ms() - before >= 120);
	lock_free(a);
}

static void a_stop_ends_a_wait_for_ever(void **state)
{
	atomic_bool stop = true;
	struct lock *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(lock_take(&a, path, 0, NULL, NULL), OK);
	assert_int_equal(lock_take(&b, path, LOCK_FOREVER, &stop, NULL), E_STOP);
	lock_free(a);
}

static void a_killed_holder_holds_no_more(void **state)
{
	struct lock *a = NULL;
	int to, from, pid = 0;
	pid_t child = holder(&to, &from);

	(void)state;
	assert_true(lock_held(path, &pid));
	assert_int_equal(pid, child);
	assert_int_equal(lock_take(&a, path, 0, NULL, NULL), E_BUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(lock_take(&a, path, 10000, NULL, NULL), OK);
	assert_int_equal(waitpid(child, NULL, 0), child);
	lock_free(a);
	(void)close(to);
	(void)close(from);
}

static void a_waiter_gets_it_as_soon_as_it_is_given_back(void **state)
{
	struct lock *a = NULL;
	int to, from;
	pid_t child = holder(&to, &from);

	(void)state;
	assert_int_equal(write(to, "x", 1), 1);
	assert_int_equal(lock_take(&a, path, LOCK_FOREVER, NULL, NULL), OK);
	assert_int_equal(waitpid(child, NULL, 0), child);
	lock_free(a);
	(void)close(to);
	(void)close(from);
}

#define ROUNDS 200

static void *count_up(void *arg)
{
	long *n = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct lock *lock = NULL;

		if (lock_take(&lock, path, LOCK_FOREVER, NULL, NULL) != OK)
			return NULL;
		__atomic_store_n(n, __atomic_load_n(n, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
		lock_free(lock);
	}
	return NULL;
}

static void threads_exclude_each_other(void **state)
{
	pthread_t threads[4];
	long n = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, &n), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(n, 4 * ROUNDS);
}

static void a_lock_file_removed_under_us_locks_nothing(void **state)
{
	struct lock *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(lock_take(&a, path, 0, NULL, NULL), OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(lock_take(&b, path, 0, NULL, NULL), OK); /* the new file */
	assert_true(lock_held(path, NULL));
	lock_free(a);
	assert_true(lock_held(path, NULL));
	lock_free(b);
}

static void a_folder_that_is_missing_is_said(void **state)
{
	struct lock *a = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lock_take(&a, "/nowhere/at/all", 0, NULL, &err), E_IO);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	mem_fail_after(0, 0);
	assert_int_equal(lock_take(&a, path, 0, NULL, &err), E_NOMEM);
	mem_fail_after(-1, 0);
	lock_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lock_taken_once_is_busy_for_the_next_and_names_the_holder),
		TEST(held_is_seen_without_being_disturbed),
		TEST(a_wait_ends_in_time),
		TEST(a_stop_ends_a_wait_for_ever),
		TEST(a_killed_holder_holds_no_more),
		TEST(a_waiter_gets_it_as_soon_as_it_is_given_back),
		TEST(threads_exclude_each_other),
		TEST(a_lock_file_removed_under_us_locks_nothing),
		TEST(a_folder_that_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
