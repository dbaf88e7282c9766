#include "wire/http_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"

#define SESSIONS_MAX 256
#define IDLE_MS      3600000 /* a session that did nothing for so long has been forgotten */

static bool random_id(char id[HTTP_SESSION_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[(HTTP_SESSION_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return false;
	for (size_t i = 0; i < sizeof bytes; i++) {
		id[2 * i] = hex[bytes[i] >> 4];
		id[2 * i + 1] = hex[bytes[i] & 15];
	}
	id[HTTP_SESSION_SIZE - 1] = '\0';
	return true;
}

/* Those that nobody uses any more, and one more if there is no room. */
static void make_room(struct http *h)
{
	int64_t now = clock_mono_ms();
	struct http_session *oldest = NULL, *next;

	for (struct http_session *s = h->sessions; s != NULL; s = next) {
		next = s->next;
		if (s->open == 0 && now - s->used_ms > IDLE_MS)
			http_session_end(h, s);
	}
	for (struct http_session *s = h->sessions; s != NULL; s = s->next)
		if (s->open == 0 && (oldest == NULL || s->used_ms <= oldest->used_ms))
			oldest = s;
	if (h->n_sessions >= SESSIONS_MAX && oldest != NULL)
		http_session_end(h, oldest);
}

struct http_session *http_session_new(struct http *h)
{
	struct http_session *s;

	make_room(h);
	if (h->n_sessions >= SESSIONS_MAX || (s = mem_zero(1, sizeof *s)) == NULL)
		return NULL;
	s->used_ms = clock_mono_ms();
	if (!random_id(s->id) || (s->channel = http_stream_new(++h->streams, true)) == NULL ||
	    (s->peer = peer_new(h->mcp, &s->channel->sink)) == NULL) {
		http_session_free(s);
		return NULL;
	}
	return s;
}

void http_session_add(struct http *h, struct http_session *s)
{
	s->next = h->sessions;
	h->sessions = s;
	h->n_sessions++;
}

void http_session_free(struct http_session *s)
{
	if (s == NULL)
		return;
	if (s->channel != NULL) {
		http_stream_end(s->channel);
		sink_drop(&s->channel->sink);
	}
	for (size_t i = 0; i < s->n_away; i++)
		http_stream_drop(s->away[i]);
	peer_drop(s->peer);
	mem_free(s);
}

struct http_session *http_session_find(const struct http *h, const char *id)
{
	struct http_session *found = NULL;

	/* no early end: how long it takes says nothing about the ids there are */
	for (struct http_session *s = h->sessions; s != NULL; s = s->next) {
		size_t n = strlen(id);
		unsigned char differs = n != HTTP_SESSION_SIZE - 1;

		for (size_t i = 0; i < HTTP_SESSION_SIZE - 1; i++)
			differs |= (unsigned char)(s->id[i] ^ (i < n ? id[i] : 0));
		if (differs == 0)
			found = s;
	}
	if (found != NULL)
		found->used_ms = clock_mono_ms();
	return found;
}

void http_session_end(struct http *h, struct http_session *s)
{
	struct http_session **at = &h->sessions;

	while (*at != s) {
		assert(*at != NULL);
		at = &(*at)->next;
	}
	*at = s->next;
	h->n_sessions--;
	for (struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
		if (x->session == s)
			x->session = NULL;
	peer_gone(s->peer);
	http_session_free(s);
}

static void forget_away(struct http_session *s, size_t i)
{
	http_stream_drop(s->away[i]);
	s->n_away--;
	memmove(s->away + i, s->away + i + 1, (s->n_away - i) * sizeof(struct http_stream *));
}

/* The stream of that number: cut off, still shown somewhere, or the channel. */
static struct http_stream *find_stream(struct http *h, struct http_session *s, uint64_t number)
{
	if (s->channel->number == number)
		return s->channel;
	for (size_t i = 0; i < s->n_away; i++)
		if (s->away[i]->number == number)
			return s->away[i];
	for (const struct http_exchange *x = h->exchanges; x != NULL; x = x->next)
		if (x->session == s && x->link.stream != NULL && x->link.stream->number == number)
			return x->link.stream;
	return NULL;
}

struct http_stream *http_session_back(struct http *h, struct http_session *s, const char *last)
{
	unsigned long long number, event;
	struct http_stream *stream;
	char *end = NULL;

	if (*last < '0' || *last > '9')
		return NULL;
	errno = 0;
	number = strtoull(last, &end, 10);
	if (errno != 0 || *end != '-' || end[1] < '0' || end[1] > '9')
		return NULL;
	event = strtoull(end + 1, &end, 10);
	if (errno != 0 || *end != '\0' || (stream = find_stream(h, s, number)) == NULL ||
	    !http_stream_back_to(stream, event))
		return NULL;
	(void)http_stream_hold(stream);
	for (size_t i = 0; i < s->n_away; i++)
		if (s->away[i] == stream) {
			forget_away(s, i);
			break;
		}
	return stream;
}

void http_session_keep(struct http_session *s, struct http_stream *stream)
{
	bool known;

	pthread_mutex_lock(&stream->lock);
	known = stream->form == HTTP_EVENTS && stream->events + stream->primes > 0;
	pthread_mutex_unlock(&stream->lock);
	if (stream == s->channel || !known)
		return; /* the client has no event to come back with */
	if (s->n_away == HTTP_AWAY_STREAMS)
		forget_away(s, 0);
	s->away[s->n_away++] = http_stream_hold(stream);
}
