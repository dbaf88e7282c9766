/*
 * bell.h - wakes who sleeps in poll(2) when a wish to stop is written down.
 *
 * A wish is an atomic_bool; who looks at it now and then needs no more. Who waits for something
 * else meanwhile waits for the bell beside it too: set the flag, then ring. A bell of all zeros is
 * one that nobody waits for yet, and has no descriptor. It lives as long as the flag does, and
 * is done with when nobody rings or waits any more. All functions but bell_done may be called
 * from any thread.
 */
#ifndef BASE_BELL_H
#define BASE_BELL_H

#include <stdatomic.h>

struct bell {
	atomic_int fd; /* one more than the descriptor; 0: none yet */
};

/* Readable from the first ring on, for good. Look at the flag after the first call. -1: none to
 * be had; then look at the flag now and then. */
int bell_fd(struct bell *b);

void bell_ring(struct bell *b);
void bell_done(struct bell *b);

#endif
