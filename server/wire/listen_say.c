/* listen_say.c - what listeners are told, in the words of their revision. */
#include "wire/listen.h"

#include <string.h>

static void send(const struct listen *l, struct text *t, enum sink_part part)
{
	text_add_char(t, '\n');
	if (!t->failed)
		sink_put(l->sink, text_string(t), t->len, part);
	text_done(t);
}

static void stamp(struct text *t, const struct listen *l)
{
	text_add(t, "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
	text_add_n(t, l->id.at, l->id.len);
	text_add_char(t, '}');
}

void listen_notify(const struct listen *l, const char *method, const char *uri)
{
	struct text t;

	if (!l->begun || sink_full(l->sink))
		return; /* it does not read; it will look again when it does */
	text_init(&t, TEXT_LIMIT);
	text_addf(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/%s\"", method);
	if (uri != NULL || l->id.len > 0) {
		text_add(&t, ",\"params\":{");
		if (l->id.len > 0)
			stamp(&t, l);
		if (uri != NULL) {
			text_add(&t, l->id.len > 0 ? ",\"uri\":" : "\"uri\":");
			rpc_quote(&t, uri, strlen(uri));
		}
		text_add_char(&t, '}');
	}
	text_add_char(&t, '}');
	send(l, &t, SINK_MORE);
}

void listen_notify_task(const struct listen *l, const char *members)
{
	struct text t;

	if (!l->begun || sink_full(l->sink))
		return;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks\",\"params\":{");
	stamp(&t, l);
	text_addf(&t, ",%s}}", members);
	send(l, &t, SINK_MORE);
}

/* An array of what a listener watches, tasks or resources; nothing when there is none. */
static void name_watched(struct text *t, const struct listen *l, bool tasks, const char *key)
{
	const char *comma = "";

	for (const struct watched *u = l->uris; u != NULL; u = u->next) {
		if (u->task != tasks)
			continue;
		if (*comma == '\0')
			text_addf(t, "%s\"%s\":[", t->bytes[t->len - 1] == '{' ? "" : ",", key);
		text_add(t, comma);
		rpc_quote(t, u->uri, strlen(u->uri));
		comma = ",";
	}
	if (*comma != '\0')
		text_add_char(t, ']');
}

void listen_acknowledge(struct listen *l)
{
	struct text t;

	l->begun = true;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
	             "\"params\":{");
	stamp(&t, l);
	text_add(&t, ",\"notifications\":{");
	if (l->tools)
		text_add(&t, "\"toolsListChanged\":true");
	if (l->prompts)
		text_addf(&t, "%s\"promptsListChanged\":true", l->tools ? "," : "");
	if (l->resources)
		text_addf(&t, "%s\"resourcesListChanged\":true", l->tools || l->prompts ? "," : "");
	name_watched(&t, l, false, "resourceSubscriptions");
	name_watched(&t, l, true, "taskIds");
	text_add(&t, "}}}");
	send(l, &t, SINK_MORE);
}

void listen_end(const struct listen *l)
{
	struct text t;

	if (l->id.len == 0)
		return;
	text_init(&t, TEXT_LIMIT);
	text_add(&t, "{\"jsonrpc\":\"2.0\",\"id\":");
	text_add_n(&t, l->id.at, l->id.len);
	text_add(&t, ",\"result\":{\"resultType\":\"complete\",");
	stamp(&t, l);
	text_add(&t, "}}");
	send(l, &t, SINK_RESULT);
}
