/*
 * out.h - the only writer of stdout.
 *
 * Lines leave whole and in the order in which they were given, whoever gave them.
 * Nothing here waits in the reader: what the pipe does not take at once is kept, and
 * the reader sends it on when poll(2) says so (out_pending, out_flush). A client that
 * stops reading costs at most OUT_KEEP bytes and what one answer of each worker is
 * long: past OUT_KEEP workers wait in out_send and the reader stops reading requests
 * (out_full). Progress is not kept for such a client at all.
 */
#ifndef WIRE_OUT_H
#define WIRE_OUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "wire/sink.h"

#define OUT_KEEP ((size_t)8 << 20) /* bytes kept for a slow client before it is slowed down */

struct out;

/*
 * Take over fd (closed by out_free). kick is an eventfd that is written when a
 * worker leaves bytes behind or the pipe breaks, so that the reader looks.
 */
enum status out_new(struct out **out, int fd, int kick, struct err *err);
void out_free(struct out *o);

/* The same as a sink; lives as long as the output, whoever holds it. */
struct sink *out_sink(struct out *o);

/* From the reader: a line with its newline. Never waits. */
void out_put(struct out *o, const char *line, size_t len);

/*
 * From a worker: wait for room, then send, if *claim can be taken (0 becomes 1, see
 * work/flight.h) in the same instant. False when the claim was gone or the pipe is closed.
 */
bool out_send(struct out *o, const char *line, size_t len, atomic_int *claim);

/* Progress: only when *claim is still free and nothing is waiting to be sent. */
void out_offer(struct out *o, const char *line, size_t len, const atomic_int *claim);

int out_fd(const struct out *o);
bool out_pending(struct out *o); /* something waits for the pipe */
bool out_full(struct out *o);    /* more than OUT_KEEP waits */
bool out_broken(struct out *o);  /* the client is gone */
void out_flush(struct out *o);   /* send what the pipe takes now */

/* No more lines are taken and workers that wait are let go; what is kept can still be flushed. */
void out_close(struct out *o);

#endif
