#include "base/list.h"

#include <stdint.h>
#include <string.h>

#define LIST_FIRST 8 /* places of a new list */

void *list_room(struct arena *a, void *items, size_t n, size_t *room, size_t item_size)
{
	size_t want = *room == 0 ? LIST_FIRST : *room * 2;
	void *place;

	if (n < *room)
		return items;
	if (want > SIZE_MAX / item_size || (place = arena_take(a, want * item_size)) == NULL)
		return NULL;
	if (n > 0)
		memcpy(place, items, n * item_size);
	*room = want;
	return place;
}
