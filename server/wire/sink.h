/*
 * sink.h - where what is said to a client goes: stdout (out.h), or the answer to one HTTP request.
 *
 * What is given is JSON-RPC messages, mostly one, each with its newline. Whoever keeps a sink
 * beyond the call it was handed to holds it; it goes when the last one lets go. Any thread.
 */
#ifndef WIRE_SINK_H
#define WIRE_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What a message is to the request that it belongs to. All but the first end it. */
enum sink_part {
	SINK_MORE,      /* a notification, or a question to the client */
	SINK_RESULT,    /* its result */
	SINK_FAILED,    /* an error */
	SINK_REFUSED,   /* an error: no request of the protocol */
	SINK_NO_METHOD, /* an error: there is no such method */
};

struct sink {
	const struct sink_kind *kind;
};

struct sink_kind {
	void (*put)(struct sink *s, const char *line, size_t len, enum sink_part part);
	bool (*send)(struct sink *s, const char *line, size_t len, enum sink_part part,
	             atomic_int *claim);
	void (*offer)(struct sink *s, const char *line, size_t len, const atomic_int *claim);
	bool (*full)(struct sink *s);
	void (*hold)(struct sink *s);
	void (*drop)(struct sink *s);
};

/* Never waits. */
void sink_put(struct sink *s, const char *line, size_t len, enum sink_part part);

/*
 * From a worker: may wait for room, then sends, if *claim can be taken (0 becomes 1, see
 * work/flight.h) in the same instant. False when the claim was gone or nobody listens.
 */
bool sink_send(struct sink *s, const char *line, size_t len, enum sink_part part,
               atomic_int *claim);

/* What may be lost: only when *claim is still free and the client has taken all there was. */
void sink_offer(struct sink *s, const char *line, size_t len, const atomic_int *claim);

bool sink_full(struct sink *s); /* the client does not take what it is sent */

struct sink *sink_hold(struct sink *s); /* gives s */
void sink_drop(struct sink *s);         /* NULL is fine */

#endif
