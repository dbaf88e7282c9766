#include "domain/coach/usage.h"

#include "base/list.h"

#define FIRST_INDEX ((size_t)256)

/* Place of a key in an index of size places, a power of two: its own or an empty one. */
static size_t place(const struct usage_table *t, const uint32_t *index, size_t size, uint64_t key)
{
	size_t at = (size_t)(key ^ key >> 32) & (size - 1);

	while (index[at] != 0 && t->items[index[at] - 1].key != key)
		at = (at + 1) & (size - 1);
	return at;
}

/* Keep the index at most half full. */
static bool make_room(struct usage_table *t)
{
	size_t want = t->size == 0 ? FIRST_INDEX : t->size * 2;
	uint32_t *grown;

	if (2 * (t->n + 1) <= t->size)
		return true;
	if ((grown = arena_take(t->a, want * sizeof *grown)) == NULL)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].key != 0)
			grown[place(t, grown, want, t->items[i].key)] = (uint32_t)i + 1;
	t->index = grown;
	t->size = want;
	return true;
}

bool usage_add(struct usage_table *t, const struct usage *u)
{
	struct usage *items;
	size_t at = 0;

	if (!make_room(t))
		return false;
	if (u->key != 0) {
		at = place(t, t->index, t->size, u->key);
		if (t->index[at] != 0) {
			struct usage *old = &t->items[t->index[at] - 1];

			if (u->tokens[TOKENS_OUTPUT] > old->tokens[TOKENS_OUTPUT])
				*old = *u;
			return false;
		}
	}
	if ((items = list_room(t->a, t->items, t->n, &t->room, sizeof *items)) == NULL)
		return false;
	t->items = items;
	items[t->n++] = *u;
	if (u->key != 0)
		t->index[at] = (uint32_t)t->n;
	return true;
}

int64_t usage_context(const struct usage *u)
{
	return u->tokens[TOKENS_INPUT] + u->tokens[TOKENS_CACHE_READ] +
	       u->tokens[TOKENS_CACHE_WRITE];
}
