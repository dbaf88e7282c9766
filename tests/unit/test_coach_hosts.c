/* Sessions of the other hosts, written here as their versions write them. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/text.h"
#include "domain/coach.h"

static struct arena *arena;
static const char *folder;

static const struct coach_report *report_of(const char *name, const char *bytes)
{
	struct coach_wish wish = { .path = text_printf(arena, "%s/%s", folder, name) };
	struct coach_report *r = NULL;
	struct err err = { 0 };
	FILE *f = fopen(wish.path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, strlen(bytes), f), strlen(bytes));
	assert_int_equal(fclose(f), 0);
	if (coach_sessions(&wish, arena, &r, &err) != OK)
		fail_msg("%s", err.text);
	assert_non_null(r);
	return r;
}

#define CODEX(second, type, payload)                                                               \
	"{\"timestamp\":\"2026-01-01T00:00:" second ".000Z\",\"type\":\"" type                     \
	"\",\"payload\":" payload "}\n"
#define CODEX_CALL(second, id, command)                                                            \
	CODEX(second, "response_item",                                                             \
	      "{\"type\":\"function_call\",\"name\":\"shell\",\"call_id\":\"" id                   \
	      "\",\"arguments\":\"{\\\"command\\\":[\\\"bash\\\",\\\"-lc\\\",\\\"" command         \
	      "\\\"]}\"}")
#define CODEX_OUTPUT(second, id, words)                                                            \
	CODEX(second, "response_item",                                                             \
	      "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"" words      \
	      "\"}")
#define CODEX_TOKENS(second, total)                                                                \
	CODEX(second, "event_msg",                                                                 \
	      "{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"total_tokens\":" total \
	      "},\"last_token_usage\":{\"input_tokens\":100,\"cached_input_tokens\":60,"           \
	      "\"output_tokens\":7,\"reasoning_output_tokens\":3}}}")

static const char codex[] = CODEX("00", "session_meta",
                                  "{\"id\":\"x\",\"cwd\":\"/home/u/p\",\"cli_version\":\"0.9\"}")
    CODEX("01", "turn_context", "{\"cwd\":\"/home/u/p\",\"model\":\"gpt\"}") CODEX(
	"01", "response_item",
	"{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
	"\"text\":\"environment\"}]}") CODEX("02", "event_msg",
                                             "{\"type\":\"user_message\",\"message\":\"fix it\"}")
	CODEX_CALL("03", "c1", "cd /home/u/p && ./run.sh")
	    CODEX_OUTPUT("05", "c1",
                         "{\\\"output\\\":\\\"no target\\\",\\\"metadata\\\":{\\\"exit_code\\\":2,"
                         "\\\"duration_seconds\\\":1.9}}") CODEX_TOKENS("06", "107")
		CODEX_TOKENS("06", "107") CODEX_CALL("07", "c2", "./run.sh") CODEX_OUTPUT(
		    "08", "c2", "Exit code: 2\\nWall time: 0.1 seconds\\nOutput:\\nno target")
		    CODEX_TOKENS("09", "214") CODEX_CALL("10", "c3", "cat run.sh") CODEX_OUTPUT(
			"11", "c3", "Exit code: 0\\nOutput:\\nnothing here says Exit code: 5")
			CODEX("12", "response_item",
                              "{\"type\":\"custom_tool_call\",\"name\":\"apply_patch\",\"call_id\":"
                              "\"c4\",\"input\":"
                              "\"*** Begin Patch\\n*** Update File: src/a.c\\n@@\\n-x\\n+y\\n*** "
                              "End Patch\"}")
			    CODEX("13", "response_item",
                                  "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c4\","
                                  "\"output\":\"{\\\"output\\\":"
                                  "\\\"Success\\\",\\\"metadata\\\":{\\\"exit_code\\\":0}}\"}")
				CODEX("14", "compacted", "{\"message\":\"short\"}")
				    CODEX("15", "event_msg",
                                          "{\"type\":\"turn_aborted\",\"reason\":\"interrupted\"}")
					CODEX("16", "new_kind", "{}") CODEX(
					    "30", "event_msg",
					    "{\"type\":\"user_message\",\"message\":\"go on\"}");

static void a_rollout_of_codex_is_measured_and_judged(void **state)
{
	const struct coach_report *r = report_of("rollout-1.jsonl", codex);
	const struct coach_metrics *m = &r->metrics;

	(void)state;
	assert_int_equal(m->turns, 2);
	assert_int_equal(m->tool_calls, 4);
	assert_int_equal(m->tool_errors, 2);
	assert_int_equal(m->edits, 1);
	assert_int_equal(m->files_edited, 1);
	assert_int_equal(m->compactions, 1);
	assert_int_equal(m->interrupts, 1);
	assert_int_equal(m->unknown_lines, 1);
	assert_int_equal(m->tokens[TOKENS_INPUT], 80); /* without what came from the cache */
	assert_int_equal(m->tokens[TOKENS_CACHE_READ], 120);
	assert_int_equal(m->tokens[TOKENS_OUTPUT], 14);
	assert_int_equal(m->wall_ms, 30000);
	assert_int_equal(m->waiting_ms, 15000);
	assert_int_equal(r->n_findings, 3);
	assert_string_equal(r->findings[0].code, "no-verify");
	assert_string_equal(r->findings[1].code, "repeat-failure");
	assert_int_equal(r->findings[1].places[0].line, 5);
	assert_string_equal(r->findings[2].code, "context-exhaustion");
}

static const char gemini[] =
    "{\n  \"sessionId\": \"g\",\n  \"messages\": [\n"
    "    {\"id\": \"1\", \"timestamp\": \"2026-01-01T00:00:00.000Z\", \"type\": \"user\",\n"
    "     \"content\": \"do it\"},\n"
    "    {\"id\": \"2\", \"timestamp\": \"2026-01-01T00:00:02.000Z\", \"type\": \"gemini\",\n"
    "     \"content\": \"\", \"model\": \"g-pro\", \"tokens\": {\"input\": 50, \"output\": 5,\n"
    "      \"cached\": 30, \"thoughts\": 2, \"tool\": 0, \"total\": 57},\n"
    "     \"toolCalls\": [{\"id\": \"t1\", \"name\": \"run_shell_command\",\n"
    "       \"args\": {\"command\": \"foo --all\"}, \"status\": \"error\",\n"
    "       \"timestamp\": \"2026-01-01T00:00:04.000Z\", \"result\": [{\"functionResponse\":\n"
    "        {\"id\": \"t1\", \"response\": {\"error\": \"foo: command not found\"}}}]}]},\n"
    "    {\"id\": \"3\", \"timestamp\": \"2026-01-01T00:00:05.000Z\", \"type\": \"gemini\",\n"
    "     \"content\": \"done\", \"toolCalls\": [{\"id\": \"t2\", \"name\": \"write_file\",\n"
    "       \"args\": {\"file_path\": \"/p/a.md\", \"content\": \"x\"}, \"status\": \"success\",\n"
    "       \"timestamp\": \"2026-01-01T00:00:06.000Z\", \"result\": []}]},\n"
    "    {\"id\": \"4\", \"timestamp\": \"2026-01-01T00:00:06.500Z\", \"type\": \"info\",\n"
    "     \"content\": \"x\"}\n  ]\n}\n";

static void a_chat_of_gemini_is_measured_and_judged(void **state)
{
	const struct coach_report *r = report_of("session-2026.json", gemini);
	const struct coach_metrics *m = &r->metrics;

	(void)state;
	assert_int_equal(m->turns, 1);
	assert_int_equal(m->messages, 2);
	assert_int_equal(m->tool_calls, 2);
	assert_int_equal(m->tool_errors, 1);
	assert_int_equal(m->edits, 1);
	assert_int_equal(m->tool_ms, 3000);
	assert_int_equal(m->wall_ms, 6500);
	assert_int_equal(m->tokens[TOKENS_INPUT], 20);
	assert_int_equal(m->tokens[TOKENS_CACHE_READ], 30);
	assert_int_equal(m->tokens[TOKENS_OUTPUT], 7);
	assert_int_equal(r->n_findings, 1);
	assert_string_equal(r->findings[0].code, "missing-env");
	assert_int_equal(r->findings[0].places[0].line, 6);
}

static void a_chat_that_is_cut_off_is_read_as_far_as_it_goes(void **state)
{
	const struct coach_metrics *m;

	(void)state;
	m = &report_of("session-cut.json",
	               "{\"messages\":[{\"type\":\"user\",\"content\":\"a\"},{\"ty")
	         ->metrics;
	assert_int_equal(m->sessions, 1);
	assert_int_equal(m->turns, 1);
	assert_int_equal(m->bad_lines, 1);
}

static void a_folder_may_hold_sessions_of_all_hosts(void **state)
{
	struct coach_wish wish = { .path = folder };
	struct coach_report *r = NULL;

	(void)state;
	(void)report_of("package.json", "{\"messages\":[{\"type\":\"user\",\"content\":\"a\"}]}");
	(void)report_of("rollout-1.jsonl", codex);
	(void)report_of("session-2026.json", gemini);
	(void)remove(text_printf(arena, "%s/session-cut.json", folder));
	assert_int_equal(coach_sessions(&wish, arena, &r, NULL), OK);
	assert_int_equal(r->metrics.sessions, 2); /* package.json is no session */
}

static int prepare(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *made;

	(void)state;
	if ((arena = arena_new((size_t)64 << 20)) == NULL)
		return -1;
	made = text_printf(arena, "%s/hosts.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	folder = made == NULL ? NULL : mkdtemp(made);
	return folder == NULL;
}

static int finish(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rollout_of_codex_is_measured_and_judged),
		cmocka_unit_test(a_chat_of_gemini_is_measured_and_judged),
		cmocka_unit_test(a_chat_that_is_cut_off_is_read_as_far_as_it_goes),
		cmocka_unit_test(a_folder_may_hold_sessions_of_all_hosts),
	};

	return cmocka_run_group_tests(tests, prepare, finish);
}
