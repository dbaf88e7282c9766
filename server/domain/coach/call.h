/*
 * call.h - one call of a tool and what came of it, from their JSON. Used by session.c.
 */
#ifndef DOMAIN_COACH_CALL_H
#define DOMAIN_COACH_CALL_H

#include "domain/coach/session.h"

/* Fill tool, target, command, hashes and what follows from them. False when the arena is full. */
bool call_read(struct session *s, struct session_call *c, struct json_span name,
               struct json_span input);

/* Fill failure, error and what the text tells; text is the result's first text as JSON. */
void call_result(struct session *s, struct session_call *c, bool failed, struct json_span text);

#endif
