/*
 * message.h - protobuf messages by their descriptors: one way in and one way out for
 * all of them, so that a new message needs no code of its own.
 *
 * Everything lives in the caller's arena, whose limit bounds what a hostile message
 * can cost. Texts are made valid UTF-8 on the way in and on the way out (what is not
 * becomes U+FFFD), since protobuf-c looks at neither.
 */
#ifndef BUS_MESSAGE_H
#define BUS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"

/* A value for the field of that name. */
struct message_value {
	const char *field;
	const char *text;         /* for strings; NULL and "" leave the field empty */
	int64_t number;           /* for whole numbers, enums and booleans */
	const char *const *texts; /* for repeated strings, ended by NULL */
};

struct message_bytes {
	const void *at;
	size_t size;
};

/*
 * Encode a message. A value whose field the message does not have is passed over, so
 * that one set of values serves several messages; values end with one whose field is NULL.
 */
enum status message_write(const ProtobufCMessageDescriptor *kind,
                          const struct message_value *values, struct arena *a,
                          struct message_bytes *out, struct err *err);

/* Decode. E_INPUT when the bytes are no such message. Fields it does not know are kept aside. */
enum status message_read(const ProtobufCMessageDescriptor *kind, const void *bytes, size_t size,
                         struct arena *a, ProtobufCMessage **out, struct err *err);

/* Encode what message_read gave, unknown fields included. */
enum status message_pack(const ProtobufCMessage *m, struct arena *a, struct message_bytes *out,
                         struct err *err);

/* As one JSON object on one line, by the rules of protos/README.md. */
enum status message_json(const ProtobufCMessage *m, struct arena *a, const char **out,
                         struct err *err);

#endif
