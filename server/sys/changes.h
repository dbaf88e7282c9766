/*
 * changes.h - has anything changed in these folders?
 *
 * The folders need not be there: then the nearest one around that is there is watched, until
 * they come. What changes in a folder is told, not what changes in the folders in it. A hint:
 * the watcher looks for itself. Used by one thread.
 */
#ifndef SYS_CHANGES_H
#define SYS_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct changes;

#define CHANGES_MAX 8 /* folders to begin with */

/*
 * Begin, with at most CHANGES_MAX absolute paths, which are copied. Only files whose names end in
 * one of the endings count; these, and NULL behind them, are constant. On OK *out is the caller's.
 */
enum status changes_new(struct changes **out, const char *const *folders, size_t n,
                        const char *const *endings, struct err *err);

/* One folder more, absolute and copied; one that is watched already is left alone. */
enum status changes_add(struct changes *w, const char *folder, struct err *err);

/* NULL is fine. */
void changes_free(struct changes *w);

/* Readable when changes_heard has something to say. */
int changes_fd(const struct changes *w);

/* Did a file in one of the folders come, go or change since the last call? */
bool changes_heard(struct changes *w);

#endif
