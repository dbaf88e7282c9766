/*
 * postings.h - which documents hold a word, and how often: an inverted index in memory.
 *
 * Documents are numbers that are added in ascending order. A word's list is a run of
 * varints, each the distance to the document before it and a small count, so a common
 * word costs a byte a document. One writer or many readers at a time; the owner's lock
 * sees to that.
 */
#ifndef DOMAIN_MEMORY_POSTINGS_H
#define DOMAIN_MEMORY_POSTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTINGS_TIMES_MAX 4 /* more often counts as this often */

struct postings_list {
	uint32_t term;
	uint32_t documents; /* 0: the slot is free */
	uint32_t last;      /* document added last */
	uint32_t len, size;
	unsigned char *bytes;
};

struct postings {
	struct postings_list *slots; /* owned; a power of two of them */
	size_t n_slots, n_terms;
};

void postings_done(struct postings *p);

/* False when out of memory: then nothing was added. document ascends from call to call. */
bool postings_add(struct postings *p, uint32_t term, uint32_t document, unsigned times);

/* Room for so many words in an empty one, then their lists whole, each of another word. */
bool postings_begin(struct postings *p, size_t n_terms);
void postings_put(struct postings *p, const struct postings_list *list); /* takes its bytes */

/* NULL when no document holds the word. Good until the next postings_add. */
const struct postings_list *postings_find(const struct postings *p, uint32_t term);

struct postings_at {
	const unsigned char *at, *end;
	uint32_t document;
	unsigned times;
};

static inline struct postings_at postings_first(const struct postings_list *list)
{
	return (struct postings_at){ list->bytes, list->bytes + list->len, 0, 0 };
}

/* Move to the next document; false at the end. */
static inline bool postings_next(struct postings_at *p)
{
	uint32_t value, shift = 0, byte;

	if (p->at == p->end)
		return false;
	value = 0;
	do {
		byte = *p->at++;
		value |= (byte & 127) << shift;
		shift += 7;
	} while (byte & 128);
	p->document += value >> 2;
	p->times = (value & 3) + 1;
	return true;
}

#endif
