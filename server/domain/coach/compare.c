/* compare.c - agents and models on like work. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/trend.h"

#define KINDS_SHOWN 6

/* All that one has done of one kind; a run of the sorted items. */
struct record {
	const struct doing *items;
	size_t n;
	struct share good;
	struct values ms, tokens;
};

static int by_kind_and_who(const void *a, const void *b)
{
	const struct doing *x = a, *y = b;
	int order = strcmp(x->kind, y->kind);

	return order != 0 ? order : strcmp(x->who, y->who);
}

/* The record that begins at items; values go to the places at room. False when the arena is full.
 */
static bool read_record(const struct doing *items, size_t left, struct arena *a, struct record *out)
{
	size_t n = 0;

	while (n < left && by_kind_and_who(&items[0], &items[n]) == 0)
		n++;
	*out = (struct record){ .items = items, .n = n };
	out->ms.at = arena_take(a, (n + 1) * sizeof(double));
	out->tokens.at = arena_take(a, (n + 1) * sizeof(double));
	if (out->ms.at == NULL || out->tokens.at == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		out->good.part += items[i].good.part;
		out->good.whole += items[i].good.whole;
		if (items[i].ms >= 0)
			out->ms.at[out->ms.n++] = items[i].ms;
		if (items[i].tokens >= 0)
			out->tokens.at[out->tokens.n++] = items[i].tokens;
	}
	return true;
}

static void put_record(struct json_build *b, cJSON *list, const struct record *r)
{
	cJSON *to = json_add_object(b, list), *good;

	json_put_text(b, to, "who", r->items[0].who);
	json_put_int(b, to, "n", (int64_t)r->n);
	good = json_put_object(b, to, "good");
	json_put_int(b, good, "n", r->good.part);
	json_put_int(b, good, "of", r->good.whole);
	if (r->ms.n > 0)
		json_put_number(b, to, "middleMs", facts_middle(r->ms.at, r->ms.n));
	if (r->tokens.n > 0)
		json_put_number(b, to, "middleTokens", facts_middle(r->tokens.at, r->tokens.n));
}

/* Is x better than y at all, and by what? First what went well counts, then time, then tokens. */
static const char *better_by(struct record *x, struct record *y, enum verdict *verdict)
{
	enum verdict v = verdict_of_shares(y->good, x->good);

	*verdict = v;
	if (v == VERDICT_MORE || v == VERDICT_LESS)
		return v == VERDICT_MORE ? "good" : NULL;
	v = verdict_of_values(&y->ms, &x->ms);
	*verdict = v > *verdict ? v : *verdict;
	if (v == VERDICT_MORE || v == VERDICT_LESS)
		return v == VERDICT_LESS ? "time" : NULL;
	v = verdict_of_values(&y->tokens, &x->tokens);
	*verdict = v > *verdict ? v : *verdict;
	return v == VERDICT_LESS ? "tokens" : NULL;
}

/* The one who is better than each of the others; else whether no difference or too little is told.
 */
static void put_best(struct json_build *b, cJSON *to, struct record *records, size_t n)
{
	bool enough = true;

	for (size_t i = 0; i < n; i++) {
		const char *by = NULL;
		size_t beaten = 0;

		for (size_t k = 0; k < n; k++) {
			enum verdict v = VERDICT_TOO_LITTLE;
			const char *this_by =
			    k == i ? NULL : better_by(&records[i], &records[k], &v);

			enough = enough && (k == i || v != VERDICT_TOO_LITTLE);
			beaten += this_by != NULL;
			by = this_by != NULL ? this_by : by;
		}
		if (n > 1 && beaten == n - 1) {
			json_put_text(b, to, "best", records[i].items[0].who);
			json_put_text(b, to, "because", by);
			return;
		}
	}
	json_put_text(b, to, "verdict",
	              n < 2     ? "nobody else did such work"
	              : !enough ? "too little data"
	                        : "no difference that can be told");
}

void compare_put(struct json_build *b, cJSON *answer, struct doing *items, size_t n,
                 const char *good, struct arena *a)
{
	struct record *records = arena_take(a, (n + 1) * sizeof *records);
	size_t shown = 0, at = 0;
	cJSON *compare, *list;

	if (records == NULL) {
		b->failed = true;
		return;
	}
	if (n == 0)
		return;
	qsort(items, n, sizeof *items, by_kind_and_who);
	compare = json_put_object(b, answer, "compare");
	json_put_text(b, compare, "good", good);
	list = json_put_array(b, compare, "kinds");
	while (at < n && shown < KINDS_SHOWN) {
		const char *kind = items[at].kind;
		cJSON *of_kind = json_add_object(b, list), *rows;
		size_t count = 0;

		json_put_text(b, of_kind, "kind", kind);
		rows = json_put_array(b, of_kind, "by");
		for (; at < n && strcmp(items[at].kind, kind) == 0; at += records[count++].n) {
			if (!read_record(&items[at], n - at, a, &records[count])) {
				b->failed = true;
				return;
			}
			put_record(b, rows, &records[count]);
		}
		put_best(b, of_kind, records, count);
		shown++;
	}
}

void compare_put_sessions(struct json_build *b, cJSON *answer, const struct coach_report *r)
{
	struct doing *items = arena_take(r->a, (r->n_sessions + 1) * sizeof *items);

	if (items == NULL || r->n_sessions < 2) {
		b->failed = b->failed || items == NULL;
		return;
	}
	for (size_t i = 0; i < r->n_sessions; i++) {
		const struct coach_session *s = &r->sessions[i];
		double tokens = 0;

		for (int k = 0; k < TOKENS_N; k++)
			tokens += (double)s->tokens[k];
		items[i] = (struct doing){
			.kind = s->edits > 0 ? "changed files" : "only looked",
			.who = text_printf(r->a, "%s %s", s->host,
			                   s->model == NULL ? "(no model named)" : s->model),
			.good = { s->calls - s->errors, s->calls },
			.ms = s->turns == 0
			          ? -1
			          : (double)(s->wall_ms - s->waiting_ms) / (double)s->turns,
			.tokens = s->turns == 0 || tokens <= 0 ? -1 : tokens / (double)s->turns,
		};
		if (items[i].who == NULL) {
			b->failed = true;
			return;
		}
	}
	compare_put(b, answer, items, r->n_sessions,
	            "calls that did not fail; time and tokens are for a turn", r->a);
}

void compare_put_tasks(struct json_build *b, cJSON *answer, const struct coach_report *r)
{
	struct doing *items = arena_take(r->a, (r->n_results + 1) * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; items != NULL && i < r->n_results; i++) {
		const struct history_task *t = &r->results[i];

		items[n++] = (struct doing){
			.kind = t->kind == NULL ? "of no kind" : t->kind,
			.who = t->agent,
			.good = { t->succeeded && t->attempts == 1, 1 },
			.ms = t->succeeded ? (double)t->run_ms : -1,
			.tokens = t->tokens == RUNS_NONE ? -1 : (double)t->tokens,
		};
	}
	if (items == NULL)
		b->failed = true;
	else
		compare_put(b, answer, items, n, "tasks that succeeded at the first attempt", r->a);
}
