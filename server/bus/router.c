#include "bus/router.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/router_own.h"
#include "bus/topic.h"

#define DEFAULT_THREADS       2
#define DEFAULT_QUEUE         1024
#define DEFAULT_ATTEMPTS      3
#define DEFAULT_BACKOFF_MS    100
#define DEFAULT_BACKOFF_MAX   30000
#define DEFAULT_BREAKER_AFTER 5
#define DEFAULT_BREAKER_MS    5000

static bool locks_init(struct router *r)
{
	pthread_condattr_t attr;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->work, &attr);
	(void)pthread_cond_init(&r->room, &attr);
	(void)pthread_cond_init(&r->calm, &attr);
	(void)pthread_condattr_destroy(&attr);
	return true;
}

enum status router_resize(struct router *r, size_t threads, struct err *err)
{
	sigset_t all, before;
	int rc = 0;

	threads = threads == 0 ? DEFAULT_THREADS : threads;
	/* Signals are for the main thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (rc == 0 && r->n_threads < threads && r->n_threads < ROUTER_THREADS_MAX) {
		rc = pthread_create(&r->threads[r->n_threads], NULL, router_serve, r);
		r->n_threads += rc == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_mutex_lock(&r->lock);
	r->most = threads < r->n_threads ? threads : r->n_threads;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
	return rc == 0 ? OK : err_sys(err, rc, "cannot start a thread of the router");
}

enum status router_new(struct router **out, size_t threads, struct err *err)
{
	struct router *r = mem_zero(1, sizeof *r);
	enum status st;

	if (r == NULL)
		return err_nomem(err, "the router");
	if (!locks_init(r)) {
		mem_free(r);
		return err_nomem(err, "the router");
	}
	r->next_wake_us = INT64_MAX;
	r->chance = (uint64_t)clock_mono_us() | 1;
	if ((st = router_resize(r, threads, err)) != OK) {
		router_free(r);
		return st;
	}
	*out = r;
	return OK;
}

void router_free(struct router *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->ending = true;
	(void)pthread_cond_broadcast(&r->work);
	(void)pthread_cond_broadcast(&r->room);
	(void)pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->n_threads; i++)
		(void)pthread_join(r->threads[i], NULL);
	for (struct subscriber *s = r->subscribers, *next; s != NULL; s = next) {
		next = s->next;
		router_leave(s);
	}
	(void)pthread_cond_destroy(&r->calm);
	(void)pthread_cond_destroy(&r->room);
	(void)pthread_cond_destroy(&r->work);
	(void)pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

static size_t size_of(const char *s)
{
	return s == NULL ? 0 : strlen(s) + 1;
}

static const char *keep(char **to, const char *s)
{
	char *at = *to;

	if (s == NULL)
		return NULL;
	memcpy(at, s, size_of(s));
	*to += size_of(s);
	return at;
}

/* A subscriber with copies of all texts and its defaults filled in; NULL if out of memory. */
static struct subscriber *subscriber_new(const struct router_subscriber *own)
{
	const char *name = own->name == NULL ? "" : own->name;
	struct subscriber *s = mem_zero(1, sizeof *s + size_of(name) + size_of(own->pattern) +
	                                       size_of(own->type) + size_of(own->source));
	char *to;

	if (s == NULL)
		return NULL;
	to = s->texts;
	s->own = *own;
	s->own.name = keep(&to, name);
	s->own.pattern = keep(&to, own->pattern);
	s->own.type = keep(&to, own->type);
	s->own.source = keep(&to, own->source);
	s->own.queue_max = own->queue_max == 0 ? DEFAULT_QUEUE : own->queue_max;
	s->own.batch = own->batch == 0 ? 1 : own->batch < QUEUE_SPARE ? own->batch : QUEUE_SPARE;
	s->own.attempts = own->attempts <= 0 ? DEFAULT_ATTEMPTS : own->attempts;
	s->own.backoff_ms = own->backoff_ms <= 0 ? DEFAULT_BACKOFF_MS : own->backoff_ms;
	s->own.backoff_max_ms =
	    own->backoff_max_ms <= 0 ? DEFAULT_BACKOFF_MAX : own->backoff_max_ms;
	s->own.breaker_after = own->breaker_after <= 0 ? DEFAULT_BREAKER_AFTER : own->breaker_after;
	s->own.breaker_ms = own->breaker_ms <= 0 ? DEFAULT_BREAKER_MS : own->breaker_ms;
	s->queue.most = s->own.queue_max;
	s->users = 1;
	return s;
}

enum status router_subscribe(struct router *r, const struct router_subscriber *own,
                             uint64_t *handle, struct err *err)
{
	struct subscriber *s, **last;
	enum status st = topic_check(own->pattern, true, err);

	assert(own->deliver != NULL && own->queue_max <= ROUTER_QUEUE_MAX);
	assert(own->share != ROUTER_BY_TOPIC || own->part < own->parts);
	if (st != OK)
		return st;
	if ((s = subscriber_new(own)) == NULL)
		return err_nomem(err, "a subscriber");
	(void)pthread_mutex_lock(&r->lock);
	if (r->stats.subscribers >= ROUTER_SUBSCRIBERS_MAX) {
		st = err_set(err, E_BUSY, "there are %d subscribers already",
		             ROUTER_SUBSCRIBERS_MAX);
		router_leave(s);
	} else {
		for (last = &r->subscribers; *last != NULL; last = &(*last)->next)
			;
		*last = s;
		*handle = s->handle = ++r->handles;
		r->stats.subscribers++;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return st;
}

void router_unsubscribe(struct router *r, uint64_t handle)
{
	struct subscriber **at, *s;

	(void)pthread_mutex_lock(&r->lock);
	for (at = &r->subscribers; *at != NULL && (*at)->handle != handle; at = &(*at)->next)
		;
	if ((s = *at) == NULL) {
		(void)pthread_mutex_unlock(&r->lock);
		return;
	}
	*at = s->next;
	if (s->state == READY)
		router_unlist(r, s);
	s->ended = true;
	r->stats.depth -= s->queue.n;
	r->stats.open -= s->open;
	r->stats.subscribers--;
	queue_done(&s->queue);
	(void)pthread_cond_broadcast(&r->room);
	(void)pthread_cond_broadcast(&r->calm);
	while (s->state == BUSY && !pthread_equal(s->thread, pthread_self()))
		(void)pthread_cond_wait(&r->calm, &r->lock);
	router_leave(s);
	(void)pthread_mutex_unlock(&r->lock);
}

static bool wants(const struct subscriber *s, const struct shared_event *shared)
{
	const struct router_event *e = &shared->event;

	return e->priority >= s->own.least &&
	       (s->own.share != ROUTER_BY_TOPIC ||
	        shared->topic_hash % s->own.parts == s->own.part) &&
	       (s->own.type == NULL || strcmp(s->own.type, e->type) == 0) &&
	       (s->own.source == NULL || strcmp(s->own.source, e->source) == 0) &&
	       topic_matches(s->own.pattern, e->topic);
}

/* How much there is before what it would be given now; one that is left alone counts as full. */
static size_t load(const struct subscriber *s)
{
	return s->queue.n + (s->state == BUSY) + (s->open ? s->queue.most : 0);
}

/* The place of the one of its group that was chosen so far, or behind the last. */
static size_t place_of(const struct subscriber *s, struct subscriber **chosen, size_t n)
{
	size_t i = n;

	if (s->own.share != ROUTER_LEAST_BUSY)
		return n;
	while (i > 0 && (chosen[i - 1]->own.share != ROUTER_LEAST_BUSY ||
	                 chosen[i - 1]->own.group != s->own.group))
		i--;
	return i > 0 ? i - 1 : n;
}

/* Those who want it, each with room in memory for it. False: out of memory. */
static bool choose(struct router *r, const struct shared_event *shared, struct subscriber **chosen,
                   size_t *n)
{
	*n = 0;
	for (struct subscriber *s = r->subscribers; s != NULL; s = s->next) {
		size_t at;

		if (!wants(s, shared))
			continue;
		if ((at = place_of(s, chosen, *n)) < *n && load(s) >= load(chosen[at]))
			continue;
		if (!queue_reserve(&s->queue, shared, s->own.policy == ROUTER_BLOCK))
			return false;
		chosen[at] = s;
		*n += at == *n;
	}
	return true;
}

/* Queue it, or deal with a full queue. False: the giver has to wait for room. */
static bool offer(struct router *r, struct subscriber *s, struct shared_event *e,
                  struct router_outcome *outcome)
{
	if (s->queue.n >= s->queue.most) {
		if (s->own.policy == ROUTER_BLOCK)
			return false;
		if (s->own.policy == ROUTER_REJECT) {
			outcome->rejected++;
			r->stats.rejected++;
			return true;
		}
		/* What was put back after a failure may have made it longer than it should be. */
		for (; s->queue.n >= s->queue.most; r->stats.depth--, r->stats.dropped++) {
			shared_event_free(queue_drop(&s->queue).event);
			outcome->dropped++;
		}
	}
	queue_put(&s->queue, shared_event_use(e));
	outcome->queued++;
	r->stats.depth++;
	router_list(r, s);
	return true;
}

/* The lock is held, and let go while waiting; s may end meanwhile. */
static void wait_for_room(struct router *r, struct subscriber *s, struct shared_event *e,
                          struct router_outcome *outcome)
{
	while (!r->ending && !s->ended && !offer(r, s, e, outcome))
		(void)pthread_cond_wait(&r->room, &r->lock);
	router_leave(s);
}

static void give_all(struct router *r, struct subscriber **chosen, size_t n, struct shared_event *e,
                     struct router_outcome *outcome)
{
	size_t full = 0;

	outcome->matched = n;
	r->stats.given++;
	for (size_t i = 0; i < n; i++)
		if (!offer(r, chosen[i], e, outcome)) {
			chosen[i]->users++;
			chosen[full++] = chosen[i];
		}
	for (size_t i = 0; i < full; i++)
		wait_for_room(r, chosen[i], e, outcome);
}

enum status router_give(struct router *r, const struct router_event *e,
                        struct router_outcome *outcome, struct err *err)
{
	struct subscriber *chosen[ROUTER_SUBSCRIBERS_MAX];
	struct router_outcome own = { 0 };
	struct shared_event *shared = shared_event_new(e);
	size_t n = 0;
	bool enough;

	if (shared == NULL)
		return err_nomem(err, "an event");
	if (shared->event.priority == ENVELOPE_UNSPECIFIED)
		shared->event.priority = ENVELOPE_NORMAL;
	(void)pthread_mutex_lock(&r->lock);
	if ((enough = choose(r, shared, chosen, &n)))
		give_all(r, chosen, n, shared, &own);
	(void)pthread_mutex_unlock(&r->lock);
	shared_event_free(shared);
	if (outcome != NULL)
		*outcome = own;
	if (!enough)
		return err_nomem(err, "an event");
	if (own.rejected > 0)
		return err_set(
		    err, E_BUSY,
		    "%zu of %zu subscribers have a full queue and did not take the event",
		    own.rejected, own.matched);
	return OK;
}

enum status router_give_to(struct router *r, uint64_t handle, const struct router_event *e,
                           struct err *err)
{
	struct shared_event *shared = shared_event_new(e);
	struct router_outcome outcome = { 0 };
	struct subscriber *s;
	enum status st = OK;

	if (shared == NULL)
		return err_nomem(err, "an event");
	if (shared->event.priority == ENVELOPE_UNSPECIFIED)
		shared->event.priority = ENVELOPE_NORMAL;
	(void)pthread_mutex_lock(&r->lock);
	for (s = r->subscribers; s != NULL && s->handle != handle; s = s->next)
		;
	if (s == NULL)
		st = err_set(err, E_ABSENT, "there is no such subscriber");
	else if (s->queue.n >= s->queue.most)
		st = err_set(err, E_BUSY, "the queue of '%s' is full", s->own.name);
	else if (!queue_reserve(&s->queue, shared, false))
		st = err_nomem(err, "an event");
	else
		(void)offer(r, s, shared, &outcome);
	r->stats.given += st == OK;
	(void)pthread_mutex_unlock(&r->lock);
	shared_event_free(shared);
	return st;
}

void router_nudge(struct router *r, uint64_t handle)
{
	struct subscriber *s;

	(void)pthread_mutex_lock(&r->lock);
	for (s = r->subscribers; s != NULL && s->handle != handle; s = s->next)
		;
	if (s != NULL) {
		s->nudged = true;
		if (s->state == WAITING) {
			s->state = IDLE;
			router_list(r, s);
		}
	}
	(void)pthread_mutex_unlock(&r->lock);
}

bool router_drain(struct router *r, int64_t wait_ms)
{
	int64_t until_us = clock_mono_us() + wait_ms * 1000;
	struct timespec until = { until_us / 1000000, until_us % 1000000 * 1000 };
	bool calm;

	(void)pthread_mutex_lock(&r->lock);
	while (!(calm = r->busy == 0 && r->stats.depth == 0))
		if (pthread_cond_timedwait(&r->calm, &r->lock, &until) != 0)
			break;
	(void)pthread_mutex_unlock(&r->lock);
	return calm;
}

void router_stats(struct router *r, struct router_stats *out)
{
	(void)pthread_mutex_lock(&r->lock);
	*out = r->stats;
	(void)pthread_mutex_unlock(&r->lock);
}

uint64_t router_quantile(const struct router_stats *s, double share)
{
	uint64_t all = 0, so_far = 0;

	for (int i = 0; i < ROUTER_BUCKETS; i++)
		all += s->latency[i];
	for (int i = 0; i < ROUTER_BUCKETS; i++) {
		so_far += s->latency[i];
		if (so_far > 0 && (double)so_far >= share * (double)all)
			return UINT64_C(1) << i;
	}
	return 0;
}
