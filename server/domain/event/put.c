/* Happenings become messages in the log: the writing half of domain/event.h. */
#include <assert.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "bus/message.h"
#include "bus/topic.h"
#include "domain/event.h"
#include "domain/event/kinds.h"
#include "store/journal.h"

#define PUT_ARENA_MAX                                                                              \
	((size_t)8 << 20) /* a payload of the largest size, twice, and its envelope                \
	                   */
#define ID_TRIES         4
#define SOURCE           "gadugi"
#define TRACEPARENT_SIZE 55
#define TRACESTATE_MAX   512

_Static_assert((int)EVENT_CRITICAL == (int)ENVELOPE_CRITICAL, "the priorities are the same");

/* What is about to be put: its kind, its topic by words, and its values by field. */
struct happening {
	const struct kind *kind;
	const char *words[4]; /* of the topic; NULL ends them */
	const struct message_value *values;
	const char *correlation, *causation; /* or NULL */
};

/* Append an envelope with a new id. Chance may give one that is taken: then another. */
static enum status append(struct db *db, struct envelope *e, struct id_run *ids, struct arena *a,
                          int64_t *seq, struct err *err)
{
	struct journal_row row = { .topic = e->topic, .type = e->type, .at_ms = e->at_ms };
	enum status st = E_INPUT;
	char id[ID_SIZE];

	for (int i = 0; st == E_INPUT && i < ID_TRIES; i++) {
		if (ids == NULL)
			id_new(id, 'e', e->at_ms);
		else
			id_next(ids, id, 'e', e->at_ms);
		e->id = row.id = id;
		st = envelope_write(e, a, &row.envelope, &row.envelope_size, err);
		if (st != OK)
			break;
		st = journal_append(db, &row, seq, err);
	}
	e->id = NULL;
	return st;
}

/* VERSION-TRACE-SPAN-FLAGS in lower-case hex, by W3C's Trace Context. */
static bool is_traceparent(const char *s)
{
	if (s == NULL || strlen(s) != TRACEPARENT_SIZE || memcmp(s, "ff", 2) == 0)
		return false;
	for (size_t i = 0; i < TRACEPARENT_SIZE; i++) {
		bool dash = i == 2 || i == 35 || i == 52;

		if (dash ? s[i] != '-' : strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	}
	return strspn(s + 3, "0") < 32 && strspn(s + 36, "0") < 16; /* all zeros: none */
}

static bool is_printable(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

/* What is no context is left out, as the standard wants it. */
static void set_trace(struct envelope *e, const char *parent, const char *state)
{
	if (!is_traceparent(parent))
		return;
	e->traceparent = parent;
	if (state != NULL && strlen(state) <= TRACESTATE_MAX && is_printable(state))
		e->tracestate = state;
}

/*
 * What an event has from its cause: the depth, how many causes stand behind it (a loop has ever
 * more), and the trace, if it has none of its own.
 */
static enum status follow_cause(struct db *db, struct envelope *e, struct arena *a, struct err *err)
{
	const char *causation = e->causation;
	struct journal_want want = { .limit = 1 };
	struct journal_page page = { 0 };
	struct envelope cause = { 0 };
	int64_t seq = 0;
	enum status st;

	e->depth = 0;
	if (causation == NULL || (st = journal_seq_of(db, causation, &seq, err)) != OK || seq == 0)
		return causation == NULL || seq == 0 ? OK : st;
	want.after = seq - 1;
	if ((st = journal_find(db, &want, a, &page, err)) != OK)
		return st;
	if (page.n == 0 ||
	    envelope_read(page.rows->envelope, page.rows->envelope_size, a, &cause, NULL) != OK)
		return arena_failed(a) ? err_nomem(err, "an event") : OK;
	e->depth = cause.depth + 1;
	if (e->traceparent == NULL)
		set_trace(e, cause.traceparent, cause.tracestate);
	if (e->depth > EVENT_DEPTH_MAX)
		return err_set(err, E_DENIED,
		               "the event '%s' is the last of %d that caused each other; this one "
		               "would go on with what looks like a loop",
		               causation, EVENT_DEPTH_MAX);
	return OK;
}

static enum status put_in(struct db *db, int64_t now_ms, const struct happening *h,
                          struct id_run *ids, struct arena *a, struct err *err)
{
	struct text topic;
	struct message_bytes payload = { 0 };
	struct envelope e;
	enum status st;
	int64_t seq;

	text_init(&topic, (size_t)TOPIC_MAX * 4);
	for (size_t i = 0; i < 4 && h->words[i] != NULL; i++)
		topic_add_word(&topic, h->words[i]);
	e = (struct envelope){
		.topic = text_copy(&topic, a),
		.type = h->kind->message->short_name,
		.source = SOURCE,
		.correlation = h->correlation,
		.causation = h->causation,
		.priority = h->kind->priority,
		.at_ms = now_ms,
		.schema = h->kind->schema,
		.attempt = 1,
	};
	text_done(&topic);
	if (e.topic == NULL)
		return err_nomem(err, "an event");
	if ((st = follow_cause(db, &e, a, err)) != OK)
		return st;
	st = message_write(h->kind->message, h->values, a, &payload, err);
	if (st != OK)
		return st;
	e.payload = payload.at;
	e.payload_size = payload.size;
	return append(db, &e, ids, a, &seq, err);
}

/* With the next id of a run; ids NULL: with one by chance. */
static enum status put_next(struct db *db, int64_t now_ms, const struct happening *h,
                            struct id_run *ids, struct err *err)
{
	struct arena *a = arena_new(PUT_ARENA_MAX);
	enum status st =
	    a == NULL ? err_nomem(err, "an event") : put_in(db, now_ms, h, ids, a, err);

	arena_free(a);
	return st;
}

static enum status put(struct db *db, int64_t now_ms, const struct happening *h, struct err *err)
{
	return put_next(db, now_ms, h, NULL, err);
}

enum status event_put_run(struct db *db, int64_t now_ms, const struct event_run *e, struct err *err)
{
	const struct message_value values[] = {
		{ .field = "run_id", .text = e->run },
		{ .field = "state", .text = e->state },
		{ .field = "cause", .text = e->cause },
		{ .field = "title", .text = e->title },
		{ .field = "total", .number = e->total },
		{ .field = "succeeded", .number = e->succeeded },
		{ .field = "failed", .number = e->failed },
		{ .field = "wall_ms", .number = e->wall_ms },
		{ .field = "work_ms", .number = e->work_ms },
		{ 0 },
	};

	return put(
	    db, now_ms,
	    &(struct happening){
		kind_for("run", e->state), { "run", e->run, e->state }, values, e->run, NULL },
	    err);
}

enum status event_put_task(struct db *db, int64_t now_ms, const struct event_task *e,
                           struct err *err)
{
	const struct message_value values[] = {
		{ .field = "run_id", .text = e->run },
		{ .field = "task_id", .text = e->task },
		{ .field = "state", .text = e->state },
		{ .field = "cause", .text = e->cause },
		{ .field = "attempt", .number = e->attempt },
		{ .field = "agent", .text = e->agent },
		{ .field = "duration_ms", .number = e->duration_ms },
		{ .field = "commit", .text = e->commit },
		{ .field = e->exit_code == -1 ? NULL : "exit_code", .number = e->exit_code },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("task", e->state),
	                                { "task", e->run, e->task, e->state },
	                                values,
	                                e->run,
	                                NULL },
	           err);
}

enum status event_put_memory(struct db *db, int64_t now_ms, const struct event_memory *e,
                             struct err *err)
{
	const struct message_value values[] = {
		{ .field = "memory_id", .text = e->id },  { .field = "action", .text = e->action },
		{ .field = "kind", .text = e->kind },     { .field = "scope", .text = e->scope },
		{ .field = "entity", .text = e->entity }, { 0 },
	};

	return put_next(
	    db, now_ms,
	    &(struct happening){ kind_for("memory", e->action),
	                         { "memory", e->action, e->kind == NULL ? "" : e->kind },
	                         values,
	                         NULL,
	                         NULL },
	    e->ids, err);
}

enum status event_put_agent(struct db *db, int64_t now_ms, const struct event_agent *e,
                            struct err *err)
{
	const struct message_value values[] = {
		{ .field = "agent", .text = e->agent },
		{ .field = "state", .text = e->state },
		{ .field = "cause", .text = e->cause },
		{ .field = "run_id", .text = e->run },
		{ .field = "task_id", .text = e->task },
		{ .field = "pid", .number = e->pid },
		{ .field = "from", .text = e->from },
		{ .field = e->exited ? "exit_code" : "", .number = e->exit_code },
		{ .field = "runtime_ms", .number = e->runtime_ms },
		{ .field = "will_restart", .number = e->will_restart },
		{ .field = "memory_kb", .number = e->memory_kb },
		{ .field = "cpu_ms", .number = e->cpu_ms },
		{ .field = "active", .number = e->active },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("agent", e->state),
	                                { "agent", e->agent, e->state },
	                                values,
	                                e->run,
	                                e->causation },
	           err);
}

enum status event_put_plan(struct db *db, int64_t now_ms, const struct event_plan *e,
                           struct err *err)
{
	const struct message_value values[] = {
		{ .field = "plan_id", .text = e->plan },
		{ .field = "title", .text = e->title },
		{ .field = "tasks", .number = e->tasks },
		{ .field = "edges", .number = e->edges },
		{ .field = "errors", .number = e->errors },
		{ .field = "warnings", .number = e->warnings },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("plan", "decomposed"),
	                                { "plan", e->plan, "decomposed" },
	                                values,
	                                NULL,
	                                NULL },
	           err);
}

enum status event_put_recipe(struct db *db, int64_t now_ms, const struct event_recipe *e,
                             struct err *err)
{
	const struct message_value values[] = {
		{ .field = "recipe", .text = e->recipe },
		{ .field = "action", .text = e->action },
		{ .field = "cause", .text = e->cause },
		{ .field = "run_id", .text = e->run },
		{ .field = "requirements", .number = e->requirements },
		{ .field = "proved", .number = e->proved },
		{ .field = "errors", .number = e->errors },
		{ .field = "warnings", .number = e->warnings },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("recipe", e->action),
	                                { "recipe", e->recipe, e->action },
	                                values,
	                                e->run,
	                                NULL },
	           err);
}

enum status event_put_question(struct db *db, int64_t now_ms, const struct event_question *e,
                               struct err *err)
{
	const struct message_value values[] = {
		{ .field = "agent", .text = e->agent },
		{ .field = "question_id", .text = e->id },
		{ .field = e->approval ? "action" : "text", .text = e->text },
		{ .field = "run_id", .text = e->run },
		{ .field = "task_id", .text = e->task },
		{ .field = "options", .texts = e->options },
		{ .field = "priority", .number = ENVELOPE_HIGH },
		{ .field = "timeout_ms", .number = e->timeout_ms },
		{ 0 },
	};
	const char *what = e->approval ? "approval" : "question";

	return put(db, now_ms,
	           &(struct happening){
		       kind_for("agent", what), { "agent", e->agent, what }, values, e->run, NULL },
	           err);
}

enum status event_put_response(struct db *db, int64_t now_ms, const struct event_response *e,
                               struct err *err)
{
	const struct message_value values[] = {
		{ .field = "agent", .text = e->agent },
		{ .field = "question_id", .text = e->id },
		{ .field = "outcome", .text = e->outcome },
		{ .field = "answer", .text = e->answer },
		{ .field = "responder", .text = e->responder },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("agent", "response"),
	                                { "agent", e->agent, "response" },
	                                values,
	                                e->run,
	                                NULL },
	           err);
}

enum status event_put_board(struct db *db, int64_t now_ms, const struct event_board *e,
                            struct err *err)
{
	const struct message_value values[] = {
		{ .field = "board", .text = e->board },
		{ .field = "run_id", .text = e->run },
		{ .field = "author", .text = e->author },
		{ .field = "version", .number = e->version },
		{ 0 },
	};

	return put(db, now_ms,
	           &(struct happening){ kind_for("whiteboard", ""),
	                                { "whiteboard", e->run == NULL ? "" : e->run, e->board },
	                                values,
	                                e->run,
	                                NULL },
	           err);
}

/* A checked JSON text without the blanks between its tokens, so that it is one line. */
static char *one_line(const char *json, size_t n, struct arena *a)
{
	char *out = arena_take(a, n + 1), *to = out;
	bool inside = false;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!inside && strchr(" \t\r\n", json[i]) != NULL)
			continue;
		*to++ = json[i];
		if (inside && json[i] == '\\' && i + 1 < n)
			*to++ = json[++i];
		else if (json[i] == '"')
			inside = !inside;
	}
	return out;
}

static enum status check_body(const char *json, size_t n, struct err *err)
{
	const char *s = json + strspn(json, " \t\r\n");
	enum status st;

	if (n > EVENT_PAYLOAD_MAX - 16)
		return err_set(err, E_INPUT, "the payload has %zu bytes; at most %zu are allowed",
		               n, EVENT_PAYLOAD_MAX - 16);
	if ((st = json_check(json, n, err)) != OK)
		return st;
	if (*s != '{')
		return err_set(err, E_INPUT,
		               "the payload is no JSON object; write {\"key\": value}");
	return OK;
}

/* The envelope of what somebody publishes, payload included. */
static enum status custom_envelope(struct db *db, const struct event_custom *c, struct arena *a,
                                   struct envelope *e, struct err *err)
{
	const char *json = c->payload_json == NULL ? "{}" : c->payload_json;
	const struct kind *kind = kind_for("", "");
	struct message_value values[] = { { .field = "body_json" }, { 0 } };
	struct message_bytes payload = { 0 };
	enum status st;

	if ((st = topic_check(c->topic, false, err)) != OK ||
	    (st = check_body(json, strlen(json), err)) != OK)
		return st;
	if ((values[0].text = one_line(json, strlen(json), a)) == NULL)
		return err_nomem(err, "an event");
	if ((st = message_write(kind->message, values, a, &payload, err)) != OK)
		return st;
	*e = (struct envelope){
		.topic = c->topic,
		.type = kind->message->short_name,
		.source = c->source,
		.correlation = c->correlation,
		.causation = c->causation,
		.priority = c->priority == 0 ? kind->priority : (enum envelope_priority)c->priority,
		.schema = kind->schema,
		.attempt = 1,
		.payload = payload.at,
		.payload_size = payload.size,
	};
	set_trace(e, c->traceparent, c->tracestate);
	return follow_cause(db, e, a, err);
}

static enum status put_custom_in(struct db *db, int64_t now_ms, const struct event_custom *c,
                                 struct arena *a, int64_t *seq, struct err *err)
{
	struct journal_row row;
	struct envelope e;
	enum status st = custom_envelope(db, c, a, &e, err);

	e.at_ms = now_ms;
	if (st != OK)
		return st;
	if (c->id == NULL)
		return append(db, &e, NULL, a, seq, err);
	e.id = c->id;
	row = (struct journal_row){ .id = e.id, .topic = e.topic, .type = e.type, .at_ms = now_ms };
	st = envelope_write(&e, a, &row.envelope, &row.envelope_size, err);
	return st != OK ? st : journal_append(db, &row, seq, err);
}

enum status event_put_custom(struct db *db, int64_t now_ms, const struct event_custom *e,
                             int64_t *seq, bool *duplicate, struct err *err)
{
	struct arena *a;
	int64_t first = 0;
	enum status st;

	if (duplicate != NULL)
		*duplicate = false;
	if (e->id != NULL && (st = journal_seq_of(db, e->id, &first, err)) != OK)
		return st;
	if (first != 0) {
		*seq = first;
		if (duplicate != NULL)
			*duplicate = true;
		return OK;
	}
	if ((a = arena_new(PUT_ARENA_MAX)) == NULL)
		return err_nomem(err, "an event");
	st = put_custom_in(db, now_ms, e, a, seq, err);
	arena_free(a);
	return st;
}
