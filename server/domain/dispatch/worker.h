/* worker.h - one agent that runs by itself, turn by turn; for alone.c only. */
#ifndef DOMAIN_DISPATCH_WORKER_H
#define DOMAIN_DISPATCH_WORKER_H

#include <poll.h>

#include "domain/dispatch/alone.h"

#define WORKER_BLIND_MS 100 /* between looks when nobody tells */
#define WORKER_OVER     INT64_C(-1)

/* NULL: no memory. It wants to run. Nothing of it runs any more when it is freed. */
struct worker *worker_new(struct actor *actor);
void worker_free(struct worker *w);

/*
 * Do what is to be done now: start it, hear what it says, end it, write down how it ended. When
 * ending, as nobody wants it. Returns the monotonic time (ms) of its next turn at the latest;
 * WORKER_OVER: there is none, and it is not to be touched any more.
 */
int64_t worker_turn(struct dispatch *d, struct worker *w, bool ending);

/* What to poll for it: at most two; how many. */
nfds_t worker_poll(const struct worker *w, struct pollfd *fds);

#endif
