/*
 * read.h - the files of a source, read into a session.
 *
 * Lines are read one by one with memory for the longest; only older chats of Gemini CLI are held
 * whole. What is not understood is counted in the session; only what cannot be read at all fails.
 */
#ifndef DOMAIN_COACH_READ_H
#define DOMAIN_COACH_READ_H

#include <stdatomic.h>

#include "domain/coach/session.h"
#include "domain/coach/sources.h"

/* stop may be NULL; E_STOP soon after it is set. The session is not closed. */
enum status read_source(struct session *s, const struct source *source, const atomic_bool *stop,
                        struct err *err);

/* Where the reading of a file of lines stands. */
struct read_place {
	int64_t offset; /* the next line begins there */
	uint32_t line;  /* lines before it */
	int64_t ms;     /* the last time that was told; SESSION_NO_TIME: none yet */
};

/*
 * Go on with the one file of a source, from *place on; a last line without an end is left for the
 * next time. The file is added to the session when it has none yet.
 */
enum status read_on(struct session *s, const struct source *source, struct read_place *place,
                    const atomic_bool *stop, struct err *err);

#endif
