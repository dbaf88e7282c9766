#include "tests/unit/unit.h"

#include <string.h>

#include "wire/http_rules.h"

static void an_address_is_figures_and_a_port(void **state)
{
	static const struct {
		const char *words, *url;
		bool local;
	} good[] = {
		{ "127.0.0.1:8080", "http://127.0.0.1:8080", true },
		{ "127.3.2.1:1", "http://127.3.2.1:1", true },
		{ "localhost:80", "http://127.0.0.1:80", true },
		{ "[::1]:0", "http://[::1]:0", true },
		{ "0.0.0.0:65535", "http://0.0.0.0:65535", false },
		{ "[::]:8080", "http://[::]:8080", false },
		{ "192.168.1.2:9", "http://192.168.1.2:9", false },
	};
	static const char *const bad[] = { "",         ":",          ":80",        "80",
		                           "a.b:80",   "127.0.0.1:", "1.2.3.4:5x", "1.2.3.4:65536",
		                           "[::1]",    "[::1:80",    "::1]:80",    "1.2.3.4:000000",
		                           "[1.2.3]:1" };
	struct http_address a;
	struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(http_address_read(good[i].words, &a, NULL), OK);
		assert_int_equal(a.local, good[i].local);
		text_init(&t, 100);
		http_address_text(&a, &t);
		assert_string_equal(text_string(&t), good[i].url);
		text_done(&t);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(http_address_read(bad[i], &a, NULL), E_INPUT);
}

static void accept_is_read_with_its_ranges_and_refusals(void **state)
{
	static const char sse[] = "text/event-stream";

	(void)state;
	assert_true(http_accepts(NULL, sse));
	assert_true(http_accepts("text/event-stream", sse));
	assert_true(http_accepts("a/b , Text/Event-Stream ; q=0.5", sse));
	assert_true(http_accepts("text/*", sse));
	assert_true(http_accepts("*/*;q=0.01", sse));
	assert_true(http_accepts("text/event-stream;q=0.0001", sse));
	assert_false(http_accepts("", sse));
	assert_false(http_accepts("text/event-stream;q=0", sse));
	assert_false(http_accepts("text/event-stream; q=0.000", sse));
	assert_false(http_accepts("text/event-streams", sse));
	assert_false(http_accepts("text/event", sse));
	assert_false(http_accepts("application/*", sse));
	assert_false(http_accepts(",;,,", sse));
	assert_false(http_accepts("text", sse));
}

static void content_is_json_in_utf8(void **state)
{
	(void)state;
	assert_true(http_is_json("application/json"));
	assert_true(http_is_json(" Application/JSON ;a=b; charset=UTF-8"));
	assert_true(http_is_json("application/json;charset=\"utf-8\""));
	assert_false(http_is_json(NULL));
	assert_false(http_is_json("application/json-seq"));
	assert_false(http_is_json("text/json"));
	assert_false(http_is_json("application/json; charset=utf-16"));
	assert_false(http_is_json("application/json; charset="));
	assert_false(http_is_json("application/json; charset=\""));
}

static void only_names_of_this_machine_are_good_on_loopback(void **state)
{
	static const char *const good[] = { "localhost", "LocalHost:1", "127.0.0.1:8080",
		                            "127.1.1.1", "[::1]:9" };
	static const char *const bad[] = {
		"",        "evil.com",    "localhost.evil.com", "[::1",  "[::2]",
		"8.8.8.8", "127.0.0.1.x", "localhost:123456",   "a:b:c", "localhost:x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(http_host_good(good[i], true, NULL));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(http_host_good(bad[i], true, NULL));
	assert_true(http_host_good("localhost:", true, NULL)); /* a port may be empty */
	assert_true(http_host_good("evil.com", false, NULL));
	assert_false(http_host_good("", false, NULL));
	assert_true(http_host_good("a.b:1", true, "x, A.B ,y"));
	assert_false(http_host_good("b", true, "x, A.B ,y"));
	assert_false(http_host_good("", true, ",,"));
}

static void an_origin_is_a_good_name_or_none(void **state)
{
	(void)state;
	assert_true(http_origin_good(NULL, "localhost", true, NULL));
	assert_true(http_origin_good("http://localhost:5173", "localhost", true, NULL));
	assert_true(http_origin_good("HTTPS://[::1]", "localhost", true, NULL));
	assert_true(http_origin_good("http://a.b", "localhost", true, "a.b"));
	assert_false(http_origin_good("", "localhost", true, NULL));
	assert_false(http_origin_good("null", "localhost", true, NULL));
	assert_false(http_origin_good("http://", "localhost", true, NULL));
	assert_false(http_origin_good("http://localhost/x", "localhost", true, NULL));
	assert_false(http_origin_good("http://evil.com", "evil.com", true, NULL));
	assert_false(http_origin_good("http://evil.com", "evil.com", false, NULL));
	assert_true(http_origin_good("http://10.0.0.5:80", "10.0.0.5:80", false, NULL));
	assert_false(http_origin_good("http://10.0.0.6:80", "10.0.0.5:80", false, NULL));
}

static void a_token_is_compared_whole(void **state)
{
	static const char token[] = "0123456789abcdef";

	(void)state;
	assert_true(http_token_good("Bearer 0123456789abcdef", token));
	assert_true(http_token_good("bearer   0123456789abcdef\t", token));
	assert_false(http_token_good(NULL, token));
	assert_false(http_token_good("", token));
	assert_false(http_token_good("Bearer", token));
	assert_false(http_token_good("Bearer ", token));
	assert_false(http_token_good("Bearer 0123456789abcde", token));
	assert_false(http_token_good("Bearer 0123456789abcdefa", token));
	assert_false(http_token_good("Bearer 0123456789abcdef0123456789abcdef", token));
	assert_false(http_token_good("Basic 0123456789abcdef", token));
}

static void a_name_may_come_in_base64(void **state)
{
	(void)state;
	assert_true(http_name_matches("echo", "echo"));
	assert_true(http_name_matches("  echo\t ", "echo"));
	assert_true(http_name_matches("=?base64?ZWNobw==?=", "echo"));
	assert_true(http_name_matches("=?base64?5LiW55WM?=", "\xe4\xb8\x96\xe7\x95\x8c"));
	assert_true(http_name_matches("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="));
	assert_true(http_name_matches("=?base64?"
	                              "?=",
	                              ""));
	assert_false(http_name_matches("=?base64?literal?=", "=?base64?literal?="));
	assert_false(http_name_matches("=?base64?ZWNobw?=", "echo"));
	assert_false(http_name_matches("=?base64?ZWNobx==?=", "echo")); /* bits left over */
	assert_false(http_name_matches("=?base64?ZWNob===?=", "echo"));
	assert_false(http_name_matches("=?base64?ZW=obw==?=", "echo"));
	assert_false(http_name_matches("=?base64?=", ""));
	assert_false(http_name_matches("Echo", "echo"));
	assert_false(http_name_matches("", "echo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_figures_and_a_port),
		cmocka_unit_test(accept_is_read_with_its_ranges_and_refusals),
		cmocka_unit_test(content_is_json_in_utf8),
		cmocka_unit_test(only_names_of_this_machine_are_good_on_loopback),
		cmocka_unit_test(an_origin_is_a_good_name_or_none),
		cmocka_unit_test(a_token_is_compared_whole),
		cmocka_unit_test(a_name_may_come_in_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
