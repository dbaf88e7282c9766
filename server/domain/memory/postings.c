#include "domain/memory/postings.h"

#include <assert.h>

#include "base/mem.h"

#define FIRST_SLOTS ((size_t)1024)
#define FIRST_BYTES 8
#define VARINT_MAX  5

void postings_done(struct postings *p)
{
	for (size_t i = 0; i < p->n_slots; i++)
		mem_free(p->slots[i].bytes);
	mem_free(p->slots);
	*p = (struct postings){ 0 };
}

static size_t home(size_t n_slots, uint32_t term)
{
	return (size_t)(term * 2654435761u) & (n_slots - 1);
}

static struct postings_list *slot_of(const struct postings *p, uint32_t term)
{
	size_t i = home(p->n_slots, term);

	while (p->slots[i].documents != 0 && p->slots[i].term != term)
		i = (i + 1) & (p->n_slots - 1);
	return &p->slots[i];
}

const struct postings_list *postings_find(const struct postings *p, uint32_t term)
{
	const struct postings_list *list;

	if (p->n_slots == 0)
		return NULL;
	list = slot_of(p, term);
	return list->documents == 0 ? NULL : list;
}

static bool grow_table(struct postings *p)
{
	struct postings next = { .n_slots = p->n_slots == 0 ? FIRST_SLOTS : 2 * p->n_slots,
		                 .n_terms = p->n_terms };

	if ((next.slots = mem_zero(next.n_slots, sizeof *next.slots)) == NULL)
		return false;
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].documents != 0)
			*slot_of(&next, p->slots[i].term) = p->slots[i];
	mem_free(p->slots);
	*p = next;
	return true;
}

bool postings_add(struct postings *p, uint32_t term, uint32_t document, unsigned times)
{
	struct postings_list *list;
	unsigned char *bytes;
	uint32_t value;

	if (4 * (p->n_terms + 1) > 3 * p->n_slots && !grow_table(p))
		return false;
	list = slot_of(p, term);
	if (list->size - list->len < VARINT_MAX) {
		uint32_t size = list->size + list->size / 2;

		if (size - list->len < VARINT_MAX) /* a list that is new, or was read whole */
			size = list->len + FIRST_BYTES;
		if ((bytes = mem_grow(list->bytes, size)) == NULL)
			return false;
		list->bytes = bytes;
		list->size = size;
	}
	assert(list->documents == 0 || document > list->last);
	if (times > POSTINGS_TIMES_MAX)
		times = POSTINGS_TIMES_MAX;
	value = (document - list->last) << 2 | (times - 1);
	for (; value > 127; value >>= 7)
		list->bytes[list->len++] = (unsigned char)(value | 128);
	list->bytes[list->len++] = (unsigned char)value;
	if (list->documents++ == 0) {
		list->term = term;
		p->n_terms++;
	}
	list->last = document;
	return true;
}

bool postings_begin(struct postings *p, size_t n_terms)
{
	size_t n = FIRST_SLOTS;

	assert(p->n_slots == 0);
	while (4 * (n_terms + 1) > 3 * n)
		n *= 2;
	if (n_terms == 0)
		return true;
	if ((p->slots = mem_zero(n, sizeof *p->slots)) == NULL)
		return false;
	p->n_slots = n;
	return true;
}

void postings_put(struct postings *p, const struct postings_list *list)
{
	struct postings_list *slot = slot_of(p, list->term);

	assert(list->documents > 0 && p->n_terms + 1 < p->n_slots);
	mem_free(slot->bytes); /* of the same word, from a file with two */
	p->n_terms += slot->documents == 0;
	*slot = *list;
}
