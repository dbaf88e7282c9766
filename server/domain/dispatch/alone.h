/*
 * alone.h - agents that run by themselves: started, watched, started anew; for a dispatcher's files
 * only.
 *
 * A thread of its own holds the processes (sys/proc.h wants one), as many as there are such agents.
 * The feeder says who shall run and frees what is over; the thread writes down how each fares.
 */
#ifndef DOMAIN_DISPATCH_ALONE_H
#define DOMAIN_DISPATCH_ALONE_H

#include "domain/dispatch/own.h"

struct alone; /* the thread and whom it holds */

/* One that shall run, or did. */
struct worker {
	struct worker *next;
	struct actor *actor;
	atomic_int pid;   /* 0: it does not run now */
	atomic_bool asks; /* it waits for an approval */
	atomic_bool want; /* it shall run; written by the feeder */
	atomic_bool over; /* it does not run, and nobody wants it to: the feeder may free it */
	struct worker_own *own; /* the thread's */
};

/* On the feeder, when it looks: have those who shall run alone run, and no others. E_NOMEM, E_IO.
 * *freed: somebody is over, and may be written down as stopped. */
enum status alone_refresh(struct dispatch *d, bool *freed, struct err *err);

/* Something that they wait for may have come. */
void alone_ring(const struct dispatch *d);

/* End them all, and the thread. */
void alone_free(struct dispatch *d);

#endif
