/* memory_json.h - memories as the contract's JSON, for the tools that show them. */
#ifndef HANDLERS_MEMORY_JSON_H
#define HANDLERS_MEMORY_JSON_H

#include "base/call.h"
#include "base/json.h"
#include "domain/memory.h"

/* Append one memory to an array. */
void memory_json_add(struct json_build *b, cJSON *array, const struct memory_hit *hit);

/* A time as the caller writes it; E_INPUT names the argument. NULL text leaves *ms alone. */
enum status memory_json_time(const char *name, const char *text, int64_t *ms, struct err *err);

/* The strings of a JSON array (NULL: none) in the call's arena. */
enum status memory_json_texts(struct call *call, const cJSON *array, const char *const **out,
                              size_t *n);

#endif
