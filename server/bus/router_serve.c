/* The threads of the router: whose turn it is, delivering, and what follows from failure. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/router_own.h"

_Static_assert(QUEUE_SPARE >= 32, "a batch can be put back");

/* A batch being delivered: on the thread's stack, so that nothing is needed to begin one. */
struct batch {
	struct queued at[QUEUE_SPARE];
	size_t n;
	size_t delivered, retried, dead;
	uint64_t latency[ROUTER_BUCKETS];
	bool waits;  /* the last one asked for a nudge */
	bool failed; /* the last attempt did */
};

void router_unlist(struct router *r, struct subscriber *s)
{
	struct ready *list = &r->ready[s->listed];

	assert(s->state == READY);
	if (s->before != NULL)
		s->before->after = s->after;
	else
		list->first = s->after;
	if (s->after != NULL)
		s->after->before = s->before;
	else
		list->last = s->before;
	s->before = s->after = NULL;
	s->state = IDLE;
}

void router_list(struct router *r, struct subscriber *s)
{
	int urgency = queue_urgency(&s->queue);
	struct ready *list = &r->ready[urgency];

	assert(urgency >= 0);
	if (s->state == BUSY || s->state == SLEEPING || s->state == WAITING ||
	    (s->state == READY && s->listed == urgency))
		return;
	if (s->state == READY)
		router_unlist(r, s);
	s->state = READY;
	s->listed = urgency;
	s->before = list->last;
	if (list->last != NULL)
		list->last->after = s;
	else
		list->first = s;
	list->last = s;
	if (r->idle > 0)
		(void)pthread_cond_signal(&r->work);
}

void router_leave(struct subscriber *s)
{
	if (--s->users > 0)
		return;
	queue_done(&s->queue);
	mem_free(s);
}

/* Whose turn is it? The most urgent, but every so often the least urgent that waits. */
static struct subscriber *pick(struct router *r)
{
	int most = ENVELOPE_PRIORITIES - 1, least = 0;
	struct subscriber *s;

	while (most >= 0 && r->ready[most].first == NULL)
		most--;
	if (most < 0)
		return NULL;
	while (r->ready[least].first == NULL)
		least++;
	if (most != least && r->streak++ >= ROUTER_STARVE)
		most = least;
	if (most == least)
		r->streak = 0;
	s = r->ready[most].first;
	router_unlist(r, s);
	return s;
}

/* Those whose time has come are ready again. */
static void wake_sleepers(struct router *r)
{
	int64_t now;

	if (r->next_wake_us == INT64_MAX || (now = clock_mono_us()) < r->next_wake_us)
		return;
	r->next_wake_us = INT64_MAX;
	for (struct subscriber *s = r->subscribers; s != NULL; s = s->next) {
		if (s->state != SLEEPING)
			continue;
		if (s->wake_us <= now) {
			s->state = IDLE;
			if (s->queue.n > 0)
				router_list(r, s);
		} else if (s->wake_us < r->next_wake_us) {
			r->next_wake_us = s->wake_us;
		}
	}
}

static void await_work(struct router *r)
{
	struct timespec until;

	r->idle++;
	if (r->next_wake_us == INT64_MAX) {
		(void)pthread_cond_wait(&r->work, &r->lock);
	} else {
		until.tv_sec = r->next_wake_us / 1000000;
		until.tv_nsec = r->next_wake_us % 1000000 * 1000;
		(void)pthread_cond_timedwait(&r->work, &r->lock, &until);
	}
	r->idle--;
}

static void note_latency(struct batch *b, const struct router_event *e)
{
	int64_t us = clock_mono_us() - e->given_us;
	int bucket = 0;

	for (; us > 1 && bucket < ROUTER_BUCKETS - 1; us >>= 1)
		bucket++;
	b->latency[bucket]++;
}

/* Deliver one. False: it is to be tried again, and what follows it has to wait. */
static bool deliver(struct subscriber *s, struct batch *b, struct queued *one)
{
	const struct router_event *e = &one->event->event;
	struct err err = { 0 };
	enum status st = s->own.deliver(s->own.arg, e, one->attempts + 1, &err);

	b->waits = st == E_WAIT;
	if (b->waits)
		return false;
	one->attempts++;
	b->failed = st != OK;
	if (!b->failed) {
		note_latency(b, e);
		b->delivered++;
		s->failures = 0;
		return true;
	}
	s->failures++;
	if (one->attempts < s->own.attempts) {
		b->retried++;
		return false;
	}
	if (s->own.dead != NULL)
		s->own.dead(s->own.arg, e, one->attempts, err.text);
	b->dead++;
	return true;
}

/*
 * Deliver a batch without the lock. It ends early when the subscriber ended, or after a
 * failure: the next attempt, of this event or another, waits. Returns how many are over.
 */
static size_t deliver_batch(struct router *r, struct subscriber *s, struct batch *b)
{
	bool go_on = true;
	size_t i = 0;

	while (i < b->n && go_on) {
		bool over = deliver(s, b, &b->at[i]);

		i += over;
		go_on = over && !b->failed;
		if (go_on && b->n > 1 && i < b->n) {
			(void)pthread_mutex_lock(&r->lock);
			go_on = !s->ended && !r->ending;
			(void)pthread_mutex_unlock(&r->lock);
		}
	}
	return i;
}

/* Half to all of the wait, by chance, so that those who failed together part. */
static int64_t jitter(struct router *r, int64_t us)
{
	r->chance ^= r->chance << 13;
	r->chance ^= r->chance >> 7;
	r->chance ^= r->chance << 17;
	return us / 2 + (int64_t)(r->chance % (uint64_t)(us / 2 + 1));
}

/* After a failure: how long until the next attempt? An open circuit waits its own time. */
static void put_to_sleep(struct router *r, struct subscriber *s)
{
	int64_t wait_ms = s->own.backoff_ms;

	for (int i = 1; i < s->failures && wait_ms < s->own.backoff_max_ms; i++)
		wait_ms *= 2;
	if (wait_ms > s->own.backoff_max_ms)
		wait_ms = s->own.backoff_max_ms;
	if (s->failures >= s->own.breaker_after) {
		r->stats.open += !s->open;
		s->open = true;
		wait_ms = s->own.breaker_ms;
	}
	s->state = SLEEPING;
	s->wake_us = clock_mono_us() + jitter(r, wait_ms * 1000);
	if (s->wake_us < r->next_wake_us) {
		r->next_wake_us = s->wake_us;
		(void)pthread_cond_signal(&r->work); /* who waits, waits for less now */
	}
}

/* The lock is held again: write down what happened, and what happens next with s. */
static void account(struct router *r, struct subscriber *s, struct batch *b, size_t over)
{
	r->stats.delivered += b->delivered;
	r->stats.retried += b->retried;
	r->stats.dead += b->dead;
	for (int i = 0; i < ROUTER_BUCKETS; i++)
		r->stats.latency[i] += b->latency[i];
	for (size_t i = b->n; i > over; i--) {
		if (s->ended) {
			shared_event_free(b->at[i - 1].event);
			continue;
		}
		queue_put_back(&s->queue, b->at[i - 1]);
		r->stats.depth++;
	}
	for (size_t i = 0; i < over; i++)
		shared_event_free(b->at[i].event);
	s->state = IDLE;
	if (s->ended)
		return;
	if (b->failed)
		put_to_sleep(r, s);
	else if (b->waits && !s->nudged)
		s->state = WAITING;
	if (!b->failed && b->delivered > 0) {
		r->stats.open -= s->open;
		s->open = false;
	}
	if (s->queue.n > 0)
		router_list(r, s);
}

/* One turn of a subscriber. The lock is held, and let go meanwhile. */
static void serve_one(struct router *r, struct subscriber *s)
{
	struct batch b = { .n = 0 };
	size_t over;

	s->state = BUSY;
	s->nudged = false;
	s->thread = pthread_self();
	s->users++;
	r->busy++;
	while (s->queue.n > 0 && b.n < s->own.batch) {
		b.at[b.n++] = queue_take(&s->queue);
		r->stats.depth--;
	}
	(void)pthread_cond_broadcast(&r->room);
	(void)pthread_mutex_unlock(&r->lock);
	over = deliver_batch(r, s, &b);
	(void)pthread_mutex_lock(&r->lock);
	account(r, s, &b, over);
	router_leave(s);
	r->busy--;
	(void)pthread_cond_broadcast(&r->calm);
}

void *router_serve(void *router)
{
	struct router *r = router;
	struct subscriber *s;

	(void)pthread_mutex_lock(&r->lock);
	while (!r->ending) {
		wake_sleepers(r);
		if (r->busy < r->most && (s = pick(r)) != NULL)
			serve_one(r, s);
		else
			await_work(r);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}
