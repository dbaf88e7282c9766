/* tidy_own.h - what the files of tidying share; for tidy*.c only. */
#ifndef DOMAIN_MEMORY_TIDY_OWN_H
#define DOMAIN_MEMORY_TIDY_OWN_H

#include "domain/memory/own.h"

/*
 * Does `more` say all that `less` says? Every word of less stands in more, in the same order,
 * and both say `not` and the like equally often. Very short texts are never taken to.
 */
bool tidy_says_all(const char *less, const char *more, struct arena *a);

/*
 * The memory, of the same scope, entity and kind, that says all of a row's text: its id, or 0.
 * Of two that say the same the newer stays. *by is in the arena.
 */
struct tidy_other {
	int64_t id;
	const char *uid;
};
enum status tidy_other_find(const struct memory_view *view, const struct memories_row *row,
                            struct tidy_other *by, struct err *err);

#endif
