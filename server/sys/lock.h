/*
 * lock.h - locks between processes (and threads), on files.
 *
 * A lock is held by whoever has it open and ends with the process, however that ends.
 * The file stays; it holds the pid of the last holder, for messages only. The lock is not
 * inherited by children started through proc.
 */
#ifndef SYS_LOCK_H
#define SYS_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lock;

#define LOCK_FOREVER INT64_C(-1)

/*
 * Take the lock on the file at path, which is made when missing (its folder must exist).
 * wait_ms: 0 tries once, LOCK_FOREVER waits. stop, when given and set, ends the wait.
 * E_BUSY names the holder; E_STOP after a stop. *out is the caller's, given back by lock_free.
 */
enum status lock_take(struct lock **out, const char *path, int64_t wait_ms, const atomic_bool *stop,
                      struct err *err);

/* Give it back. NULL is fine. */
void lock_free(struct lock *lock);

/*
 * Does anybody hold the lock at path? Takes nothing and creates nothing. *pid (may be NULL)
 * becomes the holder's pid as it was written, 0 when unknown. A missing file is not held.
 */
bool lock_held(const char *path, int *pid);

#endif
