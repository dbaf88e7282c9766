#include "tests/unit/unit.h"

#include <string.h>

#include "agent_events.pb-c.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "bus/envelope.h"
#include "bus/message.h"
#include "common.pb-c.h"
#include "domain/event/kinds.h"
#include "task_events.pb-c.h"

#define FIELDS_MAX 32

static int set_up(void **state)
{
	*state = arena_new((size_t)64 << 20);
	return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

/* A value for every field of a message but those that are messages. */
static void fill(const ProtobufCMessageDescriptor *kind, struct message_value *values)
{
	static const char *const words[] = { "one", "two \"quoted\"", "", NULL };
	size_t n = 0;

	for (unsigned i = 0; i < kind->n_fields && n < FIELDS_MAX - 1; i++) {
		const ProtobufCFieldDescriptor *f = &kind->fields[i];

		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			values[n++] = (struct message_value){
				.field = f->name, .text = f->name, .number = i + 1, .texts = words
			};
	}
	values[n].field = NULL;
}

static void every_message_survives_encoding_and_becomes_json(void **state)
{
	struct message_value values[FIELDS_MAX];
	struct arena *a = *state;
	size_t n = 0;

	for (const struct kind *k = kinds; k->message != NULL; k++, n++) {
		struct message_bytes bytes = { 0 }, again = { 0 };
		ProtobufCMessage *m = NULL;
		const char *text = NULL;
		cJSON *json = NULL;
		const cJSON *first;

		fill(k->message, values);
		assert_int_equal(message_write(k->message, values, a, &bytes, NULL), OK);
		assert_int_equal(message_read(k->message, bytes.at, bytes.size, a, &m, NULL), OK);
		assert_int_equal(message_pack(m, a, &again, NULL), OK);
		assert_int_equal(again.size, bytes.size);
		assert_memory_equal(again.at, bytes.at, bytes.size);
		assert_int_equal(message_json(m, a, &text, NULL), OK);
		assert_int_equal(json_read(text, strlen(text), &json, NULL), OK);
		first = json->child;
		assert_non_null(first);
		assert_string_equal(first->valuestring, k->message->fields[0].name);
		assert_ptr_equal(kind_named(k->message->short_name)->message, k->message);
		cJSON_Delete(json);
	}
	assert_true(n > 30);
}

static void a_message_is_shown_by_the_rules(void **state)
{
	static const char *const options[] = { "yes", "no\n", NULL };
	const struct message_value values[] = {
		{ .field = "agent", .text = "coder" },
		{ .field = "text", .text = "a\"b\\c\x01" },
		{ .field = "options", .texts = options },
		{ .field = "priority", .number = GADUGI__PRIORITY__PRIORITY_HIGH },
		{ .field = "timeout_ms", .number = INT64_C(9007199254740993) },
		{ .field = "nowhere", .text = "passed over" },
		{ 0 },
	};
	struct message_bytes bytes = { 0 };
	ProtobufCMessage *m = NULL;
	const char *text = NULL;

	assert_int_equal(
	    message_write(&gadugi__agent_has_question__descriptor, values, *state, &bytes, NULL),
	    OK);
	assert_int_equal(message_read(&gadugi__agent_has_question__descriptor, bytes.at, bytes.size,
	                              *state, &m, NULL),
	                 OK);
	assert_int_equal(message_json(m, *state, &text, NULL), OK);
	assert_string_equal(text, "{\"agent\":\"coder\",\"text\":\"a\\\"b\\\\c\\u0001\","
	                          "\"options\":[\"yes\",\"no\\n\"],\"priority\":\"high\","
	                          "\"timeoutMs\":\"9007199254740993\"}");
}

static void maps_bytes_and_nested_messages_are_shown(void **state)
{
	Gadugi__AgentMessage m;
	Gadugi__Metadata meta;
	Gadugi__Metadata__LabelsEntry entry;
	Gadugi__Metadata__LabelsEntry *entries[] = { &entry };
	Gadugi__Envelope e;
	char agent[] = "a", k[] = "team", v[] = "blue";
	uint8_t payload[] = { 0, 255, 16, 7 };
	const char *text = NULL;

	gadugi__agent_message__init(&m);
	gadugi__metadata__init(&meta);
	gadugi__metadata__labels_entry__init(&entry);
	gadugi__envelope__init(&e);
	entry.key = k;
	entry.value = v;
	meta.labels = entries;
	meta.n_labels = 1;
	m.agent = agent;
	m.metadata = &meta;
	assert_int_equal(message_json(&m.base, *state, &text, NULL), OK);
	assert_string_equal(text,
	                    "{\"agent\":\"a\",\"metadata\":{\"labels\":{\"team\":\"blue\"}}}");
	e.payload.data = payload;
	for (size_t n = 1; n <= 4; n++) {
		static const char *const want[] = { "AA==", "AP8=", "AP8Q", "AP8QBw==" };

		e.payload.len = n;
		assert_int_equal(message_json(&e.base, *state, &text, NULL), OK);
		assert_non_null(strstr(text, want[n - 1]));
	}
}

static void an_absent_number_is_left_out_and_zero_is_not(void **state)
{
	struct message_value values[] = { { .field = "exit_code", .number = 0 }, { 0 } };
	struct message_bytes bytes = { 0 };
	ProtobufCMessage *m = NULL;
	const char *text = NULL;

	for (int given = 1; given >= 0; given--) {
		assert_int_equal(message_write(&gadugi__task_failed__descriptor,
		                               given ? values : &values[1], *state, &bytes, NULL),
		                 OK);
		assert_int_equal(message_read(&gadugi__task_failed__descriptor, bytes.at,
		                              bytes.size, *state, &m, NULL),
		                 OK);
		assert_int_equal(message_json(m, *state, &text, NULL), OK);
		assert_int_equal(strstr(text, "\"exitCode\":0") != NULL, given);
	}
}

static void what_is_no_utf8_becomes_a_mark(void **state)
{
	const struct message_value values[] = { { .field = "cause", .text = "a\xff\xc3(\xf0\x9f" },
		                                { 0 } };
	struct message_bytes bytes = { 0 };
	ProtobufCMessage *m = NULL;
	const char *text = NULL;

	assert_int_equal(
	    message_write(&gadugi__task_failed__descriptor, values, *state, &bytes, NULL), OK);
	assert_int_equal(
	    message_read(&gadugi__task_failed__descriptor, bytes.at, bytes.size, *state, &m, NULL),
	    OK);
	assert_string_equal(((Gadugi__TaskFailed *)(void *)m)->cause,
	                    "a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD");
	/* and what another program wrote without care does not break the JSON */
	assert_int_equal(
	    message_read(&gadugi__custom__descriptor, "\x0a\x03x\xff\"", 5, *state, &m, NULL), OK);
	assert_int_equal(message_json(m, *state, &text, NULL), OK);
	assert_string_equal(text, "{\"bodyJson\":\"x\xEF\xBF\xBD\\\"\"}");
}

static const struct envelope sample = {
	.id = "e1",
	.topic = "a.b",
	.type = "Custom",
	.source = "test",
	.correlation = "r1",
	.causation = "e0",
	.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	.tracestate = "k=v",
	.priority = ENVELOPE_HIGH,
	.seq = 7,
	.at_ms = 1700000000123,
	.schema = 1,
	.attempt = 2,
	.depth = 3,
	.payload = "\x0a\x02{}",
	.payload_size = 4,
};

static void an_envelope_survives_encoding(void **state)
{
	struct envelope e = { 0 };
	const void *bytes = NULL;
	size_t size = 0;

	assert_int_equal(envelope_write(&sample, *state, &bytes, &size, NULL), OK);
	assert_int_equal(envelope_read(bytes, size, *state, &e, NULL), OK);
	assert_string_equal(e.id, sample.id);
	assert_string_equal(e.topic, sample.topic);
	assert_string_equal(e.type, sample.type);
	assert_string_equal(e.source, sample.source);
	assert_string_equal(e.correlation, sample.correlation);
	assert_string_equal(e.causation, sample.causation);
	assert_string_equal(e.traceparent, sample.traceparent);
	assert_string_equal(e.tracestate, sample.tracestate);
	assert_int_equal(e.priority, sample.priority);
	assert_int_equal(e.seq, sample.seq);
	assert_int_equal(e.at_ms, sample.at_ms);
	assert_int_equal(e.schema, sample.schema);
	assert_int_equal(e.attempt, sample.attempt);
	assert_int_equal(e.depth, sample.depth);
	assert_int_equal(e.payload_size, sample.payload_size);
	assert_memory_equal(e.payload, sample.payload, sample.payload_size);
}

static void unknown_fields_are_tolerated_and_kept(void **state)
{
	static const char extra[] = "\xc2\x3e\x05hello"; /* field 1000, five bytes */
	struct message_bytes again = { 0 };
	struct envelope e = { 0 };
	const void *bytes = NULL;
	size_t size = 0;
	char *longer;
	ProtobufCMessage *m = NULL;

	assert_int_equal(envelope_write(&sample, *state, &bytes, &size, NULL), OK);
	longer = arena_take(*state, size + sizeof extra);
	memcpy(longer, bytes, size);
	memcpy(longer + size, extra, sizeof extra - 1);
	size += sizeof extra - 1;
	assert_int_equal(envelope_read(longer, size, *state, &e, NULL), OK);
	assert_string_equal(e.topic, "a.b");
	assert_int_equal(
	    message_read(&gadugi__envelope__descriptor, longer, size, *state, &m, NULL), OK);
	assert_int_equal(message_pack(m, *state, &again, NULL), OK);
	assert_int_equal(again.size, size);
	assert_memory_equal((const char *)again.at + size - 8, extra, 8);
}

static void sizes_are_bounded(void **state)
{
	static char big[ENVELOPE_MAX + 1];
	struct envelope e = sample;
	const void *bytes = NULL;
	size_t size = 0;
	struct err err;
	char id[ENVELOPE_ID_MAX + 2];

	e.payload = big;
	e.payload_size = ENVELOPE_PAYLOAD_MAX;
	assert_int_equal(envelope_write(&e, *state, &bytes, &size, NULL), OK);
	assert_true(size <= ENVELOPE_MAX);
	e.payload_size++;
	assert_int_equal(envelope_write(&e, *state, &bytes, &size, &err), E_INPUT);
	assert_non_null(strstr(err.text, "1048577"));
	assert_int_equal(envelope_read(big, sizeof big, *state, &e, NULL), E_INPUT);
	e = sample;
	memset(id, 'x', sizeof id);
	id[sizeof id - 1] = '\0';
	e.causation = id;
	assert_int_equal(envelope_write(&e, *state, &bytes, &size, &err), E_INPUT);
	assert_non_null(strstr(err.text, "causation"));
}

static void damaged_bytes_are_refused_or_read_but_never_trusted(void **state)
{
	const void *bytes = NULL;
	size_t size = 0, refused = 0;

	assert_int_equal(envelope_write(&sample, *state, &bytes, &size, NULL), OK);
	for (size_t at = 0; at <= size; at++)
		for (int bit = 0; bit <= 8; bit++) {
			struct arena *a = arena_new(1 << 20);
			struct envelope e = { 0 };
			char *copy = arena_copy(a, bytes, size);
			enum status st;

			if (bit < 8 && at < size)
				copy[at] = (char)(copy[at] ^ 1 << bit);
			st = envelope_read(copy, bit == 8 ? at : size, a, &e, NULL);
			assert_true(st == OK || st == E_INPUT);
			if (st == OK)
				assert_true(strlen(e.id) > 0 && strlen(e.topic) > 0);
			refused += st == E_INPUT;
			arena_free(a);
		}
	assert_true(refused > size);
	assert_int_equal(envelope_read("", 0, *state, &(struct envelope){ 0 }, NULL), E_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_message_survives_encoding_and_becomes_json,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_message_is_shown_by_the_rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(maps_bytes_and_nested_messages_are_shown, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_absent_number_is_left_out_and_zero_is_not,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_utf8_becomes_a_mark, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_envelope_survives_encoding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_fields_are_tolerated_and_kept, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(sizes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_bytes_are_refused_or_read_but_never_trusted,
		                                set_up, tear_down),
	};

	json_use_mem();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
