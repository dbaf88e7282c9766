/*
 * json.h - memories as the contract's JSON, and what is asked of the memory as an agent posts it
 * (domain/mailbox.h).
 */
#ifndef DOMAIN_MEMORY_JSON_H
#define DOMAIN_MEMORY_JSON_H

#include "base/json.h"
#include "domain/memory.h"

/* What tools show. */
cJSON *memory_hit_json(struct json_build *b, const struct memory_hit *hit);
cJSON *memory_stored_json(struct json_build *b, const struct memory_stored *stored, size_t n);
cJSON *memory_found_json(struct json_build *b, const struct memory_found *found);

/* An item and a question as they are posted, and back: texts point into the JSON. Who, run and task
 * are not the post's to say. E_INPUT and E_NOMEM, with words. */
cJSON *memory_item_json(struct json_build *b, const struct memory_item *item);
enum status memory_item_read(const cJSON *o, struct arena *a, struct memory_item *item,
                             struct err *err);
cJSON *memory_query_json(struct json_build *b, const struct memory_query *q);
enum status memory_query_read(const cJSON *o, struct arena *a, struct memory_query *q,
                              struct err *err);

/* memory_remember for somebody else, as permissions name them (`agent:NAME`). */
enum status memory_remember_as(struct project *p, const atomic_bool *stop, const char *actor,
                               const struct memory_batch *batch, struct arena *a, struct err *err);

#endif
