/*
 * usage.h - tokens, counted once.
 *
 * Hosts write a message in several lines and repeat its usage in each, and a session
 * that was forked repeats whole messages in a second file. So tokens are kept under the hash
 * of message id and request id, and of equal keys the line with the largest output counts.
 */
#ifndef DOMAIN_COACH_USAGE_H
#define DOMAIN_COACH_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum tokens { TOKENS_INPUT, TOKENS_CACHE_READ, TOKENS_CACHE_WRITE, TOKENS_OUTPUT, TOKENS_N };

struct usage {
	uint64_t key; /* 0: the host gave no id; such a one equals no other */
	int64_t tokens[TOKENS_N];
	uint32_t agent; /* 0: main; else a subagent */
	uint32_t price; /* which of the prices its model has, from 1; 0: none */
};

struct usage_table {
	struct arena *a; /* not owned */
	struct usage *items;
	size_t n, room;
	uint32_t *index; /* open addressing by key, value + 1 */
	size_t size;
};

/* Add, or take the place of a smaller one. True when its key is new (false when full, too). */
bool usage_add(struct usage_table *t, const struct usage *u);

/* Input and both cache classes: how much the model was given. */
int64_t usage_context(const struct usage *u);

#endif
