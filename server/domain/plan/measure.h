/*
 * measure.h - quantities in words: durations, ratios, levels. A day is 8 working hours, a
 * week 5 days, a month 20. Words are matched as words: `4 handlers` is no duration.
 */
#ifndef DOMAIN_PLAN_MEASURE_H
#define DOMAIN_PLAN_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/plan.h"

#define MEASURE_HOUR  60L
#define MEASURE_DAY   480L
#define MEASURE_WEEK  2400L
#define MEASURE_MONTH 9600L
#define MEASURE_MAX   (MEASURE_MONTH * 1200) /* a hundred years: more is no duration */

struct measure_span {
	long minutes;   /* the middle of a range, rounded */
	long low, high; /* 0 when no range was stated */
	size_t at, end; /* where in the text it stands */
};

/*
 * The first duration in s[0..n): `4h`, `1.5 hours`, `1h 30m`, `2-3 days`, `half a day`, `~32
 * hours`. A plain number counts when unit_min (minutes of the unit a heading named) is not 0.
 */
bool measure_duration(const char *s, size_t n, long unit_min, struct measure_span *out);

/* Minutes of the unit that a heading such as `Effort (hours)` or `Days` names, or 0. */
long measure_unit(const char *heading);

/* The first ratio in s[0..n) such as `3-5x`, `2.5x`, `3 x`; low and high are equal without a range.
 */
bool measure_ratio(const char *s, size_t n, double *low, double *high, size_t *end);

/* `Low`, `very high`, `Complex`, ... as a total out of 30 (3 to 25), or 0. */
int measure_level(const char *s, size_t n);

/* The risk a word names; false when it names none. */
bool measure_risk(const char *s, size_t n, enum plan_risk *risk);

/* The risk that goes with a total of complexity. */
enum plan_risk measure_risk_of(int complexity);

/* `t-shirt sizes`, XS to XXL, as minutes, or 0. */
long measure_size(const char *s, size_t n);

#endif
