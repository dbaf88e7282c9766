#include "domain/coach/trend.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/coach/facts.h"

#define DAY_MS       INT64_C(86400000)
#define WEEK_DAYS    INT64_C(7)
#define WINDOWS_MAX  12 /* the newest; older sessions are in the first */
#define ERRORS_APART 2  /* standard errors by which shares must differ */

enum verdict verdict_of_shares(struct share before, struct share after)
{
	double p, difference, variance;

	if (before.whole < TREND_COUNT || after.whole < TREND_COUNT)
		return VERDICT_TOO_LITTLE;
	p = (double)(before.part + after.part) / (double)(before.whole + after.whole);
	difference =
	    (double)after.part / (double)after.whole - (double)before.part / (double)before.whole;
	variance = p * (1 - p) * (1 / (double)before.whole + 1 / (double)after.whole);
	if (difference * difference <= ERRORS_APART * ERRORS_APART * variance)
		return VERDICT_SAME;
	return difference > 0 ? VERDICT_MORE : VERDICT_LESS;
}

enum verdict verdict_of_values(struct values *before, struct values *after)
{
	double was, is;

	if (before->n < TREND_VALUES || after->n < TREND_VALUES)
		return VERDICT_TOO_LITTLE;
	was = facts_middle(before->at, before->n); /* both sort */
	is = facts_middle(after->at, after->n);
	if (is > before->at[before->n - 1 - before->n / 4] && was < after->at[after->n / 4])
		return VERDICT_MORE;
	if (is < before->at[before->n / 4] && was > after->at[after->n - 1 - after->n / 4])
		return VERDICT_LESS;
	return VERDICT_SAME;
}

/* ---- what is measured of sessions ---- */

typedef struct share share_of(const struct coach_session *s);
typedef double value_of(const struct coach_session *s); /* below 0: none */

static struct share errors(const struct coach_session *s)
{
	return (struct share){ s->errors, s->calls };
}

static struct share denials(const struct coach_session *s)
{
	return (struct share){ s->denials, s->calls };
}

static struct share first_passes(const struct coach_session *s)
{
	return (struct share){ s->gate_kinds_first, s->gate_kinds };
}

static struct share interrupts(const struct coach_session *s)
{
	return (struct share){ s->interrupts < s->turns ? s->interrupts : s->turns, s->turns };
}

static struct share full_contexts(const struct coach_session *s)
{
	return (struct share){ s->compactions > 0, 1 };
}

static double tokens_a_turn(const struct coach_session *s)
{
	int64_t sum = 0;

	for (int k = 0; k < TOKENS_N; k++)
		sum += s->tokens[k];
	return s->turns == 0 || sum == 0 ? -1 : (double)sum / (double)s->turns;
}

static double usd_a_turn(const struct coach_session *s)
{
	return s->turns == 0 || s->cost_usd < 0 ? -1 : s->cost_usd / (double)s->turns;
}

static double waiting_share(const struct coach_session *s)
{
	return s->wall_ms == 0 ? -1 : (double)s->waiting_ms / (double)s->wall_ms;
}

static const struct {
	const char *name;
	share_of *share; /* either, */
	value_of *value; /* or */
	bool more_is_better;
} measures[] = {
	{ "failedCalls", errors, NULL, false },
	{ "deniedCalls", denials, NULL, false },
	{ "gatesPassedFirst", first_passes, NULL, true },
	{ "interruptedTurns", interrupts, NULL, false },
	{ "sessionsWithFullContext", full_contexts, NULL, false },
	{ "tokensPerTurn", NULL, tokens_a_turn, false },
	{ "usdPerTurn", NULL, usd_a_turn, false },
	{ "waitingShare", NULL, waiting_share, false },
};

enum { MEASURES = sizeof measures / sizeof *measures };

/* ---- windows ---- */

struct windows {
	const struct coach_session *items; /* by start; those without a time come first */
	size_t n;
	int64_t from, length; /* of the first window */
	size_t count;
	size_t last; /* the first session of the last window that has any */
	double *room[2];
};

static size_t window_of(const struct windows *w, const struct coach_session *s)
{
	size_t i = s->first_ms <= w->from ? 0 : (size_t)((s->first_ms - w->from) / w->length);

	return i < w->count ? i : w->count - 1;
}

/* Weeks when there are two of them, else days; each begins at midnight, UTC. */
static bool cut(struct windows *w)
{
	int64_t first, last;

	while (w->n > 0 && w->items->first_ms == 0) {
		w->items++;
		w->n--;
	}
	if (w->n == 0)
		return false;
	first = w->items[0].first_ms / DAY_MS;
	last = w->items[w->n - 1].first_ms / DAY_MS;
	w->length = DAY_MS * (last - first + 1 >= 2 * WEEK_DAYS ? WEEK_DAYS : 1);
	w->count = (size_t)((last - first) * DAY_MS / w->length) + 1;
	if (w->count > WINDOWS_MAX) {
		first += (int64_t)(w->count - WINDOWS_MAX) * w->length / DAY_MS;
		w->count = WINDOWS_MAX;
	}
	w->from = first * DAY_MS;
	for (w->last = w->n; w->last > 0; w->last--)
		if (window_of(w, &w->items[w->last - 1]) != window_of(w, &w->items[w->n - 1]))
			break;
	return true;
}

static struct share share_over(const struct windows *w, size_t from, size_t to, share_of *of)
{
	struct share sum = { 0 };

	for (size_t i = from; i < to; i++) {
		struct share one = of(&w->items[i]);

		sum.part += one.part;
		sum.whole += one.whole;
	}
	return sum;
}

static struct values values_over(const struct windows *w, size_t from, size_t to, value_of *of,
                                 int side)
{
	struct values v = { w->room[side], 0 };

	for (size_t i = from; i < to; i++)
		if (of(&w->items[i]) >= 0)
			v.at[v.n++] = of(&w->items[i]);
	return v;
}

static void put_verdict(struct json_build *b, cJSON *to, enum verdict v, bool more_is_better,
                        int least)
{
	static const char *const words[] = { "too little data", "same", "better", "worse" };
	bool better = (v == VERDICT_MORE) == more_is_better;

	json_put_text(b, to, "verdict",
	              words[v == VERDICT_TOO_LITTLE || v == VERDICT_SAME ? (int)v
	                    : better                                     ? 2
	                                                                 : 3]);
	if (v == VERDICT_TOO_LITTLE)
		json_put_int(b, to, "needed", least);
}

static void put_share(struct json_build *b, cJSON *to, const char *key, struct share s)
{
	cJSON *o = json_put_object(b, to, key);

	json_put_int(b, o, "n", s.part);
	json_put_int(b, o, "of", s.whole);
}

static void put_values(struct json_build *b, cJSON *to, const char *key, const struct values *v)
{
	cJSON *o = json_put_object(b, to, key);

	if (v->n > 0)
		json_put_number(b, o, "middle", facts_middle(v->at, v->n));
	json_put_int(b, o, "of", (int64_t)v->n);
}

static void put_measure(struct json_build *b, cJSON *list, const struct windows *w, size_t i)
{
	cJSON *to = json_add_object(b, list);

	json_put_text(b, to, "measure", measures[i].name);
	if (measures[i].share != NULL) {
		struct share before = share_over(w, 0, w->last, measures[i].share);
		struct share after = share_over(w, w->last, w->n, measures[i].share);

		put_share(b, to, "before", before);
		put_share(b, to, "last", after);
		put_verdict(b, to, verdict_of_shares(before, after), measures[i].more_is_better,
		            TREND_COUNT);
	} else {
		struct values before = values_over(w, 0, w->last, measures[i].value, 0);
		struct values after = values_over(w, w->last, w->n, measures[i].value, 1);
		enum verdict v = verdict_of_values(&before, &after);

		put_values(b, to, "before", &before);
		put_values(b, to, "last", &after);
		put_verdict(b, to, v, measures[i].more_is_better, TREND_VALUES);
	}
}

static void put_windows(struct json_build *b, cJSON *trends, const struct windows *w)
{
	cJSON *list = json_put_array(b, trends, "windows");
	char iso[CLOCK_TEXT_SIZE];

	for (size_t i = 0, from = 0, to; i < w->count; i++, from = to) {
		cJSON *window;

		for (to = from; to < w->n && window_of(w, &w->items[to]) == i;)
			to++;
		if (to == from)
			continue; /* nothing went on in it */
		window = json_add_object(b, list);
		clock_text(w->from + (int64_t)i * w->length, iso);
		iso[10] = '\0';
		json_put_text(b, window, "from", iso);
		json_put_int(b, window, "sessions", (int64_t)(to - from));
		put_share(b, window, "failedCalls", share_over(w, from, to, errors));
		put_share(b, window, "gatesPassedFirst", share_over(w, from, to, first_passes));
	}
}

void trend_put(struct json_build *b, cJSON *answer, const struct coach_report *r)
{
	struct windows w = { .items = r->sessions, .n = r->n_sessions };
	cJSON *trends, *list;

	if (r->n_sessions < 2 || !cut(&w))
		return;
	w.room[0] = arena_take(r->a, (w.n + 1) * sizeof(double));
	w.room[1] = arena_take(r->a, (w.n + 1) * sizeof(double));
	if (w.room[0] == NULL || w.room[1] == NULL) {
		b->failed = true;
		return;
	}
	trends = json_put_object(b, answer, "trends");
	json_put_int(b, trends, "windowDays", w.length / DAY_MS);
	json_put_text(
	    b, trends, "rule",
	    "the last window against all before it; shares: more than two standard errors "
	    "apart, of at least 20 each; middles: each outside the middle half of the "
	    "other side, of at least 5 sessions each");
	put_windows(b, trends, &w);
	list = json_put_array(b, trends, "measures");
	for (size_t i = 0; i < MEASURES; i++)
		put_measure(b, list, &w, i);
}
