/*
 * metrics.h - how often each thing was done, how it ended and how long it took.
 *
 * Counters only grow. Counting takes no lock and is for any thread; what is printed while others
 * count may be one call behind in one place and not yet in another. Text is Prometheus' format.
 */
#ifndef WORK_METRICS_H
#define WORK_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum metrics_end {
	METRICS_OK,
	METRICS_FAILED,    /* done, and what it was asked for failed */
	METRICS_REFUSED,   /* not done: the request was wrong */
	METRICS_CANCELLED, /* nobody wanted it any more */
	METRICS_ENDS,
};

struct metrics;

/* Counters for n things; their names are not copied. NULL without memory. */
struct metrics *metrics_new(const char *const *names, size_t n);
void metrics_free(struct metrics *m);

void metrics_count(struct metrics *m, size_t thing, enum metrics_end end, int64_t us);

/* PREFIX_total{tool="...",outcome="..."} and the histogram PREFIX_seconds{tool="..."}. */
void metrics_print(const struct metrics *m, const char *prefix, struct text *t);

/* One figure with its HELP and TYPE (`counter` or `gauge`). */
void metrics_one(struct text *t, const char *name, const char *type, const char *about,
                 double value);
/* The HELP and TYPE of a figure that has labels; its samples come after it. */
void metrics_head(struct text *t, const char *name, const char *type, const char *about);
/* A label's value with its quotes, as the format wants it. */
void metrics_quote(struct text *t, const char *value);

#endif
