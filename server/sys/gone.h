/*
 * gone.h - a folder that may be deleted or moved away while somebody works in it.
 *
 * The kernel does not tell who watches a folder of its end as long as anybody has one of its
 * files open. It tells of the name that goes in the folder around, and of folders further up that
 * are moved; so these are watched. Used by one thread.
 */
#ifndef SYS_GONE_H
#define SYS_GONE_H

#include <stdbool.h>

#include "base/err.h"

struct gone;

/* Watch a folder that is there, by its absolute path. On OK *out is the caller's. */
enum status gone_watch(struct gone **out, const char *folder, struct err *err);

/* NULL is fine. */
void gone_free(struct gone *g);

/* Readable when it may be gone; gone_look makes it quiet again. */
int gone_fd(const struct gone *g);

/* Is it gone? Also when another one has its name now. */
bool gone_look(struct gone *g);

#endif
