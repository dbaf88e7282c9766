#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/wake.h"

#define LONG_MS 5000 /* a wait that ends early when all is well */

struct place {
	char around[200], state[240];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(p->around, sizeof p->around, "%s/wake-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(p->around) == NULL)
		return -1;
	(void)snprintf(p->state, sizeof p->state, "%s/.gadugi", p->around);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[300];

	(void)snprintf(command, sizeof command, "%s/wake", p->state);
	(void)unlink(command);
	(void)rmdir(p->state);
	(void)rmdir(p->around);
	free(p);
	return 0;
}

static int readable(const struct wake *w, int ms)
{
	struct pollfd p = { .fd = wake_fd(w), .events = POLLIN };

	return poll(&p, 1, ms);
}

static void a_touch_wakes_and_clearing_quiets(void **state)
{
	const struct place *p = *state;
	struct wake *w = NULL;

	assert_int_equal(mkdir(p->state, 0700), 0);
	assert_int_equal(wake_open(&w, p->state, NULL), OK);
	assert_int_equal(readable(w, 0), 0);
	for (int i = 0; i < 3; i++) {
		wake_touch(p->state);
		wake_touch(p->state);
		assert_int_equal(readable(w, LONG_MS), 1);
		wake_clear(w);
		assert_int_equal(readable(w, 0), 0);
	}
	wake_free(w);
}

static void a_state_folder_that_comes_later_is_noticed(void **state)
{
	const struct place *p = *state;
	struct wake *w = NULL;

	assert_int_equal(wake_open(&w, p->state, NULL), OK);
	wake_touch(p->state); /* there is nothing to touch, and that is no failure */
	assert_int_equal(readable(w, 0), 0);
	assert_int_equal(mkdir(p->state, 0700), 0);
	assert_int_equal(readable(w, LONG_MS), 1);
	wake_clear(w);
	wake_touch(p->state);
	assert_int_equal(readable(w, LONG_MS), 1);
	wake_free(w);
}

static void a_state_folder_that_went_and_came_is_noticed(void **state)
{
	const struct place *p = *state;
	char file[300];
	struct wake *w = NULL;

	assert_int_equal(mkdir(p->state, 0700), 0);
	wake_touch(p->state);
	assert_int_equal(wake_open(&w, p->state, NULL), OK);
	(void)snprintf(file, sizeof file, "%s/wake", p->state);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(p->state), 0);
	assert_int_equal(readable(w, LONG_MS), 1);
	wake_clear(w);
	assert_int_equal(mkdir(p->state, 0700), 0);
	assert_int_equal(readable(w, LONG_MS), 1);
	wake_clear(w);
	wake_touch(p->state);
	assert_int_equal(readable(w, LONG_MS), 1);
	wake_free(w);
}

static void another_process_is_woken(void **state)
{
	const struct place *p = *state;
	struct wake *w = NULL;
	int status = 0;
	pid_t pid;

	assert_int_equal(mkdir(p->state, 0700), 0);
	assert_int_equal(wake_open(&w, p->state, NULL), OK);
	if ((pid = fork()) == 0) {
		wake_touch(p->state);
		_exit(0);
	}
	assert_int_equal(readable(w, LONG_MS), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	wake_free(w);
}

static void no_folder_around_is_an_error_with_its_name(void **state)
{
	struct wake *w = NULL;
	struct err err;

	(void)state;
	assert_int_equal(wake_open(&w, "/no/such/place/.gadugi", &err), E_IO);
	assert_null(w);
	assert_non_null(strstr(err.text, "/no/such/place/.gadugi"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_touch_wakes_and_clearing_quiets, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_state_folder_that_comes_later_is_noticed, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_state_folder_that_went_and_came_is_noticed,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_process_is_woken, set_up, tear_down),
		cmocka_unit_test(no_folder_around_is_an_error_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
