#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "domain/run/cooldown.h"
#include "domain/run/limit.h"
#include "domain/run/stream.h"

#define AT INT64_C(1700000000000)

static struct stream *told(const char *preset, const char *lines)
{
	struct stream *s = stream_new(preset);

	assert_non_null(s);
	stream_add(s, lines, strlen(lines), AT);
	return s;
}

static const char claude_well[] =
    "{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/"
    "w\",\"session_id\":\"s-1\",\"tools\":[\"Bash\"]}\n"
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m1\",\"content\":[{\"type\":\"text\",\"text\":"
    "\"a\"}],"
    "\"usage\":{\"input_tokens\":100,\"cache_read_input_tokens\":30,\"cache_creation_input_"
    "tokens\":5,"
    "\"output_tokens\":7}},\"session_id\":\"s-1\"}\n"
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m1\",\"content\":[{\"type\":\"tool_use\",\"id\":"
    "\"t\"}],"
    "\"usage\":{\"input_tokens\":100,\"cache_read_input_tokens\":30,\"cache_creation_input_"
    "tokens\":5,"
    "\"output_tokens\":40}},\"session_id\":\"s-1\"}\n"
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m2\",\"content\":[],"
    "\"usage\":{\"input_tokens\":10,\"output_tokens\":2}},\"session_id\":\"s-1\"}\n";

static void claude_codes_messages_are_counted_once_each(void **state)
{
	struct stream *s = told("claude", claude_well);
	const struct stream_facts *f = stream_facts(s);

	(void)state;
	assert_string_equal(f->session, "s-1");
	assert_true(f->counted);
	assert_int_equal(f->tokens_in, 135 + 10);
	assert_int_equal(f->tokens_cached, 30);
	assert_int_equal(f->tokens_out, 42);
	assert_false(f->priced);
	assert_false(f->failed);
	stream_free(s);
}

static void claude_codes_result_has_the_last_word(void **state)
{
	static const char result[] =
	    "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"session_id\":\"s-"
	    "1\","
	    "\"total_cost_usd\":0.25,\"usage\":{\"input_tokens\":300,\"cache_read_input_tokens\":"
	    "60,"
	    "\"cache_creation_input_tokens\":0,\"output_tokens\":90},\"result\":\"done\","
	    "\"permission_denials\":[{\"tool_name\":\"Bash\"},{\"tool_name\":\"Write\"},"
	    "{\"tool_name\":\"Bash\"}]}\n";
	struct stream *s = told("claude", claude_well);
	const struct stream_facts *f;

	(void)state;
	stream_add(s, result, sizeof result - 1, AT);
	f = stream_facts(s);
	assert_int_equal(f->tokens_in, 360);
	assert_int_equal(f->tokens_cached, 60);
	assert_int_equal(f->tokens_out, 90);
	assert_true(f->priced && f->usd_adds_up && !f->tokens_add_up);
	assert_true(f->usd > 0.2499 && f->usd < 0.2501);
	assert_int_equal(f->denials, 3);
	assert_string_equal(f->denied, "Bash, Write");
	assert_false(f->failed);
	stream_free(s);
}

static void a_refusal_of_claude_code_is_a_limit_with_its_time(void **state)
{
	struct stream *s =
	    told("claude",
	         "{\"type\":\"assistant\",\"message\":{\"id\":\"x\",\"model\":\"<synthetic>\","
	         "\"content\":[{"
	         "\"type\":\"text\",\"text\":\"API Error: Request rejected (429)\"}]},\"error\":"
	         "\"rate_limit\",\"is_api_error_message\":true,\"api_error_status\":429}\n"
	         "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"api_error_"
	         "status\":429,"
	         "\"result\":\"API Error: Request rejected (429) - try again in "
	         "7s\",\"total_cost_usd\":0,"
	         "\"usage\":{\"input_tokens\":0,\"output_tokens\":0},\"permission_denials\":[]}\n");
	const struct stream_facts *f = stream_facts(s);

	(void)state;
	assert_true(f->failed && f->limited);
	assert_int_equal(f->until_ms, AT + 7000);
	assert_non_null(strstr(f->error, "rejected (429)"));
	stream_free(s);

	s = told("claude",
	         "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\","
	         "\"resetsAt\":1700000100,\"rateLimitType\":\"five_hour\"}}\n");
	assert_int_equal(stream_facts(s)->until_ms, INT64_C(1700000100000));
	stream_free(s);

	/* A refusal that was got over is none. */
	s = told(
	    "claude",
	    "{\"type\":\"assistant\",\"message\":{\"id\":\"x\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"529 Overloaded\"}]},\"is_api_error_message\":true,"
	    "\"api_error_status\":529}\n"
	    "{\"type\":\"result\",\"is_error\":false,\"result\":\"ok\"}\n");
	assert_false(stream_facts(s)->limited);
	assert_null(stream_facts(s)->error);
	stream_free(s);
}

static void an_unknown_session_of_claude_code_is_told_in_its_words(void **state)
{
	struct stream *s =
	    told("claude",
	         "{\"type\":\"result\",\"subtype\":\"error_during_execution\",\"is_error\":true,"
	         "\"errors\":[\"No conversation found with session ID: 1\"]}\n");

	(void)state;
	assert_true(stream_facts(s)->failed);
	assert_false(stream_facts(s)->limited);
	assert_string_equal(stream_facts(s)->error, "No conversation found with session ID: 1");
	stream_free(s);
}

static void codex_counts_the_whole_thread(void **state)
{
	struct stream *s = told(
	    "codex",
	    "Reading prompt from stdin...\n"
	    "{\"type\":\"thread.started\",\"thread_id\":\"th-9\"}\n{\"type\":\"turn.started\"}\n"
	    "{\"type\":\"error\",\"message\":\"Reconnecting... 1/5 (Rate limit reached)\"}\n"
	    "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"command_execution\","
	    "\"status\":\"declined\"}}\n"
	    "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":240,"
	    "\"cached_input_tokens\":60,\"output_tokens\":90}}\n");
	const struct stream_facts *f = stream_facts(s);

	(void)state;
	assert_string_equal(f->session, "th-9");
	assert_int_equal(f->tokens_in, 240);
	assert_int_equal(f->tokens_cached, 60);
	assert_int_equal(f->tokens_out, 90);
	assert_true(f->tokens_add_up);
	assert_false(f->failed || f->limited || f->priced);
	assert_int_equal(f->denials, 1);
	assert_string_equal(f->denied, "command_execution");
	stream_free(s);

	s = told("codex",
	         "{\"type\":\"turn.failed\",\"error\":{\"message\":\"exceeded retry limit, last "
	         "status: 429 Too Many Requests\"}}\n");
	assert_true(stream_facts(s)->failed && stream_facts(s)->limited);
	assert_int_equal(stream_facts(s)->until_ms, 0);
	stream_free(s);
}

static void gemini_tells_its_stats_and_what_it_could_not_use(void **state)
{
	struct stream *s = told(
	    "gemini",
	    "{\"type\":\"init\",\"session_id\":\"g-1\",\"model\":\"m\"}\n"
	    "{\"type\":\"tool_result\",\"tool_id\":\"run_shell_command__run_shell_command_17_0\","
	    "\"status\":"
	    "\"error\",\"error\":{\"type\":\"tool_not_registered\",\"message\":\"not found\"}}\n"
	    "{\"type\":\"result\",\"status\":\"success\",\"stats\":{\"total_tokens\":330,\"input_"
	    "tokens\":240,"
	    "\"output_tokens\":90,\"cached\":60}}\n");
	const struct stream_facts *f = stream_facts(s);

	(void)state;
	assert_string_equal(f->session, "g-1");
	assert_int_equal(f->tokens_in, 240);
	assert_int_equal(f->tokens_cached, 60);
	assert_int_equal(f->tokens_out, 90);
	assert_string_equal(f->denied, "run_shell_command");
	assert_false(f->failed);
	stream_free(s);

	s = told(
	    "gemini",
	    "{\"type\":\"result\",\"status\":\"error\",\"error\":{\"type\":\"Error\",\"message\":"
	    "\"You exceeded your current quota. Please retry in 7.5s.\"}}\n");
	assert_true(stream_facts(s)->failed && stream_facts(s)->limited);
	assert_int_equal(stream_facts(s)->until_ms, AT + 7500);
	stream_free(s);
}

static void opencode_adds_up_its_steps(void **state)
{
	static const char step[] = "{\"type\":\"step_finish\",\"sessionID\":\"ses_1\",\"part\":{"
				   "\"type\":\"step-finish\",\"tokens\":"
				   "{\"total\":165,\"input\":90,\"output\":45,\"reasoning\":3,"
				   "\"cache\":{\"write\":2,\"read\":30}},"
				   "\"cost\":0.5}}\n";
	struct stream *s = told("opencode", step);
	const struct stream_facts *f;

	(void)state;
	stream_add(s, step, sizeof step - 1, AT);
	f = stream_facts(s);
	assert_string_equal(f->session, "ses_1");
	assert_int_equal(f->tokens_in, 244);
	assert_int_equal(f->tokens_cached, 60);
	assert_int_equal(f->tokens_out, 96);
	assert_true(f->usd > 0.99 && f->usd < 1.01 && !f->usd_adds_up);
	stream_free(s);

	s = told(
	    "opencode",
	    "{\"type\":\"tool_use\",\"sessionID\":\"a\",\"part\":{\"type\":\"tool\",\"tool\":"
	    "\"write\","
	    "\"state\":{\"status\":\"error\",\"error\":\"The user rejected permission to use this "
	    "specific tool call.\"}}}\n"
	    "{\"type\":\"error\",\"sessionID\":\"a\",\"error\":{\"name\":\"APIError\",\"data\":{"
	    "\"message\":"
	    "\"slow down\",\"statusCode\":429,\"responseHeaders\":{\"retry-after\":\"2\"}}}}\n");
	assert_string_equal(stream_facts(s)->denied, "write");
	assert_true(stream_facts(s)->failed && stream_facts(s)->limited);
	assert_int_equal(stream_facts(s)->until_ms, AT + 2000);
	stream_free(s);
}

static void lines_may_come_in_pieces_and_among_others(void **state)
{
	struct stream *s = stream_new("claude");
	char *long_line = mem_take(STREAM_LINE_MAX + 2);

	(void)state;
	assert_non_null(long_line);
	for (size_t i = 0; i < sizeof claude_well - 1; i++)
		stream_add(s, claude_well + i, 1, AT);
	assert_int_equal(stream_facts(s)->tokens_out, 42);
	stream_add(s, "{not json}\nplain words\n\n{}\n[]\n", 30, AT);
	memset(long_line, 'x', STREAM_LINE_MAX + 1);
	long_line[0] = '{';
	long_line[STREAM_LINE_MAX + 1] = '\n';
	stream_add(s, long_line, STREAM_LINE_MAX + 2, AT);
	stream_add(s, "{\"type\":\"result\",\"is_error\":true,\"result\":\"no\"}\n", 49, AT);
	assert_string_equal(stream_facts(s)->error, "no");
	stream_free(s);
	mem_free(long_line);
}

static void what_is_no_preset_says_nothing(void **state)
{
	(void)state;
	assert_null(stream_new("shell"));
	assert_null(stream_new(NULL));
	stream_add(NULL, "{}\n", 3, AT);
	assert_false(stream_facts(NULL)->failed);
	assert_string_equal(stream_facts(NULL)->denied, "");
}

static void a_reader_without_memory_stays_quiet(void **state)
{
	(void)state;
	for (long n = 0; n < 200; n++) {
		struct stream *s;

		mem_fail_after(n, true);
		s = stream_new("claude");
		stream_add(s, claude_well, sizeof claude_well - 1, AT);
		mem_fail_after(-1, false);
		assert_true(stream_facts(s)->tokens_out <= 42);
		stream_free(s);
	}
}

static void limits_are_told_by_their_words(void **state)
{
	static const char *const yes[] = { "Rate limit reached for m",
		                           "429 Too Many Requests",
		                           "You've hit your limit",
		                           "Claude AI usage limit reached|1700000060",
		                           "You exceeded your current quota.",
		                           "Error: RESOURCE_EXHAUSTED",
		                           "529 Overloaded." };
	static const char *const no[] = {
		"exit 429", "separate limits",     "accurate limit-switch", "quotation missing",
		"",         "overloading a method"
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(limit_met(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(limit_met(no[i]));
	assert_false(limit_met(NULL));
	assert_true(limit_status(429) && limit_status(529) && limit_status(503));
	assert_false(limit_status(500) || limit_status(401));
}

static void the_time_of_a_limit_is_read(void **state)
{
	time_t at = (time_t)(AT / 1000);
	struct tm day;
	int64_t wait;

	(void)state;
	assert_int_equal(limit_wait_ms("Please try again in 7s.", AT), 7000);
	assert_int_equal(limit_wait_ms("retry in 7.5s", AT), 7500);
	assert_int_equal(limit_wait_ms("try again in 350ms", AT), 350);
	assert_int_equal(limit_wait_ms("in a moment, retry after 30 seconds", AT), 30000);
	assert_int_equal(limit_wait_ms("reset after 1h2m3s", AT), 3723000);
	assert_int_equal(limit_wait_ms("limit reached|1700000060", AT), 60000);
	assert_int_equal(limit_wait_ms("limit reached|1600000000", AT), 1);
	assert_int_equal(limit_wait_ms("in 400 days", AT), 0);
	assert_int_equal(limit_wait_ms("later, in the day", AT), 0);
	assert_int_equal(limit_wait_ms(NULL, AT), 0);
	wait = limit_wait_ms("You've hit your limit - resets 5:30pm (UTC)", AT);
	assert_true(wait > 0 && wait <= INT64_C(86400000));
	at += (time_t)(wait / 1000);
	assert_non_null(localtime_r(&at, &day));
	assert_int_equal(day.tm_hour, 17);
	assert_int_equal(day.tm_min, 30);
	assert_int_equal(limit_wait_ms("resets in 3 lines", AT), 0);
}

static void the_wait_for_an_unstated_limit_doubles_up_to_five_minutes(void **state)
{
	(void)state;
	for (uint64_t chance = 0; chance < 100000; chance += 997) {
		assert_in_range(cooldown_wait_ms(1, chance), 10000, 12500);
		assert_in_range(cooldown_wait_ms(3, chance), 40000, 50000);
		assert_in_range(cooldown_wait_ms(40, chance), 300000, 375000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claude_codes_messages_are_counted_once_each),
		cmocka_unit_test(claude_codes_result_has_the_last_word),
		cmocka_unit_test(a_refusal_of_claude_code_is_a_limit_with_its_time),
		cmocka_unit_test(an_unknown_session_of_claude_code_is_told_in_its_words),
		cmocka_unit_test(codex_counts_the_whole_thread),
		cmocka_unit_test(gemini_tells_its_stats_and_what_it_could_not_use),
		cmocka_unit_test(opencode_adds_up_its_steps),
		cmocka_unit_test(lines_may_come_in_pieces_and_among_others),
		cmocka_unit_test(what_is_no_preset_says_nothing),
		cmocka_unit_test(a_reader_without_memory_stays_quiet),
		cmocka_unit_test(limits_are_told_by_their_words),
		cmocka_unit_test(the_time_of_a_limit_is_read),
		cmocka_unit_test(the_wait_for_an_unstated_limit_doubles_up_to_five_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
