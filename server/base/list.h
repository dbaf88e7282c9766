/*
 * list.h - lists that grow in an arena.
 *
 * The items are moved to a place twice as large when they are full; the old place stays
 * in the arena until its end. Who keeps pointers to items must not let the list grow.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

#include "base/arena.h"

/*
 * Room for one more item after the n that are there: the items' place, old or new, with
 * a zeroed item at n, or NULL when the arena is full (the old items stay good). *room is
 * the list's own count of places, 0 at the start.
 */
void *list_room(struct arena *a, void *items, size_t n, size_t *room, size_t item_size);

#endif
