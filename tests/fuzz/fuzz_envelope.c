/* An event's bytes, from a log or a file that nobody vouches for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bus/envelope.h"
#include "bus/message.h"
#include "domain/event/kinds.h"
#include "domain/event/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every kind of message can be read from any payload, or says that it cannot. */
static void try_kinds(const struct envelope *e, struct arena *a)
{
	for (const struct kind *k = kinds; k->message != NULL; k++) {
		ProtobufCMessage *m = NULL;
		const char *text = NULL;

		if (message_read(k->message, e->payload, e->payload_size, a, &m, NULL) != OK)
			continue;
		if (message_json(m, a, &text, NULL) != OK)
			continue; /* the arena is full */
		/* a map may repeat a key; all else is strict JSON */
		if (json_check(text, strlen(text), NULL) != OK && strstr(text, "metadata") == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	const struct journal_row row = { .seq = 1,
		                         .id = "e",
		                         .topic = "a",
		                         .type = "Custom",
		                         .envelope = data,
		                         .envelope_size = size };
	struct envelope e = { 0 }, again = { 0 };
	struct event_view v;
	struct envelope_glance glance;
	const void *bytes = NULL;
	size_t n = 0;

	if (a == NULL)
		abort();
	envelope_glance(data, size, &glance);
	if (envelope_read(data, size, a, &e, NULL) == OK) {
		if (envelope_write(&e, a, &bytes, &n, NULL) != OK ||
		    envelope_read(bytes, n, a, &again, NULL) != OK ||
		    strcmp(e.topic, again.topic) != 0 || e.payload_size != again.payload_size)
			abort();
		if (e.priority != ENVELOPE_UNSPECIFIED && glance.priority != e.priority)
			abort();
		try_kinds(&e, a);
	}
	if (event_view_of(&row, a, &v, NULL) == OK &&
	    json_check(v.payload_json, strlen(v.payload_json), NULL) != OK)
		abort();
	arena_free(a);
	return 0;
}
