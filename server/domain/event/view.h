/* view.h - a row of the journal made readable. For domain modules that find rows themselves. */
#ifndef DOMAIN_EVENT_VIEW_H
#define DOMAIN_EVENT_VIEW_H

#include "domain/event.h"
#include "store/journal.h"

/* Texts live in the arena. A damaged envelope gives a view that says so, not an error. */
enum status event_view_of(const struct journal_row *row, struct arena *a, struct event_view *v,
                          struct err *err);

/* What of the events is wanted, without where and how many. */
struct event_filter event_filter_of(const struct event_want *want);

/* Is the row wanted? filter is a struct event_filter; in the shape that journal_find asks for. */
bool event_wanted(const void *filter, const struct journal_row *row);

#endif
