/*
 * batch.h - a batch of 2025-03-26: several requests in one array, whose answers leave
 * together in one array when the last of them is there. Any thread.
 */
#ifndef WIRE_BATCH_H
#define WIRE_BATCH_H

#include "base/text.h"
#include "wire/sink.h"

struct batch;

/* An empty batch that waits for its maker's batch_leave; it frees itself after the last one. */
struct batch *batch_new(struct sink *sink);

/* One more answer is to come. */
void batch_join(struct batch *b);

/* It came, or will not (NULL). The last one sends what there is, if there is anything. */
void batch_leave(struct batch *b, const struct text *answer);

#endif
