/*
 * questions.h - rows of what agents ask.
 *
 * Changes happen inside the caller's write transaction; rows found are copied into the arena.
 */
#ifndef STORE_QUESTIONS_H
#define STORE_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct question_row {
	const char *id, *kind, *agent, *run, *task, *text, *options,
	    *state;                          /* run, task: or NULL */
	const char *answer, *responder;      /* or NULL */
	int64_t made_ms, until_ms, ended_ms; /* until, ended: 0: none */
};

enum status question_add(struct db *db, const struct question_row *row, struct err *err);

/* E_ABSENT names it. */
enum status question_find(struct db *db, const char *id, struct arena *a, struct question_row *out,
                          struct err *err);

/* End an open one; *ended is false when it was not open any more. */
enum status question_end(struct db *db, const struct question_row *row, bool *ended,
                         struct err *err);

#define QUESTIONS_MAX 1000 /* of a list */

/* The newest: the open ones, or with all also those that have ended. */
enum status question_list(struct db *db, bool all, struct arena *a, struct question_row **rows,
                          size_t *n, struct err *err);

#endif
