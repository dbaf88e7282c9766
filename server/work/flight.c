#include "work/flight.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct flight {
	pthread_mutex_t lock; /* guards all below, and the calls' own members */
	struct flight_call **buckets;
	size_t n_buckets; /* a power of two */
	size_t most, count, n_parked;
	struct flight_call *parked;
	uint64_t wakes;
};

/* Whoever runs the call is to end soon. */
static void stop(struct flight_call *c)
{
	atomic_store(&c->call.stop, true);
	bell_ring(&c->call.bell);
}

struct flight *flight_new(size_t most)
{
	struct flight *f = mem_zero(1, sizeof *f);
	size_t n = 16;

	if (f == NULL)
		return NULL;
	while (n < most)
		n *= 2;
	if ((f->buckets = mem_zero(n, sizeof(struct flight_call *))) == NULL) {
		mem_free(f);
		return NULL;
	}
	f->n_buckets = n;
	f->most = most;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void flight_free(struct flight *f)
{
	if (f == NULL)
		return;
	assert(f->count == 0);
	pthread_mutex_destroy(&f->lock);
	mem_free(f->buckets);
	mem_free(f);
}

static struct flight_call **bucket(struct flight *f, uint64_t owner, const char *id, size_t n)
{
	return &f->buckets[(text_hash(id, n) + owner) & (f->n_buckets - 1)];
}

/* The call of that id that a client may still hope for. */
static struct flight_call *find(struct flight *f, uint64_t owner, const char *id, size_t n)
{
	for (struct flight_call *c = *bucket(f, owner, id, n); c != NULL; c = c->next_same)
		if (c->owner == owner && c->id_len == n && memcmp(c->id, id, n) == 0 &&
		    atomic_load(&c->claim) == FLIGHT_FREE)
			return c;
	return NULL;
}

static bool claim(struct flight_call *c, enum flight_claim as)
{
	int free = FLIGHT_FREE;

	return atomic_compare_exchange_strong(&c->claim, &free, (int)as);
}

static void unlink_same(struct flight *f, struct flight_call *c)
{
	struct flight_call **p = bucket(f, c->owner, c->id, c->id_len);

	while (*p != c) {
		assert(*p != NULL);
		p = &(*p)->next_same;
	}
	*p = c->next_same;
	f->count--;
}

static void unpark(struct flight *f, struct flight_call *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		f->parked = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->next = c->prev = NULL;
	c->parked = false;
	f->n_parked--;
}

enum status flight_add(struct flight *f, struct flight_call *c, struct err *err)
{
	enum status st = OK;

	assert(c->id_len > 0);
	pthread_mutex_lock(&f->lock);
	if (f->count >= f->most) {
		st = err_set(err, E_BUSY,
		             "busy: %zu calls are in flight; try again when one is answered",
		             f->count);
	} else if (find(f, c->owner, c->id, c->id_len) != NULL) {
		st = err_set(err, E_INPUT, "a request with this id is still in flight");
	} else {
		struct flight_call **to = bucket(f, c->owner, c->id, c->id_len);

		c->next_same = *to;
		*to = c;
		f->count++;
	}
	pthread_mutex_unlock(&f->lock);
	return st;
}

void flight_remove(struct flight *f, struct flight_call *c)
{
	pthread_mutex_lock(&f->lock);
	assert(!c->parked);
	unlink_same(f, c);
	pthread_mutex_unlock(&f->lock);
}

struct flight_call *flight_cancel(struct flight *f, uint64_t owner, const char *id, size_t id_len)
{
	struct flight_call *c, *back = NULL;

	pthread_mutex_lock(&f->lock);
	c = find(f, owner, id, id_len);
	if (c != NULL && claim(c, FLIGHT_CANCELLED)) {
		stop(c);
		if (c->parked) {
			unpark(f, c);
			unlink_same(f, c);
			back = c;
		}
	}
	pthread_mutex_unlock(&f->lock);
	return back;
}

struct flight_call *flight_cancel_all(struct flight *f, uint64_t owner)
{
	struct flight_call *list = NULL, *next;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_buckets && f->count > 0; i++)
		for (struct flight_call *c = f->buckets[i]; c != NULL; c = next) {
			next = c->next_same;
			if (c->owner != owner || !claim(c, FLIGHT_CANCELLED))
				continue;
			stop(c);
			if (!c->parked)
				continue;
			unpark(f, c);
			unlink_same(f, c);
			c->next = list;
			list = c;
		}
	pthread_mutex_unlock(&f->lock);
	return list;
}

void flight_runs(struct flight *f, struct flight_call *c)
{
	pthread_mutex_lock(&f->lock);
	c->wakes_seen = f->wakes;
	pthread_mutex_unlock(&f->lock);
}

bool flight_park(struct flight *f, struct flight_call *c)
{
	bool park;

	pthread_mutex_lock(&f->lock);
	park = (c->deaf || c->wakes_seen == f->wakes) && !c->resumed &&
	       atomic_load(&c->claim) == FLIGHT_FREE && !atomic_load(&c->call.stop);
	c->resumed = false;
	if (park) {
		c->parked = true;
		c->prev = NULL;
		c->next = f->parked;
		if (f->parked != NULL)
			f->parked->prev = c;
		f->parked = c;
		f->n_parked++;
	}
	pthread_mutex_unlock(&f->lock);
	return park;
}

bool flight_resume(struct flight *f, struct flight_call *c)
{
	bool was;

	pthread_mutex_lock(&f->lock);
	was = c->parked;
	if (was)
		unpark(f, c);
	else
		c->resumed = true;
	pthread_mutex_unlock(&f->lock);
	return was;
}

/* Take the parked calls that are due by now_ms out, as a list; the deaf ones only at the end. */
static struct flight_call *take(struct flight *f, int64_t now_ms, bool end)
{
	struct flight_call *list = NULL, *next;

	for (struct flight_call *c = f->parked; c != NULL; c = next) {
		next = c->next;
		if (!end && (c->deaf || c->call.wait_until_ms > now_ms))
			continue;
		unpark(f, c);
		c->next = list;
		list = c;
	}
	return list;
}

struct flight_call *flight_woken(struct flight *f)
{
	struct flight_call *list;

	pthread_mutex_lock(&f->lock);
	f->wakes++;
	list = take(f, INT64_MAX, false);
	pthread_mutex_unlock(&f->lock);
	return list;
}

struct flight_call *flight_due(struct flight *f, int64_t now_ms)
{
	struct flight_call *list;

	pthread_mutex_lock(&f->lock);
	list = take(f, now_ms, false);
	pthread_mutex_unlock(&f->lock);
	return list;
}

int64_t flight_next_due(struct flight *f)
{
	int64_t first = INT64_MAX;

	pthread_mutex_lock(&f->lock);
	for (const struct flight_call *c = f->parked; c != NULL; c = c->next)
		if (!c->deaf && c->call.wait_until_ms < first)
			first = c->call.wait_until_ms;
	pthread_mutex_unlock(&f->lock);
	return first;
}

struct flight_call *flight_stop(struct flight *f, uint64_t owner, struct text *left)
{
	struct flight_call *list;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_buckets; i++)
		for (struct flight_call *c = f->buckets[i]; c != NULL; c = c->next_same) {
			if (claim(c, FLIGHT_CANCELLED) && left != NULL && c->owner == owner) {
				text_add_n(left, c->id, c->id_len);
				text_add_char(left, '\n');
			}
			stop(c);
		}
	list = take(f, INT64_MAX, true);
	for (struct flight_call *c = list; c != NULL; c = c->next)
		unlink_same(f, c);
	pthread_mutex_unlock(&f->lock);
	return list;
}

size_t flight_count(struct flight *f)
{
	size_t n;

	pthread_mutex_lock(&f->lock);
	n = f->count;
	pthread_mutex_unlock(&f->lock);
	return n;
}

size_t flight_active(struct flight *f)
{
	size_t n;

	pthread_mutex_lock(&f->lock);
	n = f->count - f->n_parked;
	pthread_mutex_unlock(&f->lock);
	return n;
}
