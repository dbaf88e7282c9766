/*
 * findings.h - what the coach found and made an issue of, as rows.
 *
 * Only facts; when an issue is posted or closed is domain/coach's to decide. Changes run
 * inside the caller's write transaction; readers copy into the arena they are given.
 */
#ifndef STORE_FINDINGS_H
#define STORE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"

struct finding_row {
	const char *fingerprint, *code, *severity, *title, *state, *path;
	const char *link;   /* or NULL */
	const char *source; /* run or session */
	int64_t made_ms, seen_ms, clean;
	int64_t seen; /* runs or sessions it was found in; not written */
};

/* One issue; *there is false, and out left alone, when there is none with that fingerprint. */
enum status findings_get(struct db *db, const char *fingerprint, struct arena *a,
                         struct finding_row *out, bool *there, struct err *err);

/* All of a source (NULL: all), by fingerprint. */
enum status findings_list(struct db *db, const char *source, struct arena *a,
                          struct finding_row **out, size_t *n, struct err *err);

/* Insert it, or replace what may change: severity, title, state, link, seen_ms and clean. */
enum status findings_put(struct db *db, const struct finding_row *row, struct err *err);

/* A run or session was looked at; *new is false when it had been before. */
enum status findings_looked(struct db *db, const char *subject, int64_t at_ms, bool *new,
                            struct err *err);

/* It was found there; twice is as once. Both rows must be there. */
enum status findings_seen(struct db *db, const char *fingerprint, const char *subject,
                          struct err *err);

/* Was it found there? */
enum status findings_saw(struct db *db, const char *fingerprint, const char *subject, bool *saw,
                         struct err *err);

/* Which memory holds what was learned from a finding. */
struct lesson_row {
	const char *fingerprint, *memory; /* memory: an id, NULL when there is none */
	const char *source;               /* run or session */
	int64_t clean;
};

/* Of one finding; out->memory is NULL when nothing was learned from it yet. */
enum status findings_lesson(struct db *db, const char *fingerprint, struct arena *a,
                            struct lesson_row *out, struct err *err);

/* All of a source, by fingerprint. */
enum status findings_lessons(struct db *db, const char *source, struct arena *a,
                             struct lesson_row **out, size_t *n, struct err *err);

/* Insert or replace; and take away. */
enum status findings_put_lesson(struct db *db, const struct lesson_row *row, struct err *err);
enum status findings_drop_lesson(struct db *db, const char *fingerprint, struct err *err);

#endif
