#include "tests/unit/unit.h"

#include <string.h>

#include "wire/rpc.h"

static void a_message_is_what_its_members_say(void **state)
{
	static const struct {
		const char *line;
		enum rpc_kind kind;
		int code;
		const char *id;
	} rows[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\": 0 ,\"method\":\"m\"}", RPC_REQUEST, 0, "0" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"a b\",\"method\":\"m\",\"params\":{}}",
		  RPC_REQUEST, 0, "\"a b\"" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", RPC_NOTIFICATION, 0, "" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[]}", RPC_NOTIFICATION, 0, "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", RPC_ANSWER, 0, "1" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", RPC_ANSWER, 0, "1" },
		{ " [1]", RPC_BATCH, 0, "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_WRONG, RPC_REQUEST_BAD, "1" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"m\"}", RPC_WRONG, RPC_REQUEST_BAD,
		  "" },
		{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", RPC_WRONG, RPC_REQUEST_BAD, "1" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":3}", RPC_WRONG,
		  RPC_PARAMS, "1" },
		{ "3", RPC_WRONG, RPC_REQUEST_BAD, "" },
		{ "", RPC_WRONG, RPC_PARSE, "" },
	};
	struct rpc r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rpc_read(&r, rows[i].line, strlen(rows[i].line));
		assert_int_equal(r.kind, rows[i].kind);
		if (r.kind == RPC_WRONG)
			assert_int_equal(r.code, rows[i].code);
		assert_int_equal(r.id.len, strlen(rows[i].id));
		if (r.id.len > 0)
			assert_memory_equal(r.id.at, rows[i].id, r.id.len);
		rpc_done(&r);
	}
}

static void a_batch_gives_its_elements_one_by_one(void **state)
{
	static const char line[] =
	    " [ {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a,]}\"} , 7,[] ] ";
	struct rpc batch, item;
	size_t at = 0;

	(void)state;
	rpc_read(&batch, line, strlen(line));
	assert_int_equal(batch.kind, RPC_BATCH);
	assert_true(rpc_item(&batch, &at, &item));
	assert_int_equal(item.kind, RPC_REQUEST);
	assert_string_equal(item.method, "a,]}");
	rpc_done(&item);
	assert_true(rpc_item(&batch, &at, &item));
	assert_int_equal(item.kind, RPC_WRONG);
	rpc_done(&item);
	assert_true(rpc_item(&batch, &at, &item));
	assert_int_equal(item.kind, RPC_WRONG);
	rpc_done(&item);
	assert_false(rpc_item(&batch, &at, &item));
	rpc_done(&batch);
	at = 0;
	rpc_read(&batch, "[]", 2);
	assert_false(rpc_item(&batch, &at, &item));
	rpc_done(&batch);
}

static void meta_is_found_as_it_was_written(void **state)
{
	static const char line[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":[1,{\"_meta\":2}],"
	    "\"_meta\":{\"progressToken\":9007199254740993}}}";
	struct json_span s;
	struct rpc r;

	(void)state;
	rpc_read(&r, line, strlen(line));
	s = rpc_meta_raw(&r, "progressToken");
	assert_int_equal(s.len, 16);
	assert_memory_equal(s.at, "9007199254740993", 16);
	assert_int_equal(rpc_meta_raw(&r, "absent").len, 0);
	rpc_done(&r);
}

static void quoting_gives_back_the_same_text_when_parsed(void **state)
{
	char all[300], *p = all;
	struct text t;
	cJSON *back;

	(void)state;
	for (int c = 1; c < 128; c++)
		*p++ = (char)c;
	memcpy(p, "\xc3\xa4\xf0\x9f\x98\x80", 7);
	text_init(&t, 4096);
	rpc_quote(&t, all, strlen(all));
	assert_int_equal(json_read(text_string(&t), t.len, &back, NULL), OK);
	assert_string_equal(back->valuestring, all);
	cJSON_Delete(back);
	text_done(&t);
}

static void an_error_has_code_words_and_data(void **state)
{
	struct text t;

	(void)state;
	text_init(&t, 4096);
	rpc_error(&t, (struct json_span){ "7", 1 }, RPC_PARAMS, "no \"x\"", "{\"a\":1}");
	assert_string_equal(text_string(&t),
	                    "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,\"message\":"
	                    "\"no \\\"x\\\"\",\"data\":{\"a\":1}}}");
	text_done(&t);
	text_init(&t, 4096);
	rpc_error(&t, (struct json_span){ 0 }, RPC_PARSE, "no", NULL);
	assert_string_equal(
	    text_string(&t),
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}");
	text_done(&t);
}

static void no_status_of_ours_takes_a_code_that_is_not_ours(void **state)
{
	(void)state;
	for (int st = OK + 1; st < STATUS_N; st++) {
		int code = rpc_code((enum status)st);

		assert_true(code == RPC_PARAMS || code == RPC_INTERNAL || code > -32000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_what_its_members_say),
		cmocka_unit_test(a_batch_gives_its_elements_one_by_one),
		cmocka_unit_test(meta_is_found_as_it_was_written),
		cmocka_unit_test(quoting_gives_back_the_same_text_when_parsed),
		cmocka_unit_test(an_error_has_code_words_and_data),
		cmocka_unit_test(no_status_of_ours_takes_a_code_that_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
