/* Who gets which events, and the numbers about it. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "bus/envelope.h"
#include "domain/event.h"
#include "domain/figures.h"
#include "domain/project.h"
#include "domain/subscription.h"
#include "store/subscribers.h"
#include "tests/lib/folder.h"

#define NOW INT64_C(1700000000000)

struct place {
	struct folder *folder;
	struct project *project;
	struct db *db;
};

static int set_up(void **state)
{
	static struct place p;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct place){ .folder = folder };
	if (project_open(&p.project, p.folder->path, NULL) != OK ||
	    project_write(p.project, NULL, &p.db, NULL) != OK)
		return -1;
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	void *folder = p->folder;

	project_done(p->project, p->db);
	project_free(p->project);
	return folder_teardown(&folder);
}

static void publish(struct place *p, const char *topic, const char *source,
                    enum event_priority priority)
{
	const struct event_custom c = { .topic = topic, .source = source, .priority = priority };
	int64_t seq = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
}

static void subscribe(struct place *p, const struct subscription *s)
{
	struct subscription made;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(subscription_add(p->db, NOW, s, p->folder->arena, &made, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
}

static const struct subscriber_figures *look(struct place *p, struct event_figures *f,
                                             const char *name)
{
	assert_int_equal(figures_read(p->db, p->folder->arena, f, NULL), OK);
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->each[i].name, name) == 0)
			return &f->each[i];
	fail_msg("no figures of '%s'", name);
	return NULL;
}

static size_t found(struct place *p, const struct event_want *want)
{
	struct event_page page = { 0 };

	assert_int_equal(event_find(p->db, want, p->folder->arena, &page, NULL), OK);
	return page.n;
}

static void a_filter_looks_at_type_source_and_priority(void **state)
{
	struct place *p = *state;

	publish(p, "a.b", "one", EVENT_LOW);
	publish(p, "a.b", "two", EVENT_NORMAL);
	publish(p, "a.c", "two", EVENT_CRITICAL);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9 }), 3);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .source = "two" }), 2);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .source = "tw" }), 0);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .type = "Custom" }), 3);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .type = "TaskFailed" }), 0);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .least = EVENT_NORMAL }), 2);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9, .least = EVENT_HIGH }), 1);
	assert_int_equal(found(p, &(struct event_want){ .limit = 9,
	                                                .pattern = "a.b",
	                                                .source = "two",
	                                                .least = EVENT_LOW }),
	                 1);
}

static void a_glance_sees_what_decoding_sees(void **state)
{
	static const enum envelope_priority priorities[] = { ENVELOPE_LOW, ENVELOPE_NORMAL,
		                                             ENVELOPE_CRITICAL };
	struct place *p = *state;
	struct envelope e = { .id = "e1",
		              .topic = "a",
		              .type = "Custom",
		              .source = "somebody",
		              .correlation = "c",
		              .traceparent = "t",
		              .seq = INT64_MAX,
		              .payload = "12345",
		              .payload_size = 5 };
	struct envelope_glance g;
	const void *bytes = NULL;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		e.priority = priorities[i];
		assert_int_equal(envelope_write(&e, p->folder->arena, &bytes, &n, NULL), OK);
		envelope_glance(bytes, n, &g);
		assert_int_equal(g.priority, priorities[i]);
		assert_int_equal(g.source_size, 8);
		assert_memory_equal(g.source, "somebody", 8);
		/* cut anywhere it ends well */
		for (size_t cut = 0; cut < n; cut++)
			envelope_glance(bytes, cut, &g);
	}
	envelope_glance("", 0, &g);
	assert_int_equal(g.priority, ENVELOPE_NORMAL);
	envelope_glance("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, &g);
	assert_int_equal(g.source_size, 0);
}

static void depth_is_what_waits_for_each(void **state)
{
	struct place *p = *state;
	struct event_figures f;

	subscribe(p, &(struct subscription){ .name = "all", .topic = "#" });
	subscribe(p, &(struct subscription){ .name = "high", .topic = "#", .least = EVENT_HIGH });
	subscribe(p, &(struct subscription){ .name = "b", .topic = "b.*", .agent = "x" });
	assert_int_equal(look(p, &f, "all")->depth, 0);
	for (int i = 0; i < 10; i++)
		publish(p, i < 4 ? "b.c" : "a", "s", i == 9 ? EVENT_HIGH : EVENT_NORMAL);
	assert_int_equal(look(p, &f, "all")->depth, 10);
	assert_int_equal(look(p, &f, "high")->depth, 1);
	assert_int_equal(look(p, &f, "b")->depth, 4);
	assert_int_equal(f.depth, 15);
	assert_int_equal(f.behind, 10);
	assert_string_equal(look(p, &f, "b")->serves, "agent x");
	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(subscription_done(p->db, "all", 6, p->folder->arena, NULL), OK);
	assert_int_equal(subscription_done(p->db, "high", 10, p->folder->arena, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(look(p, &f, "all")->depth, 4);
	assert_int_equal(look(p, &f, "all")->delivered, 6);
	assert_int_equal(look(p, &f, "high")->depth, 0);
	assert_int_equal(look(p, &f, "high")->delivered, 1);
}

static void far_behind_every_event_counts(void **state)
{
	struct place *p = *state;
	const struct event_custom c = { .topic = "a", .source = "s" };
	struct event_figures f;
	int64_t seq = 0;

	subscribe(p, &(struct subscription){ .name = "b", .topic = "b" });
	assert_int_equal(db_begin(p->db, NULL), OK);
	for (int i = 0; i < FIGURES_LOOK + 50; i++)
		assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(look(p, &f, "b")->depth, 50);
}

static void latencies_fall_into_buckets(void **state)
{
	static const int64_t took[] = { 0, 1, 2, 3, 1000, 3600000 };
	struct place *p = *state;
	const struct subscriber_figures *s;
	struct event_figures f;

	for (size_t i = 0; i < FIGURES_BUCKETS; i++)
		assert_int_equal(figures_bucket_of(figures_bucket_ms(i)), i);
	assert_int_equal(figures_bucket_of(figures_bucket_ms(4) + 1), 5);
	subscribe(p, &(struct subscription){ .name = "s", .topic = "#", .agent = "x" });
	assert_int_equal(db_begin(p->db, NULL), OK);
	for (size_t i = 0; i < sizeof took / sizeof *took; i++)
		assert_int_equal(subscription_time(p->db, "s", NOW, NOW + took[i], NULL), OK);
	/* of one that is gone nothing is kept, and a clock set back is no negative time */
	assert_int_equal(subscription_time(p->db, "gone", NOW, NOW, NULL), OK);
	assert_int_equal(subscription_time(p->db, "s", NOW, NOW - 5, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	s = look(p, &f, "s");
	assert_int_equal(s->latency_n, 7);
	assert_int_equal(s->latency_ms, 3601006);
	assert_int_equal(s->latency[0], 3);
	assert_int_equal(s->latency[1], 1);
	assert_int_equal(s->latency[2], 1);
	assert_int_equal(s->latency[10], 1);
	assert_int_equal(s->latency[FIGURES_BUCKETS - 1], 1);
	assert_int_equal(figures_quantile_ms(s->latency, 0.5), 2);
	assert_int_equal(figures_quantile_ms(s->latency, 0.99), INT64_MAX);
	/* with the subscriber goes its histogram */
	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(subscription_end(p->db, "s", p->folder->arena, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	subscribe(p, &(struct subscription){ .name = "s", .topic = "#", .agent = "x" });
	assert_int_equal(look(p, &f, "s")->latency_n, 0);
}

static void the_figures_are_told_as_json(void **state)
{
	struct place *p = *state;
	struct json_build b = { 0 };
	struct event_figures f;
	cJSON *o;
	char *text;

	subscribe(p, &(struct subscription){ .name = "s", .topic = "a", .agent = "x" });
	publish(p, "a", "s", EVENT_NORMAL);
	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(subscription_time(p->db, "s", NOW, NOW + 3, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(figures_read(p->db, p->folder->arena, &f, NULL), OK);
	o = figures_json(&b, &f);
	assert_false(b.failed);
	text = json_print(o);
	assert_string_equal(
	    text, "{\"firstSeq\":1,\"lastSeq\":1,\"depth\":1,\"delivered\":0,\"retried\":0,"
		  "\"dead\":0,\"deadletters\":0,\"behind\":1,\"p50Ms\":4,\"p99Ms\":4,"
		  "\"subscribers\":[{\"subscriber\":\"s\",\"topic\":\"a\",\"serves\":\"agent x\","
		  "\"depth\":1,\"delivered\":0,\"retried\":0,\"dead\":0,\"deadletters\":0,"
		  "\"p50Ms\":4,\"p99Ms\":4}]}");
	cJSON_free(text);
	cJSON_Delete(o);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_filter_looks_at_type_source_and_priority),
		TEST(a_glance_sees_what_decoding_sees),
		TEST(depth_is_what_waits_for_each),
		TEST(far_behind_every_event_counts),
		TEST(latencies_fall_into_buckets),
		TEST(the_figures_are_told_as_json),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
