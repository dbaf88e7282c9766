/* Events as the contract shows them. */
#include <string.h>

#include "base/clock.h"
#include "bus/envelope.h"
#include "domain/event.h"

const char *event_priority_word(enum event_priority priority)
{
	return envelope_priority_word((enum envelope_priority)priority);
}

bool event_priority_read(const char *word, enum event_priority *out)
{
	for (int p = EVENT_LOW; p <= EVENT_CRITICAL; p++)
		if (strcmp(event_priority_word((enum event_priority)p), word) == 0) {
			*out = (enum event_priority)p;
			return true;
		}
	return false;
}

static const char *stated(const char *s)
{
	return *s == '\0' ? NULL : s;
}

cJSON *event_json(struct json_build *b, const struct event_view *v)
{
	cJSON *e = json_object(b);
	char time[CLOCK_TEXT_SIZE];

	clock_text(v->at_ms, time);
	json_put_int(b, e, "seq", v->seq);
	json_put_text(b, e, "topic", v->topic);
	json_put_text(b, e, "type", v->type);
	json_put_text(b, e, "time", time);
	json_put_text(b, e, "source", v->source);
	json_put_text(b, e, "id", v->id);
	if (v->priority != EVENT_NORMAL)
		json_put_text(b, e, "priority", event_priority_word(v->priority));
	json_put_text(b, e, "correlation", stated(v->correlation));
	json_put_text(b, e, "causation", stated(v->causation));
	json_put_text(b, e, "traceparent", stated(v->traceparent));
	json_put_text(b, e, "tracestate", stated(v->tracestate));
	/* Checked JSON as it stands: a parse would round long numbers. */
	json_put(b, e, "payload", cJSON_CreateRaw(v->payload_json));
	return e;
}
