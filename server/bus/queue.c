#include "bus/queue.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define RING_FIRST (2 * QUEUE_SPARE)

/* Copy s to *to, move *to past it, and return where it stands now. */
static const char *keep(char **to, const char *s)
{
	size_t n = strlen(s) + 1;
	const char *at = memcpy(*to, s, n);

	*to += n;
	return at;
}

struct shared_event *shared_event_new(const struct router_event *e)
{
	size_t texts = strlen(e->id) + strlen(e->topic) + strlen(e->type) + strlen(e->source) + 4;
	struct shared_event *s = mem_take(sizeof *s + texts + e->envelope_size);
	char *to;

	if (s == NULL)
		return NULL;
	to = s->bytes;
	atomic_init(&s->users, 1);
	s->event = *e;
	s->topic_hash = text_hash(e->topic, strlen(e->topic));
	s->event.id = keep(&to, e->id);
	s->event.topic = keep(&to, e->topic);
	s->event.type = keep(&to, e->type);
	s->event.source = keep(&to, e->source);
	if (e->envelope_size > 0)
		memcpy(to, e->envelope, e->envelope_size);
	s->event.envelope = to;
	if (s->event.given_us == 0)
		s->event.given_us = clock_mono_us();
	return s;
}

struct shared_event *shared_event_use(struct shared_event *e)
{
	(void)atomic_fetch_add(&e->users, 1);
	return e;
}

void shared_event_free(struct shared_event *e)
{
	if (e != NULL && atomic_fetch_sub(&e->users, 1) == 1)
		mem_free(e);
}

void queue_done(struct queue *q)
{
	while (q->n > 0)
		shared_event_free(queue_drop(q).event);
	for (int i = 0; i < ENVELOPE_PRIORITIES; i++)
		mem_free(q->rings[i].places);
	*q = (struct queue){ .most = q->most };
}

static bool ring_grow(struct ring *r, size_t size)
{
	struct queued *places = mem_take(size * sizeof *places);

	if (places == NULL)
		return false;
	for (size_t i = 0, from = r->first; i < r->n; i++, from++)
		places[i] = r->places[from < r->size ? from : from - r->size];
	mem_free(r->places);
	*r = (struct ring){ .places = places, .n = r->n, .size = size };
	return true;
}

static bool has_topic(const struct ring *r, const struct shared_event *e)
{
	for (size_t i = 0, at = r->first; i < r->n; i++, at = at + 1 < r->size ? at + 1 : 0) {
		const struct shared_event *other = r->places[at].event;

		if (other->topic_hash == e->topic_hash &&
		    strcmp(other->event.topic, e->event.topic) == 0)
			return true;
	}
	return false;
}

/* The ring where others of its topic wait, else that of its urgency. */
static int ring_of(const struct queue *q, const struct shared_event *e)
{
	int own = (int)e->event.priority;

	/* when all that wait are as urgent as it is, there is nothing to look for */
	if (q->rings[own].n == q->n)
		return own;
	for (int i = 0; i < ENVELOPE_PRIORITIES; i++)
		if (i != own && q->rings[i].n > 0 && has_topic(&q->rings[i], e))
			return i;
	return own;
}

static bool ring_reserve(const struct queue *q, struct ring *r, bool whole)
{
	if (whole && r->size < q->most + QUEUE_SPARE)
		return ring_grow(r, q->most + QUEUE_SPARE);
	if (r->n + QUEUE_SPARE < r->size)
		return true;
	return ring_grow(r, r->size == 0 ? RING_FIRST : r->size * 2);
}

bool queue_reserve(struct queue *q, const struct shared_event *e, bool whole)
{
	/* while a giver waits for room, the ring of the topic may become another one */
	for (int i = 0; whole && i < ENVELOPE_PRIORITIES; i++)
		if (q->rings[i].n > 0 && !ring_reserve(q, &q->rings[i], true))
			return false;
	return ring_reserve(q, &q->rings[e->event.priority], whole) &&
	       ring_reserve(q, &q->rings[ring_of(q, e)], whole);
}

void queue_put(struct queue *q, struct shared_event *e)
{
	struct ring *r = &q->rings[ring_of(q, e)];

	if (r->n + QUEUE_SPARE >= r->size)
		r = &q->rings[e->event.priority]; /* the place that was reserved */
	assert(q->n < q->most && r->n < r->size);
	r->places[(r->first + r->n++) % r->size] = (struct queued){ .event = e };
	q->n++;
}

void queue_put_back(struct queue *q, struct queued one)
{
	struct ring *r = &q->rings[one.ring];

	/* before what came for its topic meanwhile, wherever that waits */
	for (int i = 0; i < ENVELOPE_PRIORITIES; i++)
		if (i != one.ring && q->rings[i].n > 0 && has_topic(&q->rings[i], one.event))
			r = &q->rings[i];
	assert(r->n < r->size);
	r->first = (r->first + r->size - 1) % r->size;
	r->places[r->first] = one;
	r->n++;
	q->n++;
}

static struct queued take_from(struct queue *q, struct ring *r)
{
	struct queued one = r->places[r->first];

	assert(r->n > 0);
	one.ring = (int)(r - q->rings);
	r->first = (r->first + 1) % r->size;
	r->n--;
	q->n--;
	return one;
}

static struct ring *least_urgent(struct queue *q)
{
	struct ring *r = q->rings;

	while (r->n == 0)
		r++;
	return r;
}

int queue_urgency(const struct queue *q)
{
	int p = ENVELOPE_PRIORITIES - 1;

	while (p >= 0 && q->rings[p].n == 0)
		p--;
	return p;
}

struct queued queue_take(struct queue *q)
{
	struct ring *most, *least;

	assert(q->n > 0);
	most = &q->rings[queue_urgency(q)];
	least = least_urgent(q);
	if (most == least || q->streak >= ROUTER_STARVE) {
		q->streak = 0;
		return take_from(q, least);
	}
	q->streak++;
	return take_from(q, most);
}

struct queued queue_drop(struct queue *q)
{
	return take_from(q, least_urgent(q));
}
