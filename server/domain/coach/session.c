#include "domain/coach/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "domain/coach/call.h"
#include "domain/coach/pull.h"

#define FIRST_INDEX ((size_t)256)
#define KNOWN_MAX   ((size_t)256 << 10) /* bytes of prompts and inputs kept for `depends` */
#define RECENT_MAX  ((size_t)512 << 10) /* bytes of the results of one row of looks */
#define TOKEN_BYTES 4                   /* of English and code, roughly */
#define TELLING     8                   /* shorter pieces prove nothing */

void session_init(struct session *s, struct arena *a, const char *name, const char *host)
{
	*s = (struct session){
		.a = a,
		.usage = { .a = a },
		.name = name,
		.host = host,
		.first_ms = SESSION_NO_TIME,
		.last_ms = SESSION_NO_TIME,
		.cost_usd = -1,
	};
	text_init(&s->known, 2 * KNOWN_MAX);
	text_init(&s->recent, 2 * RECENT_MAX);
}

void session_done(struct session *s)
{
	if (s == NULL)
		return;
	text_done(&s->known);
	text_done(&s->recent);
}

uint32_t session_add_file(struct session *s, const char *path, uint32_t agent)
{
	struct session_file *items =
	    list_room(s->a, s->files, s->n_files, &s->room_files, sizeof *items);

	if (items == NULL)
		return 0;
	s->files = items;
	items[s->n_files] =
	    (struct session_file){ .path = path, .agent = agent, .last_ms = SESSION_NO_TIME };
	s->n_agents = agent > s->n_agents ? agent : s->n_agents;
	s->recent.len = 0;
	return (uint32_t)s->n_files++;
}

void session_time(struct session *s, int64_t ms)
{
	if (ms == SESSION_NO_TIME)
		return;
	if (s->first_ms == SESSION_NO_TIME || ms < s->first_ms)
		s->first_ms = ms;
	if (s->last_ms == SESSION_NO_TIME || ms > s->last_ms)
		s->last_ms = ms;
}

/*
 * Lines of one file are in their order already; a clock that went back must not turn a
 * call and its result around, so each mark is at least as late as the one before it.
 */
static struct session_mark *mark(struct session *s, const struct session_at *at,
                                 enum mark_kind kind)
{
	struct session_mark *items =
	    list_room(s->a, s->marks, s->n_marks, &s->room_marks, sizeof *items);
	int64_t *last;

	if (items == NULL || at->file >= s->n_files)
		return NULL;
	s->marks = items;
	last = &s->files[at->file].last_ms;
	if (at->ms > *last)
		*last = at->ms;
	s->mixed = s->mixed || (s->n_marks > 0 && items[s->n_marks - 1].file != at->file);
	items[s->n_marks] = (struct session_mark){
		.kind = kind,
		.ms = *last,
		.file = at->file,
		.line = at->line,
		.agent = at->agent,
		.tokens = -1,
	};
	return &items[s->n_marks++];
}

/* ---- does a look follow from the looks before it? ---- */

static void keep(struct text *t, size_t max, struct json_span more)
{
	size_t n = more.len < max ? more.len : max;

	if (t->len + n + 1 > max)
		t->len = 0; /* the oldest go, all at once */
	text_add_n(t, more.at, n);
	text_add_char(t, '\n');
}

static bool is_in(const struct text *t, const char *at, size_t n)
{
	return t->len > 0 && memmem(t->bytes, t->len, at, n) != NULL;
}

static bool is_news(const struct session *s, const char *at, size_t n)
{
	return n >= TELLING && is_in(&s->recent, at, n) && !is_in(&s->known, at, n);
}

/* The whole text, or one of its pieces between marks, first came with the recent results. */
static bool value_depends(const struct session *s, struct json_span value)
{
	struct json_span in = pull_inside(value);
	size_t from = 0;

	if (in.len < TELLING)
		return false;
	if (is_news(s, in.at, in.len))
		return true;
	for (size_t i = 0; i <= in.len; i++) {
		if (i < in.len &&
		    (in.at[i] == '.' || in.at[i] == '-' || in.at[i] == '_' ||
		     (unsigned char)in.at[i] >= 0x80 || (in.at[i] >= '0' && in.at[i] <= '9') ||
		     ((in.at[i] | 32) >= 'a' && (in.at[i] | 32) <= 'z')))
			continue;
		if (is_news(s, in.at + from, i - from))
			return true;
		from = i + 1;
	}
	return false;
}

static bool input_depends(const struct session *s, struct json_span input)
{
	struct pull scan = pull_of(input);
	struct json_span key;

	if (s->recent.len == 0 || input.len == 0 || !pull_object(&scan))
		return false;
	while (pull_key(&scan, &key))
		if (value_depends(s, pull_value(&scan)))
			return true;
	return false;
}

/* ---- what happened ---- */

bool session_first(struct session *s, struct json_span what)
{
	uint64_t key = session_key(what, (struct json_span){ 0 });

	if (what.len == 0)
		return true;
	for (size_t i = 0; i < SESSION_SEEN; i++)
		if (s->seen[i] == key)
			return false;
	s->seen[s->n_seen++ % SESSION_SEEN] = key;
	return true;
}

void session_forget(struct session *s)
{
	memset(s->seen, 0, sizeof s->seen);
}

void session_prompt(struct session *s, const struct session_at *at, struct json_span text)
{
	static const char issue[] = "<!-- gadugi coach ";

	(void)mark(s, at, MARK_PROMPT);
	s->own = s->own || (!s->prompted && text.len > 0 &&
	                    memmem(text.at, text.len, issue, sizeof issue - 1) != NULL);
	s->prompted = true;
	s->recent.len = 0;
	if (text.len > 0)
		keep(&s->known, KNOWN_MAX, text);
}

void session_interrupt(struct session *s, const struct session_at *at)
{
	(void)mark(s, at, MARK_INTERRUPT);
}

void session_compaction(struct session *s, const struct session_at *at, int64_t tokens_before)
{
	struct session_mark *m = mark(s, at, MARK_COMPACTION);

	if (m != NULL)
		m->tokens = tokens_before;
}

/* Place of an id in an index of size places, a power of two: its own or an empty one. */
static size_t place(const struct session *s, const uint32_t *index, size_t size, uint64_t id)
{
	size_t at = (size_t)(id ^ id >> 32) & (size - 1);

	while (index[at] != 0 && s->calls[index[at] - 1].id != id)
		at = (at + 1) & (size - 1);
	return at;
}

/* Keep the index at most half full. False when the arena is. */
static bool index_room(struct session *s)
{
	size_t want = s->size_call_index == 0 ? FIRST_INDEX : s->size_call_index * 2;
	uint32_t *grown;

	if (2 * (s->n_calls + 1) <= s->size_call_index)
		return true;
	if ((grown = arena_take(s->a, want * sizeof *grown)) == NULL)
		return false;
	for (uint32_t i = 0; i < s->n_calls; i++)
		grown[place(s, grown, want, s->calls[i].id)] = i + 1;
	s->call_index = grown;
	s->size_call_index = want;
	return true;
}

uint32_t session_message(struct session *s, const struct session_at *at, uint64_t key,
                         const int64_t tokens[TOKENS_N])
{
	struct session_mark *m = mark(s, at, MARK_ASSISTANT);
	struct usage u = { .key = key, .agent = at->agent, .price = s->price };

	memcpy(u.tokens, tokens, sizeof u.tokens);
	if (usage_add(&s->usage, &u))
		s->n_messages++;
	if (m != NULL)
		m->message = s->n_messages;
	return s->n_messages;
}

bool session_put_call(struct session *s, const struct session_call *call)
{
	struct session_call *items;

	if (!index_room(s))
		return false;
	items = list_room(s->a, s->calls, s->n_calls, &s->room_calls, sizeof *items);
	if (items == NULL)
		return false;
	s->calls = items;
	items[s->n_calls] = *call;
	s->call_index[place(s, s->call_index, s->size_call_index, call->id)] =
	    (uint32_t)++s->n_calls;
	return true;
}

struct session_call *session_call(struct session *s, const struct session_at *at,
                                  struct json_span id, struct json_span name,
                                  struct json_span input, uint32_t message)
{
	struct session_call c = { .id = session_key(id, (struct json_span){ 0 }),
		                  .start_ms = at->ms,
		                  .end_ms = SESSION_NO_TIME,
		                  .file = at->file,
		                  .line = at->line,
		                  .agent = at->agent,
		                  .message = message };
	struct session_mark *m;

	if (s->n_calls > 0 && s->call_index[place(s, s->call_index, s->size_call_index, c.id)] != 0)
		return NULL; /* the same call again, in a later line of its message */
	if (!call_read(s, &c, name, input))
		return NULL;
	if (session_only_reads(c.act))
		c.depends = input_depends(s, input);
	else
		s->recent.len = 0;
	if (input.len < KNOWN_MAX / 8)
		keep(&s->known, KNOWN_MAX, input);
	if (!session_put_call(s, &c))
		return NULL;
	if ((m = mark(s, at, MARK_CALL)) != NULL)
		m->call = (uint32_t)s->n_calls - 1;
	return &s->calls[s->n_calls - 1];
}

void session_result(struct session *s, const struct session_at *at, const struct session_result *r)
{
	uint64_t key = session_key(r->id, (struct json_span){ 0 });
	struct session_call *c;
	struct session_mark *m;
	size_t place_at;

	if (s->n_calls == 0)
		return;
	place_at = place(s, s->call_index, s->size_call_index, key);
	if (s->call_index[place_at] == 0)
		return; /* of a call in a file that is not here */
	c = &s->calls[s->call_index[place_at] - 1];
	if (c->answered)
		return;
	c->answered = true;
	c->end_ms = at->ms;
	c->end_line = at->line;
	c->result_bytes = r->bytes;
	call_result(s, c, r->failed, r->text);
	if (session_only_reads(c->act) && !r->failed)
		keep(&s->recent, RECENT_MAX, r->text);
	if ((m = mark(s, at, MARK_RESULT)) != NULL)
		m->call = s->call_index[place_at] - 1;
}

static int by_time(const void *a, const void *b)
{
	const struct session_mark *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->call < y->call ? -1 : x->call > y->call;
}

bool session_close(struct session *s)
{
	if (s->mixed)
		qsort(s->marks, s->n_marks, sizeof *s->marks, by_time);
	return !arena_failed(s->a) && !s->known.failed && !s->recent.failed;
}

uint64_t session_key(struct json_span a, struct json_span b)
{
	uint64_t h = text_hash(a.at == NULL ? "" : a.at, a.len);

	if (b.len > 0)
		h ^= text_hash(b.at, b.len) * 0x9E3779B97F4A7C15u;
	return h == 0 ? 1 : h;
}

int64_t session_tokens_of(size_t bytes)
{
	return (int64_t)(bytes / TOKEN_BYTES);
}
