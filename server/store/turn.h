/*
 * turn.h - whose turn it is to write, among all processes that have the database open.
 *
 * A turn is flock(2) on PATH-lock. The lock itself is not fair: one who has just given
 * it back is awake and would take it again before those who sleep. So whoever has to wait
 * also holds a shared lock on one byte of the file, and whoever sees that byte
 * held goes to the end of the row; the longer one has waited, the shorter one sleeps.
 * The kernel drops both locks with the process that held them.
 */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

/* Open the lock file PATH-lock, made if need be. Close *fd with close(2). */
enum status turn_open(int *fd, const char *path, struct err *err);

/*
 * Take the turn; path is for words. E_BUSY after wait_ms, E_STOP soon after *stop (may be
 * NULL) became true.
 */
enum status turn_take(int fd, const char *path, int wait_ms, const atomic_bool *stop,
                      struct err *err);
void turn_give(int fd);

#endif
