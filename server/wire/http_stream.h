/*
 * http_stream.h - what is said to one HTTP request: a sink (sink.h) that becomes one JSON answer,
 * or a stream of server-sent events when there is more to say than that.
 *
 * A stream outlives the connection that it is sent on: one that is `kept` belongs to a session of
 * an older revision, numbers its events, and goes on when the client comes back and says which
 * event it saw last. Whoever writes holds it as a sink; when nobody does any more it is over.
 * Writing is for any thread; the http_link functions are the reader's. The lock may be taken
 * while the locks of flight and listen are held.
 */
#ifndef WIRE_HTTP_STREAM_H
#define WIRE_HTTP_STREAM_H

#include <pthread.h>
#include <stdint.h>

#include "base/text.h"
#include "wire/http_lib.h"
#include "wire/sink.h"

#define HTTP_UNSENT_MAX ((size_t)64 << 10)  /* more is not offered to a slow client */
#define HTTP_KEPT_MAX   ((size_t)256 << 10) /* sent bytes that a stream keeps for coming back */
#define HTTP_AWAY_MAX   ((size_t)1 << 20)   /* bytes said to a client that is not there */
#define HTTP_ID_SIZE    44                  /* `STREAM-EVENT` in figures and a NUL */

enum http_form {
	HTTP_UNDECIDED, /* nothing was said yet */
	HTTP_WHOLE,     /* one message: the bytes are the body */
	HTTP_EVENTS,    /* a stream of events */
};

struct http_link;

struct http_stream {
	struct sink sink; /* first: the stream is the sink */
	atomic_int held;  /* by links, lists and writers */
	uint64_t number;
	bool kept;   /* constant */
	bool primes; /* its first event is an id without data; set before it opens */

	pthread_mutex_t lock; /* guards all below */
	size_t writers;
	enum http_form form;
	enum sink_part part;    /* of a whole answer */
	bool ended, cut;        /* no more comes; it was ended with events left unsaid */
	struct text bytes;      /* what was said, from `base` on */
	uint64_t base;          /* bytes before these that are no longer kept */
	uint64_t sent;          /* how far it has been given to a client; at least base */
	uint64_t events;        /* how many there were */
	struct http_link *link; /* who sends it now; NULL: nobody */
};

/* The sending end: one HTTP request that shows a stream. */
struct http_link {
	const struct mhd *mhd;
	int kick; /* an eventfd: the library does not always say itself that it has been resumed */
	struct MHD_Connection *connection;
	struct http_stream *stream; /* held */

	/* under the stream's lock */
	bool suspended; /* the library waits for http_stream to resume it */
	bool gone;      /* the client has closed the connection */
};

/* A new stream with one hold of the caller's, and one writer: the same. NULL without memory. */
struct http_stream *http_stream_new(uint64_t number, bool kept);
/* Let a hold go that is not a writer's; NULL is fine. */
struct http_stream *http_stream_hold(struct http_stream *s);
void http_stream_drop(struct http_stream *s);

/* The caller does not write any more. */
void http_stream_leave(struct http_stream *s);
/* No more is said, whoever still tries to. */
void http_stream_end(struct http_stream *s);
/* From now on events, even before the first one: a comment, or the id to come back with. */
void http_stream_open(struct http_stream *s);
/* A sign of life, if nothing else waits to be sent. */
void http_stream_beat(struct http_stream *s);

/* Send again what came after the event of that number. False: it is not known any more. */
bool http_stream_back_to(struct http_stream *s, uint64_t event);

/* Send here what has not been sent; another link that had the stream ends. */
void http_link_take(struct http_link *l, struct http_stream *s);

/*
 * Is there something to answer with? If not the connection is suspended until there is. The form,
 * when there is.
 */
enum http_form http_link_ready(struct http_link *l);
/* The client is not there any more. */
void http_link_gone(struct http_link *l);
/* The request is over. False: something was, or will be, said that its client has not got. */
bool http_link_done(struct http_link *l);
/* For the library: more of the events. */
ssize_t http_link_read(void *link, uint64_t pos, char *buf, size_t most);

#endif
