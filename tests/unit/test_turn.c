#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/turn.h"

#define TURNS 200

static char path[400];

static void a_turn_that_is_taken_is_waited_for_and_then_busy(void **state)
{
	struct err err;
	int a, b;

	(void)state;
	assert_int_equal(turn_open(&a, path, NULL), OK);
	assert_int_equal(turn_open(&b, path, NULL), OK);
	assert_int_equal(turn_take(a, path, 0, NULL, NULL), OK);
	assert_int_equal(turn_take(b, path, 5, NULL, &err), E_BUSY);
	assert_non_null(strstr(err.text, path));
	turn_give(a);
	assert_int_equal(turn_take(b, path, 0, NULL, NULL), OK);
	(void)close(b); /* as when its process dies: the turn is free */
	assert_int_equal(turn_take(a, path, 0, NULL, NULL), OK);
	(void)close(a);
}

static void a_stop_ends_the_waiting(void **state)
{
	atomic_bool stop = true;
	int a, b;

	(void)state;
	assert_int_equal(turn_open(&a, path, NULL), OK);
	assert_int_equal(turn_open(&b, path, NULL), OK);
	assert_int_equal(turn_take(a, path, 0, NULL, NULL), OK);
	assert_int_equal(turn_take(b, path, 60000, &stop, NULL), E_STOP);
	(void)close(a);
	(void)close(b);
}

struct shared {
	atomic_int inside, wrong, done;
};

static void *take_turns(void *arg)
{
	struct shared *s = arg;
	int fd;

	if (turn_open(&fd, path, NULL) != OK)
		return NULL;
	for (int i = 0; i < TURNS; i++) {
		if (turn_take(fd, path, 60000, NULL, NULL) != OK)
			break;
		atomic_fetch_add(&s->wrong, atomic_fetch_add(&s->inside, 1) != 0);
		atomic_fetch_sub(&s->inside, 1);
		atomic_fetch_add(&s->done, 1);
		turn_give(fd);
	}
	(void)close(fd);
	return NULL;
}

static void only_one_has_the_turn_and_everyone_gets_it(void **state)
{
	struct shared s = { 0 };
	pthread_t who[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&who[i], NULL, take_turns, &s), 0);
	for (size_t i = 0; i < 4; i++)
		(void)pthread_join(who[i], NULL);
	assert_int_equal(atomic_load(&s.wrong), 0);
	assert_int_equal(atomic_load(&s.done), 4 * TURNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_that_is_taken_is_waited_for_and_then_busy),
		cmocka_unit_test(a_stop_ends_the_waiting),
		cmocka_unit_test(only_one_has_the_turn_and_everyone_gets_it),
	};
	const char *tmp = getenv("TMPDIR");
	char lock[450];
	int rc, fd;

	(void)snprintf(path, sizeof path, "%s/turn.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if ((fd = mkstemp(path)) == -1)
		return 1;
	(void)close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(lock, sizeof lock, "%s-lock", path);
	(void)unlink(lock);
	(void)unlink(path);
	return rc;
}
