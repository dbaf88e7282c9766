/*
 * keep.h - a session put by as bytes, and taken up again where it stood.
 *
 * For a session of one file that goes on being written: what was read need not be read again. The
 * bytes are for the program that made them on the same machine; others, or broken ones, are
 * refused, and then the file is read from its beginning.
 */
#ifndef DOMAIN_COACH_KEEP_H
#define DOMAIN_COACH_KEEP_H

#include "base/text.h"
#include "domain/coach/session.h"

/* Add the session to t. seed: of all that its reading rested on besides the file, as the gates. */
void session_save(const struct session *s, uint64_t seed, struct text *t);

/*
 * Fill a session that was just begun. False, and s is to be begun anew, when the bytes are not what
 * session_save made with the same seed, or the arena is full.
 */
bool session_load(struct session *s, uint64_t seed, const void *bytes, size_t n);

#endif
