/* actors.h - who is started: states, restarts, numbers; for the files of domain/dispatch only. */
#ifndef DOMAIN_DISPATCH_ACTORS_H
#define DOMAIN_DISPATCH_ACTORS_H

#include "domain/dispatch/own.h"

/* The actor of that name, made if need be; NULL if out of memory. */
struct actor *actor_get(struct dispatch *d, const char *name);

/* As the database has it: start those that wait to be started, forget those nobody starts. */
enum status actors_refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err);

/* Definitions or settings changed: look again who can be started, how, and who subscribes to what.
 */
enum status actors_reread(struct dispatch *d, struct db *db, struct arena *a, bool settings,
                          struct err *err);

/* After taking over: end what a dispatcher that died may have left at work. */
enum status actors_sweep(const struct dispatch *d, struct arena *a, struct err *err);

/* Start those anew whose pause is over; *next_us: when the next one's is. */
enum status actors_restart(struct dispatch *d, struct db *db, struct arena *a, int64_t *next_us,
                           struct err *err);

/* Signs of life of those at work. */
enum status actors_beat(struct dispatch *d, struct db *db, struct err *err);

/* May another process of it begin? Then it counts. */
bool actor_enter(struct dispatch *d, struct actor *actor);

/* One process less; one delivery more, or less, that waits for an approval. NULL actors are fine.
 */
void actor_leave(struct dispatch *d, struct actor *actor);
void actor_wait(struct dispatch *d, struct actor *actor, bool waits);

/* What happened to an actor, beside its numbers. */
struct actor_change {
	bool well;          /* what it did ended well */
	bool steady;        /* it did long enough what it should, before: the failures start anew */
	const char *failed; /* it failed for good: the cause */
	const char *causation; /* id of the event */
};

/* Will one that fell be started anew by itself? */
bool actor_comes_back(struct dispatch *d, struct actor *actor);

/* Inside a write transaction: the state that follows. NULL actors are fine. */
enum status actor_note(struct dispatch *d, struct actor *actor, struct db *db,
                       const struct actor_change *change, struct err *err);

/* The same in a transaction of its own; what goes wrong is logged. */
void actor_tell(struct dispatch *d, struct actor *actor, const struct actor_change *change);

/* Let the lanes of an actor that are blocked try again; of all actors that have room. */
void actor_unblock(struct dispatch *d, const struct actor *actor);
void actors_unblock(struct dispatch *d);

#endif
