#include "wire/http_stream.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "work/flight.h"

#define BYTES_MAX ((size_t)80 << 20) /* of one stream; an answer is below TEXT_LIMIT */

/* Let the library look at the connection again. The caller holds the lock. */
static void resume(struct http_link *l)
{
	const uint64_t one = 1;

	if (!l->suspended)
		return;
	l->suspended = false;
	l->mhd->resume_connection(l->connection);
	if (write(l->kick, &one, sizeof one) < 0)
		return; /* it is readable already */
}

static void wake(const struct http_stream *s)
{
	if (s->link != NULL)
		resume(s->link);
}

static uint64_t end_of(const struct http_stream *s)
{
	return s->base + s->bytes.len;
}

/* Give back what was sent: all of it, or all but what a client may come back for. */
static void forget(struct http_stream *s)
{
	size_t n = (size_t)(s->sent - s->base);
	const char *cut;

	if (n == 0 || s->form != HTTP_EVENTS || (s->kept && n <= HTTP_KEPT_MAX))
		return;
	if (s->kept) { /* the older half, up to the end of an event */
		cut = memmem(s->bytes.bytes + n / 2, n - n / 2, "\n\n", 2);
		n = cut == NULL ? 0 : (size_t)(cut - s->bytes.bytes) + 2;
	}
	s->base += n;
	s->bytes.len -= n;
	memmove(s->bytes.bytes, s->bytes.bytes + n, s->bytes.len + 1);
}

/* One message as an event. */
static void event(struct http_stream *s, const char *line, size_t len)
{
	s->events++;
	if (s->kept)
		text_addf(&s->bytes, "id: %" PRIu64 "-%" PRIu64 "\n", s->number, s->events);
	text_add(&s->bytes, "event: message\ndata: ");
	text_add_n(&s->bytes, line, len);
	text_add(&s->bytes, "\n\n");
}

static void open_events(struct http_stream *s)
{
	if (s->form != HTTP_UNDECIDED)
		return;
	s->form = HTTP_EVENTS;
	/* something to come back with, before anything is lost */
	if (s->primes)
		text_addf(&s->bytes, "id: %" PRIu64 "-0\ndata: \n\n", s->number);
}

static size_t unsent(const struct http_stream *s)
{
	return (size_t)(end_of(s) - s->sent);
}

/* The caller holds the lock. What does not fit ends the stream. */
static void say(struct http_stream *s, const char *lines, size_t len, enum sink_part part)
{
	if (s->ended)
		return;
	if (part != SINK_MORE && s->form == HTTP_UNDECIDED) {
		s->form = HTTP_WHOLE;
		s->part = part;
		text_add_n(&s->bytes, lines, len - 1);
	} else {
		open_events(s);
		forget(s);
		if (s->kept && s->link == NULL && s->bytes.len + len > HTTP_AWAY_MAX) {
			s->cut = s->ended = true; /* too much for a client that may not come back */
			return;
		}
		for (const char *end; len > 0; len -= (size_t)(end + 1 - lines), lines = end + 1) {
			end = memchr(lines, '\n', len);
			event(s, lines, (size_t)(end - lines));
		}
	}
	s->cut = s->cut || s->bytes.failed;
	s->ended = part != SINK_MORE || s->cut;
	wake(s);
}

/* --- as a sink ------------------------------------------------------------------------------- */

static void stream_put(struct sink *sink, const char *line, size_t len, enum sink_part part)
{
	struct http_stream *s = (struct http_stream *)sink;

	pthread_mutex_lock(&s->lock);
	say(s, line, len, part);
	pthread_mutex_unlock(&s->lock);
}

static bool stream_send(struct sink *sink, const char *line, size_t len, enum sink_part part,
                        atomic_int *claim)
{
	struct http_stream *s = (struct http_stream *)sink;
	int free = FLIGHT_FREE;
	bool sent;

	pthread_mutex_lock(&s->lock);
	sent = !s->ended && atomic_compare_exchange_strong(claim, &free, FLIGHT_ANSWERED);
	if (sent)
		say(s, line, len, part);
	pthread_mutex_unlock(&s->lock);
	return sent;
}

static void stream_offer(struct sink *sink, const char *line, size_t len, const atomic_int *claim)
{
	struct http_stream *s = (struct http_stream *)sink;

	pthread_mutex_lock(&s->lock);
	if (unsent(s) < HTTP_UNSENT_MAX && atomic_load(claim) == FLIGHT_FREE)
		say(s, line, len, SINK_MORE);
	pthread_mutex_unlock(&s->lock);
}

static bool stream_full(struct sink *sink)
{
	struct http_stream *s = (struct http_stream *)sink;
	bool full;

	pthread_mutex_lock(&s->lock);
	full = s->ended || unsent(s) >= HTTP_UNSENT_MAX;
	pthread_mutex_unlock(&s->lock);
	return full;
}

static void stream_hold(struct sink *sink)
{
	struct http_stream *s = http_stream_hold((struct http_stream *)sink);

	pthread_mutex_lock(&s->lock);
	s->writers++;
	pthread_mutex_unlock(&s->lock);
}

static void stream_drop(struct sink *sink)
{
	struct http_stream *s = (struct http_stream *)sink;

	http_stream_leave(s);
	http_stream_drop(s);
}

static const struct sink_kind stream_kind = {
	.put = stream_put,
	.send = stream_send,
	.offer = stream_offer,
	.full = stream_full,
	.hold = stream_hold,
	.drop = stream_drop,
};

/* --- its life -------------------------------------------------------------------------------- */

struct http_stream *http_stream_new(uint64_t number, bool kept)
{
	struct http_stream *s = mem_zero(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->sink.kind = &stream_kind;
	atomic_init(&s->held, 1);
	s->number = number;
	s->kept = kept;
	s->writers = 1;
	text_init(&s->bytes, BYTES_MAX);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

struct http_stream *http_stream_hold(struct http_stream *s)
{
	atomic_fetch_add(&s->held, 1);
	return s;
}

void http_stream_drop(struct http_stream *s)
{
	if (s == NULL || atomic_fetch_sub(&s->held, 1) != 1)
		return;
	assert(s->link == NULL);
	text_done(&s->bytes);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* The caller holds the lock. */
static void end(struct http_stream *s)
{
	if (s->ended)
		return;
	s->ended = true;
	s->cut = s->form != HTTP_EVENTS;
	open_events(s);
	wake(s);
}

void http_stream_leave(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	assert(s->writers > 0);
	if (--s->writers == 0)
		end(s);
	pthread_mutex_unlock(&s->lock);
}

void http_stream_end(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	end(s);
	pthread_mutex_unlock(&s->lock);
}

void http_stream_open(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->ended) {
		open_events(s);
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
}

void http_stream_beat(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->ended && s->link != NULL && unsent(s) == 0) {
		open_events(s);
		text_add(&s->bytes, ":\n\n");
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
}

bool http_stream_back_to(struct http_stream *s, uint64_t number)
{
	char id[HTTP_ID_SIZE + 8];
	const char *found, *over;
	int n = snprintf(id, sizeof id, "id: %" PRIu64 "-%" PRIu64 "\n", s->number, number);
	bool known = false;

	assert(n > 0 && (size_t)n < sizeof id);
	pthread_mutex_lock(&s->lock);
	/* data holds no newline, so only an id is at the start of a line */
	for (size_t from = 0; !known && from < s->bytes.len;
	     from = (size_t)(over - s->bytes.bytes) + 2) {
		found = s->bytes.bytes + from;
		over = memmem(found, s->bytes.len - from, "\n\n", 2);
		if (over == NULL)
			break;
		known = (size_t)(over - found) >= (size_t)n && memcmp(found, id, (size_t)n) == 0;
		if (known)
			s->sent = s->base + (size_t)(over + 2 - s->bytes.bytes);
	}
	pthread_mutex_unlock(&s->lock);
	return known;
}

/* --- the sending end ------------------------------------------------------------------------- */

void http_link_take(struct http_link *l, struct http_stream *s)
{
	l->stream = http_stream_hold(s);
	pthread_mutex_lock(&s->lock);
	wake(s); /* another one has it no more, and ends */
	s->link = l;
	pthread_mutex_unlock(&s->lock);
}

/* Sleep until something is said. The caller holds the lock, and is called by the library. */
static void sleep_on(struct http_link *l)
{
	l->suspended = true;
	l->mhd->suspend_connection(l->connection);
}

enum http_form http_link_ready(struct http_link *l)
{
	struct http_stream *s = l->stream;
	enum http_form form;

	pthread_mutex_lock(&s->lock);
	form = s->form;
	if (form == HTTP_UNDECIDED && !l->gone)
		sleep_on(l);
	pthread_mutex_unlock(&s->lock);
	return form;
}

void http_link_gone(struct http_link *l)
{
	pthread_mutex_lock(&l->stream->lock);
	l->gone = true;
	resume(l);
	pthread_mutex_unlock(&l->stream->lock);
}

bool http_link_done(struct http_link *l)
{
	struct http_stream *s = l->stream;
	bool all = true;

	if (s == NULL)
		return true;
	pthread_mutex_lock(&s->lock);
	if (s->link == l) {
		all = s->ended && (s->form == HTTP_WHOLE || unsent(s) == 0);
		s->link = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	http_stream_drop(s);
	l->stream = NULL;
	return all;
}

ssize_t http_link_read(void *link, uint64_t pos, char *buf, size_t most)
{
	struct http_link *l = link;
	struct http_stream *s = l->stream;
	ssize_t got;

	(void)pos;
	pthread_mutex_lock(&s->lock);
	if (s->link != l || l->gone) {
		got =
		    l->gone ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	} else if (unsent(s) > 0) {
		size_t n = unsent(s) < most ? unsent(s) : most;

		memcpy(buf, s->bytes.bytes + (size_t)(s->sent - s->base), n);
		s->sent += n;
		got = (ssize_t)n;
	} else if (s->ended) {
		got = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		sleep_on(l);
		got = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return got;
}
