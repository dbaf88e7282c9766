/*
 * life.h - how an agent fares: its states, the steps between them that are legal, and what
 * is kept about it.
 *
 *	registered   its file or configuration is there; never started
 *	starting     asked to start; a dispatcher looks whether it can
 *	ready        waits for events
 *	busy         a process of it is at work
 *	waiting      what it should do needs an approval that nobody gave yet
 *	stopping     asked to stop; its processes are being ended
 *	stopped      does nothing until it is started again
 *	failed       could not be started, or what it did failed for good
 *
 * The state is a row of the database; each step is an event (`agent.NAME.STATE`) in the same
 * transaction, and a step that is not legal is refused. An agent without a row is registered.
 * A failed one is started anew, as its restart policy says, after a pause that doubles.
 */
#ifndef DOMAIN_LIFE_H
#define DOMAIN_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/agent.h"
#include "domain/project.h"
#include "store/db.h"

#define LIFE_PAUSE_MS     1000   /* before the first restart; doubles with each in a row */
#define LIFE_PAUSE_MAX_MS 300000 /* and at most */
#define LIFE_BEAT_MS      30000  /* between signs of life of one that is busy */
#define LIFE_STEADY_MS    60000  /* one that ran alone so long has not failed at once */

enum life_state {
	LIFE_REGISTERED,
	LIFE_STARTING,
	LIFE_READY,
	LIFE_BUSY,
	LIFE_WAITING,
	LIFE_STOPPING,
	LIFE_STOPPED,
	LIFE_FAILED,
	LIFE_STATES,
};

const char *life_word(enum life_state state);

/* The state of that word; false when there is none. */
bool life_read(const char *word, enum life_state *out);

/* Is the step legal? To stay is no step. */
bool life_may(enum life_state from, enum life_state to);

/* How long after that many failures in a row (1 or more) until the next start. */
int64_t life_pause_ms(int64_t failures, int64_t first_ms, int64_t most_ms);

/* How an agent fares. */
struct life {
	const char *name, *cause; /* cause of the state, or NULL */
	enum life_state state;
	int64_t since_ms, beat_ms; /* beat_ms 0: never seen at work */
	int64_t pid, active, failures;
	int64_t again_ms; /* failed: when it is started anew; 0: it is not */
	bool alone;       /* it runs by itself; else events start it */
};

/* Is it to be looked after: does it run by itself, and was not stopped? */
bool life_runs_alone(const struct life *life);

/*
 * What can be told of it to people: without a dispatcher nobody is at work, whatever the row says,
 * and one that was is started by the next.
 */
void life_seen(const struct project *p, struct arena *a, struct life *life);

/* A step: what becomes of whom. The numbers are taken as they stand here. */
struct life_step {
	const char *name;
	enum life_state to;
	const char *cause;     /* or NULL */
	const char *causation; /* id of the event that led to it, or NULL */
	int64_t pid, active, failures, again_ms;
	enum { LIFE_AS_IT_WAS, LIFE_BY_EVENTS, LIFE_ALONE } kind;
};

/*
 * Inside a write transaction: take the step, with its event. One that stays where it is only
 * takes the numbers. E_DENIED, with words, when the step is not legal.
 */
enum status life_become(struct db *db, int64_t now_ms, const struct life_step *step,
                        struct err *err);

/* Inside a write transaction: it was seen at work just now; what it uses is told as an event. */
struct life_use {
	int64_t pid, memory_kb, cpu_ms, active;
};
enum status life_beat(struct db *db, int64_t now_ms, const char *name, const struct life_use *use,
                      struct err *err);

/* How it fares; registered when nothing is known of it. */
enum status life_look(struct db *db, const char *name, struct arena *a, struct life *out,
                      struct err *err);

/* All that were ever started, by name. */
enum status life_all(struct db *db, struct arena *a, struct life **out, size_t *n, struct err *err);

/*
 * Start an agent: it is subscribed to what its definition says, where it left off if it was
 * subscribed before, and is `starting`; the dispatcher of a server does the rest. One that
 * subscribes to nothing runs by itself. Stopping ends its subscriptions and what runs for it:
 * `stopping` while a dispatcher has to see to that, else `stopped`; E_ABSENT when it was not
 * started. Each is one transaction of its own, on a connection for writing.
 */
enum status life_start(struct project *p, struct db *db, const struct agent *agent, struct arena *a,
                       struct err *err);
enum status life_stop(struct project *p, struct db *db, const char *name, struct arena *a,
                      struct err *err);

/* Inside a write transaction: have its subscriptions be those that its definition says. */
enum status life_subscribe(struct db *db, int64_t now_ms, const struct agent *agent,
                           struct arena *a, struct err *err);

/* Does a process dispatch for this project right now? */
bool life_is_served(const struct project *p, struct arena *a);

/* {state, cause, since, ...} into an object that has the agent's name already. */
void life_put_json(struct json_build *b, cJSON *o, const struct life *life);

#endif
