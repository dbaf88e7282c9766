/* codex.c - rollouts of Codex: {timestamp, type, payload} a line. */
#include <stdlib.h>
#include <string.h>

#include "domain/coach/hosts.h"
#include "domain/coach/pull.h"

#define OUTPUT_HEAD 80  /* bytes of an output in which Codex says the exit status itself, */
#define OUTPUT_TAIL 200 /* or, in older versions, at the end of JSON that stands in the text */

struct line {
	struct json_span timestamp, type, payload;
};

static bool read_line(struct json_span json, struct line *l)
{
	struct pull p = pull_of(json);
	struct json_span key, value;

	if (!pull_object(&p))
		return false;
	while (pull_key(&p, &key)) {
		value = pull_value(&p);
		if (pull_is(key, "timestamp"))
			l->timestamp = value;
		else if (pull_is(key, "type"))
			l->type = value;
		else if (pull_is(key, "payload"))
			l->payload = value;
	}
	return !p.failed;
}

/* A call's arguments: an object, or, as Codex has it, a text that holds one. */
static struct json_span arguments_of(struct session *s, struct json_span payload)
{
	struct json_span args = pull_member(payload, "arguments");

	if (args.len == 0)
		args = pull_member(payload, "action"); /* of a local_shell_call */
	if (args.len == 0)
		return pull_member(payload, "input"); /* of a custom tool: free text */
	return pull_is_text(args) ? host_inner(s, args) : args;
}

static void call(struct session *s, const struct session_at *at, struct json_span payload)
{
	static const char shell[] = "\"local_shell\"";
	struct json_span name = pull_member(payload, "name");

	if (name.len == 0)
		name = (struct json_span){ shell, sizeof shell - 1 };
	(void)session_call(s, at, pull_member(payload, "call_id"), name, arguments_of(s, payload),
	                   s->n_messages);
}

/* Further in it would be what a program said, not what Codex says about it. */
static bool output_failed(struct json_span text)
{
	static const char *const marks[] = { "Exit code:", "exited with code" };
	static const char *const wrong[] = { "unsupported c", "failed to parse function arguments",
		                             "exec command rejected",
		                             "apply_patch verification failed", "execution error" };
	static const char member[] = "exit_code\\\":";
	struct json_span in = pull_inside(text);
	size_t tail = in.len < OUTPUT_TAIL ? in.len : OUTPUT_TAIL;
	const char *at =
	    in.len == 0 ? NULL : memmem(in.at + in.len - tail, tail, member, sizeof member - 1);
	char head[OUTPUT_HEAD];

	if (at != NULL)
		return strtol(at + sizeof member - 1, NULL, 10) != 0;
	(void)pull_text(text, head, sizeof head);
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if ((at = strstr(head, marks[i])) != NULL)
			return strtol(at + strlen(marks[i]), NULL, 10) != 0;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (strncmp(head, wrong[i], strlen(wrong[i])) == 0)
			return true;
	return false;
}

static void output(struct session *s, const struct session_at *at, struct json_span payload)
{
	struct json_span text = pull_member(payload, "output");
	struct session_result r = { .id = pull_member(payload, "call_id") };

	if (!pull_is_text(text))
		text = pull_member(text, "content");
	r.text = text;
	r.bytes = pull_inside(text).len;
	r.failed = output_failed(text);
	session_result(s, at, &r);
}

static void response_item(struct session *s, const struct session_at *at, struct json_span payload)
{
	struct json_span type = pull_member(payload, "type");

	if (pull_is(type, "function_call") || pull_is(type, "custom_tool_call") ||
	    pull_is(type, "local_shell_call"))
		call(s, at, payload);
	else if (pull_is(type, "function_call_output") || pull_is(type, "custom_tool_call_output"))
		output(s, at, payload);
}

/* Codex counts what came from the cache as input, too; and it repeats itself: equal totals are one.
 */
static void token_count(struct session *s, const struct session_at *at, struct json_span info)
{
	struct json_span last = pull_member(info, "last_token_usage");
	struct json_span total = pull_member(info, "total_token_usage");
	struct json_span name = { s->name, strlen(s->name) };
	int64_t tokens[TOKENS_N] = { 0 };

	if (last.len == 0)
		return;
	tokens[TOKENS_CACHE_READ] = pull_int(pull_member(last, "cached_input_tokens"), 0);
	tokens[TOKENS_CACHE_WRITE] = pull_int(pull_member(last, "cache_write_input_tokens"), 0);
	tokens[TOKENS_INPUT] = pull_int(pull_member(last, "input_tokens"), 0) -
	                       tokens[TOKENS_CACHE_READ] - tokens[TOKENS_CACHE_WRITE];
	tokens[TOKENS_OUTPUT] = pull_int(pull_member(last, "output_tokens"), 0);
	(void)session_message(s, at, total.len == 0 ? 0 : session_key(total, name), tokens);
}

/* What a person said: older versions write `user_message`, newer ones an item; some both. */
static void said(struct session *s, const struct session_at *at, struct json_span text)
{
	if (text.len > 0 && session_first(s, text))
		session_prompt(s, at, text);
}

static void item(struct session *s, const struct session_at *at, struct json_span item)
{
	struct pull parts = pull_of(pull_member(item, "content"));

	if (pull_is(pull_member(item, "type"), "UserMessage") && parts.p != NULL &&
	    pull_array(&parts) && pull_more(&parts))
		said(s, at, pull_member(pull_value(&parts), "text"));
}

static void event(struct session *s, const struct session_at *at, struct json_span payload)
{
	struct json_span type = pull_member(payload, "type");

	if (pull_is(type, "user_message"))
		said(s, at, pull_member(payload, "message"));
	else if (pull_is(type, "item_completed"))
		item(s, at, pull_member(payload, "item"));
	else if (pull_is(type, "task_started") || pull_is(type, "turn_started"))
		session_forget(s);
	else if (pull_is(type, "token_count"))
		token_count(s, at, pull_member(payload, "info"));
	else if (pull_is(type, "turn_aborted") &&
	         pull_is(pull_member(payload, "reason"), "interrupted"))
		session_interrupt(s, at);
}

/* The oldest versions wrote what is a payload now as the line, without a time. */
static void bare(struct session *s, const struct session_at *at, const struct line *l,
                 struct json_span json)
{
	struct json_span role = pull_member(json, "role");
	struct pull parts = pull_of(pull_member(json, "content"));
	struct json_span text = { 0 };

	if (pull_is(l->type, "message") && pull_is(role, "user") && parts.p != NULL &&
	    pull_array(&parts) && pull_more(&parts)) {
		text = pull_inside(pull_member(pull_value(&parts), "text"));
		if (text.len > 0 && *text.at != '<') /* what the host itself says is in marks */
			session_prompt(s, at, (struct json_span){ text.at - 1, text.len + 2 });
	} else if (pull_is(l->type, "message")) {
		static const int64_t unknown[TOKENS_N];

		(void)session_message(s, at, 0, unknown);
	} else if (l->type.len > 0) {
		response_item(s, at, json);
	}
}

void codex_line(struct session *s, struct session_at *at, struct json_span json)
{
	struct line l = { 0 };

	s->lines++;
	if (!read_line(json, &l)) {
		s->bad_lines++;
		return;
	}
	host_at(s, at, l.timestamp);
	if (l.payload.len == 0) {
		bare(s, at, &l, json);
	} else if (pull_is(l.type, "response_item")) {
		response_item(s, at, l.payload);
	} else if (pull_is(l.type, "event_msg")) {
		event(s, at, l.payload);
	} else if (pull_is(l.type, "session_meta")) {
		host_once(s, &s->version, pull_member(l.payload, "cli_version"));
		host_once(s, &s->folder, pull_member(l.payload, "cwd"));
	} else if (pull_is(l.type, "turn_context")) {
		host_model(s, pull_member(l.payload, "model"));
		host_once(s, &s->folder, pull_member(l.payload, "cwd"));
	} else if (pull_is(l.type, "compacted")) {
		session_compaction(s, at, -1);
	} else if (!pull_is(l.type, "token_usage_record") && !pull_is(l.type, "world_state") &&
	           !pull_is(l.type, "ghost_snapshot")) {
		s->unknown_lines++; /* token_usage_record says what token_count says */
	}
}
