/*
 * trend.h - is it better than before, and who does such work better?
 *
 * One rule for shares: of both sides at least TREND_COUNT were counted, and the difference is
 * larger than two standard errors of it. One rule for middles: both sides have at least
 * TREND_VALUES values, and each middle lies outside the middle half of the other side. What
 * fulfils neither is `same`; what is too little for the rule says so.
 */
#ifndef DOMAIN_COACH_TREND_H
#define DOMAIN_COACH_TREND_H

#include "domain/coach.h"

#define TREND_COUNT  20 /* of whatever a share is of */
#define TREND_VALUES 5

enum verdict { VERDICT_TOO_LITTLE, VERDICT_SAME, VERDICT_MORE, VERDICT_LESS };

/* part of whole, twice; MORE: the second share is larger. */
struct share {
	int64_t part, whole;
};
enum verdict verdict_of_shares(struct share before, struct share after);

/* n values, sorted by this function; MORE: the second middle is larger. */
struct values {
	double *at;
	size_t n;
};
enum verdict verdict_of_values(struct values *before, struct values *after);

/* The report's sessions by windows, and the last window against all before it: `trends`. */
void trend_put(struct json_build *b, cJSON *answer, const struct coach_report *r);

/* One thing done by somebody, for comparing: a task by an agent, a session by a model. */
struct doing {
	const char *kind, *who;
	struct share good;
	double ms, tokens; /* below 0: not known */
};

/*
 * Who does each kind how well: `compare`. good and nothing are the words for what went well. For a
 * kind that several have done the best is told, or that no difference can be told. items are
 * sorted.
 */
void compare_put(struct json_build *b, cJSON *answer, struct doing *items, size_t n,
                 const char *good, struct arena *a);

/* The sessions of the report, or the tasks of all finished runs, as such. */
void compare_put_sessions(struct json_build *b, cJSON *answer, const struct coach_report *r);
void compare_put_tasks(struct json_build *b, cJSON *answer, const struct coach_report *r);

#endif
