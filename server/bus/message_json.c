/* Any protobuf message as JSON, by its descriptor: the second half of message.h. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "bus/message.h"

#define WHOLE_MAX  INT64_C(9007199254740992) /* larger whole numbers are rounded by readers */
#define NESTED_MAX 16                        /* our messages nest three deep */

static void message(struct text *t, const ProtobufCMessage *m, int depth);

static void quoted_byte(struct text *t, char c)
{
	static const char *const escapes[128] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
	};
	unsigned char u = (unsigned char)c;

	if (u < 128 && escapes[u] != NULL)
		text_add(t, escapes[u]);
	else if (u < 0x20 || u == 0x7F)
		text_addf(t, "\\u%04x", u);
	else
		text_add_char(t, c);
}

static void quoted(struct text *t, const char *s)
{
	size_t n = strlen(s), at = 0, good;

	text_add_char(t, '"');
	while (at < n) {
		good = text_utf8_valid(s + at, n - at);
		for (size_t i = 0; i < good; i++)
			quoted_byte(t, s[at + i]);
		at += good;
		if (at < n) {
			text_add(t, "\xEF\xBF\xBD");
			at++;
		}
	}
	text_add_char(t, '"');
}

static void base64(struct text *t, const ProtobufCBinaryData *b)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	text_add_char(t, '"');
	for (size_t i = 0; i < b->len; i += 3) {
		size_t n = b->len - i < 3 ? b->len - i : 3;
		uint32_t v = (uint32_t)b->data[i] << 16;

		v |= n > 1 ? (uint32_t)b->data[i + 1] << 8 : 0;
		v |= n > 2 ? b->data[i + 2] : 0;
		text_add_char(t, letters[v >> 18]);
		text_add_char(t, letters[v >> 12 & 63]);
		text_add_n(t, n > 1 ? &letters[v >> 6 & 63] : "=", 1);
		text_add_n(t, n > 2 ? &letters[v & 63] : "=", 1);
	}
	text_add_char(t, '"');
}

static char upper(char c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (c < 'a' || c > 'z')
		return c;
	return letters[c - 'a'];
}

static char lower(char c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	if (c < 'A' || c > 'Z')
		return c;
	return letters[c - 'A'];
}

/* `duration_ms` as `durationMs`. */
static void key(struct text *t, const char *name)
{
	text_add_char(t, '"');
	for (const char *s = name; *s != '\0'; s++)
		if (*s == '_' && s[1] != '\0')
			text_add_char(t, upper(*++s));
		else
			text_add_char(t, *s);
	text_add(t, "\":");
}

static void whole(struct text *t, int64_t v)
{
	text_addf(t, v > WHOLE_MAX || v < -WHOLE_MAX ? "\"%" PRId64 "\"" : "%" PRId64, v);
}

static void whole_unsigned(struct text *t, uint64_t v)
{
	text_addf(t, v > (uint64_t)WHOLE_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, v);
}

/* PRIORITY_HIGH of the enum Priority as "high"; a number no name is known for as itself. */
static void enumerated(struct text *t, const ProtobufCEnumDescriptor *kind, int32_t v)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(kind, v);
	size_t prefix = strlen(kind->short_name) + 1;

	if (known == NULL) {
		text_addf(t, "%" PRId32, v);
		return;
	}
	text_add_char(t, '"');
	for (const char *s = known->name + (strlen(known->name) > prefix ? prefix : 0); *s; s++)
		text_add_char(t, lower(*s));
	text_add_char(t, '"');
}

static void real(struct text *t, double v)
{
	if (isfinite(v))
		text_addf(t, "%.17g", v);
	else
		text_add(t, "null");
}

static size_t value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	}
	return 0;
}

/* One value of field f at `at`, which is aligned for it. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than NESTED_MAX */
static void value(struct text *t, const ProtobufCFieldDescriptor *f, const void *at, int depth)
{
	const char *const *s = at;

	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		whole(t, *(const int32_t *)at);
		return;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		whole_unsigned(t, *(const uint32_t *)at);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		whole(t, *(const int64_t *)at);
		return;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		whole_unsigned(t, *(const uint64_t *)at);
		return;
	case PROTOBUF_C_TYPE_FLOAT:
		real(t, (double)*(const float *)at);
		return;
	case PROTOBUF_C_TYPE_DOUBLE:
		real(t, *(const double *)at);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		text_add(t, *(const protobuf_c_boolean *)at ? "true" : "false");
		return;
	case PROTOBUF_C_TYPE_ENUM:
		enumerated(t, f->descriptor, *(const int32_t *)at);
		return;
	case PROTOBUF_C_TYPE_STRING:
		quoted(t, *s == NULL ? "" : *s);
		return;
	case PROTOBUF_C_TYPE_BYTES:
		base64(t, at);
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		message(t, *(const ProtobufCMessage *const *)at, depth + 1);
		return;
	}
}

/* Does f hold something that is worth a member? Numbers always do. */
static bool stated(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const char *at = (const char *)m + f->offset;

	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		return *(const uint32_t *)(const void *)((const char *)m + f->quantifier_offset) ==
		       f->id;
	switch ((int)f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(const char *const *)(const void *)at != NULL &&
		       **(const char *const *)(const void *)at != '\0';
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(const void *const *)(const void *)at != NULL;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)(const void *)at)->len > 0;
	case PROTOBUF_C_TYPE_ENUM:
		return *(const int32_t *)(const void *)at != 0;
	default:
		return true;
	}
}

/* A map is a list of messages with a key and a value; its keys are strings here. */
static bool is_map(const ProtobufCFieldDescriptor *f)
{
	const ProtobufCMessageDescriptor *entry = f->descriptor;
	size_t n;

	if (f->type != PROTOBUF_C_TYPE_MESSAGE || entry->n_fields != 2)
		return false;
	n = strlen(entry->short_name);
	return n > 5 && strcmp(entry->short_name + n - 5, "Entry") == 0 &&
	       strcmp(entry->fields[0].name, "key") == 0 &&
	       entry->fields[0].type == PROTOBUF_C_TYPE_STRING;
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than NESTED_MAX */
static void map_entry(struct text *t, const ProtobufCMessage *entry, int depth)
{
	const ProtobufCFieldDescriptor *f = entry->descriptor->fields;
	const char *k = *(const char *const *)(const void *)((const char *)entry + f[0].offset);

	quoted(t, k == NULL ? "" : k);
	text_add_char(t, ':');
	value(t, &f[1], (const char *)entry + f[1].offset, depth);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than NESTED_MAX */
static void list(struct text *t, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                 size_t n, int depth)
{
	const char *items = *(const char *const *)(const void *)((const char *)m + f->offset);
	bool map = is_map(f);

	text_add_char(t, map ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		const void *item = items + i * value_size(f->type);

		if (i > 0)
			text_add_char(t, ',');
		if (map)
			map_entry(t, *(const ProtobufCMessage *const *)item, depth + 1);
		else
			value(t, f, item, depth);
	}
	text_add_char(t, map ? '}' : ']');
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than NESTED_MAX */
static void message(struct text *t, const ProtobufCMessage *m, int depth)
{
	size_t members = 0, n;

	if (depth > NESTED_MAX || m == NULL) {
		text_add(t, "null");
		return;
	}
	text_add_char(t, '{');
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		bool many = f->label == PROTOBUF_C_LABEL_REPEATED;

		n = 0;
		if (many)
			memcpy(&n, (const char *)m + f->quantifier_offset, sizeof n);
		if (many ? n == 0 : !stated(m, f))
			continue;
		if (members++ > 0)
			text_add_char(t, ',');
		key(t, f->name);
		if (many)
			list(t, m, f, n, depth);
		else
			value(t, f, (const char *)m + f->offset, depth);
	}
	text_add_char(t, '}');
}

enum status message_json(const ProtobufCMessage *m, struct arena *a, const char **out,
                         struct err *err)
{
	struct text t;
	const char *copy;

	text_init(&t, TEXT_LIMIT);
	message(&t, m, 0);
	copy = text_copy(&t, a);
	text_done(&t);
	if (copy == NULL)
		return err_nomem(err, "an event as JSON");
	*out = copy;
	return OK;
}
