/* opencode.c - messages and parts of opencode, from its database or its older files. */
#include "domain/coach/hosts.h"
#include "domain/coach/pull.h"

/* A time as opencode has it: a number of milliseconds. */
static int64_t time_of(struct json_span span)
{
	return pull_int(span, SESSION_NO_TIME);
}

static void stand_at(struct session *s, struct session_at *at, struct json_span time)
{
	int64_t ms = time_of(time);

	if (ms == SESSION_NO_TIME)
		return;
	at->ms = ms;
	session_time(s, ms);
}

/*
 * What came from the cache is not in `input`. Thinking is a number of its own, and where
 * there is a total it shows whether `output` holds it, too.
 */
static void read_tokens(struct json_span tokens, int64_t out[TOKENS_N])
{
	struct json_span cache = pull_member(tokens, "cache");
	int64_t thought = pull_int(pull_member(tokens, "reasoning"), 0);
	int64_t total = pull_int(pull_member(tokens, "total"), -1);

	out[TOKENS_INPUT] = pull_int(pull_member(tokens, "input"), 0);
	out[TOKENS_OUTPUT] = pull_int(pull_member(tokens, "output"), 0);
	out[TOKENS_CACHE_READ] = pull_int(pull_member(cache, "read"), 0);
	out[TOKENS_CACHE_WRITE] = pull_int(pull_member(cache, "write"), 0);
	if (total >= out[TOKENS_INPUT] + out[TOKENS_OUTPUT] + out[TOKENS_CACHE_READ] +
	                 out[TOKENS_CACHE_WRITE] + thought)
		out[TOKENS_OUTPUT] += thought;
}

static void answer(struct session *s, struct session_at *at, struct opencode_message *message,
                   struct json_span id, struct json_span data)
{
	struct json_span time = pull_member(data, "time"), cost = pull_member(data, "cost");
	int64_t tokens[TOKENS_N] = { 0 };

	read_tokens(pull_member(data, "tokens"), tokens);
	host_model(s, pull_member(data, "modelID"));
	message->number = session_message(
	    s, at, id.len == 0 ? 0 : session_key(id, (struct json_span){ 0 }), tokens);
	session_time(s, time_of(pull_member(time, "completed")));
	host_once(s, &s->folder, pull_member(pull_member(data, "path"), "cwd"));
	if (cost.len > 0 && host_number(cost) > 0)
		s->cost_usd = (s->cost_usd < 0 ? 0 : s->cost_usd) + host_number(cost);
	if (pull_is(pull_member(pull_member(data, "error"), "name"), "MessageAbortedError"))
		session_interrupt(s, at);
}

void opencode_message(struct session *s, struct session_at *at, struct opencode_message *message,
                      struct json_span id, struct json_span data)
{
	struct json_span role = pull_member(data, "role");

	s->lines++;
	*message = (struct opencode_message){ .number = s->n_messages };
	stand_at(s, at, pull_member(pull_member(data, "time"), "created"));
	if (pull_is(role, "assistant"))
		answer(s, at, message, id, data);
	else if (pull_is(role, "user"))
		message->asks = at->agent == 0;
	else if (data.len > 0 && *data.at == '{')
		s->unknown_lines++;
	else
		s->bad_lines++;
}

/* A call and its result stand together, each with its time. */
static void tool(struct session *s, const struct session_at *at,
                 const struct opencode_message *message, struct json_span part)
{
	struct json_span state = pull_member(part, "state"), status = pull_member(state, "status");
	struct json_span time = pull_member(state, "time"), id = pull_member(part, "callID");
	struct json_span status_of_shell = pull_member(pull_member(state, "metadata"), "exit");
	struct session_result r = { .id = id };
	struct session_at begun = *at, done;

	stand_at(s, &begun, pull_member(time, "start"));
	done = begun;
	stand_at(s, &done, pull_member(time, "end"));
	(void)session_call(s, &begun, id, pull_member(part, "tool"), pull_member(state, "input"),
	                   message->number);
	r.failed = pull_is(status, "error");
	if (!r.failed && !pull_is(status, "completed"))
		return; /* it never ended */
	r.text = pull_member(state, r.failed ? "error" : "output");
	r.bytes = pull_inside(r.text).len;
	r.failed = r.failed || pull_int(status_of_shell, 0) != 0;
	session_result(s, &done, &r);
}

void opencode_part(struct session *s, struct session_at *at, struct opencode_message *message,
                   struct json_span data)
{
	static const char *const others[] = { "reasoning", "step-start", "step-finish",
		                              "file",      "snapshot",   "patch",
		                              "agent",     "subtask",    "retry" };
	struct json_span type = pull_member(data, "type");

	s->lines++;
	if (pull_is(type, "tool")) {
		tool(s, at, message, data);
		return;
	}
	if (pull_is(type, "retry"))
		s->rate_limits++; /* opencode waits and asks again when it was put off */
	if (pull_is(type, "compaction")) {
		session_compaction(s, at, -1);
		message->asks = false; /* the host's own request */
		return;
	}
	if (pull_is(type, "text")) {
		if (message->asks && !pull_is_true(pull_member(data, "synthetic"))) {
			session_prompt(s, at, pull_member(data, "text"));
			message->asks = false;
		}
		return;
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (pull_is(type, others[i]))
			return;
	if (data.len > 0 && *data.at == '{')
		s->unknown_lines++;
	else
		s->bad_lines++;
}
