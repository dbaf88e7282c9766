#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/call.h"
#include "base/clock.h"
#include "base/json.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "tests/lib/folder.h"

/* One whole call in a project of its own; the answer as text, or NULL with words in *err. */
static const char *ask(const struct folder *f, const char *args, struct err *err)
{
	struct call call = { .arena = arena_new(CALL_ARENA_MAX), .answer_max = 12000 };
	cJSON *json = NULL, *answer = NULL;
	const char *said = NULL;
	char *text;
	void *in = arena_take(call.arena, tool_agents.in_size);

	assert_int_equal(project_open(&call.project, f->path, NULL), OK);
	assert_int_equal(json_read(args, strlen(args), &json, NULL), OK);
	if (arg_read(tool_agents.args, json, in, &call.err) == OK &&
	    tool_agents.run(&call, in, &answer) == OK) {
		text = json_print(answer);
		said = arena_copy(f->arena, text, strlen(text));
		cJSON_free(text);
	}
	if (err != NULL)
		*err = call.err;
	cJSON_Delete(answer);
	cJSON_Delete(json);
	project_free(call.project);
	arena_free(call.arena);
	return said;
}

static void agents_are_listed_shown_and_checked(void **state)
{
	struct folder *f = *state;
	const char *said;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: alpha\ndescription: first\ntools: Read\n---\nDo it.\n");
	folder_put(f, ".claude/agents/b.md",
	           "---\nname: beta\ndescription: d\ntools: Raed\n---\nx\n");
	said = ask(f, "{\"action\":\"list\",\"limit\":1}", NULL);
	assert_non_null(strstr(said, "\"name\":\"alpha\",\"description\":\"first\""));
	assert_non_null(strstr(said, "\"nextCursor\":\"alpha\""));
	said = ask(f, "{\"action\":\"list\",\"cursor\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"name\":\"beta\""));
	assert_null(strstr(said, "nextCursor"));
	said = ask(f, "{\"action\":\"show\",\"name\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"prompt\":\"Do it.\\n\""));
	said = ask(f, "{\"action\":\"validate\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":false,\"checked\":2"));
	assert_non_null(strstr(said, "\"code\":\"unknown-tool\""));
	assert_non_null(strstr(said, "\"line\":4"));
	said = ask(f, "{\"action\":\"validate\",\"name\":\"alpha\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":true,\"checked\":1,\"findings\":[]"));
	said = ask(f, "{\"action\":\"validate\",\"path\":\".claude/agents/b.md\"}", NULL);
	assert_non_null(strstr(said, "\"sound\":false,\"checked\":1"));
}

static void what_cannot_be_done_is_said(void **state)
{
	struct folder *f = *state;
	struct err err;

	assert_non_null(strstr(ask(f, "{\"action\":\"list\"}", NULL), "\"agents\":[]"));
	assert_null(ask(f, "{\"action\":\"validate\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(strstr(err.text, ".claude/agents"));
	folder_put(f, ".gadugi/agents/a.md", "---\nname: alpha\ndescription: d\n---\nx\n");
	assert_null(ask(f, "{\"action\":\"show\"}", &err));
	assert_int_equal(err.code, E_INPUT);
	assert_null(ask(f, "{\"action\":\"show\",\"name\":\"alhpa\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(strstr(err.text, "'alpha'"));
	assert_null(ask(f, "{\"action\":\"validate\",\"path\":\"none.md\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
}

/* A call that may wait: kept between its looks. */
struct waiting {
	struct call call;
	cJSON *json, *answer;
	void *in;
};

static void wait_begin(struct waiting *w, struct project *p, const char *args)
{
	*w = (struct waiting){ .call = { .arena = arena_new(CALL_ARENA_MAX), .project = p } };
	assert_int_equal(json_read(args, strlen(args), &w->json, NULL), OK);
	w->in = arena_take(w->call.arena, tool_agents.in_size);
	assert_int_equal(arg_read(tool_agents.args, w->json, w->in, &w->call.err), OK);
}

static enum status wait_look(struct waiting *w)
{
	return tool_agents.run(&w->call, w->in, &w->answer);
}

static void wait_end(struct waiting *w)
{
	cJSON_Delete(w->answer);
	cJSON_Delete(w->json);
	arena_free(w->call.arena);
}

/* The id of the only open question. */
static const char *open_question(struct folder *f)
{
	const char *said = ask(f, "{\"action\":\"questions\"}", NULL);
	const char *at = strstr(said, "\"questionId\":\"");

	assert_non_null(at);
	return arena_copy(f->arena, at + 14, strcspn(at + 14, "\""));
}

static const char *answer_with(struct folder *f, const char *id, const char *text, struct err *err)
{
	char args[200];

	(void)snprintf(args, sizeof args,
	               "{\"action\":\"answer\",\"question\":\"%s\",\"text\":\"%s\"}", id, text);
	return ask(f, args, err);
}

static void an_asker_waits_for_its_answer(void **state)
{
	struct folder *f = *state;
	struct project *p = NULL;
	struct waiting w;
	struct err err;
	const char *id;

	assert_int_equal(project_open(&p, f->path, NULL), OK);
	wait_begin(&w, p,
	           "{\"action\":\"ask\",\"name\":\"coder\",\"text\":\"Which?\","
	           "\"options\":[\"red\",\"blue\"]}");
	assert_int_equal(wait_look(&w), E_WAIT);
	assert_int_equal(wait_look(&w), E_WAIT);
	id = open_question(f);
	assert_null(answer_with(f, id, "green", &err));
	assert_int_equal(err.code, E_INPUT);
	assert_non_null(strstr(err.text, "'red', 'blue'"));
	assert_non_null(answer_with(f, id, "blue", NULL));
	assert_int_equal(wait_look(&w), OK);
	assert_string_equal(json_text(w.answer, "state"), "answered");
	assert_string_equal(json_text(w.answer, "answer"), "blue");
	assert_string_equal(json_text(w.answer, "responder"), "user");
	assert_null(answer_with(f, id, "red", &err));
	assert_int_equal(err.code, E_DENIED);
	assert_null(answer_with(f, "nothing", "red", &err));
	assert_int_equal(err.code, E_ABSENT);
	wait_end(&w);
	project_free(p);
}

static void nobody_answering_is_an_outcome_and_no_answer(void **state)
{
	struct folder *f = *state;
	struct project *p = NULL;
	struct waiting w;
	struct err err;
	const char *id;

	assert_int_equal(project_open(&p, f->path, NULL), OK);
	p->clock.fixed_ms = clock_wall_ms(NULL);
	wait_begin(&w, p,
	           "{\"action\":\"ask\",\"text\":\"May I?\",\"approval\":true,"
	           "\"timeoutSeconds\":5}");
	assert_int_equal(wait_look(&w), E_WAIT);
	assert_true(w.call.wait_until_ms <= clock_mono_ms() + 5000);
	id = open_question(f);
	p->clock.fixed_ms += 6000;
	assert_int_equal(wait_look(&w), OK);
	assert_string_equal(json_text(w.answer, "state"), "timed_out");
	assert_null(json_text(w.answer, "answer"));
	assert_null(answer_with(f, id, "approve", &err));
	assert_int_equal(err.code, E_DENIED);
	assert_non_null(strstr(ask(f, "{\"action\":\"questions\"}", NULL), "\"questions\":[]"));
	wait_end(&w);
	project_free(p);
}

static void an_approval_is_given_or_refused(void **state)
{
	struct folder *f = *state;
	struct err err;

	assert_non_null(strstr(ask(f,
	                           "{\"action\":\"ask\",\"text\":\"May I?\",\"approval\":true,"
	                           "\"waitSeconds\":0}",
	                           NULL),
	                       "\"state\":\"open\""));
	assert_null(answer_with(f, open_question(f), "maybe", &err));
	assert_int_equal(err.code, E_INPUT);
	assert_non_null(
	    strstr(answer_with(f, open_question(f), "deny", NULL), "\"state\":\"denied\""));
	assert_null(ask(f, "{\"action\":\"ask\"}", &err));
	assert_int_equal(err.code, E_INPUT);
}

static void an_agent_is_started_on_what_it_subscribes_to(void **state)
{
	struct folder *f = *state;
	struct err err;
	const char *said;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: fixer\ndescription: d\nsubscribes: [a.b, 'c.#']\n---\nx\n");
	folder_put(f, ".gadugi/agents/b.md", "---\nname: idle\ndescription: d\n---\nx\n");
	said = ask(f, "{\"action\":\"start\",\"name\":\"fixer\"}", NULL);
	assert_non_null(strstr(said, "\"note\":\"it begins to work when a server runs"));
	assert_non_null(strstr(said, "\"agent\":\"fixer\",\"state\":\"starting\""));
	assert_non_null(strstr(said, "{\"subscriber\":\"fixer-2\",\"topic\":\"c.#\","
	                             "\"agent\":\"fixer\",\"after\":0,"));
	/* one that waits for nothing runs by itself */
	said = ask(f, "{\"action\":\"start\",\"name\":\"idle\"}", NULL);
	assert_non_null(strstr(said, "\"agent\":\"idle\",\"state\":\"starting\",\"alone\":true"));
	folder_put(f, ".gadugi/agents/idle.log", "2026-11-22T10:00:00.000Z hello\n");
	said = ask(f, "{\"action\":\"show\",\"name\":\"idle\"}", NULL);
	assert_non_null(strstr(said, "\"said\":\"2026-11-22T10:00:00.000Z hello\\n\""));
	assert_non_null(strstr(said, "agents/idle.log\""));
	said = ask(f, "{\"action\":\"list\",\"name\":\"fixer\"}", NULL);
	assert_non_null(strstr(said, "\"state\":\"starting\""));
	said = ask(f, "{\"action\":\"stop\",\"name\":\"fixer\"}", NULL);
	assert_non_null(strstr(said, "{\"agent\":\"fixer\",\"state\":\"stopped\""));
	assert_non_null(strstr(said, "\"subscribers\":[]"));
	assert_null(ask(f, "{\"action\":\"stop\",\"name\":\"fixer\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
}

static void an_agent_with_a_mistake_in_its_file_is_not_started(void **state)
{
	struct folder *f = *state;
	struct err err;

	folder_put(f, ".gadugi/agents/a.md",
	           "---\nname: fixer\ndescription: d\nsubscribes: [a]\ntools:\n  - Read\n"
	           "  - Raed\n---\nx\n");
	assert_null(ask(f, "{\"action\":\"start\",\"name\":\"fixer\"}", &err));
	assert_int_equal(err.code, E_INPUT);
	/* with file and line, and what it may have meant */
	assert_non_null(strstr(err.text, ".gadugi/agents/a.md:7: "));
	assert_non_null(strstr(err.text, "'Raed'"));
	assert_non_null(strstr(err.text, "'Read'"));
}

static void a_whiteboard_keeps_its_versions_and_loses_no_words(void **state)
{
	struct folder *f = *state;
	struct err err;

	assert_non_null(strstr(ask(f, "{\"action\":\"board\"}", NULL), "\"boards\":[]"));
	assert_null(ask(f, "{\"action\":\"board\",\"name\":\"notes\"}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(strstr(
	    ask(f, "{\"action\":\"board\",\"name\":\"notes\",\"text\":\"one\",\"version\":0}",
	        NULL),
	    "\"version\":1,\"author\":\"user\""));
	assert_null(ask(
	    f, "{\"action\":\"board\",\"name\":\"notes\",\"text\":\"other\",\"version\":0}", &err));
	assert_int_equal(err.code, E_BUSY);
	assert_non_null(strstr(err.text, "version 1"));
	assert_non_null(ask(
	    f, "{\"action\":\"board\",\"name\":\"notes\",\"text\":\"two\",\"version\":1}", NULL));
	assert_non_null(
	    ask(f, "{\"action\":\"board\",\"name\":\"notes\",\"text\":\"three\"}", NULL));
	assert_non_null(strstr(ask(f, "{\"action\":\"board\",\"name\":\"notes\"}", NULL),
	                       "\"content\":\"three\""));
	assert_non_null(
	    strstr(ask(f, "{\"action\":\"board\",\"name\":\"notes\",\"version\":1}", NULL),
	           "\"content\":\"one\""));
	assert_null(ask(f, "{\"action\":\"board\",\"name\":\"notes\",\"version\":9}", &err));
	assert_int_equal(err.code, E_ABSENT);
	assert_non_null(
	    strstr(ask(f, "{\"action\":\"board\"}", NULL), "{\"board\":\"notes\",\"version\":3,"));
}

static int set_up(void **state)
{
	/* the user's own agents are no part of these tests */
	return setenv("HOME", "/nonexistent", 1) != 0 || unsetenv("XDG_CONFIG_HOME") != 0
	           ? -1
	           : folder_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agents_are_listed_shown_and_checked, set_up,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(an_asker_waits_for_its_answer, set_up,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(nobody_answering_is_an_outcome_and_no_answer,
		                                set_up, folder_teardown),
		cmocka_unit_test_setup_teardown(an_approval_is_given_or_refused, set_up,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(an_agent_with_a_mistake_in_its_file_is_not_started,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(an_agent_is_started_on_what_it_subscribes_to,
		                                set_up, folder_teardown),
		cmocka_unit_test_setup_teardown(a_whiteboard_keeps_its_versions_and_loses_no_words,
		                                set_up, folder_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_done_is_said, set_up,
		                                folder_teardown),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
