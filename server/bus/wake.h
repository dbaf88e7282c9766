/*
 * wake.h - waking those who wait for events, in this process and in others.
 *
 * After a commit that appended events the writer touches STATE/wake; whoever waits
 * holds an inotify descriptor on it. It is a hint and nothing more: the log is the
 * truth, and a waiter reads it from where it stood. No socket, no polling.
 */
#ifndef BUS_WAKE_H
#define BUS_WAKE_H

#include "base/err.h"

struct wake;

/* Tell all waiters. Never fails loudly: a lost hint costs a waiter its time limit at most. */
void wake_touch(const char *state_dir);

/*
 * Start to listen. The state folder need not exist yet: then its coming is noticed.
 * On OK *out is the caller's.
 */
enum status wake_open(struct wake **out, const char *state_dir, struct err *err);
void wake_free(struct wake *w);

/*
 * Readable (poll) when something may have been appended; wake_clear makes it quiet again.
 * Clear first, then read the log: what comes in between wakes again.
 */
int wake_fd(const struct wake *w);
void wake_clear(struct wake *w);

#endif
