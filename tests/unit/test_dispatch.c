#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poll.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "bus/wake.h"
#include "domain/dispatch.h"
#include "domain/event.h"
#include "domain/figures.h"
#include "domain/life.h"
#include "domain/project.h"
#include "domain/question.h"
#include "domain/roster.h"
#include "domain/subscription.h"
#include "tests/lib/folder.h"

#define LONG_MS 30000 /* a wait that ends early when all is well */

struct place {
	struct folder *folder;
	struct project *project;
	struct dispatch *dispatch;
	struct wake *wake;
};

static const struct dispatch_options quick = {
	.backoff_ms = 1, .timeout_ms = 20000, .restart_ms = 1, .breaker_ms = 1
};

static int set_up(void **state)
{
	static struct place p;
	void *folder = NULL;

	if (folder_setup(&folder) != 0)
		return -1;
	p = (struct place){ .folder = folder };
	/* two agents: one keeps what it is given, one fails until a file lets it */
	folder_put(p.folder, "keep.sh",
	           "#!/bin/sh\nread -r line\nprintf '%s %s %s\\n' \"$GADUGI_EVENT_TOPIC\" "
	           "\"$GADUGI_ATTEMPT\" \"$line\" >>got\n");
	folder_put(p.folder, "fail.sh",
	           "#!/bin/sh\necho x >>tries\necho not yet\n[ -e ../../../let ]\n");
	folder_put(p.folder, ".gadugi/config",
	           "agents:\n  keeper: {command: [./keep.sh]}\n  failer: {command: [./fail.sh]}\n");
	if (chmod(folder_at(p.folder, "keep.sh"), 0755) != 0 ||
	    chmod(folder_at(p.folder, "fail.sh"), 0755) != 0 ||
	    setenv("XDG_CONFIG_HOME", folder_at(p.folder, "xdg"), 1) != 0 ||
	    project_open(&p.project, p.folder->path, NULL) != OK ||
	    wake_open(&p.wake, p.project->state, NULL) != OK)
		return -1;
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	void *folder = p->folder;

	dispatch_free(p->dispatch);
	wake_free(p->wake);
	project_free(p->project);
	return folder_teardown(&folder);
}

static void begin(struct place *p)
{
	struct err err = { 0 };

	if (dispatch_new(&p->dispatch, p->project, &quick, &err) != OK)
		fail_msg("%s", err.text);
}

static int64_t publish(struct place *p, const char *topic, const char *payload)
{
	const struct event_custom c = { .topic = topic, .source = "test", .payload_json = payload };
	struct db *db = NULL;
	int64_t seq = 0;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(event_put_custom(db, clock_wall_ms(NULL), &c, &seq, NULL, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	return seq;
}

/* Run a change of subscriptions in a transaction of its own. */
static void subscribe(struct place *p, const char *name, const char *topic, const char *agent)
{
	const struct subscription s = { .name = name, .topic = topic, .agent = agent };
	struct subscription made;
	struct db *db = NULL;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_add(db, 1, &s, p->folder->arena, &made, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
}

/* Wait until there are n events of that pattern; the last one. */
static const struct event_view *await(struct place *p, const char *pattern, size_t n)
{
	const struct event_want want = { .pattern = pattern, .limit = 1000 };
	int64_t until = clock_mono_ms() + LONG_MS;
	struct event_page page = { 0 };

	while (page.n < n) {
		struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };
		struct db *db = NULL;

		wake_clear(p->wake);
		assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
		assert_int_equal(event_find(db, &want, p->folder->arena, &page, NULL), OK);
		project_done(p->project, db);
		if (clock_mono_ms() > until)
			fail_msg("%zu of %zu events '%s' came", page.n, n, pattern);
		if (page.n < n)
			(void)poll(&fd, 1, LONG_MS);
	}
	assert_int_equal(page.n, n);
	return &page.events[n - 1];
}

static int64_t place_of(struct place *p, const char *name)
{
	struct subscription s = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_find(db, name, p->folder->arena, &s, NULL), OK);
	project_done(p->project, db);
	return s.after;
}

static size_t lines_of(const struct place *p, const char *name)
{
	const char *s = folder_get(p->folder, name);
	size_t n = 0;

	for (; s != NULL && *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void an_event_starts_an_agent_once(void **state)
{
	struct place *p = *state;
	const struct event_view *v;
	const char *got;

	begin(p);
	subscribe(p, "s", "build.*", "keeper");
	(void)publish(p, "other", NULL);
	(void)publish(p, "build.done", "{\"n\":1}");
	(void)publish(p, "build.failed", "{\"n\":2}");
	v = await(p, "agent.keeper.done", 2);
	assert_string_equal(v->type, "AgentStopped");
	got = folder_get(p->folder, ".gadugi/agents/keeper/got");
	assert_non_null(strstr(got, "build.done 1 {\"seq\":"));
	assert_non_null(strstr(got, "build.failed 1 {\"seq\":"));
	assert_non_null(strstr(got, "\"payload\":{\"n\":2}}"));
	assert_int_equal(lines_of(p, ".gadugi/agents/keeper/got"), 2);
	assert_int_equal(place_of(p, "s"), 3);
}

static void what_happened_while_nobody_served_is_made_up_for(void **state)
{
	struct place *p = *state;

	subscribe(p, "s", "#", "keeper");
	for (int i = 0; i < 30; i++)
		(void)publish(p, "a", NULL);
	begin(p);
	(void)await(p, "agent.keeper.done", 30);
	dispatch_free(p->dispatch);
	(void)publish(p, "b", NULL);
	begin(p);
	(void)await(p, "agent.keeper.done", 31);
	assert_int_equal(lines_of(p, ".gadugi/agents/keeper/got"), 31);
}

static void a_failing_agent_leaves_a_dead_letter_that_can_be_tried_again(void **state)
{
	const struct dead_letters_want want = { .limit = 10 };
	struct place *p = *state;
	struct dead_letter *dead = NULL;
	struct event_figures f;
	const struct event_view *v;
	struct db *db = NULL;
	size_t n = 0;
	int64_t again = 0;

	begin(p);
	subscribe(p, "s", "a", "failer");
	subscribe(p, "well", "a", "keeper");
	(void)publish(p, "a", NULL);
	v = await(p, "agent.failer.failed", 1);
	assert_non_null(strstr(v->payload_json, "exit code 1): not yet"));
	(void)await(p, "agent.keeper.done", 1);
	assert_int_equal(lines_of(p, ".gadugi/agents/failer/tries"), 3);
	assert_int_equal(lines_of(p, ".gadugi/agents/keeper/got"), 1);
	folder_put(p->folder, "let", "");
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_dead(db, &want, p->folder->arena, &dead, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(dead[0].attempts, 3);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_retry(db, "s", &again, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	assert_int_equal(again, 1);
	(void)await(p, "agent.failer.done", 1);
	assert_int_equal(subscription_dead(db, &want, p->folder->arena, &dead, &n, NULL), OK);
	assert_int_equal(n, 0);
	assert_int_equal(figures_read(db, p->folder->arena, &f, NULL), OK);
	assert_int_equal(f.subscribers, 2);
	assert_int_equal(f.delivered, 2);
	assert_int_equal(f.retried, 2);
	assert_int_equal(f.dead, 1);
	assert_int_equal(f.dead_letters, 0);
	assert_int_equal(f.latency_n, 2);
	project_done(p->project, db);
	assert_int_equal(lines_of(p, ".gadugi/agents/failer/tries"), 4);
}

static void a_replay_really_delivers(void **state)
{
	const struct subscription to = { .name = "s", .after = 1 };
	struct place *p = *state;
	struct db *db = NULL;
	size_t n = 0;

	begin(p);
	subscribe(p, "s", "a", "keeper");
	for (int i = 0; i < 3; i++)
		(void)publish(p, "a", NULL);
	(void)await(p, "agent.keeper.done", 3);
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_rewind(db, &to, p->folder->arena, &n, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	(void)await(p, "agent.keeper.done", 5);
	assert_int_equal(lines_of(p, ".gadugi/agents/keeper/got"), 5);
}

static void an_agent_is_not_started_by_itself_and_loops_end(void **state)
{
	struct place *p = *state;

	folder_put(p->folder, ".gadugi/agents/one.md",
	           "---\nname: one\ndescription: d\npreset: keeper\n---\nBe one.\n");
	begin(p);
	subscribe(p, "a", "#", "one");
	subscribe(p, "b", "agent.one.#", "keeper");
	(void)publish(p, "go", NULL);
	/* each is started by the other's end until the chain of causes is too long */
	(void)await(p, "agent.*.done", EVENT_DEPTH_MAX);
	assert_int_equal(lines_of(p, ".gadugi/agents/one/got"), EVENT_DEPTH_MAX / 2);
}

static void another_dispatcher_takes_over(void **state)
{
	struct place *p = *state;
	struct dispatch *second = NULL;

	begin(p);
	subscribe(p, "s", "a", "keeper");
	(void)publish(p, "a", NULL);
	(void)await(p, "agent.keeper.done", 1);
	assert_int_equal(dispatch_new(&second, p->project, &quick, NULL), OK);
	for (int i = 0; i < 5; i++)
		(void)publish(p, "a", NULL);
	(void)await(p, "agent.keeper.done", 6);
	dispatch_free(p->dispatch);
	p->dispatch = second;
	(void)publish(p, "a", NULL);
	(void)await(p, "agent.keeper.done", 7);
	assert_int_equal(lines_of(p, ".gadugi/agents/keeper/got"), 7);
}

/* Answer the only open question. */
static void answer(struct place *p, const char *text)
{
	struct question *open = NULL, answered;
	struct db *db = NULL;
	size_t n = 0;

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(question_open(db, 1, p->folder->arena, &open, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(question_answer(db, 1,
	                                 &(struct question_reply){ open[0].id, text, "test" },
	                                 p->folder->arena, &answered, NULL),
	                 OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
}

static void an_agent_that_must_ask_waits_for_its_approval(void **state)
{
	struct place *p = *state;

	folder_put(p->folder, ".gadugi/agents/careful.md",
	           "---\nname: careful\ndescription: d\npreset: keeper\npermissions: ask\n"
	           "---\nBe careful.\n");
	begin(p);
	subscribe(p, "s", "a", "careful");
	(void)publish(p, "a", "{\"n\":1}");
	(void)publish(p, "a", "{\"n\":2}");
	(void)await(p, "agent.careful.approval", 1);
	answer(p, "deny");
	(void)await(p, "agent.careful.denied", 1);
	(void)await(p, "agent.careful.approval", 2);
	/* what was asked is asked once, also over a restart */
	dispatch_free(p->dispatch);
	begin(p);
	answer(p, "approve");
	(void)await(p, "agent.careful.done", 1);
	(void)await(p, "agent.careful.approval", 2);
	assert_int_equal(lines_of(p, ".gadugi/agents/careful/got"), 1);
	assert_int_equal(place_of(p, "s"), 2);
}

static void an_unknown_agent_is_said(void **state)
{
	struct place *p = *state;

	begin(p);
	subscribe(p, "s", "a", "nobody");
	(void)publish(p, "a", NULL);
	assert_non_null(strstr(await(p, "agent.nobody.failed", 1)->payload_json, "nobody"));
}

/* --- how agents fare ------------------------------------------------------------------------ */

static struct life life_of(struct place *p, const char *name)
{
	struct db *db = NULL;
	struct life life;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(life_look(db, name, p->folder->arena, &life, NULL), OK);
	project_done(p->project, db);
	return life;
}

static void define(struct place *p, const char *name, const char *keys)
{
	char file[80];

	(void)snprintf(file, sizeof file, ".gadugi/agents/%s.md", name);
	folder_putf(p->folder, file, "---\nname: %s\ndescription: d\n%s---\nBe %s.\n", name, keys,
	            name);
}

/* As `agents start` and `agents stop` do. */
static void start(struct place *p, const char *name)
{
	const struct agent_places places = { .root = p->folder->path };
	struct agent_set *set = NULL;
	struct db *db = NULL;
	struct err err = { 0 };

	assert_int_equal(agent_load(&places, p->folder->arena, &set, NULL), OK);
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	if (life_start(p->project, db, roster_find(set, name), p->folder->arena, &err) != OK)
		fail_msg("%s", err.text);
	project_done(p->project, db);
}

static void stop(struct place *p, const char *name)
{
	struct db *db = NULL;
	struct err err = { 0 };

	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	if (life_stop(p->project, db, name, p->folder->arena, &err) != OK)
		fail_msg("%s", err.text);
	project_done(p->project, db);
}

/* The topics of all events of that pattern, with blanks between. */
static const char *topics(struct place *p, const char *pattern)
{
	const struct event_want want = { .pattern = pattern, .limit = 1000 };
	struct event_page page = { 0 };
	struct text all;
	struct db *db = NULL;
	const char *out;

	text_init(&all, TEXT_LIMIT);
	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(event_find(db, &want, p->folder->arena, &page, NULL), OK);
	project_done(p->project, db);
	for (size_t i = 0; i < page.n; i++)
		text_addf(&all, "%s%s", i == 0 ? "" : " ", strrchr(page.events[i].topic, '.') + 1);
	out = text_copy(&all, p->folder->arena);
	text_done(&all);
	return out;
}

/* Wait until one of the events of that pattern ends in the word. */
static void await_word(struct place *p, const char *pattern, const char *word)
{
	bool there = false;

	while (!there) {
		struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };

		wake_clear(p->wake);
		there = strstr(topics(p, pattern), word) != NULL;
		if (!there)
			assert_int_equal(poll(&fd, 1, LONG_MS), 1);
	}
}

static void pause_for(struct place *p)
{
	struct pollfd fd = { .fd = wake_fd(p->wake), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, LONG_MS), 1);
	wake_clear(p->wake);
}

/* Wait until there are n subscribers. */
static void await_subscribers(struct place *p, size_t n)
{
	for (size_t now = n + 1; now != n;) {
		struct subscription *all = NULL;
		struct db *db = NULL;

		wake_clear(p->wake);
		assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
		assert_int_equal(subscription_all(db, p->folder->arena, &all, &now, NULL), OK);
		project_done(p->project, db);
		if (now != n)
			pause_for(p);
	}
}

/* How a subscriber stands. What changes it wakes those who wait. */
static struct subscription figure_of(struct place *p, const char *name)
{
	struct subscription s = { 0 };
	struct db *db = NULL;

	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_find(db, name, p->folder->arena, &s, NULL), OK);
	project_done(p->project, db);
	return s;
}

static void every_step_of_an_agent_is_told_with_its_cause(void **state)
{
	struct place *p = *state;
	const struct event_view *v;

	define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	start(p, "one");
	assert_int_equal(life_of(p, "one").state, LIFE_STARTING);
	begin(p);
	(void)await(p, "agent.one.ready", 1);
	(void)publish(p, "a", NULL);
	v = await(p, "agent.one.done", 1);
	assert_non_null(strstr(v->payload_json, "\"exitCode\":0"));
	assert_string_not_equal(v->causation, "");
	assert_string_equal(await(p, "agent.one.busy", 1)->causation, v->causation);
	(void)await(p, "agent.one.ready", 2);
	stop(p, "one");
	(void)await(p, "agent.one.stopped", 1);
	assert_string_equal(topics(p, "agent.one.*"),
	                    "starting ready busy done ready stopping stopped");
	assert_int_equal(life_of(p, "one").state, LIFE_STOPPED);
	/* started again, it works again */
	start(p, "one");
	(void)await(p, "agent.one.ready", 3);
	(void)publish(p, "a", NULL);
	(void)await(p, "agent.one.done", 2);
}

static void restarts_are_bounded_and_an_agent_goes_on_where_it_failed(void **state)
{
	struct place *p = *state;

	define(p, "one",
	       "preset: failer\nsubscribes: [a]\nrestart: {policy: on-failure, max: 2}\n");
	start(p, "one");
	begin(p);
	for (int i = 0; i < 5; i++)
		(void)publish(p, "a", NULL);
	/* the first start and two more: each gives up an event */
	(void)await(p, "agent.one.failed", 3);
	assert_int_equal(life_of(p, "one").state, LIFE_FAILED);
	assert_int_equal(life_of(p, "one").again_ms, 0);
	assert_int_equal(life_of(p, "one").failures, 3);
	folder_put(p->folder, "let", "");
	start(p, "one");
	(void)await(p, "agent.one.done", 2);
	assert_int_equal(life_of(p, "one").failures, 0);
	assert_int_equal(lines_of(p, ".gadugi/agents/one/tries"), 3 * 3 + 2);
}

static void an_agent_that_is_never_restarted_stays_failed(void **state)
{
	struct place *p = *state;
	int64_t first, second;

	define(p, "one", "preset: failer\nsubscribes: [a]\nrestart: never\n");
	start(p, "one");
	begin(p);
	first = publish(p, "a", NULL);
	second = publish(p, "a", NULL);
	(void)await(p, "agent.one.failed", 1);
	subscribe(p, "s", "b", "keeper");
	(void)publish(p, "b", NULL);
	(void)await(p, "agent.keeper.done", 1); /* the others go on */
	assert_int_equal(lines_of(p, ".gadugi/agents/one/tries"), 3);
	assert_in_range(place_of(p, "one-1"), first, second - 1);
}

static void an_agent_with_a_mistake_fails_until_its_file_is_right(void **state)
{
	struct place *p = *state;

	define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\n");
	start(p, "one");
	define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\ntools: [Raed]\n");
	begin(p);
	assert_non_null(strstr(await(p, "agent.one.failed", 1)->payload_json,
	                       "one.md:7: there is no tool 'Raed'; did you mean 'Read'?"));
	(void)publish(p, "a", NULL);
	/* nobody starts anything: the change of the file is seen */
	define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\ntools: [Read]\n");
	(void)await(p, "agent.one.done", 1);
}

static void what_a_file_subscribes_to_now_is_followed(void **state)
{
	struct place *p = *state;

	define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	start(p, "one");
	begin(p);
	(void)await(p, "agent.one.ready", 1);
	(void)publish(p, "a", NULL);
	(void)await(p, "agent.one.done", 1);
	define(p, "one", "preset: keeper\nsubscribes: [b, c]\n");
	await_subscribers(p, 2);
	(void)publish(p, "a", NULL);
	(void)publish(p, "b", NULL);
	(void)publish(p, "c", NULL);
	(void)await(p, "agent.one.done", 3);
	assert_int_equal(lines_of(p, ".gadugi/agents/one/got"), 3);
}

static void another_dispatcher_says_what_became_of_those_at_work(void **state)
{
	struct place *p = *state;
	const struct life_step steps[] = {
		{ .name = "one", .to = LIFE_STARTING },  { .name = "one", .to = LIFE_READY },
		{ .name = "one", .to = LIFE_BUSY },      { .name = "gone", .to = LIFE_STARTING },
		{ .name = "gone", .to = LIFE_STOPPING },
	};
	struct db *db = NULL;

	define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	subscribe(p, "one-1", "a", "one");
	/* as a dispatcher that was killed leaves them */
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		assert_int_equal(life_become(db, 1, &steps[i], NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	begin(p);
	(void)await(p, "agent.one.ready", 2);
	assert_string_equal(topics(p, "agent.one.*"), "starting ready busy failed starting ready");
	(void)await(p, "agent.gone.stopped", 1);
}

static void as_many_work_at_once_as_the_file_allows(void **state)
{
	struct place *p = *state;

	/* each waits until three are there: with fewer at a time it would not end */
	folder_put(p->folder, "meet.sh",
	           "#!/bin/sh\n: >>here.$GADUGI_EVENT_SEQ\n"
	           "while set -- here.*; [ $# -lt 3 ]; do read -r x <../../../never || sleep 0.01;"
	           " done 2>/dev/null\n");
	assert_int_equal(chmod(folder_at(p->folder, "meet.sh"), 0755), 0);
	folder_put(p->folder, ".gadugi/config", "agents: {meeter: {command: [./meet.sh]}}\n");
	define(p, "one", "preset: meeter\nsubscribes: [a.*]\nconcurrency: 3\n");
	start(p, "one");
	begin(p);
	(void)publish(p, "a.b", NULL);
	(void)publish(p, "a.c", NULL);
	(void)publish(p, "a.d", NULL);
	(void)publish(p, "a.e", NULL);
	(void)await(p, "agent.one.done", 4);
	assert_int_equal(place_of(p, "one-1") > 4, 1);
	/* busy is told once, not for each */
	assert_true(strstr(topics(p, "agent.one.busy"), "busy") != NULL);
}

static void with_several_at_once_nothing_is_doubled_over_a_restart(void **state)
{
	struct place *p = *state;

	define(p, "one", "preset: keeper\nsubscribes: ['w.*']\nconcurrency: 4\n");
	start(p, "one");
	for (int i = 0; i < 40; i++) {
		char topic[20];

		(void)snprintf(topic, sizeof topic, "w.t%d", i % 7);
		(void)publish(p, topic, NULL);
	}
	begin(p);
	(void)await(p, "agent.one.ready", 1);
	dispatch_free(p->dispatch); /* some were begun, and come again */
	begin(p);
	(void)await(p, "agent.one.done", 40); /* what was begun before may have run twice */
	assert_true(lines_of(p, ".gadugi/agents/one/got") >= 40);
}

static void a_busy_agent_gives_signs_of_life(void **state)
{
	struct place *p = *state;
	const struct dispatch_options often = { .timeout_ms = 20000, .beat_ms = 20 };

	folder_put(p->folder, "long.sh",
	           "#!/bin/sh\nwhile [ ! -e ../../../let ]; do sleep 0.01; done\n");
	assert_int_equal(chmod(folder_at(p->folder, "long.sh"), 0755), 0);
	folder_put(p->folder, ".gadugi/config", "agents: {long: {command: [./long.sh]}}\n");
	subscribe(p, "s", "a", "long");
	assert_int_equal(dispatch_new(&p->dispatch, p->project, &often, NULL), OK);
	(void)publish(p, "a", NULL);
	await_word(p, "agent.long.#", "heartbeat");
	assert_true(life_of(p, "long").beat_ms > 0);
	assert_true(life_of(p, "long").pid > 0);
	folder_put(p->folder, "let", "");
	(void)await(p, "agent.long.done", 1);
}

static void a_thousand_agents_are_served(void **state)
{
	struct place *p = *state;
	struct db *db = NULL;
	char name[20], topic[20];

	for (int i = 0; i < AGENTS_MAX; i++) {
		(void)snprintf(name, sizeof name, "a%d", i);
		define(p, name, "preset: keeper\n");
	}
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	for (int i = 0; i < AGENTS_MAX; i++) {
		const struct subscription s = { .name = name, .topic = topic, .agent = name };
		struct arena *a = arena_new((size_t)16 << 20);
		struct subscription made;

		(void)snprintf(name, sizeof name, "a%d", i);
		(void)snprintf(topic, sizeof topic, "t%d", i);
		assert_int_equal(subscription_add(db, 1, &s, a, &made, NULL), OK);
		arena_free(a);
	}
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	(void)publish(p, "t777", NULL);
	begin(p);
	(void)await(p, "agent.a777.done", 1);
	(void)publish(p, "t3", NULL);
	(void)publish(p, "t999", NULL);
	(void)await(p, "agent.a3.done", 1);
	(void)await(p, "agent.a999.done", 1);
	assert_int_equal(life_of(p, "a500").state, LIFE_READY);
}

static void steps_of_others_start_nobody_unless_asked_for(void **state)
{
	struct place *p = *state;

	begin(p);
	subscribe(p, "all", "#", "keeper");
	subscribe(p, "fails", "agent.*.failed", "failer");
	(void)publish(p, "a", NULL);
	(void)await(p, "agent.keeper.done", 1);
	subscribe(p, "nobody", "b", "nobody");
	(void)await(p, "agent.failer.retrying", 1); /* for agent.nobody.failed */
	assert_string_equal(topics(p, "agent.keeper.done"), "done");
}

/* --- commands of the configuration ----------------------------------------------------------- */

static void a_command_of_the_configuration_is_run_for_each_event(void **state)
{
	struct place *p = *state;
	struct dead_letter *dead = NULL;
	struct db *db = NULL;
	const char *heard;
	size_t n = 0;

	folder_put(p->folder, "tell.sh",
	           "#!/bin/sh\nread -r line\necho \"$GADUGI_EVENT_TOPIC $line\" >>heard\n");
	folder_put(p->folder, "refuse.sh", "#!/bin/sh\necho no\nexit 3\n");
	assert_int_equal(chmod(folder_at(p->folder, "tell.sh"), 0755), 0);
	assert_int_equal(chmod(folder_at(p->folder, "refuse.sh"), 0755), 0);
	folder_put(p->folder, ".gadugi/config",
	           "events:\n  subscribers:\n"
	           "    - {name: tell, topic: b.*, priority: normal, command: [./tell.sh]}\n"
	           "    - {name: no, topic: c, command: [./refuse.sh], attempts: 2}\n");
	(void)publish(p, "b.before", NULL);
	begin(p);
	await_subscribers(p, 2);
	(void)publish(p, "a", NULL);
	(void)publish(p, "b.one", "{\"n\":1}");
	(void)publish(p, "b.two", NULL);
	(void)publish(p, "c", NULL);
	assert_non_null(strstr(await(p, "agent.no.gaveup", 1)->payload_json,
	                       "command 'no' failed (exit code 3): no"));
	while (figure_of(p, "tell").delivered < 2)
		pause_for(p);
	heard = folder_get(p->folder, "heard");
	assert_non_null(strstr(heard, "b.one {\"seq\":"));
	assert_null(strstr(heard, "b.before"));
	assert_int_equal(lines_of(p, "heard"), 2);
	assert_int_equal(project_read(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_dead(db, &(struct dead_letters_want){ .limit = 9 },
	                                   p->folder->arena, &dead, &n, NULL),
	                 OK);
	assert_int_equal(n, 1);
	assert_int_equal(dead[0].attempts, 2);
	/* one that the configuration has no more ends */
	folder_put(p->folder, ".gadugi/config",
	           "events:\n  subscribers:\n"
	           "    - {name: tell, topic: b.*, command: [./tell.sh]}\n");
	(void)publish(p, "b.three", NULL);
	await_subscribers(p, 1);
	project_done(p->project, db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_starts_an_agent_once),
		TEST(what_happened_while_nobody_served_is_made_up_for),
		TEST(a_failing_agent_leaves_a_dead_letter_that_can_be_tried_again),
		TEST(a_replay_really_delivers),
		TEST(an_agent_is_not_started_by_itself_and_loops_end),
		TEST(another_dispatcher_takes_over),
		TEST(an_agent_that_must_ask_waits_for_its_approval),
		TEST(an_unknown_agent_is_said),
		TEST(every_step_of_an_agent_is_told_with_its_cause),
		TEST(restarts_are_bounded_and_an_agent_goes_on_where_it_failed),
		TEST(an_agent_that_is_never_restarted_stays_failed),
		TEST(an_agent_with_a_mistake_fails_until_its_file_is_right),
		TEST(what_a_file_subscribes_to_now_is_followed),
		TEST(another_dispatcher_says_what_became_of_those_at_work),
		TEST(as_many_work_at_once_as_the_file_allows),
		TEST(with_several_at_once_nothing_is_doubled_over_a_restart),
		TEST(a_busy_agent_gives_signs_of_life),
		TEST(steps_of_others_start_nobody_unless_asked_for),
		TEST(a_thousand_agents_are_served),
		TEST(a_command_of_the_configuration_is_run_for_each_event),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
