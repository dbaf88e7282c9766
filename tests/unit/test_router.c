#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "bus/router.h"

#define LONG_MS 20000 /* a wait that ends early when all is well */
#define SEEN    4096

/* A subscriber that writes down what it got, fails on demand, and can be held. */
struct listener {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	int64_t seqs[SEEN];
	int attempts[SEEN];
	size_t n;
	int fail;       /* so many deliveries fail */
	int64_t poison; /* this seq always fails */
	bool held;      /* deliveries wait while it is */
	bool later;     /* asks for a nudge */
	size_t dead;
	int dead_attempts;
	char cause[100];
	struct router *router; /* with handle: unsubscribe from within */
	uint64_t handle;
};

static void listener_init(struct listener *l)
{
	memset(l, 0, sizeof *l);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->changed, NULL);
}

static enum status hear(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	struct listener *l = arg;
	bool bad;

	(void)pthread_mutex_lock(&l->lock);
	if (l->n < SEEN) {
		l->seqs[l->n] = e->seq;
		l->attempts[l->n] = attempt;
	}
	l->n++;
	(void)pthread_cond_broadcast(&l->changed);
	while (l->held)
		(void)pthread_cond_wait(&l->changed, &l->lock);
	if (l->later) {
		(void)pthread_mutex_unlock(&l->lock);
		return E_WAIT;
	}
	bad = l->fail > 0 || (l->poison != 0 && l->poison == e->seq);
	if (l->fail > 0)
		l->fail--;
	(void)pthread_mutex_unlock(&l->lock);
	if (l->router != NULL)
		router_unsubscribe(l->router, l->handle);
	return bad ? err_set(err, E_IO, "not today") : OK;
}

static void bury(void *arg, const struct router_event *e, int attempts, const char *cause)
{
	struct listener *l = arg;

	(void)e;
	(void)pthread_mutex_lock(&l->lock);
	l->dead++;
	l->dead_attempts = attempts;
	(void)snprintf(l->cause, sizeof l->cause, "%s", cause);
	(void)pthread_mutex_unlock(&l->lock);
}

static void await_heard(struct listener *l, size_t n)
{
	(void)pthread_mutex_lock(&l->lock);
	while (l->n < n)
		(void)pthread_cond_wait(&l->changed, &l->lock);
	(void)pthread_mutex_unlock(&l->lock);
}

static void hold(struct listener *l, bool held)
{
	(void)pthread_mutex_lock(&l->lock);
	l->held = held;
	(void)pthread_cond_broadcast(&l->changed);
	(void)pthread_mutex_unlock(&l->lock);
}

static struct router_subscriber quick(struct listener *l, const char *pattern)
{
	return (struct router_subscriber){ .name = "test",
		                           .pattern = pattern,
		                           .backoff_ms = 1,
		                           .backoff_max_ms = 2,
		                           .breaker_ms = 1,
		                           .deliver = hear,
		                           .dead = bury,
		                           .arg = l };
}

static uint64_t subscribe(struct router *r, const struct router_subscriber *s)
{
	uint64_t handle = 0;

	assert_int_equal(router_subscribe(r, s, &handle, NULL), OK);
	return handle;
}

static enum status give(struct router *r, int64_t seq, const char *topic,
                        enum envelope_priority priority)
{
	const struct router_event e = { .seq = seq,
		                        .id = "e",
		                        .topic = topic,
		                        .type = "Custom",
		                        .source = "test",
		                        .priority = priority,
		                        .envelope = "bytes",
		                        .envelope_size = 5 };

	return router_give(r, &e, NULL, NULL);
}

static int set_up(void **state)
{
	struct router *r = NULL;

	if (router_new(&r, 2, NULL) != OK)
		return -1;
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	router_free(*state);
	return 0;
}

static void everyone_gets_what_it_asked_for(void **state)
{
	struct router *r = *state;
	struct listener all, some, typed, urgent;
	struct router_subscriber s;

	listener_init(&all);
	listener_init(&some);
	listener_init(&typed);
	listener_init(&urgent);
	s = quick(&all, "#");
	(void)subscribe(r, &s);
	s = quick(&some, "task.*");
	s.source = "test";
	(void)subscribe(r, &s);
	s = quick(&typed, "#");
	s.type = "Other";
	(void)subscribe(r, &s);
	s = quick(&urgent, "#");
	s.least = ENVELOPE_HIGH;
	(void)subscribe(r, &s);
	assert_int_equal(give(r, 1, "task.a", ENVELOPE_LOW), OK);
	assert_int_equal(give(r, 2, "run.a", ENVELOPE_HIGH), OK);
	assert_int_equal(give(r, 3, "task.b", ENVELOPE_UNSPECIFIED), OK);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(all.n, 3);
	assert_int_equal(some.n, 2);
	assert_int_equal(typed.n, 0);
	assert_int_equal(urgent.n, 1);
	assert_int_equal(urgent.seqs[0], 2);
}

static void one_topic_keeps_its_order(void **state)
{
	struct router *r = *state;
	static struct listener l[8];
	struct router_subscriber s;

	for (int i = 0; i < 8; i++) {
		listener_init(&l[i]);
		s = quick(&l[i], "a");
		s.queue_max = 2000;
		s.batch = i % 2 == 0 ? 0 : 32;
		(void)subscribe(r, &s);
	}
	l[3].fail = 3;
	for (int64_t seq = 1; seq <= 1000; seq++)
		assert_int_equal(give(r, seq, "a", ENVELOPE_NORMAL), OK);
	assert_true(router_drain(r, LONG_MS));
	for (int i = 0; i < 8; i++) {
		int64_t last = 0;

		for (size_t k = 0; k < l[i].n; k++) {
			assert_true(l[i].seqs[k] == last + 1 || (i == 3 && l[i].seqs[k] == last));
			last = l[i].seqs[k];
		}
		assert_int_equal(last, 1000);
	}
}

static void urgent_events_go_first_but_not_for_ever(void **state)
{
	struct router *r = *state;
	static struct listener l;
	struct router_subscriber s;
	size_t low_at = 0;

	listener_init(&l);
	s = quick(&l, "#");
	(void)subscribe(r, &s);
	hold(&l, true);
	assert_int_equal(give(r, 1, "a", ENVELOPE_NORMAL), OK);
	await_heard(&l, 1);
	assert_int_equal(give(r, 2, "b", ENVELOPE_LOW), OK);
	assert_int_equal(give(r, 3, "a", ENVELOPE_NORMAL), OK);
	assert_int_equal(give(r, 4, "c", ENVELOPE_CRITICAL), OK);
	for (int64_t seq = 100; seq < 200; seq++)
		assert_int_equal(give(r, seq, "d", ENVELOPE_HIGH), OK);
	hold(&l, false);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(l.n, 104);
	assert_int_equal(l.seqs[1], 4);
	assert_int_equal(l.seqs[2], 100);
	while (l.seqs[low_at] != 2)
		low_at++;
	assert_in_range(low_at, 3, ROUTER_STARVE + 2);
}

static void one_topic_keeps_its_order_whatever_the_priorities(void **state)
{
	static const enum envelope_priority priorities[] = { ENVELOPE_NORMAL, ENVELOPE_LOW,
		                                             ENVELOPE_CRITICAL, ENVELOPE_HIGH };
	struct router *r = *state;
	static struct listener l;
	struct router_subscriber s;
	int64_t last[3] = { 0 };
	uint64_t handle;

	for (size_t batch = 0; batch <= 8; batch += 8) {
		listener_init(&l);
		s = quick(&l, "#");
		s.queue_max = 2000;
		s.batch = batch;
		handle = subscribe(r, &s);
		hold(&l, true);
		assert_int_equal(give(r, 1, "t0", ENVELOPE_LOW), OK);
		await_heard(&l, 1);
		l.fail = 2; /* what is given again still comes before what is new */
		for (int64_t seq = 2; seq <= 900; seq++) {
			char topic[4];

			(void)snprintf(topic, sizeof topic, "t%d", (int)(seq % 3));
			assert_int_equal(give(r, seq, topic, priorities[seq / 3 % 4]), OK);
		}
		hold(&l, false);
		assert_true(router_drain(r, LONG_MS));
		assert_int_equal(l.n, 902);
		memset(last, 0, sizeof last);
		for (size_t i = 0; i < l.n; i++) {
			int64_t *before = &last[l.seqs[i] == 1 ? 0 : l.seqs[i] % 3];

			assert_true(l.seqs[i] > *before || l.attempts[i] > 1);
			*before = l.seqs[i];
		}
		router_unsubscribe(r, handle);
	}
}

static void a_retry_concerns_only_who_failed(void **state)
{
	struct router *r = *state;
	struct listener healthy, failing;
	struct router_subscriber s;
	struct router_stats stats;

	listener_init(&healthy);
	listener_init(&failing);
	s = quick(&healthy, "#");
	(void)subscribe(r, &s);
	s = quick(&failing, "#");
	(void)subscribe(r, &s);
	failing.fail = 2;
	for (int64_t seq = 1; seq <= 5; seq++)
		assert_int_equal(give(r, seq, "a", ENVELOPE_NORMAL), OK);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(healthy.n, 5);
	assert_int_equal(failing.n, 7);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(failing.seqs[i], 1);
		assert_int_equal(failing.attempts[i], i + 1);
	}
	assert_int_equal(failing.dead, 0);
	router_stats(r, &stats);
	assert_int_equal(stats.delivered, 10);
	assert_int_equal(stats.retried, 2);
	assert_true(router_quantile(&stats, 0.99) > 0);
}

static void what_keeps_failing_is_a_dead_letter_and_the_rest_goes_on(void **state)
{
	struct router *r = *state;
	struct listener l;
	struct router_subscriber s;

	listener_init(&l);
	s = quick(&l, "#");
	s.attempts = 4;
	(void)subscribe(r, &s);
	l.poison = 2;
	for (int64_t seq = 1; seq <= 3; seq++)
		assert_int_equal(give(r, seq, "a", ENVELOPE_NORMAL), OK);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(l.n, 6);
	assert_int_equal(l.dead, 1);
	assert_int_equal(l.dead_attempts, 4);
	assert_string_equal(l.cause, "not today");
	assert_int_equal(l.seqs[5], 3);
}

static void a_circuit_opens_and_closes(void **state)
{
	struct router *r = *state;
	struct listener l;
	struct router_subscriber s;
	struct router_stats stats;

	listener_init(&l);
	s = quick(&l, "#");
	s.attempts = 100;
	s.breaker_after = 3;
	s.breaker_ms = 60000;
	(void)subscribe(r, &s);
	l.fail = 1000;
	assert_int_equal(give(r, 1, "a", ENVELOPE_NORMAL), OK);
	await_heard(&l, 3);
	assert_false(router_drain(r, 20)); /* left alone now: no fourth attempt */
	router_stats(r, &stats);
	assert_int_equal(stats.open, 1);
	assert_int_equal(l.n, 3);
	listener_init(&l);
	s.breaker_ms = 1;
	(void)subscribe(r, &s);
	l.fail = 10;
	assert_int_equal(give(r, 2, "a", ENVELOPE_NORMAL), OK);
	await_heard(&l, 11);
	do
		router_stats(r, &stats);
	while (stats.delivered == 0);
	assert_int_equal(stats.open, 1); /* the first one still is */
}

static void one_that_waits_is_given_the_same_again_when_nudged(void **state)
{
	struct router *r = *state;
	struct listener l;
	struct router_subscriber s;
	struct router_stats stats;
	uint64_t handle;

	listener_init(&l);
	l.later = true;
	s = quick(&l, "#");
	handle = subscribe(r, &s);
	assert_int_equal(give(r, 1, "a", ENVELOPE_NORMAL), OK);
	assert_int_equal(give(r, 2, "a", ENVELOPE_NORMAL), OK);
	await_heard(&l, 1);
	router_nudge(r, handle);
	await_heard(&l, 2);
	assert_false(router_drain(r, 20));
	(void)pthread_mutex_lock(&l.lock);
	assert_int_equal(l.n, 2);
	l.later = false;
	(void)pthread_mutex_unlock(&l.lock);
	router_nudge(r, handle);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(l.n, 4);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(l.seqs[i], 1);
		assert_int_equal(l.attempts[i], 1);
	}
	router_stats(r, &stats);
	assert_int_equal(stats.retried, 0);
	router_nudge(r, 99);
}

static void full_queues_do_what_was_agreed(void **state)
{
	struct router *r = *state;
	struct listener reject, drop;
	struct router_subscriber s;
	struct router_outcome outcome;
	struct router_event e = { .id = "e", .topic = "b", .type = "t", .source = "s" };
	struct err err;

	listener_init(&reject);
	listener_init(&drop);
	hold(&reject, true);
	hold(&drop, true);
	s = quick(&reject, "#");
	s.queue_max = 2;
	(void)subscribe(r, &s);
	s = quick(&drop, "#");
	s.queue_max = 2;
	s.policy = ROUTER_DROP_OLDEST;
	(void)subscribe(r, &s);
	assert_int_equal(give(r, 1, "a", ENVELOPE_NORMAL), OK);
	await_heard(&reject, 1);
	await_heard(&drop, 1);
	assert_int_equal(give(r, 2, "a", ENVELOPE_NORMAL), OK);
	assert_int_equal(give(r, 3, "a", ENVELOPE_NORMAL), OK);
	e.seq = 4;
	e.priority = ENVELOPE_HIGH;
	assert_int_equal(router_give(r, &e, &outcome, &err), E_BUSY);
	assert_non_null(strstr(err.text, "1 of 2"));
	assert_int_equal(outcome.matched, 2);
	assert_int_equal(outcome.queued, 1);
	assert_int_equal(outcome.rejected, 1);
	assert_int_equal(outcome.dropped, 1);
	hold(&reject, false);
	hold(&drop, false);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(reject.n, 3);
	assert_int_equal(reject.seqs[2], 3);
	assert_int_equal(drop.n, 3);
	assert_int_equal(drop.seqs[1], 4);
	assert_int_equal(drop.seqs[2], 3);
}

static void *give_many(void *router)
{
	for (int64_t seq = 1; seq <= 500; seq++)
		if (give(router, seq, "a", ENVELOPE_NORMAL) != OK)
			return router;
	return NULL;
}

static void a_giver_waits_for_room(void **state)
{
	struct router *r = *state;
	struct listener l;
	struct router_subscriber s;
	pthread_t giver;
	void *failed = NULL;

	listener_init(&l);
	s = quick(&l, "#");
	s.queue_max = 3;
	s.policy = ROUTER_BLOCK;
	(void)subscribe(r, &s);
	assert_int_equal(pthread_create(&giver, NULL, give_many, r), 0);
	assert_int_equal(pthread_join(giver, &failed), 0);
	assert_null(failed);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(l.n, 500);
	assert_int_equal(l.seqs[499], 500);
}

static void a_giver_is_let_go_when_the_subscriber_ends(void **state)
{
	struct router *r = *state;
	struct listener l;
	struct router_subscriber s;
	pthread_t giver;
	void *failed = NULL;
	uint64_t handle;
	struct router_stats stats;

	listener_init(&l);
	hold(&l, true);
	s = quick(&l, "#");
	s.queue_max = 3;
	s.policy = ROUTER_BLOCK;
	s.batch = 32;
	handle = subscribe(r, &s);
	assert_int_equal(pthread_create(&giver, NULL, give_many, r), 0);
	await_heard(&l, 1);
	do
		router_stats(r, &stats);
	while (stats.depth < 3);
	hold(&l, false);
	router_unsubscribe(r, handle);
	assert_int_equal(pthread_join(giver, &failed), 0);
	assert_null(failed);
	assert_true(router_drain(r, LONG_MS));
	assert_true(l.n <= 500);
}

static void nothing_comes_after_the_end(void **state)
{
	struct router *r = *state;
	struct listener l, own;
	struct router_subscriber s;
	size_t n;
	uint64_t handle;

	listener_init(&l);
	listener_init(&own);
	s = quick(&l, "#");
	handle = subscribe(r, &s);
	for (int64_t seq = 1; seq <= 200; seq++)
		assert_int_equal(give(r, seq, "a", ENVELOPE_NORMAL), OK);
	router_unsubscribe(r, handle);
	n = l.n;
	router_unsubscribe(r, handle);
	/* one that ends itself is given nothing more */
	s = quick(&own, "#");
	own.router = r;
	s.batch = 32;
	(void)pthread_mutex_lock(&own.lock);
	own.handle = subscribe(r, &s);
	(void)pthread_mutex_unlock(&own.lock);
	for (int64_t seq = 1; seq <= 20; seq++)
		assert_int_equal(give(r, seq, "a", ENVELOPE_NORMAL), OK);
	assert_true(router_drain(r, LONG_MS));
	assert_int_equal(own.n, 1);
	assert_int_equal(l.n, n);
}

static void *give_some(void *router)
{
	char topic[20];

	for (int64_t seq = 1; seq <= 2000; seq++) {
		(void)snprintf(topic, sizeof topic, "a.%d", (int)(seq % 7));
		(void)give(router, seq, topic, (enum envelope_priority)(1 + seq % 4));
	}
	return NULL;
}

static void many_at_once_lose_nothing(void **state)
{
	struct router *r = *state;
	static struct listener l[10];
	struct router_subscriber s;
	pthread_t givers[3];
	struct router_stats stats;

	for (int i = 0; i < 10; i++) {
		listener_init(&l[i]);
		s = quick(&l[i], "a.#");
		s.policy = ROUTER_BLOCK;
		s.queue_max = 100;
		s.batch = (size_t)i * 3;
		l[i].fail = i == 5 ? 20 : 0;
		s.attempts = 100;
		(void)subscribe(r, &s);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&givers[i], NULL, give_some, r), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(givers[i], NULL), 0);
	assert_true(router_drain(r, LONG_MS));
	for (int i = 0; i < 10; i++)
		assert_int_equal(l[i].n, i == 5 ? 6020 : 6000);
	router_stats(r, &stats);
	assert_int_equal(stats.given, 6000);
	assert_int_equal(stats.delivered, 60000);
	assert_int_equal(stats.retried, 20);
	assert_int_equal(stats.depth, 0);
}

static void without_memory_nobody_has_it(void **state)
{
	struct router *r = *state;
	struct listener l[3];
	struct router_subscriber s;
	long n;

	for (int i = 0; i < 3; i++) {
		listener_init(&l[i]);
		s = quick(&l[i], "#");
		(void)subscribe(r, &s);
	}
	for (n = 0;; n++) {
		enum status st;

		mem_fail_after(n, 0);
		st = give(r, n, "a", ENVELOPE_NORMAL);
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
		assert_true(router_drain(r, LONG_MS));
		for (int i = 0; i < 3; i++)
			assert_int_equal(l[i].n, 0);
	}
	/* places that were made stay, so that each try gets one further */
	assert_true(n > 1);
	assert_true(router_drain(r, LONG_MS));
	for (int i = 0; i < 3; i++)
		assert_int_equal(l[i].n, 1);
	mem_fail_after(0, 0);
	assert_int_equal(router_subscribe(r, &s, &(uint64_t){ 0 }, NULL), E_NOMEM);
	mem_fail_after(-1, 0);
	s.pattern = "a..b";
	assert_int_equal(router_subscribe(r, &s, &(uint64_t){ 0 }, NULL), E_INPUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everyone_gets_what_it_asked_for),
		TEST(one_topic_keeps_its_order),
		TEST(one_topic_keeps_its_order_whatever_the_priorities),
		TEST(urgent_events_go_first_but_not_for_ever),
		TEST(a_retry_concerns_only_who_failed),
		TEST(what_keeps_failing_is_a_dead_letter_and_the_rest_goes_on),
		TEST(a_circuit_opens_and_closes),
		TEST(one_that_waits_is_given_the_same_again_when_nudged),
		TEST(full_queues_do_what_was_agreed),
		TEST(a_giver_waits_for_room),
		TEST(a_giver_is_let_go_when_the_subscriber_ends),
		TEST(nothing_comes_after_the_end),
		TEST(many_at_once_lose_nothing),
		TEST(without_memory_nobody_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
