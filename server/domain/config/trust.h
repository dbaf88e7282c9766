/*
 * trust.h - which project configurations the user has read and allowed to run commands.
 *
 * A file of lines `HASH PATH` in the user's configuration folder. Bytes and place must both
 * match, so that neither a change nor a copy elsewhere is trusted.
 */
#ifndef DOMAIN_CONFIG_TRUST_H
#define DOMAIN_CONFIG_TRUST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define TRUST_BYTES_MAX ((size_t)4 << 20)

/* Has the user trusted the file at path with that hash? No list is an empty list. */
enum status trust_has(const char *list, const char *path, const char *hash, struct arena *a,
                      bool *out, struct err *err);

/* Add it, in place of an older hash of the same path; the list's folder is made if need be. */
enum status trust_add(const char *list, const char *path, const char *hash, struct arena *a,
                      struct err *err);

#endif
