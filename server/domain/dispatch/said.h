/*
 * said.h - what an agent of a dispatcher says, start after start: STATE/agents/NAME.log, each line
 * with the time it came. When the file has SAID_MAX bytes it becomes NAME.log.1, in place of the
 * one before, so that the newest is always kept. What cannot be written is lost: an agent's work
 * counts more than its words. Several processes of an agent may say something at once: used under
 * the caller's lock, or each with one of its own; lines stay whole.
 */
#ifndef DOMAIN_DISPATCH_SAID_H
#define DOMAIN_DISPATCH_SAID_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "domain/project.h"

#define SAID_MAX      ((size_t)1 << 20) /* bytes of one of the two files */
#define SAID_SHOWN    ((size_t)3000)
#define SAID_LINE_MAX ((size_t)4096) /* a longer line is broken */

struct said;

/* Where an agent's words are kept; NULL when the arena is full. */
const char *said_path(const struct project *p, const char *agent, struct arena *a);

/* NULL when there is no memory: then nothing is kept, and that is fine everywhere below. */
struct said *said_new(const char *path);
void said_free(struct said *s);

void said_add(struct said *s, const char *bytes, size_t n, int64_t wall_ms);

/* A line of our own, marked with `gadugi: `; what came before it becomes a line of its own. */
__attribute__((format(printf, 3, 4))) void said_note(struct said *s, int64_t wall_ms,
                                                     const char *fmt, ...);

/* The last line that had something in it; "" when there was none. */
const char *said_last(const struct said *s);

/* The last lines of what was kept, at most max bytes; "" when there is nothing. NULL: arena full.
 */
const char *said_tail(const char *path, size_t max, struct arena *a);

/* The last of an agent's words as `said`, and where all of them are as `log`, if there are any. */
void said_put_json(struct json_build *b, cJSON *o, const struct project *p, const char *agent);

#endif
