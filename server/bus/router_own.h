/* router_own.h - what the router keeps to itself; for the files of the router only. */
#ifndef BUS_ROUTER_OWN_H
#define BUS_ROUTER_OWN_H

#include <pthread.h>

#include "bus/queue.h"
#include "bus/router.h"

enum state {
	IDLE,     /* nothing waits */
	READY,    /* in a ready list */
	BUSY,     /* a thread delivers to it */
	SLEEPING, /* until wake_us: before another attempt, or its circuit is open */
	WAITING,  /* until it is nudged */
};

struct subscriber {
	struct subscriber *next;           /* of all, by age */
	struct subscriber *before, *after; /* in its ready list */
	struct router_subscriber own;      /* its texts stand in `texts` */
	uint64_t handle;
	struct queue queue;
	enum state state;
	int listed;       /* which ready list, when READY */
	int64_t wake_us;  /* when SLEEPING */
	int failures;     /* in a row */
	bool open;        /* its circuit */
	bool nudged;      /* while it was BUSY */
	bool ended;       /* unsubscribed: freed when the last user is gone */
	int users;        /* the router, the thread at it, givers that wait for room */
	pthread_t thread; /* when BUSY */
	char texts[];
};

struct ready {
	struct subscriber *first, *last;
};

struct router {
	pthread_mutex_t lock; /* guards all below but the threads; held over no callback */
	pthread_cond_t work;  /* there may be something to deliver */
	pthread_cond_t room;  /* a queue got shorter, or a subscriber ended */
	pthread_cond_t calm;  /* a delivery ended */
	struct subscriber *subscribers;
	struct ready ready[ENVELOPE_PRIORITIES];
	int64_t next_wake_us; /* earliest of the sleeping; INT64_MAX: none sleeps */
	size_t busy, idle;    /* threads: at work, waiting for some */
	size_t most;          /* threads at work at once */
	int streak;           /* urgent turns taken while less urgent ones waited */
	bool ending;
	uint64_t handles, chance;
	struct router_stats stats;
	pthread_t
	    threads[ROUTER_THREADS_MAX]; /* this and the next of who makes, resizes and frees it */
	size_t n_threads;
};

/* The body of a thread. */
void *router_serve(void *router);

/* With the lock held: put a subscriber that has events where a thread will find it. */
void router_list(struct router *r, struct subscriber *s);
void router_unlist(struct router *r, struct subscriber *s);

/* With the lock held: one user less. */
void router_leave(struct subscriber *s);

#endif
