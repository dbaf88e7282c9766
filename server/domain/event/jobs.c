#include "domain/event/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"

enum state {
	FREE,  /* no event of it is in the pool */
	GIVEN, /* its event is in the pool, or runs */
	OVER,  /* it ran: the router is to be told how it went */
};

/* The event that is in the pool, with its texts. */
struct load {
	struct router_event event;
	int attempt;
	char bytes[];
};

struct lane {
	struct jobs *jobs;
	uint64_t handle; /* in the router */
	struct pool_waiter waiter;
	enum state state;  /* under the lock, and so are the next ones */
	struct load *load; /* owned; NULL when FREE */
	enum status st;    /* when OVER */
	struct err err;
};

struct jobs {
	struct router *router;
	struct pool *pool;
	struct jobs_subscriber own; /* its texts are not used after the start */
	pthread_mutex_t lock;       /* guards what says so above; held over no callback */
	pthread_cond_t over;        /* a job is */
	size_t n;
	struct lane lanes[];
};

static const char *keep(char **to, const char *s)
{
	size_t n = strlen(s) + 1;
	const char *at = memcpy(*to, s, n);

	*to += n;
	return at;
}

/* The router's copy may go while the job runs: when its queue drops it, or nobody subscribes. */
static struct load *load_new(const struct router_event *e, int attempt)
{
	size_t texts = strlen(e->id) + strlen(e->topic) + strlen(e->type) + strlen(e->source) + 4;
	struct load *l = mem_take(sizeof *l + texts + e->envelope_size);
	char *to;

	if (l == NULL)
		return NULL;
	to = l->bytes;
	l->event = *e;
	l->attempt = attempt;
	l->event.id = keep(&to, e->id);
	l->event.topic = keep(&to, e->topic);
	l->event.type = keep(&to, e->type);
	l->event.source = keep(&to, e->source);
	if (e->envelope_size > 0)
		memcpy(to, e->envelope, e->envelope_size);
	l->event.envelope = to;
	return l;
}

/* The lock is held. */
static void clear(struct lane *lane)
{
	mem_free(lane->load);
	lane->load = NULL;
	lane->state = FREE;
}

static void finish(struct lane *lane, enum status st, const struct err *err)
{
	struct jobs *j = lane->jobs;
	uint64_t handle = lane->handle;
	struct router *router = j->router;

	(void)pthread_mutex_lock(&j->lock);
	lane->st = st;
	lane->err = *err;
	lane->state = OVER;
	(void)pthread_cond_broadcast(&j->over);
	(void)pthread_mutex_unlock(&j->lock);
	/* from here on j may be gone */
	router_nudge(router, handle);
}

/* On a worker. Nobody else touches the load while the lane is GIVEN. */
static void run(void *arg)
{
	struct lane *lane = arg;
	const struct router_subscriber *own = &lane->jobs->own.own;
	struct err err = { 0 };
	enum status st = own->deliver(own->arg, &lane->load->event, lane->load->attempt, &err);

	if (st == E_WAIT)
		st = err_set(&err, E_BUG, "a job cannot wait to be nudged");
	finish(lane, st, &err);
}

bool jobs_dropped(pool_job *job, void *arg)
{
	const struct err err = { 0 };

	if (job != run)
		return false;
	finish(arg, E_WAIT, &err); /* not its fault: the event stays where it is */
	return true;
}

/* Into the pool. E_WAIT: it is there now. E_BUSY: the pool does not take it. */
static enum status give(struct lane *lane, const struct router_event *e, int attempt,
                        struct err *err)
{
	struct jobs *j = lane->jobs;
	struct load *load = load_new(e, attempt);

	if (load == NULL)
		return err_nomem(err, "a job");
	(void)pthread_mutex_lock(&j->lock);
	lane->load = load;
	lane->state = GIVEN;
	(void)pthread_mutex_unlock(&j->lock);
	if ((j->own.heavy ? pool_give_heavy(j->pool, run, lane) : pool_give(j->pool, run, lane)) ==
	    OK)
		return E_WAIT; /* it may be over already: then the nudge has come */
	(void)pthread_mutex_lock(&j->lock);
	clear(lane);
	(void)pthread_mutex_unlock(&j->lock);
	return err_set(err, E_BUSY, "the pool takes no job");
}

/* Is there nothing to be given to the pool? Then *st is what the router is to be told. */
static bool is_settled(struct lane *lane, const struct router_event *e, enum status *st,
                       struct err *err)
{
	struct jobs *j = lane->jobs;
	bool settled = false;

	(void)pthread_mutex_lock(&j->lock);
	if (lane->state == GIVEN) {
		*st = E_WAIT;
		settled = true;
	} else if (lane->state == OVER) {
		/* or of an event that the queue dropped meanwhile */
		settled =
		    lane->load->event.seq == e->seq && strcmp(lane->load->event.id, e->id) == 0;
		*st = lane->st;
		*err = lane->err;
		clear(lane);
	}
	(void)pthread_mutex_unlock(&j->lock);
	return settled;
}

/* On a thread of the router. */
static enum status deliver(void *arg, const struct router_event *e, int attempt, struct err *err)
{
	struct lane *lane = arg;
	enum status st = E_BUSY;

	if (is_settled(lane, e, &st, err))
		return st;
	/* twice: of room that came between the two looks nobody tells */
	for (int tries = 0; tries < 2; tries++) {
		if ((st = give(lane, e, attempt, err)) != E_BUSY)
			return st;
		if (pool_await_room(lane->jobs->pool, &lane->waiter))
			return E_WAIT;
	}
	return st;
}

static void dead(void *arg, const struct router_event *e, int attempts, const char *cause)
{
	const struct router_subscriber *own = &((struct lane *)arg)->jobs->own.own;

	if (own->dead != NULL)
		own->dead(own->arg, e, attempts, cause);
}

static void room(void *arg)
{
	const struct lane *lane = arg;

	router_nudge(lane->jobs->router, lane->handle);
}

static enum status open_lane(struct jobs *j, struct lane *lane, struct err *err)
{
	struct router_subscriber own = j->own.own;

	lane->jobs = j;
	lane->waiter = (struct pool_waiter){ .tell = room, .arg = lane };
	own.deliver = deliver;
	own.dead = dead;
	own.arg = lane;
	own.batch = 1;
	own.share = j->own.ordered ? ROUTER_BY_TOPIC : ROUTER_LEAST_BUSY;
	own.group = j;
	own.parts = j->own.at_once;
	own.part = (size_t)(lane - j->lanes);
	return router_subscribe(j->router, &own, &lane->handle, err);
}

enum status jobs_subscribe(struct jobs **out, struct router *r, struct pool *p,
                           const struct jobs_subscriber *s, struct err *err)
{
	struct jobs *j = mem_zero(1, sizeof *j + s->at_once * sizeof j->lanes[0]);
	enum status st = OK;

	assert(s->at_once > 0 && s->at_once <= JOBS_AT_ONCE_MAX && s->own.deliver != NULL);
	if (j == NULL)
		return err_nomem(err, "a subscriber");
	j->router = r;
	j->pool = p;
	j->own = *s;
	(void)pthread_mutex_init(&j->lock, NULL);
	(void)pthread_cond_init(&j->over, NULL);
	for (; st == OK && j->n < s->at_once; j->n += st == OK)
		st = open_lane(j, &j->lanes[j->n], err);
	if (st != OK) {
		jobs_end(j);
		return st;
	}
	*out = j;
	return OK;
}

void jobs_end(struct jobs *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n; i++)
		router_unsubscribe(j->router, j->lanes[i].handle);
	for (size_t i = 0; i < j->n; i++) {
		struct lane *lane = &j->lanes[i];

		pool_forget(j->pool, &lane->waiter);
		(void)pthread_mutex_lock(&j->lock);
		while (lane->state == GIVEN)
			(void)pthread_cond_wait(&j->over, &j->lock);
		(void)pthread_mutex_unlock(&j->lock);
		mem_free(lane->load);
	}
	(void)pthread_cond_destroy(&j->over);
	(void)pthread_mutex_destroy(&j->lock);
	mem_free(j);
}
