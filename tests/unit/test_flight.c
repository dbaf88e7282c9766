#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "work/flight.h"

static void named(struct flight_call *c, const char *id)
{
	memset(c, 0, sizeof *c);
	c->id = id;
	c->id_len = strlen(id);
}

static int listed(const struct flight_call *list)
{
	int n = 0;

	for (; list != NULL; list = list->next)
		n++;
	return n;
}

static void an_id_flies_once_until_it_is_answered(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a, b, c;

	(void)state;
	named(&a, "1");
	named(&b, "1");
	named(&c, "\"1\""); /* the string is another id than the number */
	assert_int_equal(flight_add(f, &a, NULL), OK);
	assert_int_equal(flight_add(f, &b, NULL), E_INPUT);
	assert_int_equal(flight_add(f, &c, NULL), OK);
	atomic_store(&a.claim, FLIGHT_ANSWERED);
	assert_int_equal(flight_add(f, &b, NULL), OK); /* although a is not removed yet */
	assert_int_equal(flight_count(f), 3);
	flight_remove(f, &a);
	flight_remove(f, &b);
	flight_remove(f, &c);
	assert_int_equal(flight_count(f), 0);
	flight_free(f);
}

static void more_than_there_is_room_for_is_busy(void **state)
{
	static struct flight_call calls[4097];
	static char ids[4097][8];
	struct flight *f = flight_new(4096);
	struct err err;

	(void)state;
	for (int i = 0; i < 4097; i++) {
		assert_true(snprintf(ids[i], sizeof ids[i], "%d", i) > 0);
		named(&calls[i], ids[i]);
	}
	for (int i = 0; i < 4096; i++)
		assert_int_equal(flight_add(f, &calls[i], NULL), OK);
	assert_int_equal(flight_add(f, &calls[4096], &err), E_BUSY);
	assert_non_null(strstr(err.text, "busy"));
	for (int i = 0; i < 4096; i++)
		flight_remove(f, &calls[i]);
	flight_free(f);
}

static void a_cancel_claims_a_running_call_and_raises_its_flag(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a;

	(void)state;
	named(&a, "7");
	assert_int_equal(flight_add(f, &a, NULL), OK);
	flight_runs(f, &a);
	assert_null(flight_cancel(f, 0, "8", 1));
	assert_false(atomic_load(&a.call.stop));
	assert_null(flight_cancel(f, 0, "7", 1));
	assert_true(atomic_load(&a.call.stop));
	assert_int_equal(atomic_load(&a.claim), FLIGHT_CANCELLED);
	assert_false(flight_park(f, &a)); /* still the worker's, to drop */
	flight_remove(f, &a);
	flight_free(f);
}

static void a_cancel_after_the_answer_does_nothing(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a;

	(void)state;
	named(&a, "7");
	assert_int_equal(flight_add(f, &a, NULL), OK);
	atomic_store(&a.claim, FLIGHT_ANSWERED);
	assert_null(flight_cancel(f, 0, "7", 1));
	assert_false(atomic_load(&a.call.stop));
	assert_int_equal(atomic_load(&a.claim), FLIGHT_ANSWERED);
	flight_remove(f, &a);
	flight_free(f);
}

static void a_parked_call_is_handed_back_when_cancelled(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a;

	(void)state;
	named(&a, "7");
	assert_int_equal(flight_add(f, &a, NULL), OK);
	flight_runs(f, &a);
	assert_true(flight_park(f, &a));
	assert_int_equal(flight_active(f), 0);
	assert_ptr_equal(flight_cancel(f, 0, "7", 1), &a);
	assert_int_equal(flight_count(f), 0);
	flight_free(f);
}

static void a_wake_up_between_the_look_and_the_parking_is_not_lost(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a;

	(void)state;
	named(&a, "7");
	assert_int_equal(flight_add(f, &a, NULL), OK);
	flight_runs(f, &a);
	assert_null(flight_woken(f));
	assert_false(flight_park(f, &a));
	flight_runs(f, &a);
	assert_true(flight_park(f, &a));
	assert_ptr_equal(flight_woken(f), &a);
	assert_null(flight_woken(f));
	flight_remove(f, &a);
	flight_free(f);
}

static void parked_calls_come_back_when_their_time_has_come(void **state)
{
	struct text left;
	struct flight *f = flight_new(8);
	struct flight_call a, b, c, *list;

	(void)state;
	named(&a, "1");
	named(&b, "2");
	named(&c, "3");
	a.call.wait_until_ms = 100;
	b.call.wait_until_ms = 50;
	c.call.wait_until_ms = 150;
	assert_true(flight_next_due(f) == INT64_MAX);
	assert_int_equal(flight_add(f, &a, NULL), OK);
	assert_int_equal(flight_add(f, &b, NULL), OK);
	assert_int_equal(flight_add(f, &c, NULL), OK);
	assert_true(flight_park(f, &a) && flight_park(f, &b) && flight_park(f, &c));
	assert_true(flight_next_due(f) == 50);
	assert_null(flight_due(f, 49));
	list = flight_due(f, 100);
	assert_int_equal(listed(list), 2);
	assert_true(flight_next_due(f) == 150);
	assert_int_equal(flight_active(f), 2);
	text_init(&left, 100);
	list = flight_stop(f, 0, &left);
	assert_ptr_equal(list, &c);
	assert_int_equal(left.len, 6);
	assert_true(strchr(left.bytes, '1') && strchr(left.bytes, '2') && strchr(left.bytes, '3'));
	text_done(&left);
	assert_true(atomic_load(&a.call.stop) && atomic_load(&b.call.stop));
	assert_int_equal(flight_count(f), 2);
	flight_remove(f, &a);
	flight_remove(f, &b);
	flight_free(f);
}

static void a_deaf_call_is_ended_by_its_answer_alone(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a;

	(void)state;
	named(&a, "7");
	a.deaf = true;
	assert_int_equal(flight_add(f, &a, NULL), OK);
	flight_runs(f, &a);
	assert_null(flight_woken(f));    /* although woken meanwhile, */
	assert_true(flight_park(f, &a)); /* it parks, */
	assert_null(flight_woken(f));
	assert_null(flight_due(f, INT64_MAX));
	assert_true(flight_next_due(f) == INT64_MAX);
	assert_true(flight_resume(f, &a));
	flight_runs(f, &a);
	assert_false(flight_resume(f, &a)); /* the answer is faster than the parking */
	assert_false(flight_park(f, &a));
	assert_true(flight_park(f, &a));
	assert_ptr_equal(flight_stop(f, 0, NULL), &a);
	flight_free(f);
}

static void two_clients_may_use_the_same_id(void **state)
{
	struct flight *f = flight_new(8);
	struct flight_call a, b, c, *list;

	(void)state;
	named(&a, "1");
	named(&b, "1");
	named(&c, "2");
	a.owner = 1;
	b.owner = c.owner = 2;
	assert_int_equal(flight_add(f, &a, NULL), OK);
	assert_int_equal(flight_add(f, &b, NULL), OK);
	assert_int_equal(flight_add(f, &c, NULL), OK);
	flight_runs(f, &a);
	assert_true(flight_park(f, &a));
	flight_runs(f, &c);
	assert_true(flight_park(f, &c));
	assert_null(flight_cancel(f, 3, "1", 1));
	list = flight_cancel_all(f, 2);
	assert_ptr_equal(list, &c); /* the one that was parked; b is its worker's to drop */
	assert_null(c.next);
	assert_true(atomic_load(&b.call.stop));
	assert_int_equal(atomic_load(&a.claim), FLIGHT_FREE);
	flight_remove(f, &b);
	assert_ptr_equal(flight_cancel(f, 1, "1", 1), &a);
	assert_int_equal(flight_count(f), 0);
	flight_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_flies_once_until_it_is_answered),
		cmocka_unit_test(two_clients_may_use_the_same_id),
		cmocka_unit_test(more_than_there_is_room_for_is_busy),
		cmocka_unit_test(a_cancel_claims_a_running_call_and_raises_its_flag),
		cmocka_unit_test(a_cancel_after_the_answer_does_nothing),
		cmocka_unit_test(a_parked_call_is_handed_back_when_cancelled),
		cmocka_unit_test(a_wake_up_between_the_look_and_the_parking_is_not_lost),
		cmocka_unit_test(a_deaf_call_is_ended_by_its_answer_alone),
		cmocka_unit_test(parked_calls_come_back_when_their_time_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
