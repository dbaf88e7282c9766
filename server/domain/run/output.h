/*
 * output.h - what an agent says, kept in a file: each line with the time it came,
 * and never more than OUTPUT_MAX bytes.
 *
 * The beginning is kept as it comes; of what is too much only the end is kept, in memory,
 * and written when the output is closed. So a log shows how an agent began and how it
 * ended, whatever it poured out between. Bytes that are not UTF-8 become `?`.
 */
#ifndef DOMAIN_RUN_OUTPUT_H
#define DOMAIN_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OUTPUT_MAX      ((size_t)4 << 20)   /* bytes of the head */
#define OUTPUT_TAIL_MAX ((size_t)256 << 10) /* bytes of the end beside it */
#define OUTPUT_LINE_MAX 8192                /* a longer line is broken */

struct output;

/* Begin a log at path. File and folder are made when there is something to write. On OK *out is
 * the caller's. */
enum status output_new(struct output **out, const char *path, struct err *err);

/* More of what the agent says, at this time. Failures to write are kept for output_close. */
void output_add(struct output *o, const char *bytes, size_t n, int64_t wall_ms);

/* A line of our own among it, marked with `gadugi: `. */
__attribute__((format(printf, 3, 4))) void output_note(struct output *o, int64_t wall_ms,
                                                       const char *fmt, ...);

/* Bytes that came from the agent, kept or not. */
uint64_t output_size(const struct output *o);

/* The last whole line or the unfinished one, at most OUTPUT_LINE_MAX bytes; "" before any. */
const char *output_last_line(const struct output *o);

/* Write the rest, close and free it. NULL is fine. E_IO when anything could not be written. */
enum status output_close(struct output *o, struct err *err);

#endif
