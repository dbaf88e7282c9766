#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/event.h"
#include "domain/subscription.h"
#include "store/journal.h"
#include "store/subscribers.h"

#define NOW INT64_C(1700000000000)

struct place {
	char path[200];
	struct db *db;
	struct arena *a;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	const char *tmp = getenv("TMPDIR");
	struct err err = { 0 };

	(void)snprintf(p->path, sizeof p->path, "%s/event-test-%d.db", tmp == NULL ? "/tmp" : tmp,
	               (int)getpid());
	if (db_open(&p->db, p->path, &err) != OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	p->a = arena_new((size_t)256 << 20);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	struct place *p = *state;
	char name[240];

	db_free(p->db);
	arena_free(p->a);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "%s%s", p->path, ends[i]);
		(void)unlink(name);
	}
	free(p);
	return 0;
}

static int64_t publish(struct place *p, const char *topic, const char *payload)
{
	const struct event_custom c = { .topic = topic, .source = "test", .payload_json = payload };
	int64_t seq = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	return seq;
}

static enum status read_on(struct place *p, int64_t after, const char *pattern, size_t limit,
                           struct event_view **v, size_t *n, int64_t *seen)
{
	const struct event_want want = { .after = after, .pattern = pattern, .limit = limit };

	struct event_page page = { 0 };
	enum status st = event_find(p->db, &want, p->a, &page, NULL);

	*v = page.events;
	*n = page.n;
	*seen = page.last_seen;
	return st;
}

static void every_happening_can_be_read_back(void **state)
{
	struct place *p = *state;
	struct event_view *v = NULL;
	size_t n = 0;
	int64_t seen = 0;
	static const struct {
		const char *topic, *type, *payload;
	} want[] = {
		{ "run.r1.succeeded", "RunStateChanged",
		  "{\"runId\":\"r1\",\"state\":\"succeeded\",\"title\":\"demo\",\"total\":3,"
		  "\"succeeded\":3,\"failed\":0,\"wallMs\":10,\"workMs\":25}" },
		{ "task.r1.a_b.failed", "TaskFailed",
		  "{\"runId\":\"r1\",\"taskId\":\"a.b\",\"state\":\"failed\",\"cause\":\"exit 2\","
		  "\"attempt\":1,\"agent\":\"demo\",\"durationMs\":42,\"exitCode\":2}" },
		{ "memory.stored.fact", "MemoryStored",
		  "{\"memoryId\":\"m1\",\"action\":\"stored\",\"kind\":\"fact\",\"scope\":"
		  "\"project\"}" },
		{ "agent.coder.ready", "AgentStateChanged",
		  "{\"agent\":\"coder\",\"state\":\"ready\",\"runId\":\"r1\",\"pid\":12}" },
		{ "plan.p1.decomposed", "PlanDecomposed",
		  "{\"planId\":\"p1\",\"title\":\"t\",\"tasks\":12,\"edges\":12,\"errors\":0,"
		  "\"warnings\":4}" },
		{ "recipe.core.validated", "RecipeChanged",
		  "{\"recipe\":\"core\",\"action\":\"validated\",\"requirements\":5,\"proved\":0,"
		  "\"errors\":0,\"warnings\":1}" },
	};

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_run(p->db, NOW,
	                               &(struct event_run){ .run = "r1",
	                                                    .state = "succeeded",
	                                                    .title = "demo",
	                                                    .total = 3,
	                                                    .succeeded = 3,
	                                                    .wall_ms = 10,
	                                                    .work_ms = 25 },
	                               NULL),
	                 OK);
	assert_int_equal(event_put_task(p->db, NOW,
	                                &(struct event_task){ .run = "r1",
	                                                      .task = "a.b",
	                                                      .state = "failed",
	                                                      .cause = "exit 2",
	                                                      .agent = "demo",
	                                                      .attempt = 1,
	                                                      .duration_ms = 42,
	                                                      .exit_code = 2 },
	                                NULL),
	                 OK);
	assert_int_equal(event_put_memory(p->db, NOW,
	                                  &(struct event_memory){ .id = "m1",
	                                                          .action = "stored",
	                                                          .kind = "fact",
	                                                          .scope = "project" },
	                                  NULL),
	                 OK);
	assert_int_equal(
	    event_put_agent(
		p->db, NOW,
		&(struct event_agent){ .agent = "coder", .state = "ready", .run = "r1", .pid = 12 },
		NULL),
	    OK);
	assert_int_equal(
	    event_put_plan(
		p->db, NOW,
		&(struct event_plan){
		    .plan = "p1", .title = "t", .tasks = 12, .edges = 12, .warnings = 4 },
		NULL),
	    OK);
	assert_int_equal(event_put_recipe(p->db, NOW,
	                                  &(struct event_recipe){ .recipe = "core",
	                                                          .action = "validated",
	                                                          .requirements = 5,
	                                                          .warnings = 1 },
	                                  NULL),
	                 OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(read_on(p, 0, NULL, 100, &v, &n, &seen), OK);
	assert_int_equal(n, sizeof want / sizeof *want);
	assert_int_equal(seen, v[n - 1].seq);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(v[i].topic, want[i].topic);
		assert_string_equal(v[i].type, want[i].type);
		assert_string_equal(v[i].payload_json, want[i].payload);
		assert_string_equal(v[i].source, "gadugi");
		assert_int_equal(v[i].at_ms, NOW);
		assert_true(i == 0 || v[i].seq > v[i - 1].seq);
	}
	assert_string_equal(v[1].correlation, "r1");
	assert_int_equal(v[1].priority, EVENT_HIGH);
}

static void a_reader_sees_each_event_once_in_order(void **state)
{
	struct place *p = *state;
	struct event_view *v = NULL;
	int64_t seen = 0;
	size_t n = 0, got = 0;
	char payload[40];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(payload, sizeof payload, "{\"i\":%d}", i);
		(void)publish(p, i % 3 == 0 ? "a.x" : "b.x", payload);
		if (i % 10 != 9)
			continue;
		do {
			assert_int_equal(read_on(p, seen, "a.*", 2, &v, &n, &seen), OK);
			for (size_t k = 0; k < n; k++, got++) {
				(void)snprintf(payload, sizeof payload, "{\"i\":%zu}", got * 3);
				assert_string_equal(v[k].payload_json, payload);
			}
		} while (n > 0);
	}
	assert_int_equal(got, 34);
	assert_int_equal(seen, 100);
}

static void the_newest_come_last(void **state)
{
	struct place *p = *state;
	const struct event_want want = { .pattern = "a", .limit = 2, .newest = true };
	struct event_page page = { 0 };

	for (int i = 0; i < 5; i++)
		(void)publish(p, i == 3 ? "b" : "a", NULL);
	assert_int_equal(event_find(p->db, &want, p->a, &page, NULL), OK);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.events[0].seq, 3);
	assert_int_equal(page.events[1].seq, 5);
	assert_int_equal(page.last_seen, 5);
	(void)publish(p, "b", NULL);
	assert_int_equal(event_find(p->db, &want, p->a, &page, NULL), OK);
	assert_int_equal(page.events[1].seq, 5);
	assert_int_equal(page.last_seen, 6);
}

static void an_event_lives_and_dies_with_its_transaction(void **state)
{
	struct place *p = *state;
	const struct event_run run = { .run = "r1", .state = "running" };
	int64_t last = -1;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_run(p->db, NOW, &run, NULL), OK);
	db_rollback(p->db);
	assert_int_equal(journal_last(p->db, &last, NULL), OK);
	assert_int_equal(last, 0);
}

static void bad_payloads_are_refused_with_words(void **state)
{
	static const char *const bad[] = { "",
		                           "{",
		                           "[]",
		                           "1",
		                           "\"x\"",
		                           "{\"a\":1,\"a\":2}",
		                           "{\"a\":\"\\u0000\"}",
		                           "{\"a\":\"\xff\"}" };
	struct place *p = *state;
	struct event_custom c = { .topic = "a.b", .source = "test" };
	struct err err;
	int64_t seq = 0;
	char *big = calloc(1, EVENT_PAYLOAD_MAX + 1);

	assert_int_equal(db_begin(p->db, NULL), OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		c.payload_json = bad[i];
		assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, &err), E_INPUT);
	}
	memset(big, ' ', EVENT_PAYLOAD_MAX);
	memcpy(big, "{}", 2);
	c.payload_json = big;
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, &err), E_INPUT);
	assert_non_null(strstr(err.text, "at most"));
	c.payload_json = "{}";
	c.topic = "a..b";
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, &err), E_INPUT);
	db_rollback(p->db);
	free(big);
}

static void a_published_payload_is_one_line_with_all_its_digits(void **state)
{
	struct place *p = *state;
	struct event_view *v = NULL;
	int64_t seen = 0;
	size_t n = 0;

	(void)publish(p, "a", " {\n\t\"n\" : 12345678901234567890 , \"s\":\" x \\\" y\\n\" }\r\n");
	(void)publish(p, "a", NULL);
	assert_int_equal(read_on(p, 0, "#", 9, &v, &n, &seen), OK);
	assert_int_equal(n, 2);
	assert_string_equal(v[0].payload_json,
	                    "{\"n\":12345678901234567890,\"s\":\" x \\\" y\\n\"}");
	assert_string_equal(v[1].payload_json, "{}");
	assert_string_equal(v[0].type, "Custom");
}

static void an_id_enters_the_log_once(void **state)
{
	struct place *p = *state;
	const struct journal_row row = {
		.id = "same", .topic = "a", .type = "Custom", .envelope = ""
	};
	struct err err;
	int64_t seq = 0, last = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(journal_append(p->db, &row, &seq, &err), OK);
	assert_int_equal(journal_append(p->db, &row, &seq, &err), E_INPUT);
	assert_non_null(strstr(err.text, "same"));
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(journal_last(p->db, &last, NULL), OK);
	assert_int_equal(last, seq);
}

static void damaged_and_unknown_events_hide_no_others(void **state)
{
	struct place *p = *state;
	const struct journal_row damaged = { .id = "x",
		                             .topic = "a",
		                             .type = "Custom",
		                             .envelope = "\xff\xff",
		                             .envelope_size = 2 };
	struct event_view *v = NULL;
	int64_t seen = 0, seq = 0;
	size_t n = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(journal_append(p->db, &damaged, &seq, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	(void)publish(p, "a", NULL);
	assert_int_equal(read_on(p, 0, NULL, 9, &v, &n, &seen), OK);
	assert_int_equal(n, 2);
	assert_string_equal(v[0].payload_json, "{\"undecodedBytes\":2}");
	assert_string_equal(v[1].payload_json, "{}");
}

static void put_at(struct place *p, int64_t at_ms, int n)
{
	const struct event_custom c = { .topic = "a", .source = "test" };
	int64_t seq;

	assert_int_equal(db_begin(p->db, NULL), OK);
	for (int i = 0; i < n; i++)
		assert_int_equal(event_put_custom(p->db, at_ms + i, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
}

static int64_t tidy(struct place *p, int64_t now_ms, const struct event_keep *keep)
{
	int64_t gone = 0;
	bool untidy = true;

	assert_int_equal(subscription_tidy(p->db, now_ms, keep, p->a, &gone, NULL), OK);
	assert_int_equal(subscription_untidy(p->db, now_ms, keep, p->a, &untidy, NULL), OK);
	assert_false(untidy);
	return gone;
}

static void what_is_too_old_or_too_much_goes(void **state)
{
	struct place *p = *state;
	const struct event_keep old = { .age_ms = 1000 }, much = { .most = 100 };
	int64_t first = 0, last = 0, seq = 0;

	put_at(p, NOW, 12000);
	assert_int_equal(journal_before(p->db, NOW, &seq, NULL), OK);
	assert_int_equal(seq, 0);
	assert_int_equal(journal_before(p->db, NOW + 1, &seq, NULL), OK);
	assert_int_equal(seq, 1);
	assert_int_equal(journal_before(p->db, NOW + 99999, &seq, NULL), OK);
	assert_int_equal(seq, 12000);
	assert_int_equal(tidy(p, NOW + 11000, &old), 10000);
	assert_int_equal(journal_bounds(p->db, &first, &last, NULL), OK);
	assert_int_equal(first, 10001);
	assert_int_equal(journal_before(p->db, NOW + 10500, &seq, NULL), OK);
	assert_int_equal(seq, 10500);
	assert_int_equal(tidy(p, NOW, &much), 1900);
	/* the newest stays, whatever its age, so that its number is not used again */
	assert_int_equal(tidy(p, NOW + 99999999, &old), 99);
	put_at(p, NOW, 1);
	assert_int_equal(journal_last(p->db, &last, NULL), OK);
	assert_int_equal(last, 12001);
}

static void a_log_of_too_many_bytes_loses_its_oldest(void **state)
{
	struct place *p = *state;
	const struct event_keep roomy = { .bytes = 1 << 20 }, none = { .bytes = 1 };
	char payload[10020];
	int64_t first = 0, last = 0;

	(void)snprintf(payload, sizeof payload, "{\"t\":\"%010000d\"}", 0);
	for (int i = 0; i < 50; i++)
		(void)publish(p, "a", payload);
	assert_int_equal(tidy(p, NOW, &roomy), 0);
	assert_int_equal(tidy(p, NOW, &(struct event_keep){ .bytes = 10 * 11000 }), 40);
	assert_int_equal(journal_bounds(p->db, &first, &last, NULL), OK);
	assert_int_equal(first, 41);
	assert_int_equal(tidy(p, NOW, &none), 9); /* the newest stays whatever its size */
}

static void what_somebody_has_to_get_stays(void **state)
{
	struct place *p = *state;
	const struct subscription agent = { .name = "s", .topic = "a", .agent = "x", .after = 5 };
	const struct event_keep keep = { .age_ms = 1, .dead_ms = 1000 };
	const struct dead_row dead = {
		.subscriber = "s", .cause = "c", .at_ms = NOW, .event = { .seq = 3 }
	};
	struct subscription made;
	int64_t first = 0, last = 0;

	put_at(p, NOW, 20);
	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(subscription_add(p->db, NOW, &agent, p->a, &made, NULL), OK);
	assert_int_equal(dead_put(p->db, &dead, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(subscription_tidy(p->db, NOW + 500, &keep, p->a, &last, NULL), OK);
	assert_int_equal(last, 4);
	assert_int_equal(journal_bounds(p->db, &first, &last, NULL), OK);
	assert_int_equal(first, 3);
	assert_int_equal(tidy(p, NOW + 5000, &keep), 1);
	assert_int_equal(journal_bounds(p->db, &first, &last, NULL), OK);
	assert_int_equal(first, 6);
}

static const struct event_view *put_traced(struct place *p, const char *causation,
                                           const char *traceparent, const char *tracestate)
{
	const struct event_custom c = { .topic = "traced",
		                        .source = "test",
		                        .causation = causation,
		                        .traceparent = traceparent,
		                        .tracestate = tracestate };
	struct event_view *v = NULL;
	int64_t seq = 0, seen = 0;
	size_t n = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(read_on(p, seq - 1, "traced", 1, &v, &n, &seen), OK);
	assert_int_equal(n, 1);
	return v;
}

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void a_trace_goes_from_cause_to_event(void **state)
{
	static const char *const bad[] = {
		"",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
		"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7--01",
	};
	static const char other[] = "00-11111111111111111111111111111111-2222222222222222-00";
	struct place *p = *state;
	const struct event_view *v = put_traced(p, NULL, TRACE, "a=b");
	const char *first = v->id;

	assert_string_equal(v->traceparent, TRACE);
	assert_string_equal(v->tracestate, "a=b");
	v = put_traced(p, first, NULL, NULL);
	assert_string_equal(v->traceparent, TRACE);
	assert_string_equal(v->tracestate, "a=b");
	v = put_traced(p, v->id, "nonsense",
	               NULL); /* also over two steps, and when there is none */
	assert_string_equal(v->traceparent, TRACE);
	v = put_traced(p, first, other, NULL); /* its own goes first, whole */
	assert_string_equal(v->traceparent, other);
	assert_string_equal(v->tracestate, "");
	v = put_traced(p, NULL, TRACE, "not\x01printable");
	assert_string_equal(v->traceparent, TRACE);
	assert_string_equal(v->tracestate, "");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		v = put_traced(p, NULL, bad[i], "a=b");
		assert_string_equal(v->traceparent, "");
		assert_string_equal(v->tracestate, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_happening_can_be_read_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_reader_sees_each_event_once_in_order, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(the_newest_come_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_trace_goes_from_cause_to_event, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_event_lives_and_dies_with_its_transaction,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_payloads_are_refused_with_words, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_published_payload_is_one_line_with_all_its_digits,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_id_enters_the_log_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_old_or_too_much_goes, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_log_of_too_many_bytes_loses_its_oldest, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_somebody_has_to_get_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_and_unknown_events_hide_no_others, set_up,
		                                tear_down),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
