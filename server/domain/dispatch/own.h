/* own.h - what a dispatcher keeps to itself; for the files of domain/dispatch only. */
#ifndef DOMAIN_DISPATCH_OWN_H
#define DOMAIN_DISPATCH_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/bell.h"
#include "bus/router.h"
#include "bus/wake.h"
#include "domain/dispatch.h"
#include "domain/life.h"
#include "domain/mailbox.h"
#include "domain/roster.h"
#include "domain/subscription.h"
#include "store/journal.h"
#include "sys/changes.h"
#include "sys/lock.h"

#define LANE_ASKED_SIZE (SUBSCRIPTION_NAME_MAX + ENVELOPE_ID_MAX + 2)
#define LANES_MAX       64                  /* as many as an agent's concurrency can be */
#define DISPATCH_MARK   "GADUGI_DISPATCH=1" /* in the environment of all that is started */
#define DISPATCH_FEED   16                  /* events of a lane that wait in the router */

/*
 * Who is started: an agent, for all subscribers that start it. Its state in the database is
 * written from these numbers, in the transactions of what changes them.
 */
struct actor {
	struct actor *next;
	bool wanted;           /* somebody starts it; the feeder's own */
	bool alone;            /* it runs by itself; the feeder's own */
	struct worker *worker; /* one that runs by itself, or is being ended; the feeder's own */
	bool unfit;            /* there is nothing sound to run under its name; the feeder's own */
	uint64_t print;        /* of its definition; the feeder's own */
	atomic_bool able;      /* not failed: deliveries may begin */
	atomic_bool fell;      /* it failed since the feeder last looked */
	int64_t again_us;      /* monotonic: when it is to be started anew; INT64_MAX: it is not */
	/* under the dispatcher's lock */
	int concurrency; /* processes at a time */
	int running, waiting;
	int64_t failures; /* in a row */
	enum agent_restart restart;
	int restarts_max;
	char name[];
};

/* An event that a target was given. */
struct pending {
	int64_t seq;
	uint64_t topic; /* its hash */
	size_t lane;
	bool begun; /* somebody works on it, or did */
	bool over;  /* delivered or given up */
};

/* One of the queues of a target: events of one topic are in the same one, in order. */
struct lane {
	struct target *target;
	uint64_t handle;     /* in the router */
	atomic_bool blocked; /* it waits until its actor is able, or has room */
	atomic_bool waiting; /* it waits for the approval `asked`, written before this is true */
	atomic_int pid;      /* of the process at work; 0: none */
	bool counted;        /* among those that wait; of the thread that delivers */
	char asked[LANE_ASKED_SIZE];
	/* under the dispatcher's lock: events in its queue that another lane has now */
	int64_t moved[DISPATCH_FEED + 1];
	size_t n_moved;
};

/* A subscriber that is served. */
struct target {
	struct target *next;
	struct dispatch *dispatch;
	struct actor *actor; /* NULL: a command */
	int64_t edition;     /* of its row */
	int64_t fed;         /* looked through up to here; the feeder's own */
	atomic_bool stop;    /* ends what runs for it, with the bell */
	struct bell bell;
	bool wanted;        /* seen at the last look; the feeder's own */
	const char *name;   /* this and the next ones in texts */
	const char *action; /* the agent's or command's name */
	int attempts;       /* most, for one event */
	struct event_filter filter;
	/* under the dispatcher's lock: what was given and is not behind the place yet */
	int64_t place; /* all up to here is over; never beyond the one in the database */
	struct pending *pending;
	size_t n_pending, room_pending;
	int64_t again[DISPATCH_FEED]; /* dead letters that are tried again */
	size_t n_again;
	struct lane *lanes[LANES_MAX]; /* owned; this and the next the feeder's own */
	size_t n_lanes;
	char texts[];
};

struct dispatch {
	struct project *project;
	struct dispatch_options options;
	struct router *router; /* NULL until there is somebody to serve */
	struct wake *wake;
	struct roster *roster;    /* NULL until there is somebody to serve */
	struct changes *settings; /* the files of the configuration; the same */
	struct mailbox *mailbox;  /* the same */
	struct lock *lock;        /* NULL: another process dispatches, or nobody needs it */
	struct target *targets;
	struct actor *actors;
	struct alone *alone;   /* NULL until somebody runs by itself */
	pthread_mutex_t guard; /* guards what says so above; held over no callback and no SQL */
	int64_t edition;       /* of the subscribers, as of the last look */
	int64_t head;          /* the log was looked through up to here */
	const struct config *config; /* whose commands subscribe */
	pthread_t feeder;
	int bell;          /* eventfd: look again */
	int vigil;         /* inotify on the lock's file, while another process holds it */
	int64_t told_ms;   /* monotonic: when it last told of a holder's end; the feeder's own */
	bool more;         /* events are there that nobody was given yet; the feeder's own */
	int64_t next_us;   /* monotonic: when an agent is to be started anew; the feeder's own */
	int64_t tidied_ms; /* monotonic; the feeder's own */
	int64_t beaten_ms; /* the same */
	atomic_bool stop;
	atomic_int running; /* processes */
};

/* One delivery, on a thread of the router; lane is a struct lane. */
enum status dispatch_deliver(void *arg, const struct router_event *e, int attempt, struct err *err);

/* Given up: a dead letter, and on to the next. */
void dispatch_bury(void *arg, const struct router_event *e, int attempts, const char *cause);

/* Make the feeder look again. */
void dispatch_ring(struct dispatch *d);

/* --- targets.c, lanes.c
 * ------------------------------------------------------------------------------ */

/* Make the targets and actors those that the database has; what was changed is made anew. */
enum status targets_refresh(struct dispatch *d, struct db *db, struct arena *a, struct err *err);

/* End all that runs, and forget all. */
void targets_free(struct dispatch *d);

/* Have the commands of the configuration subscribed, if it was read anew. */
enum status targets_configure(struct dispatch *d, struct db *db, struct arena *a, struct err *err);

/* Is the event for this target? In the shape that journal_find asks for. */
bool target_wants(const void *target, const struct journal_row *row);

/* Have the lanes that its agent's concurrency asks for; end them all, and what is at work. */
enum status target_open_lanes(struct target *t, struct err *err);
void target_close_lanes(struct target *t);

/*
 * Hand an event to the router, unless it was given before; a dead letter once more. E_BUSY, without
 * words: there is no room now.
 */
enum status target_give(struct target *t, const struct journal_row *row, struct err *err);
enum status target_give_again(struct target *t, const struct journal_row *row, struct err *err);

/* It was over before this dispatcher began, beyond the place. */
enum status target_was_over(struct target *t, int64_t seq, struct err *err);

/* Its agent may do more at a time now: what waits in one lane goes to others, topics in order. */
enum status target_spread(struct target *t, struct db *db, struct arena *a, struct err *err);

/* A lane begins with an event: false when it is another lane's by now, else it is moved no more. */
bool lane_claim(struct lane *lane, int64_t seq);

/* Inside a write transaction: the event is over for t; its place moves as far as it can. */
enum status target_settle(struct target *t, struct db *db, int64_t seq, struct err *err);

/* That transaction was committed. */
void target_settled(struct target *t, int64_t seq);

int64_t target_place(struct target *t);

/* Has it nothing under way? */
bool target_is_idle(struct target *t);

/* Inside a write transaction: nobody wanted what came up to seen. */
enum status target_pass(struct target *t, struct db *db, int64_t seen, struct err *err);

#endif
