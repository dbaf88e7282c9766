/*
 * seal.h - text that a client carries for us and must bring back unchanged.
 *
 * A sealed text holds its content, when it ends to be good, and a keyed checksum
 * (SipHash-2-4 of 128 bits) over both and over the request it belongs to. Whoever does
 * not have the key can neither change it nor use it for another request.
 */
#ifndef WIRE_SEAL_H
#define WIRE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#define SEAL_KEY 16 /* bytes */

struct seal {
	unsigned char key[SEAL_KEY];
	struct clock clock; /* a test may fix it */
};

/* A fresh key from the kernel. */
enum status seal_init(struct seal *s, struct err *err);

/* Append content, sealed for the request that `bound` describes, good for for_ms from now. */
void seal_write(const struct seal *s, const char *content, const char *bound, int64_t for_ms,
                struct text *out);

/* The content again, in the arena. E_INPUT: changed, for another request, or too old. */
enum status seal_read(const struct seal *s, const char *sealed, const char *bound, struct arena *a,
                      const char **content, struct err *err);

/* SipHash-2-4-128 (Aumasson and Bernstein 2012): for seal and its test. */
void seal_hash(const unsigned char key[SEAL_KEY], const void *in, size_t n, unsigned char out[16]);

#endif
