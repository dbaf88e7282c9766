/* gemini.c - chats of Gemini CLI: one object with all messages, or in newer versions one a line. */
#include <string.h>

#include "domain/coach/hosts.h"
#include "domain/coach/pull.h"

static struct json_span message_text(struct json_span content)
{
	struct pull p = pull_of(content);

	if (content.len == 0 || pull_is_text(content) || !pull_array(&p) || !pull_more(&p))
		return content;
	return pull_member(pull_value(&p), "text");
}

/* What came back: the first text in `result`, wherever the version keeps it. */
static struct json_span result_text(struct json_span result)
{
	static const char *const ways[] = { "functionResponse", "response", "output" };
	struct pull p = pull_of(result);

	if (result.len == 0 || pull_is_text(result))
		return result;
	if (pull_array(&p))
		result = pull_more(&p) ? pull_value(&p) : (struct json_span){ 0 };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct json_span inner = pull_member(result, ways[i]);

		if (i + 1 == sizeof ways / sizeof *ways && inner.len == 0)
			inner = pull_member(result, "error");
		if (inner.len > 0)
			result = inner;
	}
	return pull_is_text(result) ? result : (struct json_span){ 0 };
}

/* A call and its result stand together; its time is when it was done. */
static void tool_call(struct session *s, const struct session_at *at, struct json_span call,
                      uint32_t message)
{
	struct json_span status = pull_member(call, "status");
	struct session_at done = *at;
	struct session_result r = { .id = pull_member(call, "id"),
		                    .failed = !pull_is(status, "success"),
		                    .text = result_text(pull_member(call, "result")) };
	int64_t ms = host_time(pull_member(call, "timestamp"));

	if (ms != SESSION_NO_TIME && ms >= at->ms)
		done.ms = ms;
	session_time(s, done.ms);
	r.bytes = pull_inside(r.text).len;
	(void)session_call(s, at, r.id, pull_member(call, "name"), pull_member(call, "args"),
	                   message);
	if (pull_is(status, "success") || pull_is(status, "error") || pull_is(status, "cancelled"))
		session_result(s, &done, &r);
}

static void answer(struct session *s, const struct session_at *at, struct json_span message)
{
	struct json_span tokens = pull_member(message, "tokens");
	struct json_span calls = pull_member(message, "toolCalls"), id = pull_member(message, "id");
	struct pull p = pull_of(calls);
	int64_t sum[TOKENS_N] = { 0 };
	uint32_t number;

	sum[TOKENS_CACHE_READ] = pull_int(pull_member(tokens, "cached"), 0);
	sum[TOKENS_INPUT] = pull_int(pull_member(tokens, "input"), 0) - sum[TOKENS_CACHE_READ] +
	                    pull_int(pull_member(tokens, "tool"), 0);
	sum[TOKENS_OUTPUT] = pull_int(pull_member(tokens, "output"), 0) +
	                     pull_int(pull_member(tokens, "thoughts"), 0);
	host_model(s, pull_member(message, "model"));
	number =
	    session_message(s, at, id.len == 0 ? 0 : session_key(id, (struct json_span){ 0 }), sum);
	if (calls.len == 0 || !pull_array(&p))
		return;
	while (pull_more(&p))
		tool_call(s, at, pull_value(&p), number);
}

/* Results of tools and what the host itself says, in marks, are messages of the user, too. */
static bool is_said(struct json_span text)
{
	struct json_span in = pull_inside(text);

	return in.len > 0 && *in.at != '<';
}

/* What the host told the person; some of it tells what happened. */
static void told(struct session *s, const struct session_at *at, struct json_span text)
{
	static const char cancelled[] = "Request cancelled", smaller[] = "(compressed from";
	struct json_span in = pull_inside(text);

	if (in.len == 0)
		return;
	if (memmem(in.at, in.len, cancelled, sizeof cancelled - 1) == in.at)
		session_interrupt(s, at);
	else if (memmem(in.at, in.len, smaller, sizeof smaller - 1) != NULL)
		session_compaction(s, at, -1);
}

static void one_message(struct session *s, struct session_at *at, struct json_span message)
{
	struct json_span type = pull_member(message, "type");
	struct json_span text = message_text(pull_member(message, "content"));

	s->lines++;
	host_at(s, at, pull_member(message, "timestamp"));
	if (pull_is(type, "user")) {
		if (is_said(text) && session_first(s, pull_member(message, "id")))
			session_prompt(s, at, text);
	} else if (pull_is(type, "gemini")) {
		answer(s, at, message);
	} else if (pull_is(type, "info") || pull_is(type, "error") || pull_is(type, "warning")) {
		told(s, at, text);
	} else {
		s->unknown_lines++;
	}
}

/* Lines of evidence are those of the file: counted on from the message before. */
static void move_to(struct session_at *at, const char **from, const char *to)
{
	for (; *from < to; (*from)++)
		at->line += **from == '\n';
}

static void all_messages(struct session *s, struct session_at *at, struct pull *p)
{
	const char *from = p->p;

	if (!pull_array(p))
		return;
	while (pull_more(p)) {
		struct json_span message = pull_value(p);

		if (message.len == 0)
			continue;
		move_to(at, &from, message.at);
		one_message(s, at, message);
	}
	move_to(at, &from, p->p);
}

void gemini_chat(struct session *s, struct session_at *at, struct json_span chat)
{
	struct pull p = pull_of(chat);
	const char *from = chat.at;
	struct json_span key;

	at->line = 1;
	if (!pull_object(&p))
		p.failed = true;
	while (pull_key(&p, &key)) {
		if (!pull_is(key, "messages")) {
			(void)pull_value(&p);
			continue;
		}
		move_to(at, &from, p.p);
		all_messages(s, at, &p);
	}
	s->bad_lines += p.failed;
}

/*
 * A message comes again, whole, whenever something of it is known that was not before: its
 * tokens, its calls, their results. Only what is new of it is noted. What a person took back
 * ($rewindTo) was done and paid for all the same, so it stays.
 */
void gemini_line(struct session *s, struct session_at *at, struct json_span line)
{
	struct json_span type = pull_member(line, "type");
	struct pull p = pull_of(line);

	if (!pull_object(&p)) {
		s->lines++;
		s->bad_lines++;
	} else if (type.len > 0) {
		one_message(s, at, line);
	} else {
		s->lines++;
		host_at(s, at, pull_member(line, "startTime"));
		s->unknown_lines += pull_member(line, "sessionId").len == 0 &&
		                    pull_member(line, "$set").len == 0 &&
		                    pull_member(line, "$rewindTo").len == 0;
	}
}
