/* find_outliers.c - what shows only among sessions: one that used far more than others like it. */
#include <string.h>

#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/find.h"

typedef double cost_of(const struct coach_session *s); /* below 0: not known */

static double tokens_of(const struct coach_session *s)
{
	int64_t sum = 0;

	for (int k = 0; k < TOKENS_N; k++)
		sum += s->tokens[k];
	return sum == 0 ? -1 : (double)sum;
}

static double usd_of(const struct coach_session *s)
{
	return s->cost_usd;
}

/* Sessions are alike when the same host ran them with the same model. */
static bool is_like(const struct coach_session *a, const struct coach_session *b)
{
	return strcmp(a->host, b->host) == 0 &&
	       strcmp(a->model == NULL ? "" : a->model, b->model == NULL ? "" : b->model) == 0;
}

static struct facts_usual usual(const struct coach_report *r, const struct coach_session *like,
                                cost_of *cost, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_sessions; i++)
		if (is_like(like, &r->sessions[i]) && cost(&r->sessions[i]) >= 0)
			values[n++] = cost(&r->sessions[i]);
	return facts_usual(values, n);
}

static const char *words(struct arena *a, const struct coach_session *s,
                         const struct facts_usual *u, bool money)
{
	if (money)
		return text_printf(a, "it cost %.4f USD; the middle of %zu such sessions is %.4f",
		                   s->cost_usd, u->n, u->middle);
	return text_printf(a, "it used %.0f tokens; the middle of %zu such sessions is %.0f",
	                   tokens_of(s), u->n, u->middle);
}

static void judge(struct coach_report *r, const struct coach_session *s,
                  const struct facts_usual *by_tokens, const struct facts_usual *by_usd)
{
	struct finder f = { .report = r, .session = s->name };
	bool money = !facts_is_unusual(by_tokens, tokens_of(s));
	const struct facts_usual *u = money ? by_usd : by_tokens;
	struct coach_finding *note;

	if (money && !facts_is_unusual(by_usd, usd_of(s)))
		return;
	note = find_note(&f, FIND_COST_OUTLIER, COACH_WARNING,
	                 text_printf(r->a, "session %s", s->name), "%s, %s: %s", s->host,
	                 s->model == NULL ? "no model named" : s->model, words(r->a, s, u, money));
	find_place_file(&f, note, s->path, 1, s->name);
	if (note != NULL && !money)
		note->cost_tokens = (int64_t)(tokens_of(s) - u->middle);
}

void find_outliers(struct coach_report *r)
{
	double *values = arena_take(r->a, (r->n_sessions + 1) * sizeof *values);
	bool *done = arena_take(r->a, (r->n_sessions + 1) * sizeof *done);

	for (size_t i = 0; values != NULL && done != NULL && i < r->n_sessions; i++) {
		struct facts_usual by_tokens, by_usd;

		if (done[i])
			continue;
		by_tokens = usual(r, &r->sessions[i], tokens_of, values);
		by_usd = usual(r, &r->sessions[i], usd_of, values);
		for (size_t k = i; k < r->n_sessions; k++) {
			if (done[k] || !is_like(&r->sessions[i], &r->sessions[k]))
				continue;
			done[k] = true;
			judge(r, &r->sessions[k], &by_tokens, &by_usd);
		}
	}
}
