/* notes.h - what a reader of a run should know, as the JSON array {code, message} of its row. */
#ifndef DOMAIN_RUN_NOTES_H
#define DOMAIN_RUN_NOTES_H

#include "base/arena.h"
#include "base/json.h"
#include "domain/run.h"

/* As JSON text in the arena; NULL when it is full. */
const char *notes_write(const struct run_note *notes, size_t n, struct arena *a);

/* Put the stored text, which may be NULL, into an object as the array `findings`. */
void notes_put(struct json_build *b, cJSON *object, const char *text);

/* The notes of stored text, which may be NULL; in the arena. E_NOMEM. */
enum status notes_read(const char *text, struct arena *a, struct run_note **out, size_t *n);

/* The message of the last note of that code in what notes_put put, or NULL. */
const char *notes_find(const cJSON *list, const char *code);

#endif
