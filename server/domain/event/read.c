/* The log made readable: the reading half of domain/event.h. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "bus/envelope.h"
#include "bus/message.h"
#include "bus/topic.h"
#include "common.pb-c.h"
#include "domain/event.h"
#include "domain/event/kinds.h"
#include "domain/event/view.h"
#include "store/journal.h"

enum status event_topic_check(const char *topic, bool pattern, struct err *err)
{
	return topic_check(topic, pattern, err);
}

bool event_topic_matches(const char *pattern, const char *topic)
{
	return topic_matches(pattern, topic);
}

struct event_filter event_filter_of(const struct event_want *want)
{
	return (struct event_filter){ want->pattern, want->type, want->source, want->least };
}

bool event_wanted(const void *filter, const struct journal_row *row)
{
	const struct event_filter *f = filter;
	struct envelope_glance glance;

	if ((f->pattern != NULL && !topic_matches(f->pattern, row->topic)) ||
	    (f->type != NULL && strcmp(f->type, row->type) != 0))
		return false;
	if (f->source == NULL && f->least == 0)
		return true;
	envelope_glance(row->envelope, row->envelope_size, &glance);
	return (int)glance.priority >= (int)f->least &&
	       (f->source == NULL || (strlen(f->source) == glance.source_size &&
	                              memcmp(f->source, glance.source, glance.source_size) == 0));
}

/* The body of a custom event, or NULL when it is not the one-line object it should be. */
static const char *custom_body(const ProtobufCMessage *m)
{
	const char *body = ((const Gadugi__Custom *)(const void *)m)->body_json;

	if (*body != '{' || strchr(body, '\n') != NULL ||
	    json_check(body, strlen(body), NULL) != OK)
		return NULL;
	return body;
}

/*
 * A payload as JSON. What cannot be decoded (a kind from a newer program, damage) is
 * still shown, as how many bytes there are.
 */
static enum status payload_json(const struct envelope *e, struct arena *a, const char **out,
                                struct err *err)
{
	const struct kind *kind = kind_named(e->type);
	ProtobufCMessage *m = NULL;
	enum status st;

	*out = NULL;
	if (kind != NULL) {
		st = message_read(kind->message, e->payload, e->payload_size, a, &m, err);
		if (st == E_NOMEM)
			return st;
		if (st == OK && strcmp(e->type, KIND_CUSTOM) == 0)
			*out = custom_body(m);
		else if (st == OK && (st = message_json(m, a, out, err)) != OK)
			return st;
	}
	if (*out == NULL)
		*out = text_printf(a, "{\"undecodedBytes\":%zu}", e->payload_size);
	return *out == NULL ? err_nomem(err, "an event") : OK;
}

enum status event_view_of(const struct journal_row *row, struct arena *a, struct event_view *v,
                          struct err *err)
{
	struct envelope e = { 0 };
	enum status st = envelope_read(row->envelope, row->envelope_size, a, &e, err);

	*v = (struct event_view){
		.seq = row->seq,
		.at_ms = row->at_ms,
		.id = row->id,
		.topic = row->topic,
		.type = row->type,
		.source = "",
		.correlation = "",
		.causation = "",
		.traceparent = "",
		.tracestate = "",
		.priority = EVENT_NORMAL,
	};
	if (st == E_INPUT) {
		/* A damaged row must not hide those after it. */
		v->payload_json = text_printf(a, "{\"undecodedBytes\":%zu}", row->envelope_size);
		return v->payload_json == NULL ? err_nomem(err, "an event") : OK;
	}
	if (st != OK)
		return st;
	v->source = e.source;
	v->correlation = e.correlation;
	v->causation = e.causation;
	v->traceparent = e.traceparent;
	v->tracestate = e.tracestate;
	if (e.priority != ENVELOPE_UNSPECIFIED)
		v->priority = (enum event_priority)e.priority;
	return payload_json(&e, a, &v->payload_json, err);
}

enum status event_find(struct db *db, const struct event_want *want, struct arena *a,
                       struct event_page *out, struct err *err)
{
	const struct event_filter filter = event_filter_of(want);
	const struct journal_want rows_wanted = {
		.after = want->after,
		.limit = want->limit,
		.newest = want->newest,
		.keep = event_wanted,
		.arg = &filter,
	};
	struct journal_page page = { 0 };
	struct event_view *views;
	enum status st;

	if (want->pattern != NULL && (st = topic_check(want->pattern, true, err)) != OK)
		return st;
	if ((st = journal_find(db, &rows_wanted, a, &page, err)) != OK)
		return st;
	if ((views = arena_take(a, (page.n + 1) * sizeof *views)) == NULL)
		return err_nomem(err, "the events that were found");
	for (size_t i = 0; i < page.n; i++)
		if ((st = event_view_of(&page.rows[i], a, &views[i], err)) != OK)
			return st;
	*out = (struct event_page){ .events = views, .n = page.n, .last_seen = page.seen };
	return OK;
}
