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
#include "tests/lib/served.h"

static void an_event_starts_an_agent_once(void **state)
{
	struct served *p = *state;
	const struct event_view *v;
	const char *got;

	served_begin(p);
	served_subscribe(p, "s", "build.*", "keeper");
	(void)served_publish(p, "other", NULL);
	(void)served_publish(p, "build.done", "{\"n\":1}");
	(void)served_publish(p, "build.failed", "{\"n\":2}");
	v = served_await(p, "agent.keeper.done", 2);
	assert_string_equal(v->type, "AgentStopped");
	got = folder_get(p->folder, ".gadugi/agents/keeper/got");
	assert_non_null(strstr(got, "build.done 1 {\"seq\":"));
	assert_non_null(strstr(got, "build.failed 1 {\"seq\":"));
	assert_non_null(strstr(got, "\"payload\":{\"n\":2}}"));
	assert_int_equal(served_lines(p, ".gadugi/agents/keeper/got"), 2);
	assert_int_equal(served_place(p, "s"), 3);
}

static void what_happened_while_nobody_served_is_made_up_for(void **state)
{
	struct served *p = *state;

	served_subscribe(p, "s", "#", "keeper");
	for (int i = 0; i < 30; i++)
		(void)served_publish(p, "a", NULL);
	served_begin(p);
	(void)served_await(p, "agent.keeper.done", 30);
	dispatch_free(p->dispatch);
	(void)served_publish(p, "b", NULL);
	served_begin(p);
	(void)served_await(p, "agent.keeper.done", 31);
	assert_int_equal(served_lines(p, ".gadugi/agents/keeper/got"), 31);
}

static void a_failing_agent_leaves_a_dead_letter_that_can_be_tried_again(void **state)
{
	const struct dead_letters_want want = { .limit = 10 };
	struct served *p = *state;
	struct dead_letter *dead = NULL;
	struct event_figures f;
	const struct event_view *v;
	struct db *db = NULL;
	size_t n = 0;
	int64_t again = 0;

	served_begin(p);
	served_subscribe(p, "s", "a", "failer");
	served_subscribe(p, "well", "a", "keeper");
	(void)served_publish(p, "a", NULL);
	v = served_await(p, "agent.failer.failed", 1);
	assert_non_null(strstr(v->payload_json, "exit code 1): not yet"));
	(void)served_await(p, "agent.keeper.done", 1);
	assert_int_equal(served_lines(p, ".gadugi/agents/failer/tries"), 3);
	assert_int_equal(served_lines(p, ".gadugi/agents/keeper/got"), 1);
	folder_put(p->folder, "let", "");
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(subscription_dead(db, &want, p->folder->arena, &dead, &n, NULL), OK);
	assert_int_equal(n, 1);
	assert_int_equal(dead[0].attempts, 3);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_retry(db, "s", &again, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	assert_int_equal(again, 1);
	(void)served_await(p, "agent.failer.done", 1);
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
	assert_int_equal(served_lines(p, ".gadugi/agents/failer/tries"), 4);
}

static void a_replay_really_delivers(void **state)
{
	const struct subscription to = { .name = "s", .after = 1 };
	struct served *p = *state;
	struct db *db = NULL;
	size_t n = 0;

	served_begin(p);
	served_subscribe(p, "s", "a", "keeper");
	for (int i = 0; i < 3; i++)
		(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 3);
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	assert_int_equal(subscription_rewind(db, &to, p->folder->arena, &n, NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	(void)served_await(p, "agent.keeper.done", 5);
	assert_int_equal(served_lines(p, ".gadugi/agents/keeper/got"), 5);
}

static void an_agent_is_told_when_it_was_and_of_which_trace(void **state)
{
	static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	const struct event_custom c = {
		.topic = "a", .source = "test", .traceparent = trace, .tracestate = "a=b"
	};
	struct served *p = *state;
	const struct event_view *did;
	const char *got;
	int64_t seq = 0;

	served_script(p, "keep.sh",
	              "#!/bin/sh\nread -r line\n"
	              "printf '%s %s %s\\n' \"$TRACEPARENT\" \"$TRACESTATE\" \"$line\" >>got\n");
	served_begin(p);
	served_subscribe(p, "s", "a", "keeper");
	assert_int_equal(event_publish(p->project, NULL, &c, &seq, NULL, NULL), OK);
	did = served_await(p, "agent.keeper.done", 1);
	assert_string_equal(did->traceparent, trace); /* what it did is of the same trace */
	got = folder_get(p->folder, ".gadugi/agents/keeper/got");
	assert_int_equal(strncmp(got, trace, strlen(trace)), 0);
	assert_non_null(strstr(got, " a=b {"));
	assert_non_null(strstr(got, "\"time\":\"20")); /* of its own, not of 1970 */
}

static void an_agent_is_not_started_by_itself_and_loops_end(void **state)
{
	struct served *p = *state;

	folder_put(p->folder, ".gadugi/agents/one.md",
	           "---\nname: one\ndescription: d\npreset: keeper\n---\nBe one.\n");
	served_begin(p);
	served_subscribe(p, "a", "#", "one");
	served_subscribe(p, "b", "agent.one.#", "keeper");
	(void)served_publish(p, "go", NULL);
	/* each is started by the other's end until the chain of causes is too long */
	(void)served_await(p, "agent.*.done", EVENT_DEPTH_MAX);
	/* the last event of the chain still starts one, whose own end is not told any more */
	dispatch_free(p->dispatch);
	p->dispatch = NULL;
	assert_in_range(served_lines(p, ".gadugi/agents/one/got"), EVENT_DEPTH_MAX / 2,
	                EVENT_DEPTH_MAX / 2 + 1);
	(void)served_await(p, "agent.*.done", EVENT_DEPTH_MAX);
}

static void another_dispatcher_takes_over(void **state)
{
	struct served *p = *state;
	struct dispatch *second = NULL;

	served_begin(p);
	served_subscribe(p, "s", "a", "keeper");
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 1);
	assert_int_equal(dispatch_new(&second, p->project, &served_quick, NULL), OK);
	for (int i = 0; i < 5; i++)
		(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 6);
	dispatch_free(p->dispatch);
	p->dispatch = second;
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 7);
	assert_int_equal(served_lines(p, ".gadugi/agents/keeper/got"), 7);
}

static void an_agent_that_must_ask_waits_for_its_approval(void **state)
{
	struct served *p = *state;

	folder_put(p->folder, ".gadugi/agents/careful.md",
	           "---\nname: careful\ndescription: d\npreset: keeper\npermissions: ask\n"
	           "---\nBe careful.\n");
	served_begin(p);
	served_subscribe(p, "s", "a", "careful");
	(void)served_publish(p, "a", "{\"n\":1}");
	(void)served_publish(p, "a", "{\"n\":2}");
	(void)served_await(p, "agent.careful.approval", 1);
	served_answer(p, "deny");
	(void)served_await(p, "agent.careful.denied", 1);
	(void)served_await(p, "agent.careful.approval", 2);
	/* what was asked is asked once, also over a restart */
	dispatch_free(p->dispatch);
	served_begin(p);
	served_answer(p, "approve");
	(void)served_await(p, "agent.careful.done", 1);
	(void)served_await(p, "agent.careful.approval", 2);
	assert_int_equal(served_lines(p, ".gadugi/agents/careful/got"), 1);
	assert_int_equal(served_place(p, "s"), 2);
}

static void an_unknown_agent_is_said(void **state)
{
	struct served *p = *state;

	served_begin(p);
	served_subscribe(p, "s", "a", "nobody");
	(void)served_publish(p, "a", NULL);
	/* it is tried again soon, and may have failed again by now */
	assert_non_null(strstr(served_first(p, "agent.nobody.failed")->payload_json, "nobody"));
}

/* --- how agents fare ------------------------------------------------------------------------ */

static void every_step_of_an_agent_is_told_with_its_cause(void **state)
{
	struct served *p = *state;
	const struct event_view *v;

	served_define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	served_start(p, "one");
	assert_int_equal(served_life(p, "one").state, LIFE_STARTING);
	served_begin(p);
	(void)served_await(p, "agent.one.ready", 1);
	(void)served_publish(p, "a", NULL);
	v = served_await(p, "agent.one.done", 1);
	assert_non_null(strstr(v->payload_json, "\"exitCode\":0"));
	assert_string_not_equal(v->causation, "");
	assert_string_equal(served_await(p, "agent.one.busy", 1)->causation, v->causation);
	(void)served_await(p, "agent.one.ready", 2);
	served_stop(p, "one");
	(void)served_await(p, "agent.one.stopped", 1);
	assert_string_equal(served_topics(p, "agent.one.*"),
	                    "starting ready busy done ready stopping stopped");
	assert_int_equal(served_life(p, "one").state, LIFE_STOPPED);
	/* started again, it works again */
	served_start(p, "one");
	(void)served_await(p, "agent.one.ready", 3);
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.one.done", 2);
}

static void restarts_are_bounded_and_an_agent_goes_on_where_it_failed(void **state)
{
	struct served *p = *state;

	served_define(p, "one",
	              "preset: failer\nsubscribes: [a]\nrestart: {policy: on-failure, max: 2}\n");
	served_start(p, "one");
	served_begin(p);
	for (int i = 0; i < 5; i++)
		(void)served_publish(p, "a", NULL);
	/* the first start and two more: each gives up an event */
	(void)served_await(p, "agent.one.failed", 3);
	assert_int_equal(served_life(p, "one").state, LIFE_FAILED);
	assert_int_equal(served_life(p, "one").again_ms, 0);
	assert_int_equal(served_life(p, "one").failures, 3);
	folder_put(p->folder, "let", "");
	served_start(p, "one");
	(void)served_await(p, "agent.one.done", 2);
	assert_int_equal(served_life(p, "one").failures, 0);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/tries"), 3 * 3 + 2);
}

static void an_agent_that_is_never_restarted_stays_failed(void **state)
{
	struct served *p = *state;
	int64_t first, second;

	served_define(p, "one", "preset: failer\nsubscribes: [a]\nrestart: never\n");
	served_start(p, "one");
	served_begin(p);
	first = served_publish(p, "a", NULL);
	second = served_publish(p, "a", NULL);
	(void)served_await(p, "agent.one.failed", 1);
	served_subscribe(p, "s", "b", "keeper");
	(void)served_publish(p, "b", NULL);
	(void)served_await(p, "agent.keeper.done", 1); /* the others go on */
	assert_int_equal(served_lines(p, ".gadugi/agents/one/tries"), 3);
	assert_in_range(served_place(p, "one-1"), first, second - 1);
}

static void an_agent_with_a_mistake_fails_until_its_file_is_right(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\n");
	served_start(p, "one");
	served_define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\ntools: [Raed]\n");
	served_begin(p);
	assert_non_null(strstr(served_await(p, "agent.one.failed", 1)->payload_json,
	                       "one.md:7: there is no tool 'Raed'; did you mean 'Read'?"));
	(void)served_publish(p, "a", NULL);
	/* nobody starts anything: the change of the file is seen */
	served_define(p, "one", "preset: keeper\nsubscribes: [a]\nrestart: never\ntools: [Read]\n");
	(void)served_await(p, "agent.one.done", 1);
}

static void what_a_file_subscribes_to_now_is_followed(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_await(p, "agent.one.ready", 1);
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.one.done", 1);
	served_define(p, "one", "preset: keeper\nsubscribes: [b, c]\n");
	served_await_subscribers(p, 2);
	(void)served_publish(p, "a", NULL);
	(void)served_publish(p, "b", NULL);
	(void)served_publish(p, "c", NULL);
	(void)served_await(p, "agent.one.done", 3);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/got"), 3);
}

static void another_dispatcher_says_what_became_of_those_at_work(void **state)
{
	struct served *p = *state;
	const struct life_step steps[] = {
		{ .name = "one", .to = LIFE_STARTING },  { .name = "one", .to = LIFE_READY },
		{ .name = "one", .to = LIFE_BUSY },      { .name = "gone", .to = LIFE_STARTING },
		{ .name = "gone", .to = LIFE_STOPPING },
	};
	struct db *db = NULL;

	served_define(p, "one", "preset: keeper\nsubscribes: [a]\n");
	served_subscribe(p, "one-1", "a", "one");
	/* as a dispatcher that was killed leaves them */
	assert_int_equal(project_write(p->project, NULL, &db, NULL), OK);
	assert_int_equal(db_begin(db, NULL), OK);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		assert_int_equal(life_become(db, 1, &steps[i], NULL), OK);
	assert_int_equal(project_commit(p->project, db, NULL), OK);
	project_done(p->project, db);
	served_begin(p);
	(void)served_await(p, "agent.one.ready", 2);
	assert_string_equal(served_topics(p, "agent.one.*"),
	                    "starting ready busy failed starting ready");
	(void)served_await(p, "agent.gone.stopped", 1);
}

static void as_many_work_at_once_as_the_file_allows(void **state)
{
	struct served *p = *state;

	/* each waits until three are there: with fewer at a time it would not end */
	folder_put(p->folder, "meet.sh",
	           "#!/bin/sh\n: >>here.$GADUGI_EVENT_SEQ\n"
	           "while set -- here.*; [ $# -lt 3 ]; do read -r x <../../../never || sleep 0.01;"
	           " done 2>/dev/null\n");
	assert_int_equal(chmod(folder_at(p->folder, "meet.sh"), 0755), 0);
	folder_put(p->folder, ".gadugi/config", "agents: {meeter: {command: [./meet.sh]}}\n");
	served_define(p, "one", "preset: meeter\nsubscribes: [a.*]\nconcurrency: 3\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_publish(p, "a.b", NULL);
	(void)served_publish(p, "a.c", NULL);
	(void)served_publish(p, "a.d", NULL);
	(void)served_publish(p, "a.e", NULL);
	(void)served_await(p, "agent.one.done", 4);
	assert_int_equal(served_place(p, "one-1") > 4, 1);
	/* busy is told once, not for each */
	assert_true(strstr(served_topics(p, "agent.one.busy"), "busy") != NULL);
}

/* An agent that waits until a file tells it how many of its kind must be there at least. */
static const char meet[] = "#!/bin/sh\n: >>here.$GADUGI_EVENT_SEQ\n"
			   "while set -- here.*; read -r n <../../../least; [ $# -lt \"$n\" ]; do"
			   " sleep 0.01; done 2>/dev/null\n";

static void more_at_a_time_takes_effect_at_once(void **state)
{
	struct served *p = *state;

	served_script(p, "meet.sh", meet);
	folder_put(p->folder, "least", "4\n");
	folder_put(p->folder, ".gadugi/config", "agents: {meeter: {command: [./meet.sh]}}\n");
	served_define(p, "one", "preset: meeter\nsubscribes: ['a.*']\n");
	served_start(p, "one");
	served_begin(p);
	for (int i = 0; i < 8; i++) {
		char topic[20];

		(void)snprintf(topic, sizeof topic, "a.t%d", i);
		(void)served_publish(p, topic, NULL);
	}
	served_await_word(p, "agent.one.#", "busy");
	/* the first works and never ends alone; the others wait behind it */
	served_define(p, "one", "preset: meeter\nsubscribes: ['a.*']\nconcurrency: 4\n");
	(void)served_await(p, "agent.one.done", 8);
	assert_string_equal(served_topics(p, "agent.one.gaveup"), "");
	while (served_figures(p, "one-1").delivered < 8)
		served_pause(p);
	assert_true(served_place(p, "one-1") >= 8);
}

static void topics_stay_in_order_when_more_work_at_a_time(void **state)
{
	struct served *p = *state;
	int64_t last[3] = { 0 }, seq;
	const char *line;
	char topic[20];

	served_script(p, "order.sh",
	              "#!/bin/sh\nuntil [ -e ../../../let ]; do sleep 0.01; done\n"
	              "echo \"$GADUGI_EVENT_TOPIC $GADUGI_EVENT_SEQ\" >>order\n");
	folder_put(p->folder, ".gadugi/config", "agents: {orderly: {command: [./order.sh]}}\n");
	served_define(p, "one", "preset: orderly\nsubscribes: ['w.*']\n");
	served_start(p, "one");
	served_begin(p);
	for (int i = 0; i < 30; i++) {
		(void)snprintf(topic, sizeof topic, "w.%d", i % 3);
		(void)served_publish(p, topic, NULL);
	}
	served_await_word(p, "agent.one.#", "busy");
	served_define(p, "one", "preset: orderly\nsubscribes: ['w.*']\nconcurrency: 5\n");
	(void)served_publish(p, "w.0", NULL);
	folder_put(p->folder, "let", "");
	(void)served_await(p, "agent.one.done", 31);
	line = folder_get(p->folder, ".gadugi/agents/one/order");
	for (; *line != '\0'; line = strchr(line, '\n') + 1) {
		seq = strtoll(line + 4, NULL, 10);
		assert_true(seq > last[line[2] - '0']);
		last[line[2] - '0'] = seq;
	}
	assert_int_equal(served_lines(p, ".gadugi/agents/one/order"), 31);
}

static void fewer_at_a_time_takes_effect_at_once(void **state)
{
	struct served *p = *state;
	const char *seen;
	size_t together = 0;
	char topic[20];

	served_script(p, "alone.sh",
	              "#!/bin/sh\n: >>here.$GADUGI_EVENT_SEQ\nset -- here.*\n"
	              "[ -e ../../../let ] && echo $# >>seen\n"
	              "until [ -e ../../../let ]; do sleep 0.01; done\n"
	              "rm here.$GADUGI_EVENT_SEQ\n");
	folder_put(p->folder, ".gadugi/config",
	           "agents: {loner: {command: [./alone.sh]}}\nevents: {jobs: 2}\n");
	served_define(p, "one", "preset: loner\nsubscribes: ['a.*']\nconcurrency: 8\n");
	served_start(p, "one");
	served_begin(p);
	for (int i = 0; i < 12; i++) {
		(void)snprintf(topic, sizeof topic, "a.t%d", i);
		(void)served_publish(p, topic, NULL);
	}
	served_await_word(p, "agent.one.#", "busy");
	served_define(p, "one", "preset: loner\nsubscribes: ['a.*', z]\nconcurrency: 1\n");
	served_await_subscribers(p, 2); /* the file was read again */
	folder_put(p->folder, "let", "");
	(void)served_await(p, "agent.one.done", 12);
	/* at most two had begun before; none of the others met another one */
	seen = folder_get(p->folder, ".gadugi/agents/one/seen");
	for (; *seen != '\0'; seen = strchr(seen, '\n') + 1)
		together += strncmp(seen, "1\n", 2) != 0;
	assert_in_range(together, 0, 2);
	assert_true(served_lines(p, ".gadugi/agents/one/seen") >= 10);
}

static void more_jobs_of_the_configuration_take_effect_at_once(void **state)
{
	struct served *p = *state;
	const struct dispatch_options as_configured = { .timeout_ms = 60000 };

	served_script(p, "meet.sh", meet);
	folder_put(p->folder, "least", "3\n");
	folder_put(p->folder, ".gadugi/config",
	           "agents: {meeter: {command: [./meet.sh]}}\nevents: {jobs: 1}\n");
	served_define(p, "one", "preset: meeter\nsubscribes: ['a.*']\nconcurrency: 3\n");
	served_start(p, "one");
	assert_int_equal(dispatch_new(&p->dispatch, p->project, &as_configured, NULL), OK);
	(void)served_publish(p, "a.b", NULL);
	(void)served_publish(p, "a.c", NULL);
	(void)served_publish(p, "a.e", NULL);
	served_await_word(p, "agent.one.#", "busy");
	/* nothing else happens than that the file changes */
	folder_put(p->folder, ".gadugi/config",
	           "agents: {meeter: {command: [./meet.sh]}}\nevents: {jobs: 3}\n");
	(void)served_await(p, "agent.one.done", 3);
}

static void an_agent_whose_program_is_configured_later_is_started_then(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: later\nsubscribes: [a]\nrestart: never\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_publish(p, "a", NULL);
	assert_non_null(strstr(served_await(p, "agent.one.failed", 1)->payload_json, "later"));
	folder_put(p->folder, ".gadugi/config", "agents: {later: {command: [./keep.sh]}}\n");
	(void)served_await(p, "agent.one.done", 1);
}

static void with_several_at_once_nothing_is_doubled_over_a_restart(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: keeper\nsubscribes: ['w.*']\nconcurrency: 4\n");
	served_start(p, "one");
	for (int i = 0; i < 40; i++) {
		char topic[20];

		(void)snprintf(topic, sizeof topic, "w.t%d", i % 7);
		(void)served_publish(p, topic, NULL);
	}
	served_begin(p);
	(void)served_await(p, "agent.one.ready", 1);
	dispatch_free(p->dispatch); /* some were begun, and come again */
	served_begin(p);
	(void)served_await(p, "agent.one.done", 40); /* what was begun before may have run twice */
	assert_true(served_lines(p, ".gadugi/agents/one/got") >= 40);
}

static void a_busy_agent_gives_signs_of_life(void **state)
{
	struct served *p = *state;
	const struct dispatch_options often = { .timeout_ms = 20000, .beat_ms = 20 };

	folder_put(p->folder, "long.sh",
	           "#!/bin/sh\nwhile [ ! -e ../../../let ]; do sleep 0.01; done\n");
	assert_int_equal(chmod(folder_at(p->folder, "long.sh"), 0755), 0);
	folder_put(p->folder, ".gadugi/config", "agents: {long: {command: [./long.sh]}}\n");
	served_subscribe(p, "s", "a", "long");
	assert_int_equal(dispatch_new(&p->dispatch, p->project, &often, NULL), OK);
	(void)served_publish(p, "a", NULL);
	served_await_word(p, "agent.long.#", "heartbeat");
	assert_true(served_life(p, "long").beat_ms > 0);
	assert_true(served_life(p, "long").pid > 0);
	folder_put(p->folder, "let", "");
	(void)served_await(p, "agent.long.done", 1);
}

static void a_thousand_agents_are_served(void **state)
{
	struct served *p = *state;
	struct db *db = NULL;
	char name[20], topic[20];

	for (int i = 0; i < AGENTS_MAX; i++) {
		(void)snprintf(name, sizeof name, "a%d", i);
		served_define(p, name, "preset: keeper\n");
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
	(void)served_publish(p, "t777", NULL);
	served_begin(p);
	(void)served_await(p, "agent.a777.done", 1);
	(void)served_publish(p, "t3", NULL);
	(void)served_publish(p, "t999", NULL);
	(void)served_await(p, "agent.a3.done", 1);
	(void)served_await(p, "agent.a999.done", 1);
	assert_int_equal(served_life(p, "a500").state, LIFE_READY);
}

static void steps_of_others_start_nobody_unless_asked_for(void **state)
{
	struct served *p = *state;

	served_begin(p);
	served_subscribe(p, "all", "#", "keeper");
	served_subscribe(p, "fails", "agent.*.failed", "failer");
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 1);
	served_subscribe(p, "nobody", "b", "nobody");
	(void)served_await(p, "agent.failer.retrying", 1); /* for agent.nobody.failed */
	assert_string_equal(served_topics(p, "agent.keeper.done"), "done");
}

/* --- commands of the configuration ----------------------------------------------------------- */

static void a_command_of_the_configuration_is_run_for_each_event(void **state)
{
	struct served *p = *state;
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
	(void)served_publish(p, "b.before", NULL);
	served_begin(p);
	served_await_subscribers(p, 2);
	(void)served_publish(p, "a", NULL);
	(void)served_publish(p, "b.one", "{\"n\":1}");
	(void)served_publish(p, "b.two", NULL);
	(void)served_publish(p, "c", NULL);
	assert_non_null(strstr(served_await(p, "agent.no.gaveup", 1)->payload_json,
	                       "command 'no' failed (exit code 3): no"));
	while (served_figures(p, "tell").delivered < 2)
		served_pause(p);
	heard = folder_get(p->folder, "heard");
	assert_non_null(strstr(heard, "b.one {\"seq\":"));
	assert_null(strstr(heard, "b.before"));
	assert_int_equal(served_lines(p, "heard"), 2);
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
	(void)served_publish(p, "b.three", NULL);
	served_await_subscribers(p, 1);
	project_done(p->project, db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, served_set_up, served_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_starts_an_agent_once),
		TEST(what_happened_while_nobody_served_is_made_up_for),
		TEST(a_failing_agent_leaves_a_dead_letter_that_can_be_tried_again),
		TEST(a_replay_really_delivers),
		TEST(an_agent_is_told_when_it_was_and_of_which_trace),
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
		TEST(more_at_a_time_takes_effect_at_once),
		TEST(topics_stay_in_order_when_more_work_at_a_time),
		TEST(fewer_at_a_time_takes_effect_at_once),
		TEST(more_jobs_of_the_configuration_take_effect_at_once),
		TEST(an_agent_whose_program_is_configured_later_is_started_then),
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
