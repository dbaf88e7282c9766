/* find_run.c - what cost time in a run: the chain, estimates, retries, idle workers, conflicts. */
#include <string.h>

#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/find.h"
#include "store/history.h"

#define SLIP_TIMES     1.5 /* a task that took so many times what was expected ... */
#define SLIP_SHARE     5   /* ... and so many percent of the run longer */
#define HOUR_S         3600
#define MISS_HIGH      2.0
#define MISS_LOW       0.5
#define IDLE_READY     10 /* percent of all places, while tasks were ready */
#define IDLE_NARROW    50 /* percent of all places, while none was */
#define WASTE_SHARE    10 /* percent of all run time in attempts that came to nothing */
#define PARALLEL_SHARE 0.5
#define PARALLEL_LEAST 4 /* tasks */
#define COST_LEAST     5 /* tasks of a kind from which on one may be unusual */
#define COST_SPREADS   3

static int64_t percent(int64_t part, int64_t whole)
{
	return whole > 0 ? part * 100 / whole : 0;
}

/* What a task is about, the same in every run: its title. */
static const char *title(const struct fact_task *t)
{
	return t->row->title;
}

/* ---- the task of the chain that delayed the rest ---- */

static void slip(struct finder *f, const struct facts *x)
{
	const struct fact_task *worst = NULL;
	int64_t most = 0;
	struct coach_finding *note;

	for (size_t i = 0; i < x->n_chain; i++) {
		const struct fact_task *t = &x->tasks[x->chain[i]];
		int64_t late = t->place_ms - t->expected_ms;

		if (t->expected_ms > 0 && late > most) {
			most = late;
			worst = t;
		}
	}
	if (worst == NULL || (double)worst->place_ms < SLIP_TIMES * (double)worst->expected_ms ||
	    percent(most, x->wall_ms) < SLIP_SHARE)
		return;
	note =
	    find_note(f, FIND_CRITICAL_PATH_SLIP, COACH_WARNING, title(worst),
	              "'%s' delayed the run: it took %.2f s where %.2f s were to be expected (an "
	              "estimated hour took %.3g s, the middle of %zu tasks), and the run could "
	              "not end before it",
	              worst->row->id, (double)worst->place_ms / 1000,
	              (double)worst->expected_ms / 1000, x->factor * HOUR_S, x->n_factor);
	find_place_task(f, note, worst->row->id, title(worst));
	if (note != NULL)
		note->cost_ms = most;
}

/* ---- estimates ---- */

static void misses(struct finder *f, const struct facts *x)
{
	for (size_t i = 0; x->factor > 0 && i < x->n_tasks; i++) {
		const struct fact_task *t = &x->tasks[i];
		double times = t->expected_ms == 0 ? 1 : (double)t->run_ms / (double)t->expected_ms;
		int64_t off = t->run_ms > t->expected_ms ? t->run_ms - t->expected_ms
		                                         : t->expected_ms - t->run_ms;
		struct coach_finding *note;

		if (!t->succeeded || !t->estimated || t->run_ms == 0 ||
		    (times <= MISS_HIGH && times >= MISS_LOW) ||
		    percent(off, x->wall_ms) < SLIP_SHARE)
			continue;
		note = find_note(f, FIND_ESTIMATE_MISS, COACH_INFO, title(t),
		                 "'%s' took %.1f times what its estimate of %lld min says (an "
		                 "estimated hour took %.3g s, the middle of %zu tasks)",
		                 t->row->id, times, (long long)t->row->estimate_min,
		                 x->factor * HOUR_S, x->n_factor);
		find_place_task(f, note, t->row->id, title(t));
		if (note != NULL)
			note->cost_ms = t->run_ms > t->expected_ms ? off : -1;
	}
}

/* ---- workers without work ---- */

static void idle(struct finder *f, const struct facts *x)
{
	int64_t places = x->wall_ms * x->run->jobs;
	struct coach_finding *note;

	if (places <= 0 || x->n_tasks < 2 || x->run->jobs < 2)
		return;
	if (percent(x->idle_ready_ms, places) >= IDLE_READY) {
		note = find_note(f, FIND_IDLE_WORKERS, COACH_WARNING, "ready",
		                 "%lld %% of the time of %lld workers went by although tasks were "
		                 "ready to start",
		                 (long long)percent(x->idle_ready_ms, places),
		                 (long long)x->run->jobs);
		if (note != NULL)
			note->cost_ms = x->idle_ready_ms;
	}
	if (percent(x->idle_narrow_ms, places) >= IDLE_NARROW) {
		note =
		    find_note(f, FIND_IDLE_WORKERS, COACH_INFO, "narrow",
		              "%lld %% of the time of %lld workers went by with no task ready: the "
		              "graph has at most %zu tasks side by side",
		              (long long)percent(x->idle_narrow_ms, places),
		              (long long)x->run->jobs, x->width);
		if (note != NULL)
			note->cost_ms = x->idle_narrow_ms;
	}
}

static void false_parallel(struct finder *f, const struct facts *x)
{
	double could =
	    (double)(x->run->jobs < (int64_t)x->width ? x->run->jobs : (int64_t)x->width);
	double ceiling = x->path_ms > 0 ? (double)x->work_ms / (double)x->path_ms : could;
	double was = x->wall_ms > 0 ? (double)x->busy_ms / (double)x->wall_ms : 0;

	could = ceiling < could ? ceiling : could;
	if (x->n_succeeded < PARALLEL_LEAST || was >= PARALLEL_SHARE * could)
		return;
	(void)find_note(f, FIND_FALSE_PARALLEL, COACH_WARNING, "run",
	                "%.2f agents were at work on average where %.2f could have been (%lld "
	                "workers, %zu tasks side by side, ceiling of the graph %.2f)",
	                was, could, (long long)x->run->jobs, x->width, ceiling);
}

/* ---- attempts that came to nothing ---- */

static bool says(const struct attempt_row *x, const char *words)
{
	return x->cause != NULL && strstr(x->cause, words) != NULL;
}

static const char *reason(const struct attempt_row *x)
{
	if (strcmp(x->state, "conflicted") == 0)
		return "conflict";
	if (strcmp(x->state, "timed_out") == 0)
		return "time-out";
	if (strcmp(x->state, "lost") == 0)
		return "lost with its runner";
	if (strcmp(x->state, "cancelled") == 0)
		return "cancelled";
	if (says(x, "rate limit") || says(x, "usage limit") || says(x, "429"))
		return "rate limit";
	return says(x, "gate") ? "gate" : "agent failed";
}

static bool failed(const struct attempt_row *x)
{
	return strcmp(x->state, "failed") == 0 || strcmp(x->state, "timed_out") == 0 ||
	       strcmp(x->state, "conflicted") == 0 || strcmp(x->state, "lost") == 0;
}

static void waste(struct finder *f, const struct facts *x)
{
	const char *reasons[8];
	size_t n_reasons = 0, n = 0;
	struct coach_finding *note;

	for (size_t i = 0; i < x->n_attempts; i++)
		n += failed(&x->attempts[i]);
	if (n == 0)
		return;
	note = find_note(
	    f, FIND_RETRY_WASTE,
	    percent(x->failed_ms, x->busy_ms) >= WASTE_SHARE ? COACH_WARNING : COACH_INFO, "run",
	    "%zu of %zu attempts came to nothing: %lld ms, %lld %% of all run "
	    "time",
	    n, x->n_attempts, (long long)x->failed_ms,
	    (long long)percent(x->failed_ms, x->busy_ms));
	if (note == NULL)
		return;
	for (size_t i = 0; i < x->n_attempts; i++) {
		const char *why = reason(&x->attempts[i]);
		bool known = false;

		if (!failed(&x->attempts[i]))
			continue;
		find_place_task(f, note, x->attempts[i].task, why);
		for (size_t k = 0; k < n_reasons; k++)
			known = known || strcmp(reasons[k], why) == 0;
		if (!known && n_reasons < sizeof reasons / sizeof *reasons)
			reasons[n_reasons++] = why;
	}
	note->cost_ms = x->failed_ms;
	if (x->failed_tokens > 0)
		note->cost_tokens = x->failed_tokens;
}

/* ---- conflicts: with whom? ---- */

static void conflicts(struct finder *f, const struct facts *x)
{
	for (size_t i = 0; i < x->n_attempts; i++) {
		const struct attempt_row *c = &x->attempts[i];
		struct coach_finding *note;

		if (strcmp(c->state, "conflicted") != 0)
			continue;
		note = find_note(f, FIND_MERGE_CONFLICT, COACH_WARNING, c->task,
		                 "what '%s' did could not be merged%s%s", c->task,
		                 c->cause == NULL ? "" : ": ", c->cause == NULL ? "" : c->cause);
		find_place_task(f, note, c->task, c->cause);
		/* what was merged while it worked is what it met */
		for (size_t k = 0; k < x->n_attempts; k++) {
			const struct attempt_row *m = &x->attempts[k];

			if (strcmp(m->state, "merged") == 0 && m->done_ms != RUNS_NONE &&
			    m->done_ms >= c->intent_ms &&
			    (c->done_ms == RUNS_NONE || m->done_ms <= c->done_ms))
				find_place_task(f, note, m->task, "merged meanwhile");
		}
	}
}

/* ---- nothing changed ---- */

static void no_commits(struct finder *f, const struct facts *x)
{
	struct coach_finding *note = NULL;

	if (strcmp(x->run->mode, "shared") == 0 || x->run->branch == NULL)
		return;
	for (size_t i = 0; i < x->n_tasks; i++) {
		const struct fact_task *t = &x->tasks[i];

		if (!t->succeeded || t->row->commit_oid != NULL || t->n_attempts == 0)
			continue;
		note = find_note(f, FIND_NO_COMMIT, COACH_INFO, title(t),
		                 "'%s' ended well and changed nothing", t->row->id);
		find_place_task(f, note, t->row->id, title(t));
	}
}

/* ---- gates that give both answers for one tree ---- */

static void flaky_gates(struct finder *f, const struct facts *x)
{
	for (size_t i = 0; i < x->n_gates; i++) {
		const struct gate_row *g = &x->gates[i];
		struct coach_finding *note;

		if (g->tree_oid == NULL)
			continue;
		for (size_t k = 0; k < i; k++) {
			const struct gate_row *before = &x->gates[k];

			if (before->tree_oid == NULL ||
			    strcmp(before->tree_oid, g->tree_oid) != 0 ||
			    strcmp(before->name, g->name) != 0 || before->passed == g->passed)
				continue;
			note = find_note(f, FIND_FLAKY_GATE, COACH_WARNING, g->name,
			                 "gate '%s' %s and %s for the same tree %.12s", g->name,
			                 before->passed ? "passed" : "failed",
			                 g->passed ? "passed" : "failed", g->tree_oid);
			if (g->task != NULL)
				find_place_task(f, note, g->task, "the later one");
			break;
		}
	}
}

/* ---- far more tokens than others of its kind ---- */

static bool same_kind(const struct history_task *a, const struct history_task *b)
{
	return a->kind != NULL && b->kind != NULL && strcmp(a->kind, b->kind) == 0 &&
	       b->tokens != RUNS_NONE;
}

/* What tasks of a kind use: the middle, and the middle of how far they are from it. */
struct usual {
	size_t n;
	double middle, spread;
};

/* values: room for n, used here alone. All zero but n when there are too few to compare. */
static struct usual usual_cost(const struct history_task *like, const struct history_task *h,
                               size_t n, double *values)
{
	struct usual u = { 0 };

	for (size_t k = 0; k < n; k++)
		if (same_kind(like, &h[k]))
			values[u.n++] = (double)h[k].tokens;
	if (u.n < COST_LEAST)
		return u;
	u.middle = facts_middle(values, u.n);
	for (size_t k = 0; k < u.n; k++)
		values[k] = values[k] > u.middle ? values[k] - u.middle : u.middle - values[k];
	u.spread = facts_middle(values, u.n);
	return u;
}

static void unusual_cost(struct finder *f, const struct facts *x, const struct history_task *h,
                         size_t n)
{
	double *values = arena_take(f->report->a, (n + 1) * sizeof *values);

	for (size_t i = 0; values != NULL && i < n; i++) {
		struct coach_finding *note;
		struct usual u;

		if (strcmp(h[i].run, x->run->id) != 0 || h[i].tokens == RUNS_NONE)
			continue;
		u = usual_cost(&h[i], h, n, values);
		if (u.n < COST_LEAST || (double)h[i].tokens <= u.middle + COST_SPREADS * u.spread)
			continue;
		note =
		    find_note(f, FIND_COST_OUTLIER, COACH_WARNING, h[i].task,
		              "'%s' used %lld tokens; the middle of %zu tasks of kind '%s' is %.0f",
		              h[i].task, (long long)h[i].tokens, u.n, h[i].kind, u.middle);
		find_place_task(f, note, h[i].task, NULL);
		if (note != NULL)
			note->cost_tokens = h[i].tokens - (int64_t)u.middle;
	}
}

void find_in_run(struct finder *f, const struct facts *x, const struct history_task *history,
                 size_t n_history)
{
	waste(f, x);
	conflicts(f, x);
	no_commits(f, x);
	flaky_gates(f, x);
	unusual_cost(f, x, history, n_history);
	misses(f, x);
	if (!x->ended)
		return; /* what follows measures against the whole run */
	slip(f, x);
	idle(f, x);
	false_parallel(f, x);
}
