#include "bus/envelope.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "bus/message.h"
#include "bus/topic.h"
#include "common.pb-c.h"

#define FIELD_PRIORITY 5 /* of the Envelope message, in protos/common.proto */
#define FIELD_SOURCE   6

static enum status check_text(const char *what, const char *s, size_t most, struct err *err)
{
	size_t n = s == NULL ? 0 : strlen(s);

	if (n > most)
		return err_set(err, E_INPUT,
		               "the event's %s has %zu bytes; at most %zu are allowed", what, n,
		               most);
	if (n > 0 && text_utf8_valid(s, n) != n)
		return err_set(err, E_INPUT, "the event's %s is not valid UTF-8", what);
	return OK;
}

static enum status check(const struct envelope *e, struct err *err)
{
	const struct {
		const char *what, *text;
		size_t most;
	} texts[] = {
		{ "id", e->id, ENVELOPE_ID_MAX },
		{ "type", e->type, ENVELOPE_ID_MAX },
		{ "source", e->source, ENVELOPE_TEXT_MAX },
		{ "correlation id", e->correlation, ENVELOPE_ID_MAX },
		{ "causation id", e->causation, ENVELOPE_ID_MAX },
		{ "trace parent", e->traceparent, ENVELOPE_TEXT_MAX },
		{ "trace state", e->tracestate, ENVELOPE_TEXT_MAX },
	};
	enum status st = OK;

	if (*e->id == '\0' || *e->type == '\0')
		return err_set(err, E_INPUT, "the event has no %s", *e->id == '\0' ? "id" : "type");
	if (e->payload_size > ENVELOPE_PAYLOAD_MAX)
		return err_set(err, E_INPUT,
		               "the event's payload has %zu bytes; at most %zu are allowed",
		               e->payload_size, ENVELOPE_PAYLOAD_MAX);
	for (size_t i = 0; st == OK && i < sizeof texts / sizeof *texts; i++)
		st = check_text(texts[i].what, texts[i].text, texts[i].most, err);
	return st == OK ? topic_check(e->topic, false, err) : st;
}

/* protobuf-c's structs have no const, but packing only reads. */
static void set(char **field, const char *s)
{
	if (s != NULL)
		memcpy(field, &s, sizeof s);
}

enum status envelope_write(const struct envelope *e, struct arena *a, const void **bytes,
                           size_t *size, struct err *err)
{
	Gadugi__Envelope m;
	Gadugi__TraceContext trace;
	struct message_bytes out = { 0 };
	enum status st;

	assert(e->id != NULL && e->topic != NULL && e->type != NULL);
	if ((st = check(e, err)) != OK)
		return st;
	gadugi__envelope__init(&m);
	gadugi__trace_context__init(&trace);
	set(&m.id, e->id);
	set(&m.topic, e->topic);
	set(&m.type, e->type);
	set(&m.source, e->source);
	set(&m.correlation_id, e->correlation);
	set(&m.causation_id, e->causation);
	if (e->traceparent != NULL && *e->traceparent != '\0') {
		set(&trace.traceparent, e->traceparent);
		set(&trace.tracestate, e->tracestate);
		m.trace = &trace;
	}
	m.seq = (uint64_t)e->seq;
	m.priority = (Gadugi__Priority)e->priority;
	m.time_ms = e->at_ms;
	m.schema_version = e->schema;
	m.attempt = e->attempt;
	m.depth = e->depth;
	m.payload.len = e->payload_size;
	memcpy(&m.payload.data, &e->payload, sizeof(void *));
	if ((st = message_pack(&m.base, a, &out, err)) != OK)
		return st;
	*bytes = out.at;
	*size = out.size;
	return OK;
}

enum status envelope_read(const void *bytes, size_t size, struct arena *a, struct envelope *out,
                          struct err *err)
{
	ProtobufCMessage *base = NULL;
	const Gadugi__Envelope *m;
	enum status st;

	if (size > ENVELOPE_MAX)
		return err_set(err, E_INPUT, "the event has %zu bytes; at most %zu are allowed",
		               size, ENVELOPE_MAX);
	if ((st = message_read(&gadugi__envelope__descriptor, bytes, size, a, &base, err)) != OK)
		return st;
	m = (const Gadugi__Envelope *)(const void *)base;
	*out = (struct envelope){
		.id = m->id,
		.topic = m->topic,
		.type = m->type,
		.source = m->source,
		.correlation = m->correlation_id,
		.causation = m->causation_id,
		.traceparent = m->trace == NULL ? "" : m->trace->traceparent,
		.tracestate = m->trace == NULL ? "" : m->trace->tracestate,
		.seq = (int64_t)m->seq,
		.at_ms = m->time_ms,
		.schema = m->schema_version,
		.attempt = m->attempt,
		.depth = m->depth,
		.payload = m->payload.data,
		.payload_size = m->payload.len,
	};
	/* A priority from a newer program counts as none stated. */
	if ((int)m->priority > 0 && (int)m->priority < ENVELOPE_PRIORITIES)
		out->priority = (enum envelope_priority)m->priority;
	if (m->seq > INT64_MAX)
		return err_set(err, E_INPUT, "the event's place in the log is no such place");
	return check(out, err);
}

/* Where protobuf bytes are read. */
struct cursor {
	const unsigned char *at, *end;
	bool bad;
};

static uint64_t varint(struct cursor *c)
{
	uint64_t value = 0;

	for (int shift = 0; c->at < c->end && shift < 64; shift += 7) {
		value |= (uint64_t)(*c->at & 0x7F) << shift;
		if ((*c->at++ & 0x80) == 0)
			return value;
	}
	c->bad = true;
	return 0;
}

/* Past n bytes; where they began. */
static const unsigned char *skip(struct cursor *c, uint64_t n)
{
	const unsigned char *from = c->at;

	if (n > (uint64_t)(c->end - c->at)) {
		c->bad = true;
		return from;
	}
	c->at += n;
	return from;
}

void envelope_glance(const void *bytes, size_t size, struct envelope_glance *out)
{
	enum { VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES = 5 };
	struct cursor c = { bytes, bytes == NULL ? bytes : (const unsigned char *)bytes + size,
		            false };

	*out = (struct envelope_glance){ "", 0, ENVELOPE_NORMAL };
	while (!c.bad && c.at < c.end) {
		uint64_t tag = varint(&c), value;
		const unsigned char *from;

		switch (tag & 7) {
		case VARINT:
			value = (uint32_t)varint(&c); /* of an enum 32 bits count */
			if (!c.bad && tag >> 3 == FIELD_PRIORITY && value > ENVELOPE_UNSPECIFIED &&
			    value < ENVELOPE_PRIORITIES)
				out->priority = (enum envelope_priority)value;
			break;
		case COUNTED:
			value = varint(&c);
			from = skip(&c, value);
			if (!c.bad && tag >> 3 == FIELD_SOURCE) {
				out->source = (const char *)from;
				out->source_size = value;
			}
			break;
		case EIGHT_BYTES:
			(void)skip(&c, 8);
			break;
		case FOUR_BYTES:
			(void)skip(&c, 4);
			break;
		default:
			c.bad = true;
		}
	}
}

const char *envelope_priority_word(enum envelope_priority priority)
{
	static const char *const words[ENVELOPE_PRIORITIES] = {
		[ENVELOPE_UNSPECIFIED] = "normal", [ENVELOPE_LOW] = "low",
		[ENVELOPE_NORMAL] = "normal",      [ENVELOPE_HIGH] = "high",
		[ENVELOPE_CRITICAL] = "critical",
	};

	return words[priority];
}
