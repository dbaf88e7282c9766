/*
 * opencode.h - the database of opencode, read and never written.
 *
 * It is somebody else's: tables session, message and part, of which the last two hold JSON.
 * Opened read-only, so that nothing of it changes; what was not checkpointed yet is seen. One
 * thread at a time.
 */
#ifndef STORE_OPENCODE_H
#define STORE_OPENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct opencode;

/* path must outlive it. E_ABSENT when the file is not there; that it is no such database shows
 * when it is read: E_INPUT. */
enum status opencode_open(struct opencode **out, const char *path, struct err *err);
void opencode_free(struct opencode *o);

struct opencode_session {
	const char *id, *folder;
	const char *parent;  /* the session whose subagent this is, or NULL */
	const char *version; /* or NULL */
	int64_t changed_ms;
};

/* All sessions, the oldest first, in the arena. */
enum status opencode_sessions(struct opencode *o, struct arena *a, struct opencode_session **out,
                              size_t *n, struct err *err);

struct opencode_row {
	const char *part; /* NULL: the row is a message; its parts follow it */
	const char *id;
	const char *data; /* JSON, size bytes */
	size_t size;
	int64_t row; /* SQLite's number of it, by which a person finds it */
	int64_t made_ms;
};

/* Is told each row, good until it returns. Anything but OK ends the reading with that. */
typedef enum status opencode_each(void *arg, const struct opencode_row *row);

/* The messages of a session in their order, each with its parts behind it. */
enum status opencode_read(struct opencode *o, const char *session, opencode_each *each, void *arg,
                          struct err *err);

#endif
