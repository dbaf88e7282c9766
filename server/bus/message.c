#include "bus/message.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

static void *from_arena(void *arena, size_t n)
{
	return arena_take(arena, n);
}

static void leave(void *arena, void *p)
{
	(void)arena, (void)p; /* dies with the arena */
}

/* s itself, or a copy in which what is no UTF-8 is U+FFFD. */
static const char *clean(const char *s, struct arena *a)
{
	size_t n = strlen(s), good = text_utf8_valid(s, n);
	struct text t;
	const char *out;

	if (good == n)
		return s;
	text_init(&t, TEXT_LIMIT);
	for (size_t at = 0; at < n; at += good + 1, good = text_utf8_valid(s + at, n - at)) {
		text_add_n(&t, s + at, good);
		if (at + good < n)
			text_add(&t, "\xEF\xBF\xBD");
		else
			break;
	}
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

static void put_texts(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                      const char *const *texts, struct arena *a)
{
	size_t n = 0;
	const char **list;

	while (texts != NULL && texts[n] != NULL)
		n++;
	if (n == 0 || (list = arena_take(a, n * sizeof *list)) == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		list[i] = clean(texts[i], a);
	memcpy((char *)m + f->offset, &list, sizeof(void *));
	memcpy((char *)m + f->quantifier_offset, &n, sizeof n);
}

static void put_number(char *to, ProtobufCType type, int64_t number)
{
	union {
		int32_t i;
		uint32_t u;
		protobuf_c_boolean b;
		double d;
	} v = { 0 };

	switch ((int)type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		memcpy(to, &number, sizeof number);
		return;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		v.i = number > INT32_MAX   ? INT32_MAX
		      : number < INT32_MIN ? INT32_MIN
		                           : (int32_t)number;
		memcpy(to, &v.i, sizeof v.i);
		return;
	case PROTOBUF_C_TYPE_UINT32:
		v.u = number > UINT32_MAX ? UINT32_MAX : number < 0 ? 0 : (uint32_t)number;
		memcpy(to, &v.u, sizeof v.u);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		v.b = number != 0;
		memcpy(to, &v.b, sizeof v.b);
		return;
	case PROTOBUF_C_TYPE_DOUBLE:
		v.d = (double)number;
		memcpy(to, &v.d, sizeof v.d);
		return;
	default:
		assert(0 && "a value for a field that takes none");
	}
}

static void put(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
                const struct message_value *v, struct arena *a)
{
	char *to = (char *)m + f->offset;
	const char *s;

	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		assert(f->type == PROTOBUF_C_TYPE_STRING);
		put_texts(m, f, v->texts, a);
		return;
	}
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		if (v->text == NULL || *v->text == '\0')
			return;
		s = clean(v->text, a);
		memcpy(to, &s, sizeof s);
	} else {
		put_number(to, f->type, v->number);
	}
	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		memcpy((char *)m + f->quantifier_offset, &f->id, sizeof f->id);
}

enum status message_pack(const ProtobufCMessage *m, struct arena *a, struct message_bytes *out,
                         struct err *err)
{
	size_t size = protobuf_c_message_get_packed_size(m);
	uint8_t *bytes = arena_take(a, size == 0 ? 1 : size);

	if (bytes == NULL)
		return err_nomem(err, "a message");
	out->size = protobuf_c_message_pack(m, bytes);
	out->at = bytes;
	assert(out->size == size);
	return OK;
}

enum status message_write(const ProtobufCMessageDescriptor *kind,
                          const struct message_value *values, struct arena *a,
                          struct message_bytes *out, struct err *err)
{
	ProtobufCMessage *m = arena_take(a, kind->sizeof_message);
	const ProtobufCFieldDescriptor *f;

	if (m == NULL)
		return err_nomem(err, "a message");
	protobuf_c_message_init(kind, m);
	for (; values->field != NULL; values++)
		if ((f = protobuf_c_message_descriptor_get_field_by_name(kind, values->field)) !=
		    NULL)
			put(m, f, values, a);
	if (arena_failed(a))
		return err_nomem(err, "a message");
	return message_pack(m, a, out, err);
}

enum status message_read(const ProtobufCMessageDescriptor *kind, const void *bytes, size_t size,
                         struct arena *a, ProtobufCMessage **out, struct err *err)
{
	ProtobufCAllocator allocator = { .alloc = from_arena, .free = leave, .allocator_data = a };
	ProtobufCMessage *m;

	if (arena_failed(a))
		return err_nomem(err, "a message");
	m = protobuf_c_message_unpack(kind, &allocator, size, bytes);
	if (m == NULL && arena_failed(a))
		return err_nomem(err, "a message");
	if (m == NULL)
		return err_set(err, E_INPUT, "these %zu bytes are no %s message", size,
		               kind->short_name);
	*out = m;
	return OK;
}
