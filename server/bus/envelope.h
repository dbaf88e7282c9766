/*
 * envelope.h - what is around every event: who, when, how urgent, after what.
 *
 * A struct envelope is the plain form of gadugi.Envelope (protos/common.proto).
 * envelope_read trusts nothing: bytes from a log or a file may be damaged or made up.
 * Texts of a read envelope live in the arena, are never NULL, and are valid UTF-8.
 */
#ifndef BUS_ENVELOPE_H
#define BUS_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define ENVELOPE_PAYLOAD_MAX ((size_t)1 << 20)
#define ENVELOPE_MAX         (ENVELOPE_PAYLOAD_MAX + 8192) /* bytes, encoded */
#define ENVELOPE_ID_MAX      128                           /* bytes of any id or type */
#define ENVELOPE_TEXT_MAX    1024                          /* bytes of source and trace */

enum envelope_priority {
	ENVELOPE_UNSPECIFIED,
	ENVELOPE_LOW,
	ENVELOPE_NORMAL,
	ENVELOPE_HIGH,
	ENVELOPE_CRITICAL,
	ENVELOPE_PRIORITIES,
};

struct envelope {
	const char *id, *topic, *type;
	const char *source, *correlation, *causation, *traceparent,
	    *tracestate; /* may be NULL to write */
	enum envelope_priority priority;
	int64_t seq; /* 0 until the log has given it one */
	int64_t at_ms;
	uint32_t schema, attempt, depth;
	const void *payload; /* may be NULL when payload_size is 0 */
	size_t payload_size;
};

/* Encode. E_INPUT when something is too long or the topic is not well formed. */
enum status envelope_write(const struct envelope *e, struct arena *a, const void **bytes,
                           size_t *size, struct err *err);

/* Decode and check. E_INPUT says what is wrong with the bytes. */
enum status envelope_read(const void *bytes, size_t size, struct arena *a, struct envelope *out,
                          struct err *err);

/* What a filter looks at, found without decoding the rest; source lies in the bytes. */
struct envelope_glance {
	const char *source; /* without a NUL at its end */
	size_t source_size;
	enum envelope_priority priority;
};

/* Never fails: what damaged bytes do not tell is normal, and from nowhere. */
void envelope_glance(const void *bytes, size_t size, struct envelope_glance *out);

/* The priority as the contract writes it: "low", "normal", "high", "critical". */
const char *envelope_priority_word(enum envelope_priority priority);

#endif
