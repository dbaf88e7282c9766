/* Agents that run by themselves: started, watched, started anew, ended; and what they say. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/dispatch/said.h"
#include "sys/proc.h"
#include "tests/lib/served.h"

static int set_up(void **state)
{
	struct served *p;

	if (served_set_up(state) != 0)
		return -1;
	p = *state;
	/* runs until it is ended, says so, and ends in its own way when told to */
	served_script(p, "stay.sh",
	              "#!/bin/sh\ntrap 'echo told >>log; exit 0' TERM\ncat >>prompt\n"
	              "echo $$ >>pids\necho here\nwhile :; do sleep 0.01; done\n");
	served_script(p, "mute.sh", "#!/bin/sh\necho x >>starts\nexec sleep 600\n");
	served_script(p, "once.sh", "#!/bin/sh\necho x >>starts\necho all done\n");
	served_script(p, "bad.sh", "#!/bin/sh\necho x >>starts\necho no luck\nexit 3\n");
	folder_put(p->folder, ".gadugi/config",
	           "agents:\n  stay: {command: [./stay.sh]}\n  mute: {command: [./mute.sh]}\n"
	           "  once: {command: [./once.sh]}\n  bad: {command: [./bad.sh]}\n"
	           "  keeper: {command: [./keep.sh]}\n");
	return 0;
}

static int last_pid(const struct served *p)
{
	const char *s = folder_get(p->folder, ".gadugi/agents/one/pids");
	const char *last = s;

	for (; s != NULL && *s != '\0'; s = strchr(s, '\n') + 1)
		last = s;
	return last == NULL ? 0 : (int)strtol(last, NULL, 10);
}

static void assert_gone(int pid)
{
	struct proc_id id;

	assert_true(pid > 0);
	assert_false(proc_identify(pid, &id, NULL) == OK && proc_alive(&id));
}

/* Wait until its file in its folder has that many lines: nothing else tells of that. */
static void await_lines(struct served *p, const char *name, size_t n)
{
	char path[100];
	int64_t until = clock_mono_ms() + SERVED_LONG_MS;

	(void)snprintf(path, sizeof path, ".gadugi/agents/one/%s", name);
	while (served_lines(p, path) < n && clock_mono_ms() < until)
		(void)poll(NULL, 0, 5);
	assert_true(served_lines(p, path) >= n);
}

static const char *log_of(struct served *p, const char *name)
{
	return said_tail(said_path(p->project, name, p->folder->arena), 10000, p->folder->arena);
}

static void one_that_waits_for_nothing_runs_until_it_is_stopped(void **state)
{
	struct served *p = *state;
	int pid;

	served_define(p, "one", "preset: stay\n");
	served_start(p, "one");
	assert_int_equal(served_life(p, "one").state, LIFE_STARTING);
	assert_true(served_life(p, "one").alone);
	served_begin(p);
	(void)served_await(p, "agent.one.busy", 1);
	await_lines(p, "pids", 1);
	assert_string_equal(folder_get(p->folder, ".gadugi/agents/one/prompt"), "Be one.\n");
	assert_int_equal(served_life(p, "one").active, 1);
	pid = last_pid(p);
	served_stop(p, "one");
	(void)served_await(p, "agent.one.stopped", 1);
	assert_gone(pid);
	assert_string_equal(folder_get(p->folder, ".gadugi/agents/one/log"), "told\n");
	assert_string_equal(served_topics(p, "agent.one.*"),
	                    "starting ready busy stopping stopped");
	/* and again */
	served_start(p, "one");
	(void)served_await(p, "agent.one.busy", 2);
	await_lines(p, "pids", 2);
	pid = last_pid(p);
	dispatch_free(p->dispatch);
	p->dispatch = NULL;
	assert_gone(pid);
}

static void it_goes_on_with_the_next_dispatcher(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: stay\n");
	served_start(p, "one");
	served_begin(p);
	await_lines(p, "pids", 1);
	dispatch_free(p->dispatch);
	assert_gone(last_pid(p));
	served_begin(p); /* nobody starts it again */
	await_lines(p, "pids", 2);
	served_stop(p, "one");
	(void)served_await(p, "agent.one.stopped", 1);
	assert_gone(last_pid(p));
	dispatch_free(p->dispatch);
	served_begin(p);
	served_define(p, "two", "preset: once\n");
	served_start(p, "two");
	(void)served_await(p, "agent.two.done", 1);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/pids"), 2);
}

static void one_whose_work_is_done_is_stopped(void **state)
{
	struct served *p = *state;
	const struct event_view *v;

	served_define(p, "one", "preset: once\n");
	served_start(p, "one");
	served_begin(p);
	v = served_await(p, "agent.one.done", 1);
	assert_string_equal(v->type, "AgentStopped");
	assert_non_null(strstr(v->payload_json, "\"exitCode\":0"));
	(void)served_await(p, "agent.one.stopped", 1);
	assert_int_equal(served_life(p, "one").state, LIFE_STOPPED);
	served_start(p, "one");
	(void)served_await(p, "agent.one.done", 2);
	(void)served_await(p, "agent.one.stopped", 2);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/starts"), 2);
	assert_non_null(strstr(log_of(p, "one"), "all done\n"));
	assert_non_null(strstr(log_of(p, "one"), "gadugi: ended well\n"));
}

static void one_that_always_runs_is_started_again_when_it_ends(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: once\nrestart: always\n");
	served_start(p, "one");
	served_begin(p);
	await_lines(p, "starts", 4);
	assert_null(strstr(served_topics(p, "agent.one.*"), "failed"));
	served_stop(p, "one");
	(void)served_await(p, "agent.one.stopped", 1);
}

static void one_that_fails_is_started_anew_within_bounds(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: bad\nrestart: {policy: on-failure, max: 2}\n");
	served_start(p, "one");
	served_begin(p);
	assert_non_null(strstr(served_await(p, "agent.one.gaveup", 1)->payload_json,
	                       "ended with exit code 3: no luck"));
	assert_int_equal(served_lines(p, ".gadugi/agents/one/starts"), 3);
	assert_int_equal(served_life(p, "one").state, LIFE_FAILED);
	assert_int_equal(served_life(p, "one").failures, 3);
	assert_int_equal(served_life(p, "one").again_ms, 0);
	/* by hand it may be tried again, and stopped though it failed */
	served_start(p, "one");
	(void)served_await(p, "agent.one.gaveup", 2);
	served_stop(p, "one");
	assert_int_equal(served_life(p, "one").state, LIFE_STOPPED);
}

static void one_that_ran_long_before_it_failed_is_not_given_up(void **state)
{
	struct dispatch_options options = served_quick;
	struct served *p = *state;

	options.steady_ms = 1; /* what starts a process takes longer */
	options.warden = getenv("GADUGI");
	served_define(p, "one", "preset: bad\nrestart: {policy: on-failure, max: 1}\n");
	served_start(p, "one");
	assert_int_equal(dispatch_new(&p->dispatch, p->project, &options, NULL), OK);
	await_lines(p, "starts", 6);
	assert_null(strstr(served_topics(p, "agent.one.*"), "gaveup"));
}

static void one_that_gives_no_sign_of_life_has_failed(void **state)
{
	struct served *p = *state;
	const struct event_view *v;

	served_define(p, "one", "preset: mute\nheartbeat: 0.2\nrestart: {max: 1}\n");
	served_start(p, "one");
	served_begin(p);
	v = served_await(p, "agent.one.gaveup", 1);
	assert_non_null(strstr(v->payload_json, "gave no sign of life"));
	assert_int_equal(served_lines(p, ".gadugi/agents/one/starts"), 2);
	assert_string_equal(served_topics(p, "agent.one.retrying"), "retrying");
}

static void one_that_events_start_has_failed_when_it_is_silent(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: mute\nheartbeat: 0.2\nsubscribes: [a]\nrestart: never\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_publish(p, "a", NULL);
	assert_non_null(
	    strstr(served_await(p, "agent.one.gaveup", 1)->payload_json, "gave no sign of life"));
	assert_non_null(strstr(log_of(p, "one"), "started by event "));
}

static void one_that_says_something_lives(void **state)
{
	struct served *p = *state;

	served_script(
	    p, "stay.sh",
	    "#!/bin/sh\necho $$ >>pids\nwhile :; do echo; sleep 0.05; echo x >>beats; done\n");
	served_define(p, "one", "preset: stay\nheartbeat: 20s\ntimeout: 1h\n");
	served_start(p, "one");
	served_begin(p);
	await_lines(p, "beats", 20);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/pids"), 1);
	assert_string_equal(served_topics(p, "agent.one.*"), "starting ready busy");
}

static void one_out_of_time_has_failed(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: stay\ntimeout: 0.2\nrestart: never\n");
	served_start(p, "one");
	served_begin(p);
	assert_non_null(
	    strstr(served_await(p, "agent.one.gaveup", 1)->payload_json, "took longer than"));
	assert_gone(last_pid(p));
}

static void one_that_must_ask_runs_when_somebody_approves(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: once\npermissions: ask\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_await(p, "agent.one.approval", 1);
	(void)served_await(p, "agent.one.waiting", 1);
	/* what was asked is asked once, also over a restart */
	dispatch_free(p->dispatch);
	served_begin(p);
	(void)served_await(p, "agent.one.waiting", 2);
	served_answer(p, "approve");
	(void)served_await(p, "agent.one.done", 1);
	(void)served_await(p, "agent.one.approval", 1);
	(void)served_await(p, "agent.one.stopped", 1);
	served_start(p, "one");
	(void)served_await(p, "agent.one.approval", 2);
	served_answer(p, "deny");
	(void)served_await(p, "agent.one.denied", 1);
	(void)served_await(p, "agent.one.stopped", 2);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/starts"), 1);
}

static void one_that_waits_for_approval_can_be_stopped(void **state)
{
	struct served *p = *state;

	served_define(p, "one", "preset: once\npermissions: ask\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_await(p, "agent.one.waiting", 1);
	served_stop(p, "one");
	(void)served_await(p, "agent.one.stopped", 1);
	assert_int_equal(served_lines(p, ".gadugi/agents/one/starts"), 0);
}

static void one_that_cannot_be_started_says_why(void **state)
{
	struct served *p = *state;

	folder_put(p->folder, ".gadugi/config", "agents: {gone: {command: [./not-there.sh]}}\n");
	served_define(p, "one", "preset: gone\nrestart: never\n");
	served_start(p, "one");
	served_begin(p);
	assert_non_null(
	    strstr(served_await(p, "agent.one.gaveup", 1)->payload_json, "not-there.sh"));
	assert_int_equal(served_life(p, "one").state, LIFE_FAILED);
}

static void many_run_at_once_beside_those_that_events_start(void **state)
{
	struct served *p = *state;
	char name[20], file[60];

	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		served_define(p, name, "preset: stay\n");
		served_start(p, name);
	}
	served_subscribe(p, "s", "a", "keeper");
	served_begin(p);
	(void)served_await(p, "agent.*.busy", 40);
	(void)served_publish(p, "a", NULL);
	(void)served_await(p, "agent.keeper.done", 1);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(file, sizeof file, ".gadugi/agents/m%d/pids", i);
		(void)snprintf(name, sizeof name, "m%d", i);
		served_stop(p, name);
	}
	(void)served_await(p, "agent.*.stopped", 40);
}

static void without_a_dispatcher_nobody_is_said_to_be_at_work(void **state)
{
	struct served *p = *state;
	struct life life;

	served_define(p, "one", "preset: stay\n");
	served_start(p, "one");
	served_begin(p);
	(void)served_await(p, "agent.one.busy", 1);
	life = served_life(p, "one");
	life_seen(p->project, p->folder->arena, &life);
	assert_int_equal(life.state, LIFE_BUSY);
	dispatch_free(p->dispatch);
	p->dispatch = NULL;
	life = served_life(p, "one"); /* the row says what was last written */
	life.state = LIFE_BUSY;
	life_seen(p->project, p->folder->arena, &life);
	assert_int_equal(life.state, LIFE_STARTING);
	assert_non_null(strstr(life.cause, "no server"));
}

/* --- what they say --------------------------------------------------------------------------- */

static void words_are_kept_by_line_with_their_time_and_bounded(void **state)
{
	struct served *p = *state;
	const char *path = folder_at(p->folder, "words.log"), *tail;
	struct said *s = said_new(path), *other = said_new(path);
	char line[100];

	said_add(s, "half ", 5, 0);
	said_note(other, 1000, "%s", "beside it");
	said_add(s, "a line\nbad \xff\x01 bytes\r\n", 21, 2000);
	assert_string_equal(said_tail(path, 1000, p->folder->arena),
	                    "1970-01-01T00:00:01.000Z gadugi: beside it\n"
	                    "1970-01-01T00:00:02.000Z half a line\n"
	                    "1970-01-01T00:00:02.000Z bad ?? bytes\n");
	assert_string_equal(said_last(s), "bad ?? bytes");
	for (int i = 0; i < 40000; i++) {
		int n = snprintf(line, sizeof line, "line %d of many that are written\n", i);

		said_add(i % 2 == 0 ? s : other, line, (size_t)n, 3000);
	}
	tail = said_tail(path, 200, p->folder->arena);
	assert_non_null(strstr(tail, "line 39999 of many that are written\n"));
	assert_int_equal(strncmp(tail, "1970-", 5), 0);
	assert_true(strlen(folder_get(p->folder, "words.log")) <= SAID_MAX);
	assert_true(strlen(folder_get(p->folder, "words.log.1")) <= SAID_MAX);
	said_free(s);
	said_free(other);
	assert_string_equal(said_tail(folder_at(p->folder, "none"), 10, p->folder->arena), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, served_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_waits_for_nothing_runs_until_it_is_stopped),
		TEST(it_goes_on_with_the_next_dispatcher),
		TEST(one_whose_work_is_done_is_stopped),
		TEST(one_that_always_runs_is_started_again_when_it_ends),
		TEST(one_that_fails_is_started_anew_within_bounds),
		TEST(one_that_ran_long_before_it_failed_is_not_given_up),
		TEST(one_that_gives_no_sign_of_life_has_failed),
		TEST(one_that_events_start_has_failed_when_it_is_silent),
		TEST(one_that_says_something_lives),
		TEST(one_out_of_time_has_failed),
		TEST(one_that_must_ask_runs_when_somebody_approves),
		TEST(one_that_waits_for_approval_can_be_stopped),
		TEST(one_that_cannot_be_started_says_why),
		TEST(many_run_at_once_beside_those_that_events_start),
		TEST(without_a_dispatcher_nobody_is_said_to_be_at_work),
		TEST(words_are_kept_by_line_with_their_time_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
