#include "domain/run/stream.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/limit.h"

#define STREAM_ARENA_MAX ((size_t)8 << 20)
#define DENIED_MAX       400  /* bytes of their names */
#define ERROR_MAX        2000 /* bytes of an error's words */

typedef void (*line_fn)(struct stream *s, const cJSON *line, int64_t now_ms);

struct stream {
	struct arena *arena;
	line_fn read;
	struct text line;
	bool skipping; /* the rest of a line that is too long */
	struct stream_facts facts;
	const char *message;     /* id of the last message counted, Claude Code's */
	int64_t in, cached, out; /* of that message alone */
};

/* --- what all have in common ---------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void take_session(struct stream *s, const char *id)
{
	if (id != NULL && id[0] != '\0' && !same(s->facts.session, id))
		s->facts.session = text_dup(s->arena, id);
}

static void take_error(struct stream *s, const char *words)
{
	if (words != NULL && words[0] != '\0')
		s->facts.error =
		    arena_copy(s->arena, words, text_utf8_cut(words, strlen(words), ERROR_MAX));
}

static bool named(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == '\0' || at[n] == ','))
			return true;
	return false;
}

static void take_denial(struct stream *s, const char *tool)
{
	const char *had = s->facts.denied, *list;

	s->facts.denials++;
	if (tool == NULL || tool[0] == '\0' || named(had, tool) ||
	    strlen(had) + strlen(tool) > DENIED_MAX)
		return;
	list = text_printf(s->arena, "%s%s%s", had, had[0] == '\0' ? "" : ", ", tool);
	s->facts.denied = list == NULL ? had : list;
}

/* It was refused: for good, or for now? */
static void take_refusal(struct stream *s, int64_t status, const char *words, int64_t now_ms)
{
	int64_t wait_ms = limit_wait_ms(words, now_ms);

	take_error(s, words);
	if (!limit_status(status) && !limit_met(words))
		return;
	s->facts.limited = true;
	if (wait_ms > 0)
		s->facts.until_ms = now_ms + wait_ms;
}

static void count(struct stream *s, int64_t in, int64_t cached, int64_t out)
{
	s->facts.counted = true;
	s->facts.tokens_in = in;
	s->facts.tokens_cached = cached;
	s->facts.tokens_out = out;
}

static int64_t tokens(const cJSON *usage, const char *key)
{
	int64_t n = json_int(usage, key, 0);

	return n < 0 ? 0 : n;
}

static bool is(const cJSON *object, const char *key, const char *word)
{
	return same(json_text(object, key), word);
}

/* --- Claude Code: claude -p --output-format stream-json --verbose --------------------------- */

static void claude_tokens(const cJSON *usage, int64_t *in, int64_t *cached, int64_t *out)
{
	*cached = tokens(usage, "cache_read_input_tokens");
	*in =
	    tokens(usage, "input_tokens") + tokens(usage, "cache_creation_input_tokens") + *cached;
	*out = tokens(usage, "output_tokens");
}

/* One message may come in several lines, each with the message's count so far. */
static void claude_message(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const cJSON *message = json_get(line, "message");
	const char *id = json_text(message, "id");
	int64_t in, cached, out;

	if (json_flag(line, "is_api_error_message")) {
		const cJSON *part = cJSON_GetArrayItem(json_get(message, "content"), 0);

		take_refusal(s, json_int(line, "api_error_status", 0), json_text(part, "text"),
		             now_ms);
		return;
	}
	claude_tokens(json_get(message, "usage"), &in, &cached, &out);
	if (!same(id, s->message)) {
		s->message = text_dup(s->arena, id);
		s->in = s->cached = s->out = 0;
	}
	count(s, s->facts.tokens_in - s->in + in, s->facts.tokens_cached - s->cached + cached,
	      s->facts.tokens_out - s->out + out);
	s->in = in;
	s->cached = cached;
	s->out = out;
}

static void claude_result(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const cJSON *usage = json_get(line, "usage"), *denial;
	const char *words = json_text(line, "result");
	const cJSON *errors = json_get(line, "errors");
	int64_t in, cached, out;

	if (usage != NULL) {
		claude_tokens(usage, &in, &cached, &out);
		count(s, in, cached, out);
		s->in = s->cached = s->out = 0;
		s->message = NULL;
	}
	if (json_get(line, "total_cost_usd") != NULL) {
		s->facts.priced = s->facts.usd_adds_up = true;
		s->facts.usd = json_number(line, "total_cost_usd", 0);
	}
	cJSON_ArrayForEach(denial, json_get(line, "permission_denials"))
		take_denial(s, json_text(denial, "tool_name"));
	s->facts.failed = json_flag(line, "is_error");
	if (!s->facts.failed) { /* what was refused on the way was got over */
		s->facts.limited = false;
		s->facts.error = NULL;
		return;
	}
	if (words == NULL && cJSON_IsString(cJSON_GetArrayItem(errors, 0)))
		words = cJSON_GetArrayItem(errors, 0)->valuestring;
	take_refusal(s, json_int(line, "api_error_status", 0), words, now_ms);
	if (words == NULL)
		take_error(s, json_text(line, "subtype"));
}

static void claude_limit(struct stream *s, const cJSON *line)
{
	const cJSON *info = json_get(line, "rate_limit_info");
	int64_t at_s = json_int(info, "resetsAt", 0);

	if (is(info, "status", "rejected") && at_s > 0)
		s->facts.until_ms = at_s * 1000;
}

static void claude_line(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const char *type = json_text(line, "type");

	take_session(s, json_text(line, "session_id"));
	if (strcmp(type, "assistant") == 0)
		claude_message(s, line, now_ms);
	else if (strcmp(type, "result") == 0)
		claude_result(s, line, now_ms);
	else if (strcmp(type, "rate_limit_event") == 0)
		claude_limit(s, line);
}

/* --- Codex: codex exec --json --------------------------------------------------------------- */

static void codex_line(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const char *type = json_text(line, "type");
	const cJSON *usage = json_get(line, "usage"), *item = json_get(line, "item");

	if (strcmp(type, "thread.started") == 0) {
		take_session(s, json_text(line, "thread_id"));
	} else if (strcmp(type, "turn.completed") == 0) {
		count(s, tokens(usage, "input_tokens"), tokens(usage, "cached_input_tokens"),
		      tokens(usage, "output_tokens"));
		s->facts.tokens_add_up = true;
		s->facts.failed = s->facts.limited = false;
		s->facts.error = NULL;
	} else if (strcmp(type, "turn.failed") == 0) {
		s->facts.failed = true;
		take_refusal(s, 0, json_text(json_get(line, "error"), "message"), now_ms);
	} else if (strcmp(type, "error") == 0) {
		take_refusal(s, 0, json_text(line, "message"), now_ms);
	} else if (strcmp(type, "item.completed") == 0 && is(item, "status", "declined")) {
		take_denial(s, json_text(item, "type"));
	}
}

/* --- Gemini CLI: gemini --output-format stream-json ----------------------------------------- */

/* tool_id begins with the tool's name: run_shell_command__run_shell_command_17..._0 */
static void gemini_denial(struct stream *s, const cJSON *line)
{
	const char *id = json_text(line, "tool_id"), *end = id == NULL ? NULL : strstr(id, "__");
	const cJSON *error = json_get(line, "error");

	if (!is(error, "type", "tool_not_registered") && !is(error, "type", "policy_violation"))
		return;
	take_denial(s, end == NULL ? id : arena_copy(s->arena, id, (size_t)(end - id)));
}

static void gemini_line(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const char *type = json_text(line, "type");
	const cJSON *stats = json_get(line, "stats"), *error = json_get(line, "error");

	if (strcmp(type, "init") == 0) {
		take_session(s, json_text(line, "session_id"));
	} else if (strcmp(type, "tool_result") == 0 && is(line, "status", "error")) {
		gemini_denial(s, line);
	} else if (strcmp(type, "error") == 0 && is(line, "severity", "error")) {
		take_refusal(s, 0, json_text(line, "message"), now_ms);
	} else if (strcmp(type, "result") == 0) {
		if (stats != NULL)
			count(s, tokens(stats, "input_tokens"), tokens(stats, "cached"),
			      tokens(stats, "output_tokens"));
		s->facts.failed = is(line, "status", "error");
		s->facts.limited = false;
		if (s->facts.failed)
			take_refusal(s, json_int(error, "code", 0), json_text(error, "message"),
			             now_ms);
		else
			s->facts.error = NULL;
	}
}

/* --- opencode: opencode run --format json --------------------------------------------------- */

static void opencode_error(struct stream *s, const cJSON *error, int64_t now_ms)
{
	const cJSON *data = json_get(error, "data");
	const char *words = json_text(data, "message");
	const char *after = json_text(json_get(data, "responseHeaders"), "retry-after");

	s->facts.failed = true;
	take_refusal(s, json_int(data, "statusCode", 0),
	             words == NULL ? json_text(error, "name") : words, now_ms);
	if (s->facts.limited && after != NULL && s->facts.until_ms == 0) {
		const char *wait = text_printf(s->arena, "in %s s", after);
		int64_t wait_ms = limit_wait_ms(wait, now_ms);

		if (wait_ms > 0)
			s->facts.until_ms = now_ms + wait_ms;
	}
}

static void opencode_line(struct stream *s, const cJSON *line, int64_t now_ms)
{
	const char *type = json_text(line, "type");
	const cJSON *part = json_get(line, "part"), *used = json_get(part, "tokens");
	const cJSON *cache = json_get(used, "cache"), *state = json_get(part, "state");
	const char *error = json_text(state, "error");

	take_session(s, json_text(line, "sessionID"));
	if (strcmp(type, "step_finish") == 0) {
		int64_t cached = tokens(cache, "read");

		count(s,
		      s->facts.tokens_in + tokens(used, "input") + tokens(cache, "write") + cached,
		      s->facts.tokens_cached + cached,
		      s->facts.tokens_out + tokens(used, "output") + tokens(used, "reasoning"));
		s->facts.priced = true;
		s->facts.usd += json_number(part, "cost", 0);
		s->facts.failed = s->facts.limited = false;
		s->facts.error = NULL;
	} else if (strcmp(type, "error") == 0) {
		opencode_error(s, json_get(line, "error"), now_ms);
	} else if (strcmp(type, "tool_use") == 0 && error != NULL &&
	           strstr(error, "rejected permission") != NULL) {
		take_denial(s, json_text(part, "tool"));
	}
}

/* --- lines ---------------------------------------------------------------------------------- */

static const struct {
	const char *preset;
	line_fn read;
} readers[] = {
	{ "claude", claude_line },
	{ "codex", codex_line },
	{ "gemini", gemini_line },
	{ "opencode", opencode_line },
};

static line_fn reader_of(const char *preset)
{
	for (size_t i = 0; preset != NULL && i < sizeof readers / sizeof *readers; i++)
		if (strcmp(readers[i].preset, preset) == 0)
			return readers[i].read;
	return NULL;
}

bool stream_known(const char *preset)
{
	return reader_of(preset) != NULL;
}

struct stream *stream_new(const char *preset)
{
	line_fn read = reader_of(preset);
	struct stream *s = read == NULL ? NULL : mem_zero(1, sizeof *s);

	if (s == NULL)
		return NULL;
	if ((s->arena = arena_new(STREAM_ARENA_MAX)) == NULL) {
		mem_free(s);
		return NULL;
	}
	s->read = read;
	s->facts.denied = "";
	text_init(&s->line, STREAM_LINE_MAX);
	return s;
}

void stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	text_done(&s->line);
	arena_free(s->arena);
	mem_free(s);
}

static void end_line(struct stream *s, int64_t now_ms)
{
	cJSON *line = NULL;

	if (!s->skipping && !s->line.failed && s->line.len > 1 && s->line.bytes[0] == '{' &&
	    json_read(s->line.bytes, s->line.len, &line, NULL) == OK) {
		if (json_text(line, "type") != NULL)
			s->read(s, line, now_ms);
		cJSON_Delete(line);
	}
	text_done(&s->line);
	text_init(&s->line, STREAM_LINE_MAX);
	s->skipping = false;
}

void stream_add(struct stream *s, const char *bytes, size_t n, int64_t now_ms)
{
	while (s != NULL && n > 0) {
		const char *newline = memchr(bytes, '\n', n);
		size_t part = newline == NULL ? n : (size_t)(newline - bytes);

		if (!s->skipping && part > 0) {
			/* What does not begin like JSON is not worth keeping. */
			s->skipping = (s->line.len == 0 && bytes[0] != '{') ||
			              s->line.len + part > STREAM_LINE_MAX;
			if (!s->skipping)
				text_add_n(&s->line, bytes, part);
		}
		if (newline == NULL)
			return;
		end_line(s, now_ms);
		bytes += part + 1;
		n -= part + 1;
	}
}

const struct stream_facts *stream_facts(const struct stream *s)
{
	static const struct stream_facts none = { .denied = "" };

	return s == NULL ? &none : &s->facts;
}
