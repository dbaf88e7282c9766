#include "domain/coach/hosts.h"

#include <string.h>

#include "base/clock.h"
#include "domain/coach/pull.h"

#define TAIL_SIZE ((size_t)256)

/* The members of a line that matter, as they stand. */
struct envelope {
	struct json_span type, subtype, message, content, timestamp, request, version, cwd, uuid;
	struct json_span sidechain, meta, compact, compact_summary, cost, api_error;
};

static const struct {
	const char *name;
	size_t at;
} members[] = {
	{ "type", offsetof(struct envelope, type) },
	{ "subtype", offsetof(struct envelope, subtype) },
	{ "message", offsetof(struct envelope, message) },
	{ "content", offsetof(struct envelope, content) },
	{ "timestamp", offsetof(struct envelope, timestamp) },
	{ "requestId", offsetof(struct envelope, request) },
	{ "version", offsetof(struct envelope, version) },
	{ "cwd", offsetof(struct envelope, cwd) },
	{ "uuid", offsetof(struct envelope, uuid) },
	{ "isSidechain", offsetof(struct envelope, sidechain) },
	{ "isMeta", offsetof(struct envelope, meta) },
	{ "isCompactSummary", offsetof(struct envelope, compact_summary) },
	{ "compactMetadata", offsetof(struct envelope, compact) },
	{ "total_cost_usd", offsetof(struct envelope, cost) },
	{ "isApiErrorMessage", offsetof(struct envelope, api_error) },
};

enum line_kind {
	LINE_UNKNOWN,
	LINE_ASSISTANT,
	LINE_USER,
	LINE_SYSTEM,
	LINE_RESULT,
	LINE_TIMED,
	LINE_SKIPPED
};

static const struct {
	const char *type;
	enum line_kind kind;
} kinds[] = {
	{ "progress", LINE_SKIPPED }, /* two lines of three; its bulk follows its type */
	{ "assistant", LINE_ASSISTANT },
	{ "user", LINE_USER },
	{ "system", LINE_SYSTEM },
	{ "result", LINE_RESULT },
	{ "queue-operation", LINE_TIMED },
	{ "attachment", LINE_TIMED },
	{ "file-history-snapshot", LINE_SKIPPED },
	{ "file-history-delta", LINE_SKIPPED },
	{ "summary", LINE_SKIPPED },
	{ "ai-title", LINE_SKIPPED },
	{ "custom-title", LINE_SKIPPED },
	{ "agent-name", LINE_SKIPPED },
	{ "last-prompt", LINE_SKIPPED },
	{ "mode", LINE_SKIPPED },
	{ "permission-mode", LINE_SKIPPED },
	{ "pr-link", LINE_SKIPPED },
	{ "tag", LINE_SKIPPED },
	{ "stream_event", LINE_SKIPPED },
	{ "rate_limit_event", LINE_SKIPPED },
};

static enum line_kind kind_of(struct json_span type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (pull_is(type, kinds[i].type))
			return kinds[i].kind;
	return LINE_UNKNOWN;
}

/* False when the line is no object that can be followed. Stops early at what is skipped. */
static bool read_envelope(struct json_span line, struct envelope *e, enum line_kind *kind)
{
	struct pull s = pull_of(line);
	struct json_span key, value;

	*kind = LINE_UNKNOWN;
	if (!pull_object(&s))
		return false;
	while (pull_key(&s, &key)) {
		value = pull_value(&s);
		for (size_t i = 0; i < sizeof members / sizeof *members; i++)
			if (pull_is(key, members[i].name))
				*(struct json_span *)(void *)((char *)e + members[i].at) = value;
		if (value.at == e->type.at && (*kind = kind_of(value)) == LINE_SKIPPED)
			return true;
	}
	return !s.failed;
}

/* The time of a line that was not read to its end: hosts write it last. */
static int64_t tail_time(struct json_span line)
{
	static const char mark[] = "\"timestamp\":";
	size_t n = line.len < TAIL_SIZE ? line.len : TAIL_SIZE, len = sizeof mark - 1;
	const char *end = line.at + line.len, *p = end - n, *at, *last = NULL;

	while ((at = memmem(p, (size_t)(end - p), mark, len)) != NULL)
		p = last = at + len;
	if (last == NULL || end - last < CLOCK_TEXT_SIZE + 1)
		return SESSION_NO_TIME;
	return host_time((struct json_span){ last, CLOCK_TEXT_SIZE + 1 });
}

static void read_usage(struct json_span usage, int64_t tokens[TOKENS_N])
{
	static const struct {
		const char *name;
		enum tokens kind;
	} names[] = {
		{ "input_tokens", TOKENS_INPUT },
		{ "cache_read_input_tokens", TOKENS_CACHE_READ },
		{ "cache_creation_input_tokens", TOKENS_CACHE_WRITE },
		{ "output_tokens", TOKENS_OUTPUT },
	};
	struct pull s = pull_of(usage);
	struct json_span key, value;

	if (usage.len == 0 || !pull_object(&s))
		return;
	while (pull_key(&s, &key)) {
		value = pull_value(&s);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (pull_is(key, names[i].name))
				tokens[names[i].kind] = pull_int(value, 0);
	}
}

static void read_calls(struct session *s, const struct session_at *at, struct json_span content,
                       uint32_t message)
{
	struct pull list = pull_of(content);

	if (content.len == 0 || !pull_array(&list))
		return;
	while (pull_more(&list)) {
		struct json_span block = pull_value(&list);

		if (pull_is(pull_member(block, "type"), "tool_use"))
			(void)session_call(s, at, pull_member(block, "id"),
			                   pull_member(block, "name"), pull_member(block, "input"),
			                   message);
	}
}

/* Is it the host's word that too much was asked for? The words are those of the service. */
static bool is_rate_limit(struct json_span words)
{
	static const char *const marks[] = { "rate_limit", "rate limit", "429",
		                             "529",        "overloaded", "usage limit reached" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (words.len > 0 &&
		    memmem(words.at, words.len, marks[i], strlen(marks[i])) != NULL)
			return true;
	return false;
}

static void assistant(struct session *s, const struct session_at *at, const struct envelope *e)
{
	struct json_span key, value, id = { 0 }, content = { 0 }, model = { 0 };
	struct pull m = pull_of(e->message);
	int64_t tokens[TOKENS_N] = { 0 };
	uint32_t message;

	if (e->message.len == 0 || !pull_object(&m))
		return;
	while (pull_key(&m, &key)) {
		value = pull_value(&m);
		if (pull_is(key, "id"))
			id = pull_inside(value);
		else if (pull_is(key, "content"))
			content = value;
		else if (pull_is(key, "model"))
			model = value;
		else if (pull_is(key, "usage"))
			read_usage(value, tokens);
	}
	s->rate_limits += pull_is_true(e->api_error) && is_rate_limit(content);
	if (!pull_is(model, "<synthetic>"))
		host_model(s, model);
	message = session_message(s, at, id.len == 0 ? 0 : session_key(id, pull_inside(e->request)),
	                          tokens);
	read_calls(s, at, content, message);
}

/* The first text of a result: it is the text itself, or that of its first text block. */
static struct json_span first_text(struct json_span content, size_t *bytes)
{
	struct pull list = pull_of(content);
	struct json_span first = { 0 };

	*bytes = pull_inside(content).len;
	if (content.len == 0 || pull_is_text(content) || !pull_array(&list))
		return content;
	while (pull_more(&list)) {
		struct json_span text = pull_member(pull_value(&list), "text");

		*bytes += pull_inside(text).len;
		if (first.len == 0)
			first = text;
	}
	return first;
}

static void tool_result(struct session *s, const struct session_at *at, struct json_span block)
{
	struct session_result r = { 0 };
	struct pull b = pull_of(block);
	struct json_span key, value;

	if (!pull_object(&b))
		return;
	while (pull_key(&b, &key)) {
		value = pull_value(&b);
		if (pull_is(key, "tool_use_id"))
			r.id = value;
		else if (pull_is(key, "is_error"))
			r.failed = pull_is_true(value);
		else if (pull_is(key, "content"))
			r.text = first_text(value, &r.bytes);
	}
	session_result(s, at, &r);
}

static bool begins(struct json_span text, const char *word)
{
	struct json_span in = pull_inside(text);
	size_t n = strlen(word);

	return in.len >= n && memcmp(in.at, word, n) == 0;
}

/* What a person typed, or what only looks like it. */
static void said(struct session *s, const struct session_at *at, const struct envelope *e,
                 struct json_span text)
{
	static const char *const not_said[] = {
		"<command-",          "<local-command-",     "<bash-",
		"<system-reminder>",  "<task-notification>", "Caveat: ",
		"<user-memory-input>"
	};

	if (begins(text, "[Request interrupted by user")) {
		session_interrupt(s, at);
		return;
	}
	if (pull_is_true(e->meta) || pull_is_true(e->sidechain) ||
	    pull_is_true(e->compact_summary) || at->agent != 0 || text.len == 0)
		return;
	for (size_t i = 0; i < sizeof not_said / sizeof *not_said; i++)
		if (begins(text, not_said[i]))
			return;
	session_prompt(s, at, text);
}

static void user(struct session *s, const struct session_at *at, const struct envelope *e)
{
	struct json_span content = pull_member(e->message, "content"), text = { 0 };
	struct pull list = pull_of(content);
	bool results = false;

	if (pull_is_text(content)) {
		said(s, at, e, content);
		return;
	}
	if (content.len == 0 || !pull_array(&list))
		return;
	while (pull_more(&list)) {
		struct json_span block = pull_value(&list), type = pull_member(block, "type");

		if (pull_is(type, "tool_result")) {
			tool_result(s, at, block);
			results = true;
		} else if (pull_is(type, "text") && (text.len == 0 || begins(text, "<"))) {
			text = pull_member(block, "text");
		}
	}
	if (!results || begins(text, "[Request interrupted by user"))
		said(s, at, e, text);
}

void claude_line(struct session *s, struct session_at *at, struct json_span line)
{
	struct envelope e = { 0 };
	enum line_kind kind;

	s->lines++;
	if (!read_envelope(line, &e, &kind)) {
		s->bad_lines++;
		return;
	}
	if (kind == LINE_SKIPPED) {
		if (pull_is(e.type, "progress"))
			session_time(s, tail_time(line));
		return;
	}
	host_at(s, at, e.timestamp);
	host_once(s, &s->version, e.version);
	host_once(s, &s->folder, e.cwd);
	switch (kind) {
	case LINE_ASSISTANT:
		assistant(s, at, &e);
		break;
	case LINE_USER:
		user(s, at, &e);
		break;
	case LINE_SYSTEM:
		if (pull_is(e.subtype, "compact_boundary"))
			session_compaction(s, at,
			                   pull_int(pull_member(e.compact, "preTokens"), -1));
		else if (pull_is(e.subtype, "api_error"))
			s->rate_limits += is_rate_limit(line);
		break;
	case LINE_RESULT:
		if (e.cost.len > 0)
			s->cost_usd = (s->cost_usd < 0 ? 0 : s->cost_usd) + host_number(e.cost);
		break;
	case LINE_TIMED:
	case LINE_SKIPPED:
		break;
	case LINE_UNKNOWN:
		s->unknown_lines++;
		break;
	}
}
