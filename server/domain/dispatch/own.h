/* own.h - what a dispatcher keeps to itself; for the files of domain/dispatch only. */
#ifndef DOMAIN_DISPATCH_OWN_H
#define DOMAIN_DISPATCH_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "bus/router.h"
#include "bus/wake.h"
#include "domain/dispatch.h"
#include "domain/subscription.h"
#include "sys/lock.h"

#define TARGET_ASKED_SIZE (SUBSCRIPTION_NAME_MAX + ENVELOPE_ID_MAX + 2)

/* A subscriber that is served. */
struct target {
	struct target *next;
	struct dispatch *dispatch;
	uint64_t handle;                  /* in the router */
	int64_t fed;                      /* looked through up to here; the feeder's own */
	int64_t given;                    /* the last that the router was given; the feeder's own */
	_Atomic int64_t place;            /* in the database, as far as this process moved it */
	atomic_bool stop;                 /* ends the agent that runs for it */
	bool wanted;                      /* seen at the last look; the feeder's own */
	const char *name, *topic, *agent; /* in texts */
	/* the approval it waits for: written by a delivery before `waiting` becomes true */
	char asked[TARGET_ASKED_SIZE];
	atomic_bool waiting;
	char texts[];
};

struct dispatch {
	struct project *project;
	struct dispatch_options options;
	struct router *router; /* NULL until there is somebody to serve */
	struct wake *wake;
	struct lock *lock; /* NULL: another process dispatches, or nobody needs it */
	struct target *targets;
	pthread_t feeder;
	int bell;          /* eventfd: look again */
	int vigil;         /* inotify on the lock's file, while another process holds it */
	int64_t tidied_ms; /* monotonic; the feeder's own */
	atomic_bool stop;
	atomic_int running; /* agents */
};

/* One delivery, on a thread of the router. */
enum status dispatch_deliver(void *target, const struct router_event *e, int attempt,
                             struct err *err);

/* Given up: a dead letter, and on to the next. */
void dispatch_bury(void *target, const struct router_event *e, int attempts, const char *cause);

/* Make the feeder look again. */
void dispatch_ring(struct dispatch *d);

#endif
