/*
 * pull.h - a pull reader over the bytes of one JSON value, for lines we mostly skip.
 *
 * It takes no memory and builds nothing: the caller walks into objects and arrays, takes
 * spans of the values it wants and lets the rest be jumped over. It is lenient, because
 * session files are somebody else's: what it cannot follow ends the walk and sets `failed`.
 */
#ifndef DOMAIN_COACH_PULL_H
#define DOMAIN_COACH_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

struct pull {
	const char *p, *end;
	bool failed;
	bool first; /* nothing of the object or array just entered was read */
};

struct pull pull_of(struct json_span value);

/* Step into an object or array. False, and nothing moved, when the value is something else. */
bool pull_object(struct pull *s);
bool pull_array(struct pull *s);

/*
 * The next member's key, then take its value by pull_value or step into it. False at the
 * object's end, which is passed.
 */
bool pull_key(struct pull *s, struct json_span *key);

/* Is there another element? Then take it. False at the array's end, which is passed. */
bool pull_more(struct pull *s);

/* The value here, jumped over. Texts keep their quotes. */
struct json_span pull_value(struct pull *s);

/* A member of an object by key, in one walk; an empty span when it is not there. */
struct json_span pull_member(struct json_span object, const char *key);

/* Is the span this key or this text? Escapes are not undone. */
bool pull_is(struct json_span span, const char *word);
bool pull_is_text(struct json_span span);
bool pull_is_true(struct json_span span);

/* A whole number, or the fallback. */
int64_t pull_int(struct json_span span, int64_t fallback);

/*
 * The text without quotes and escapes, at most size - 1 bytes of it cut at a whole
 * character, with a NUL. Returns its length; 0 for what is no text.
 */
size_t pull_text(struct json_span span, char *out, size_t size);

/* Bytes between the quotes, escapes as they stand. */
struct json_span pull_inside(struct json_span span);

#endif
