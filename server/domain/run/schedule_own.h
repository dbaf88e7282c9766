/*
 * schedule_own.h - the schedule from inside; for schedule.c, which runs it, and
 * schedule_make.c, which makes it.
 */
#ifndef DOMAIN_RUN_SCHEDULE_OWN_H
#define DOMAIN_RUN_SCHEDULE_OWN_H

#include "domain/run/schedule.h"

#define NONE ((size_t)-1)

struct task {
	int64_t cost, rank;
	int priority;
	enum schedule_state state;
	size_t needs_from, n_needs;         /* in needs[] */
	size_t followers_from, n_followers; /* in followers[] */
	size_t uses_from, n_uses;           /* in uses[] */
	size_t missing;                     /* needs that are not done */
	size_t order;                       /* place in the order of urgency, 0 the most urgent */
	size_t waits_for;                   /* resource in whose heap it is, or NONE */
	bool expected; /* to be done at once: a worker is kept for what waits for it alone */
	bool holds;    /* its resources */
};

/* A heap of tasks, the most urgent on top. */
struct heap {
	size_t *at;
	size_t n, room;
};

struct resource {
	size_t free;
	struct heap waiting;
};

struct schedule {
	struct task *tasks;
	size_t n;
	size_t *needs, *followers, *uses;
	struct resource *resources;
	size_t n_resources;
	struct heap ready;
	size_t *by_order; /* task of each place in the order of urgency */
	size_t *topo;     /* tasks, each after all it needs */
	size_t *told;     /* what the last change touched */
	size_t workers, running, unsettled;
	size_t *soon; /* tasks that are expected */
	size_t n_soon;
	bool paused;
};

/* Before any task is in a heap: a better order of urgency, if a few milliseconds find one. */
void schedule_polish(struct schedule *s);

/* Put a task into a heap that has room for it. */
void schedule_push(const struct schedule *s, struct heap *h, size_t task);

#endif
