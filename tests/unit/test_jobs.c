/* Events as jobs of a pool. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/event/jobs.h"

#define LONG_MS 30000 /* a wait that ends early when all is well */
#define SEEN    4096

/* What jobs did. */
struct log {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	int64_t seqs[SEEN];
	char topics[SEEN];
	int attempts[SEEN];
	size_t n, running, most_running, dead;
	size_t of_topic[256]; /* running now */
	bool overlap;         /* two of a topic ran at once */
	bool held;            /* jobs wait while it is */
	int fail;             /* so many fail */
	char cause[100];
};

static void log_init(struct log *l)
{
	memset(l, 0, sizeof *l);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->changed, NULL);
}

static enum status work(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	struct log *l = arg;
	unsigned char topic = (unsigned char)e->topic[0];
	bool bad;

	(void)pthread_mutex_lock(&l->lock);
	if (l->n < SEEN) {
		l->seqs[l->n] = e->seq;
		l->topics[l->n] = e->topic[0];
		l->attempts[l->n] = attempt;
	}
	l->n++;
	l->overlap = l->overlap || l->of_topic[topic]++ > 0;
	if (++l->running > l->most_running)
		l->most_running = l->running;
	(void)pthread_cond_broadcast(&l->changed);
	while (l->held)
		(void)pthread_cond_wait(&l->changed, &l->lock);
	l->of_topic[topic]--;
	l->running--;
	bad = l->fail > 0;
	l->fail -= bad;
	(void)pthread_mutex_unlock(&l->lock);
	return bad ? err_set(err, E_IO, "not today") : OK;
}

static void bury(void *arg, const struct router_event *e, int attempts, const char *cause)
{
	struct log *l = arg;

	(void)e, (void)attempts;
	(void)pthread_mutex_lock(&l->lock);
	l->dead++;
	(void)snprintf(l->cause, sizeof l->cause, "%s", cause);
	(void)pthread_mutex_unlock(&l->lock);
}

static void await_begun(struct log *l, size_t n)
{
	(void)pthread_mutex_lock(&l->lock);
	while (l->n < n)
		(void)pthread_cond_wait(&l->changed, &l->lock);
	(void)pthread_mutex_unlock(&l->lock);
}

static void hold(struct log *l, bool held)
{
	(void)pthread_mutex_lock(&l->lock);
	l->held = held;
	(void)pthread_cond_broadcast(&l->changed);
	(void)pthread_mutex_unlock(&l->lock);
}

struct place {
	struct router *router; /* one thread */
	struct pool *pool;
	struct jobs *jobs;
	struct log log;
};

static void begin(struct place *p, size_t workers, size_t depth, struct jobs_subscriber s)
{
	struct err err = { 0 };

	*p = (struct place){ 0 };
	log_init(&p->log);
	s.own.name = "jobs";
	s.own.pattern = "#";
	s.own.deliver = work;
	s.own.dead = bury;
	s.own.arg = &p->log;
	s.own.backoff_ms = s.own.backoff_max_ms = s.own.breaker_ms = 1;
	assert_int_equal(router_new(&p->router, 1, &err), OK);
	assert_int_equal(pool_new(&p->pool, workers, depth, &err), OK);
	assert_int_equal(jobs_subscribe(&p->jobs, p->router, p->pool, &s, &err), OK);
}

static void end(struct place *p)
{
	jobs_end(p->jobs);
	router_free(p->router);
	pool_free(p->pool);
}

static enum status give(struct place *p, const char *topic, int64_t seq)
{
	const struct router_event e = { .seq = seq,
		                        .id = "i",
		                        .topic = topic,
		                        .type = "t",
		                        .source = "s",
		                        .envelope = "x",
		                        .envelope_size = 1 };

	return router_give(p->router, &e, NULL, NULL);
}

static void a_job_keeps_no_thread_of_the_router(void **state)
{
	struct place p;
	struct log other;
	uint64_t handle;
	const struct router_subscriber quick = { .pattern = "#", .deliver = work, .arg = &other };

	(void)state;
	begin(&p, 2, 8, (struct jobs_subscriber){ .at_once = 2 });
	log_init(&other);
	assert_int_equal(router_subscribe(p.router, &quick, &handle, NULL), OK);
	hold(&p.log, true);
	for (int64_t i = 1; i <= 4; i++)
		assert_int_equal(give(&p, "a", i), OK);
	await_begun(&p.log, 2); /* both lanes are at it, and the router has one thread */
	await_begun(&other, 4);
	hold(&p.log, false);
	await_begun(&p.log, 4);
	assert_true(router_drain(p.router, LONG_MS));
	end(&p);
}

static void jobs_of_one_topic_keep_their_order_and_never_meet(void **state)
{
	static const char *const topics[] = { "a", "b", "c", "d", "e", "f", "g" };
	struct place p;
	int64_t last[256] = { 0 };

	(void)state;
	begin(&p, 4, 4, (struct jobs_subscriber){ .at_once = 4, .ordered = true });
	for (int64_t i = 1; i <= 700; i++)
		assert_int_equal(give(&p, topics[i % 7], i), OK);
	assert_true(router_drain(p.router, LONG_MS));
	assert_int_equal(p.log.n, 700);
	assert_false(p.log.overlap);
	for (size_t i = 0; i < p.log.n; i++) {
		assert_true(p.log.seqs[i] > last[(unsigned char)p.log.topics[i]]);
		last[(unsigned char)p.log.topics[i]] = p.log.seqs[i];
	}
	end(&p);
}

static void an_ordered_job_that_is_tried_again_is_not_overtaken(void **state)
{
	struct place p;

	(void)state;
	begin(&p, 4, 8, (struct jobs_subscriber){ .at_once = 4, .ordered = true });
	p.log.fail = 2;
	for (int64_t i = 1; i <= 3; i++)
		assert_int_equal(give(&p, "a", i), OK);
	assert_true(router_drain(p.router, LONG_MS));
	assert_int_equal(p.log.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(p.log.seqs[i], i < 3 ? 1 : (int64_t)i - 1);
		assert_int_equal(p.log.attempts[i], i < 3 ? (int)i + 1 : 1);
	}
	assert_int_equal(p.log.dead, 0);
	end(&p);
}

static void without_order_as_many_run_as_may(void **state)
{
	struct place p;

	(void)state;
	begin(&p, 4, 8, (struct jobs_subscriber){ .at_once = 4 });
	hold(&p.log, true);
	for (int64_t i = 1; i <= 6; i++)
		assert_int_equal(give(&p, "a", i), OK);
	await_begun(&p.log, 4);
	hold(&p.log, false);
	assert_true(router_drain(p.router, LONG_MS));
	assert_int_equal(p.log.n, 6);
	assert_int_equal(p.log.most_running, 4);
	end(&p);
}

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open, entered;
};

static void stand(void *arg)
{
	struct gate *g = arg;

	(void)pthread_mutex_lock(&g->lock);
	g->entered = true;
	(void)pthread_cond_broadcast(&g->changed);
	while (!g->open)
		(void)pthread_cond_wait(&g->changed, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
}

static void open_gate(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->open = true;
	(void)pthread_cond_broadcast(&g->changed);
	(void)pthread_mutex_unlock(&g->lock);
}

/* Fill the pool, of one worker and one place, with jobs of somebody else. */
static void fill(struct place *p, struct gate *g)
{
	assert_int_equal(pool_give(p->pool, stand, g), OK);
	(void)pthread_mutex_lock(&g->lock);
	while (!g->entered)
		(void)pthread_cond_wait(&g->changed, &g->lock);
	(void)pthread_mutex_unlock(&g->lock);
	assert_int_equal(pool_give(p->pool, stand, g), OK);
}

static void a_full_pool_is_waited_for_and_costs_no_attempt(void **state)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };
	struct router_stats stats;
	struct place p;

	(void)state;
	begin(&p, 1, 1, (struct jobs_subscriber){ .at_once = 3 });
	fill(&p, &g);
	for (int64_t i = 1; i <= 9; i++)
		assert_int_equal(give(&p, "a", i), OK);
	assert_int_equal(p.log.n, 0);
	open_gate(&g);
	assert_true(router_drain(p.router, LONG_MS));
	router_stats(p.router, &stats);
	assert_int_equal(p.log.n, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(p.log.attempts[i], 1);
	assert_int_equal(stats.delivered, 9);
	assert_int_equal(stats.retried + stats.dead, 0);
	end(&p);
}

static void what_waits_is_bounded_by_the_queue(void **state)
{
	struct place p;

	(void)state;
	begin(&p, 1, 4,
	      (struct jobs_subscriber){ .at_once = 1,
	                                .own = { .queue_max = 2, .policy = ROUTER_REJECT } });
	hold(&p.log, true);
	assert_int_equal(give(&p, "a", 1), OK);
	await_begun(&p.log, 1);
	while (give(&p, "a", 2) == OK) /* what is under way may or may not count in the queue */
		;
	hold(&p.log, false);
	assert_true(router_drain(p.router, LONG_MS));
	assert_in_range(p.log.n, 2, 3);
	end(&p);
}

static void what_keeps_failing_is_a_dead_letter(void **state)
{
	struct place p;

	(void)state;
	begin(&p, 2, 4, (struct jobs_subscriber){ .at_once = 2, .ordered = true });
	p.log.fail = 3;
	assert_int_equal(give(&p, "a", 1), OK);
	assert_int_equal(give(&p, "a", 2), OK);
	assert_true(router_drain(p.router, LONG_MS));
	assert_int_equal(p.log.n, 4);
	assert_int_equal(p.log.dead, 1);
	assert_string_equal(p.log.cause, "not today");
	end(&p);
}

static void *end_jobs(void *arg)
{
	jobs_end(arg);
	return NULL;
}

static void the_end_waits_for_what_runs(void **state)
{
	pthread_t thread;
	struct place p;

	(void)state;
	begin(&p, 2, 4, (struct jobs_subscriber){ .at_once = 2 });
	hold(&p.log, true);
	for (int64_t i = 1; i <= 4; i++)
		assert_int_equal(give(&p, "a", i), OK);
	await_begun(&p.log, 2);
	assert_int_equal(pthread_create(&thread, NULL, end_jobs, p.jobs), 0);
	hold(&p.log, false);
	(void)pthread_join(thread, NULL);
	assert_int_equal(p.log.running, 0);
	p.jobs = NULL;
	end(&p);
}

static void drop_job(pool_job *job, void *arg)
{
	(void)jobs_dropped(job, arg);
}

static void a_pool_that_closes_gives_up_no_event(void **state)
{
	struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };
	struct pool_state pool = { 0 };
	struct place p;

	(void)state;
	begin(&p, 1, 2, (struct jobs_subscriber){ .at_once = 2 });
	fill(&p, &g);
	assert_int_equal(give(&p, "a", 1), OK);
	assert_int_equal(give(&p, "a", 2), OK);
	while (pool.waiting < 2) /* one of ours; the other waits for room */
		pool_look(p.pool, &pool);
	pool_close(p.pool, drop_job);
	open_gate(&g);
	assert_true(pool_wait_idle(p.pool, LONG_MS));
	end(&p);
	assert_int_equal(p.log.n, 0);
	assert_int_equal(p.log.dead, 0);
}

static void without_memory_nobody_subscribes(void **state)
{
	struct place p;
	struct jobs *jobs = NULL;
	struct jobs_subscriber s = { .at_once = 4,
		                     .own = { .pattern = "#", .deliver = work, .name = "x" } };
	struct router_stats before, after;
	long n;

	(void)state;
	begin(&p, 1, 1, (struct jobs_subscriber){ .at_once = 1 });
	router_stats(p.router, &before);
	s.own.arg = &p.log;
	for (n = 0;; n++) {
		enum status st;

		mem_fail_after(n, 0);
		st = jobs_subscribe(&jobs, p.router, p.pool, &s, NULL);
		mem_fail_after(-1, 0);
		if (st == OK)
			break;
		assert_int_equal(st, E_NOMEM);
		router_stats(p.router, &after);
		assert_int_equal(after.subscribers, before.subscribers);
	}
	assert_int_equal(n, 5);
	jobs_end(jobs);
	end(&p);
}

static void without_memory_a_job_is_tried_again(void **state)
{
	struct place p;

	(void)state;
	begin(&p, 1, 1, (struct jobs_subscriber){ .at_once = 1 });
	mem_fail_after(2, 0); /* the event's copy and its place are had, the job's copy is not */
	assert_int_equal(give(&p, "a", 1), OK);
	assert_true(router_drain(p.router, LONG_MS));
	mem_fail_after(-1, 0);
	assert_int_equal(p.log.n, 1);
	assert_int_equal(p.log.attempts[0], 2);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_keeps_no_thread_of_the_router),
		cmocka_unit_test(jobs_of_one_topic_keep_their_order_and_never_meet),
		cmocka_unit_test(an_ordered_job_that_is_tried_again_is_not_overtaken),
		cmocka_unit_test(without_order_as_many_run_as_may),
		cmocka_unit_test(a_full_pool_is_waited_for_and_costs_no_attempt),
		cmocka_unit_test(what_waits_is_bounded_by_the_queue),
		cmocka_unit_test(what_keeps_failing_is_a_dead_letter),
		cmocka_unit_test(the_end_waits_for_what_runs),
		cmocka_unit_test(a_pool_that_closes_gives_up_no_event),
		cmocka_unit_test(without_memory_nobody_subscribes),
		cmocka_unit_test(without_memory_a_job_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
