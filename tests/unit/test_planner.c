/* A model writes the plan: what of its answer is taken, and what is sent back to it. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/plan/planner.h"
#include "domain/project.h"
#include "handlers/tools.h"
#include "store/db.h"
#include "tests/lib/folder.h"

#define GOOD                                                                                       \
	"{\"tasks\":[{\"id\":\"a\",\"title\":\"A\"},{\"id\":\"b\",\"title\":\"B\",\"dependsOn\":[" \
	"\"a\"]}]}"
#define BAD                                                                                        \
	"{\"tasks\":[{\"id\":\"a\",\"title\":\"A\",\"dependsOn\":[\"b\"]},{\"id\":\"b\","          \
	"\"title\":\"B\",\"dependsOn\":[\"a\"]}]}"
#define IN_TEXT                                                                                    \
	"{\\\"tasks\\\":[{\\\"id\\\":\\\"a\\\",\\\"title\\\":\\\"A\\\"},{\\\"id\\\":\\\"b\\\","    \
	"\\\"title\\\":\\\"B\\\",\\\"dependsOn\\\":[\\\"a\\\"]}]}"

static struct err err;

static void a_plan_is_found_among_other_words(void **state)
{
	static const char *const answers[] = {
		GOOD,
		"Here it is:\n\n```json\n" GOOD "\n```\nTell me what you think {of it}.",
		"Some thoughts {first}, then\n```\n{\"x\": 1}\n```\nand\n```json\n" GOOD "\n```\n",
		/* as Claude Code, Codex and Gemini CLI write their lines */
		"{\"type\":\"system\",\"session_id\":\"x\"}\n"
		"{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"I "
		"look.\"}]}}\n"
		"{\"type\":\"result\",\"result\":\"```json\\n" IN_TEXT "\\n```\"}\n",
		"{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":"
		"\"" IN_TEXT "\"}}\n{\"type\":\"turn.completed\"}\n",
		"{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"{\\\"tasks\\\":[{"
		"\\\"id\\\":"
		"\\\"a\\\",\",\"delta\":true}\n"
		"{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"\\\"title\\\":"
		"\\\"A\\\"},{"
		"\\\"id\\\":\\\"b\\\",\\\"title\\\":\\\"B\\\",\\\"dependsOn\\\":[\\\"a\\\"]}]}\"}"
		"\n",
	};
	const struct folder *f = *state;
	struct plan_options options = { 0 };

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct plan *p = NULL;
		const char *wrong = NULL;

		if (planner_read(answers[i], &options, f->arena, &p, &wrong, &err) != OK)
			fail_msg("%zu: %s", i, err.text);
		assert_int_equal(p->n_tasks, 2);
		assert_int_equal(p->n_edges, 1);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const char *const cases[][2] = {
		{ BAD, "[dependency-cycle]" },
		{ "{\"tasks\":[{\"id\":\"a\",\"title\":\"A\",\"dependsOn\":[\"q\"]}]}",
		  "[unknown-dependency]" },
		{ "I would rather not.", "there is no JSON" },
		{ "{\"steps\":[]}", "no array 'tasks'" },
		{ "{\"tasks\":[{\"id\":}]}", "-" },
		{ "{\"tasks\":[]}", "-" },
		{ "", "there is no JSON" },
	};
	const struct folder *f = *state;
	struct plan_options options = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct plan *p = NULL;
		const char *wrong = NULL, *again;

		assert_int_equal(planner_read(cases[i][0], &options, f->arena, &p, &wrong, &err),
		                 E_INPUT);
		if (strstr(wrong, cases[i][1]) == NULL)
			fail_msg("%zu: %s", i, wrong);
		again = planner_ask_again(f->arena, "sail", cases[i][0], wrong);
		assert_non_null(strstr(again, wrong));
		assert_non_null(strstr(again, "sail"));
	}
}

/* The host's model, as a face would hand its answer in. */
static enum status ask(struct call *call, const char *args_text, const char *said, cJSON **answer)
{
	void *in = arena_take(call->arena, tool_decompose.in_size);
	struct json_build b = { false };
	cJSON *args = NULL, *answers = json_object(&b), *one;
	enum status st;

	if (said != NULL) {
		one = json_put_object(&b, answers, "plan");
		if (said[0] == '\0')
			json_put_text(&b, one, "action", "cancel");
		else
			json_put_text(&b, json_put_object(&b, one, "content"), "text", said);
		call->answers = answers;
	}
	cJSON_Delete(call->asks);
	call->asks = NULL;
	*answer = NULL;
	assert_int_equal(json_read(args_text, strlen(args_text), &args, &call->err), OK);
	st = arg_read(tool_decompose.args, args, in, &call->err);
	if (st == OK)
		st = tool_decompose.run(call, in, answer);
	cJSON_Delete(args);
	cJSON_Delete(answers);
	call->answers = NULL;
	return st;
}

static const char *asked(const struct call *call)
{
	const cJSON *one = json_get(call->asks, "plan");
	const cJSON *message = cJSON_GetArrayItem(json_get(json_get(one, "params"), "messages"), 0);

	assert_string_equal(json_text(one, "method"), "sampling/createMessage");
	return json_text(json_get(message, "content"), "text");
}

static const char goal[] = "{\"goal\": \"Build a boat\"}";

static void open_call(struct call *call, const struct folder *f, unsigned can_ask)
{
	*call = (struct call){ .arena = f->arena, .answer_max = SIZE_MAX, .can_ask = can_ask };
	folder_put(f, "home/x", "");
	assert_int_equal(project_open(&call->project, folder_at(f, "home"), &call->err), OK);
}

static const char *first_finding(const cJSON *answer)
{
	return json_text(cJSON_GetArrayItem(json_get(answer, "findings"), 0), "message");
}

static void the_hosts_model_is_asked_and_mends_its_plan(void **state)
{
	struct call call;
	cJSON *answer = NULL;

	open_call(&call, *state, CALL_ASK_SAMPLE);
	assert_int_equal(ask(&call, goal, NULL, &answer), E_WAIT);
	assert_non_null(strstr(asked(&call), "Build a boat"));
	assert_string_equal(call.state, "round 0");
	assert_int_equal(ask(&call, goal, BAD, &answer), E_WAIT);
	assert_non_null(strstr(asked(&call), "[dependency-cycle]"));
	assert_non_null(strstr(asked(&call), BAD));
	assert_string_equal(call.state, "round 1");
	if (ask(&call, goal, GOOD, &answer) != OK)
		fail_msg("%s", call.err.text);
	assert_int_equal(cJSON_GetArraySize(json_get(answer, "tasks")), 2);
	cJSON_Delete(answer);
	project_free(call.project);
}

static void after_two_repairs_there_is_a_draft_that_says_why(void **state)
{
	struct call call;
	cJSON *answer = NULL;

	open_call(&call, *state, CALL_ASK_SAMPLE);
	assert_int_equal(ask(&call, goal, NULL, &answer), E_WAIT);
	assert_int_equal(ask(&call, goal, BAD, &answer), E_WAIT);
	assert_int_equal(ask(&call, goal, "no", &answer), E_WAIT);
	assert_string_equal(call.state, "round 2");
	assert_int_equal(ask(&call, goal, BAD, &answer), OK);
	assert_null(call.asks);
	assert_non_null(strstr(first_finding(answer), "the plan of the host's model has errors"));
	cJSON_Delete(answer);
	project_free(call.project);
}

static void a_host_that_turns_away_gets_a_draft(void **state)
{
	struct call call;
	cJSON *answer = NULL;

	open_call(&call, *state, CALL_ASK_SAMPLE);
	assert_int_equal(ask(&call, goal, NULL, &answer), E_WAIT);
	assert_int_equal(ask(&call, goal, "", &answer), OK);
	assert_non_null(strstr(first_finding(answer), "did not answer"));
	cJSON_Delete(answer);
	project_free(call.project);
}

static void nobody_is_asked_who_cannot_be(void **state)
{
	struct call call;
	cJSON *answer = NULL;

	open_call(&call, *state, CALL_ASK_FORM);
	assert_int_equal(ask(&call, goal, NULL, &answer), OK);
	cJSON_Delete(answer);
	call.can_ask = CALL_ASK_SAMPLE;
	assert_int_equal(
	    ask(&call, "{\"goal\":\"Build a boat\",\"agent\":\"none\"}", NULL, &answer), OK);
	cJSON_Delete(answer);
	assert_int_equal(ask(&call, "{\"path\":\"x\",\"agent\":\"demo\"}", NULL, &answer), E_INPUT);
	project_free(call.project);
}

/* An agent that plans badly so many times, and then well. */
static void agent_write(const struct folder *f, int bad)
{
	folder_putf(f, "home/agent.sh",
	            "#!/bin/sh\ncat > /dev/null\necho $GADUGI_RUN_ID >> '%s/ids'\nn=$(cat '%s/n' "
	            "2>/dev/null || echo 0)\n"
	            "echo $((n + 1)) > '%s/n'\n"
	            "if [ $n -lt %d ]; then echo '" BAD "'; else echo '" GOOD "'; fi\n",
	            f->path, f->path, f->path, bad);
	assert_int_equal(chmod(folder_at(f, "home/agent.sh"), 0755), 0);
	folder_put(f, "home/.gadugi/config",
	           "agents:\n  demo: {command: [./agent.sh]}\n  sh: {preset: shell}\n"
	           "flags: {confine: false}\n");
	assert_int_equal(chmod(folder_at(f, "home/.gadugi/config"), 0600), 0);
}

static void an_agent_plans_and_mends_at_most_twice(void **state)
{
	static const char by_agent[] = "{\"goal\":\"Build a boat\",\"agent\":\"demo\"}";
	const struct folder *f = *state;
	struct call call;
	cJSON *answer = NULL;

	agent_write(f, 2);
	open_call(&call, f, 0);
	if (ask(&call, by_agent, NULL, &answer) != OK)
		fail_msg("%s", call.err.text);
	assert_int_equal(cJSON_GetArraySize(json_get(answer, "tasks")), 2);
	assert_string_equal(folder_get(f, "n"), "3\n");
	cJSON_Delete(answer);
	folder_drop(f, "n");
	agent_write(f, 3);
	assert_int_equal(ask(&call, by_agent, NULL, &answer), E_INPUT);
	assert_non_null(strstr(call.err.text, "[dependency-cycle]"));
	assert_string_equal(folder_get(f, "n"), "3\n");
	assert_int_equal(ask(&call, "{\"goal\":\"x\",\"agent\":\"nobody\"}", NULL, &answer),
	                 E_ABSENT);
	assert_int_equal(ask(&call, "{\"goal\":\"x\",\"agent\":\"sh\"}", NULL, &answer), E_INPUT);
	project_free(call.project);
}

/* By its id an agent and all it started are ended: two that plan at once must not share it. */
static void each_agent_that_plans_has_an_id_of_its_own(void **state)
{
	const struct folder *f = *state;
	struct call call;
	const char *ids, *second;
	cJSON *answer = NULL;
	size_t n;

	agent_write(f, 1);
	open_call(&call, f, 0);
	assert_int_equal(
	    ask(&call, "{\"goal\":\"Build a boat\",\"agent\":\"demo\"}", NULL, &answer), OK);
	ids = folder_get(f, "ids");
	n = strcspn(ids, "\n");
	second = ids + n + 1;
	assert_in_range(n, 10, 40);
	assert_int_equal(strcspn(second, "\n"), n);
	assert_int_not_equal(strncmp(ids, second, n), 0);
	cJSON_Delete(answer);
	project_free(call.project);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		T(a_plan_is_found_among_other_words),
		T(what_is_wrong_is_named),
		T(the_hosts_model_is_asked_and_mends_its_plan),
		T(after_two_repairs_there_is_a_draft_that_says_why),
		T(a_host_that_turns_away_gets_a_draft),
		T(nobody_is_asked_who_cannot_be),
		T(an_agent_plans_and_mends_at_most_twice),
		T(each_agent_that_plans_has_an_id_of_its_own),
	};

	json_use_mem();
	if (db_use_mem() != OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
