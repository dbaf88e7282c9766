/* The states of agents: the table of steps, what is kept, starting and stopping. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "domain/event.h"
#include "domain/life.h"
#include "domain/project.h"
#include "domain/subscription.h"
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
	p.project->clock.fixed_ms = NOW;
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

/* The contract, written down a second time: from each state, where it may go. */
static const char *const allowed[LIFE_STATES][LIFE_STATES] = {
	[LIFE_REGISTERED] = { "starting" },
	[LIFE_STARTING] = { "ready", "stopping", "failed" },
	[LIFE_READY] = { "starting", "busy", "waiting", "stopping", "failed" },
	[LIFE_BUSY] = { "ready", "waiting", "stopping", "failed" },
	[LIFE_WAITING] = { "ready", "busy", "stopping", "failed" },
	[LIFE_STOPPING] = { "stopped" },
	[LIFE_STOPPED] = { "starting" },
	[LIFE_FAILED] = { "starting", "stopped" },
};

static bool is_allowed(enum life_state from, enum life_state to)
{
	for (size_t i = 0; i < LIFE_STATES && allowed[from][i] != NULL; i++)
		if (strcmp(allowed[from][i], life_word(to)) == 0)
			return true;
	return false;
}

static void only_the_steps_of_the_table_are_legal(void **state)
{
	(void)state;
	for (int from = 0; from < LIFE_STATES; from++)
		for (int to = 0; to < LIFE_STATES; to++)
			assert_int_equal(life_may((enum life_state)from, (enum life_state)to),
			                 is_allowed((enum life_state)from, (enum life_state)to));
}

static void every_state_has_a_word_of_its_own(void **state)
{
	enum life_state back = LIFE_STATES;

	(void)state;
	for (int i = 0; i < LIFE_STATES; i++) {
		assert_true(life_read(life_word((enum life_state)i), &back));
		assert_int_equal(back, i);
	}
	assert_false(life_read("asleep", &back));
}

static void from_every_state_one_can_come_to_stopped_and_to_ready(void **state)
{
	(void)state;
	for (int to = 0; to < LIFE_STATES; to++) {
		bool comes[LIFE_STATES] = { false };

		comes[to] = true;
		for (int round = 0; round < LIFE_STATES; round++)
			for (int from = 0; from < LIFE_STATES; from++)
				for (int next = 0; next < LIFE_STATES; next++)
					comes[from] =
					    comes[from] ||
					    (comes[next] && life_may((enum life_state)from,
					                             (enum life_state)next));
		for (int from = 0; from < LIFE_STATES; from++)
			assert_true(comes[from] || to == LIFE_REGISTERED);
	}
}

static void the_pause_doubles_up_to_its_limit(void **state)
{
	(void)state;
	assert_int_equal(life_pause_ms(1, 1000, 300000), 1000);
	assert_int_equal(life_pause_ms(2, 1000, 300000), 2000);
	assert_int_equal(life_pause_ms(5, 1000, 300000), 16000);
	assert_int_equal(life_pause_ms(100000, 1000, 300000), 300000);
}

static enum status become(struct place *p, const char *name, enum life_state to, const char *cause,
                          struct err *err)
{
	const struct life_step step = { .name = name, .to = to, .cause = cause, .active = 1 };
	enum status st;

	assert_int_equal(db_begin(p->db, NULL), OK);
	if ((st = life_become(p->db, NOW, &step, err)) == OK)
		assert_int_equal(db_commit(p->db, NULL), OK);
	else
		db_rollback(p->db);
	return st;
}

static struct event_page events_of(struct place *p, const char *pattern)
{
	const struct event_want want = { .pattern = pattern, .limit = 100 };
	struct event_page page = { 0 };

	assert_int_equal(event_find(p->db, &want, p->folder->arena, &page, NULL), OK);
	return page;
}

static struct life look(struct place *p, const char *name)
{
	struct life life;

	assert_int_equal(life_look(p->db, name, p->folder->arena, &life, NULL), OK);
	return life;
}

static void each_step_is_kept_with_its_event(void **state)
{
	struct place *p = *state;
	struct event_page page;

	assert_int_equal(look(p, "x").state, LIFE_REGISTERED);
	assert_int_equal(become(p, "x", LIFE_STARTING, NULL, NULL), OK);
	assert_int_equal(become(p, "x", LIFE_FAILED, "no such program", NULL), OK);
	/* to stay is no step and no event */
	assert_int_equal(become(p, "x", LIFE_FAILED, "still", NULL), OK);
	assert_int_equal(look(p, "x").state, LIFE_FAILED);
	assert_string_equal(look(p, "x").cause, "still");
	page = events_of(p, "agent.x.*");
	assert_int_equal(page.n, 2);
	assert_string_equal(page.events[0].type, "AgentStarted");
	assert_string_equal(page.events[1].topic, "agent.x.failed");
	assert_non_null(strstr(page.events[1].payload_json, "\"from\":\"starting\""));
	assert_non_null(strstr(page.events[1].payload_json, "\"cause\":\"no such program\""));
}

static void a_step_that_is_not_legal_is_refused_and_changes_nothing(void **state)
{
	struct place *p = *state;
	struct err err = { 0 };

	assert_int_equal(become(p, "x", LIFE_BUSY, NULL, &err), E_DENIED);
	assert_string_equal(err.text, "agent 'x' is registered and cannot become busy");
	assert_int_equal(look(p, "x").state, LIFE_REGISTERED);
	assert_int_equal(events_of(p, "#").n, 0);
}

static void a_sign_of_life_is_kept_and_told(void **state)
{
	const struct life_use use = { .pid = 7, .memory_kb = 12, .cpu_ms = 5, .active = 1 };
	struct place *p = *state;
	struct event_page page;

	assert_int_equal(become(p, "x", LIFE_STARTING, NULL, NULL), OK);
	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(life_beat(p->db, NOW + 5, "x", &use, NULL), OK);
	assert_int_equal(life_beat(p->db, NOW + 5, "nobody", &use, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(look(p, "x").beat_ms, NOW + 5);
	assert_int_equal(look(p, "x").pid, 7);
	page = events_of(p, "agent.*.heartbeat");
	assert_int_equal(page.n, 1);
	assert_non_null(strstr(page.events[0].payload_json, "\"memoryKb\":12"));
}

static const struct agent *define(struct place *p, const char *subscribes)
{
	const struct agent_places places = { .root = p->folder->path };
	struct agent_set *set = NULL;

	folder_putf(p->folder, ".gadugi/agents/x.md",
	            "---\nname: x\ndescription: d\nsubscribes: %s\n---\nDo.\n", subscribes);
	assert_int_equal(agent_load(&places, p->folder->arena, &set, NULL), OK);
	assert_int_equal(set->n_agents, 1);
	return set->agents;
}

static struct subscription *subscriptions(struct place *p, size_t *n)
{
	struct subscription *all = NULL;

	assert_int_equal(subscription_all(p->db, p->folder->arena, &all, n, NULL), OK);
	return all;
}

static void publish(struct place *p)
{
	const struct event_custom c = { .topic = "a", .source = "s" };
	int64_t seq = 0;

	assert_int_equal(db_begin(p->db, NULL), OK);
	assert_int_equal(event_put_custom(p->db, NOW, &c, &seq, NULL, NULL), OK);
	assert_int_equal(db_commit(p->db, NULL), OK);
}

static enum status start(struct place *p, const struct agent *agent, struct err *err)
{
	enum status st = life_start(p->project, p->db, agent, p->folder->arena, err);

	db_rollback(p->db);
	return st;
}

static enum status stop(struct place *p, struct err *err)
{
	enum status st = life_stop(p->project, p->db, "x", p->folder->arena, err);

	db_rollback(p->db);
	return st;
}

static void starting_and_stopping_without_a_server(void **state)
{
	struct place *p = *state;
	struct err err = { 0 };
	struct subscription *all;
	size_t n = 0;

	assert_int_equal(stop(p, &err), E_ABSENT);
	assert_string_equal(err.text, "agent 'x' was not started");
	assert_int_equal(start(p, define(p, "[]"), NULL), OK);
	assert_true(look(p, "x").alone);
	assert_int_equal(start(p, define(p, "[a, b.*]"), NULL), OK);
	assert_false(look(p, "x").alone);
	assert_int_equal(look(p, "x").state, LIFE_STARTING);
	all = subscriptions(p, &n);
	assert_int_equal(n, 2);
	assert_string_equal(all[1].name, "x-2");
	assert_string_equal(all[1].topic, "b.*");
	assert_int_equal(stop(p, NULL), OK);
	assert_int_equal(look(p, "x").state, LIFE_STOPPED);
	(void)subscriptions(p, &n);
	assert_int_equal(n, 0);
	/* every step of the way was told */
	assert_int_equal(events_of(p, "agent.x.#").n, 3);
	assert_int_equal(start(p, define(p, "[a]"), NULL), OK);
	assert_int_equal(look(p, "x").state, LIFE_STARTING);
}

static void one_that_is_started_again_goes_on_where_it_left_off(void **state)
{
	struct place *p = *state;
	struct subscription *all;
	size_t n = 0;

	assert_int_equal(start(p, define(p, "[a, b, c]"), NULL), OK);
	assert_int_equal(become(p, "x", LIFE_FAILED, "c", NULL), OK);
	for (int i = 0; i < 5; i++)
		publish(p);
	assert_int_equal(start(p, define(p, "[a, other]"), NULL), OK);
	all = subscriptions(p, &n);
	/* a goes on, b became another topic, c is wanted no more */
	assert_int_equal(n, 2);
	assert_int_equal(all[0].after, 0);
	assert_string_equal(all[1].topic, "other");
	assert_int_equal(look(p, "x").state, LIFE_STARTING);
	assert_int_equal(look(p, "x").failures, 0);
}

static void a_thousand_agents_are_told_of(void **state)
{
	struct place *p = *state;
	struct life *all = NULL;
	size_t n = 0;
	char name[20];

	assert_int_equal(db_begin(p->db, NULL), OK);
	for (int i = 0; i < AGENTS_MAX; i++) {
		const struct life_step step = { .name = name, .to = LIFE_STARTING };

		(void)snprintf(name, sizeof name, "a%03d", i);
		assert_int_equal(life_become(p->db, NOW, &step, NULL), OK);
	}
	assert_int_equal(db_commit(p->db, NULL), OK);
	assert_int_equal(life_all(p->db, p->folder->arena, &all, &n, NULL), OK);
	assert_int_equal(n, AGENTS_MAX);
	assert_string_equal(all[999].name, "a999");
	assert_int_equal(all[999].state, LIFE_STARTING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_steps_of_the_table_are_legal),
		cmocka_unit_test(every_state_has_a_word_of_its_own),
		cmocka_unit_test(from_every_state_one_can_come_to_stopped_and_to_ready),
		cmocka_unit_test(the_pause_doubles_up_to_its_limit),
		TEST(each_step_is_kept_with_its_event),
		TEST(a_step_that_is_not_legal_is_refused_and_changes_nothing),
		TEST(a_sign_of_life_is_kept_and_told),
		TEST(starting_and_stopping_without_a_server),
		TEST(one_that_is_started_again_goes_on_where_it_left_off),
		TEST(a_thousand_agents_are_told_of),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
