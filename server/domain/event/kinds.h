/* kinds.h - which message tells of which happening. Within domain/event only. */
#ifndef DOMAIN_EVENT_KINDS_H
#define DOMAIN_EVENT_KINDS_H

#include <protobuf-c/protobuf-c.h>

#include "bus/envelope.h"

#define KIND_CUSTOM "Custom"

struct kind {
	const char *subject; /* run, task, memory, agent, plan, recipe; "" for the rest */
	const char
	    *state; /* the state or action it tells of; NULL: any that has no row of its own */
	const ProtobufCMessageDescriptor *message;
	enum envelope_priority priority;
	uint32_t schema; /* version of the message */
};

extern const struct kind kinds[]; /* ends with a message of NULL */

/* The row for a state of a subject; every subject has one for any state. */
const struct kind *kind_for(const char *subject, const char *state);

/* The row for a message's name, or NULL. */
const struct kind *kind_named(const char *type);

#endif
