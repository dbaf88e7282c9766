/*
 * dispatch.h - events start agents.
 *
 * A dispatcher serves the durable subscribers that have an agent or a command of the
 * configuration (domain/subscription.h): for each event after a subscriber's place it starts the
 * agent, with the event as JSON after its prompt, and moves the place on when the agent ended
 * well or was given up after its last attempt (a dead letter then). So an event is never lost, and
 * comes again only when this process dies while the agent is at it. An agent with `concurrency` N
 * works on N events at a time, those of one topic still in order.
 *
 * What an agent did is an event itself, caused by the one that started it: `agent.NAME.done`,
 * `.retrying` (another attempt follows) or `.gaveup`. An agent is not started by its own events,
 * and by other agents' changes of state only if its pattern ends in the state's name
 * (`agent.*.failed`) or it asks for their type. How agents fare is domain/life.h's: one that gave
 * up an event has failed, and is started anew as its restart policy says.
 *
 * An agent that was started and subscribes to nothing runs by itself: its command or preset is
 * started with its prompt, watched, and ended with the dispatcher. One that ends well has done its
 * work
 * (`agent.NAME.done`) and is stopped, unless its policy is `always`; one that ends otherwise, takes
 * longer than its timeout, or is silent for longer than its heartbeat, has failed.
 *
 * One process at a time dispatches for a project (a lock file); the others take over when
 * it ends. A dispatcher has threads of its own and is otherwise used by one thread.
 */
#ifndef DOMAIN_DISPATCH_H
#define DOMAIN_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/project.h"

struct dispatch;

struct dispatch_options {
	int attempts;       /* 0: 3 */
	int64_t backoff_ms; /* before the second; 0: 1000 */
	int64_t breaker_ms; /* one that keeps failing is left alone so long; 0: the router's */
	int64_t timeout_ms; /* of an agent that states none; 0: the configuration's */
	int64_t restart_ms; /* before the first restart of one that failed; 0: LIFE_PAUSE_MS */
	int64_t beat_ms;    /* between signs of life; 0: LIFE_BEAT_MS */
	int64_t steady_ms;  /* one that ran alone so long had started well; 0: LIFE_STEADY_MS */
	size_t threads;     /* deliveries at once; 0: the configuration's */
	const char *warden; /* path of this program, to watch over what is started (sys/warden.h);
	                     * NULL: nobody does, and what hides from its session and its
	                     * environment may outlive a server that dies */
};

/* Begin. The project outlives it. On OK *out is the caller's. */
enum status dispatch_new(struct dispatch **out, struct project *p,
                         const struct dispatch_options *options, struct err *err);

/* End: agents that run are ended, their events come again. NULL is fine. */
void dispatch_free(struct dispatch *d);

/* Is no agent running? Else ending takes as long as the agents need. NULL is idle. */
bool dispatch_idle(struct dispatch *d);

#endif
