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

/* By its definition the path does not count; where it explains the figure it is only told. */
static void false_parallel(struct finder *f, const struct facts *x)
{
	double places =
	    (double)(x->run->jobs < (int64_t)x->width ? x->run->jobs : (int64_t)x->width);
	double ceiling = x->path_ms > 0 ? (double)x->work_ms / (double)x->path_ms : places;
	double was = x->wall_ms > 0 ? (double)x->busy_ms / (double)x->wall_ms : 0;
	double could = ceiling < places ? ceiling : places;

	if (x->n_succeeded < PARALLEL_LEAST || was >= PARALLEL_SHARE * places)
		return;
	(void)find_note(f, FIND_FALSE_PARALLEL,
	                was < PARALLEL_SHARE * could ? COACH_WARNING : COACH_INFO, "run",
	                "%.2f agents were at work on average where %.2f could have been (%lld "
	                "workers, %zu tasks side by side, ceiling of the graph %.2f)",
	                was, could, (long long)x->run->jobs, x->width, ceiling);
}

/* ---- attempts that came to nothing ---- */

static bool says(const struct attempt_row *x, const char *words)
{
	return x->cause != NULL && strstr(x->cause, words) != NULL;
}

/* Why an attempt came to nothing; the order is that of the message. */
enum reason {
	REASON_RATE_LIMIT,
	REASON_TIME_OUT,
	REASON_GATE,
	REASON_CONFLICT,
	REASON_LOST,
	REASON_AGENT,
	REASONS
};

static const char *const reason_words[REASONS] = {
	"rate limit", "time-out", "gate", "conflict", "lost with its runner", "agent failed"
};

static enum reason reason(const struct attempt_row *x)
{
	static const char *const limits[] = { "rate limit", "rate_limit", "usage limit", "429",
		                              "529",        "overloaded", "quota" };

	if (strcmp(x->state, "conflicted") == 0)
		return REASON_CONFLICT;
	if (strcmp(x->state, "timed_out") == 0)
		return REASON_TIME_OUT;
	if (strcmp(x->state, "lost") == 0)
		return REASON_LOST;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (says(x, limits[i]))
			return REASON_RATE_LIMIT;
	return says(x, "gate") ? REASON_GATE : REASON_AGENT;
}

static bool failed(const struct attempt_row *x)
{
	return strcmp(x->state, "failed") == 0 || strcmp(x->state, "timed_out") == 0 ||
	       strcmp(x->state, "conflicted") == 0 || strcmp(x->state, "lost") == 0;
}

/* `gate: 2 attempts, 3.1 s, 900 tokens; ...` */
static const char *by_reason(struct finder *f, const struct facts *x)
{
	size_t n[REASONS] = { 0 };
	int64_t ms[REASONS] = { 0 }, tokens[REASONS] = { 0 };
	const char *out = "";

	for (size_t i = 0; i < x->n_attempts; i++) {
		const struct attempt_row *a = &x->attempts[i];
		enum reason why = reason(a);

		if (!failed(a))
			continue;
		n[why]++;
		ms[why] += facts_run_ms(a);
		tokens[why] += (a->tokens_in == RUNS_NONE ? 0 : a->tokens_in) +
		               (a->tokens_out == RUNS_NONE ? 0 : a->tokens_out);
	}
	for (int i = 0; i < REASONS && out != NULL; i++) {
		if (n[i] == 0)
			continue;
		out = text_printf(f->report->a, "%s%s%s: %zu, %.2f s", out,
		                  out[0] == '\0' ? "" : "; ", reason_words[i], n[i],
		                  (double)ms[i] / 1000);
		if (out != NULL && tokens[i] > 0)
			out =
			    text_printf(f->report->a, "%s, %lld tokens", out, (long long)tokens[i]);
	}
	return out;
}

static void waste(struct finder *f, const struct facts *x)
{
	struct coach_finding *note;
	const char *why;
	size_t n = 0;

	for (size_t i = 0; i < x->n_attempts; i++)
		n += failed(&x->attempts[i]);
	if (n == 0 || (why = by_reason(f, x)) == NULL)
		return;
	note = find_note(
	    f, FIND_RETRY_WASTE,
	    percent(x->failed_ms, x->busy_ms) >= WASTE_SHARE ? COACH_WARNING : COACH_INFO, "run",
	    "%zu of %zu attempts came to nothing: %lld ms, %lld %% of all run time (%s)", n,
	    x->n_attempts, (long long)x->failed_ms, (long long)percent(x->failed_ms, x->busy_ms),
	    why);
	if (note == NULL)
		return;
	for (size_t i = 0; i < x->n_attempts; i++)
		if (failed(&x->attempts[i]))
			find_place_task(f, note, x->attempts[i].task,
			                reason_words[reason(&x->attempts[i])]);
	note->cost_ms = x->failed_ms;
	if (x->failed_tokens > 0)
		note->cost_tokens = x->failed_tokens;
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

/* ---- far more tokens or money than others of its kind ---- */

typedef double cost_of(const struct history_task *t); /* below 0: not known */

static double tokens_of(const struct history_task *t)
{
	return t->tokens == RUNS_NONE ? -1 : (double)t->tokens;
}

static double usd_of(const struct history_task *t)
{
	return t->cost_usd;
}

/* What tasks of its kind cost; n below COST_LEAST: too few to compare. values: room for n. */
static struct facts_usual usual_cost(const struct history_task *like, const struct history_task *h,
                                     size_t n, cost_of *cost, double *values)
{
	size_t m = 0;

	for (size_t k = 0; like->kind != NULL && k < n; k++)
		if (h[k].kind != NULL && strcmp(like->kind, h[k].kind) == 0 && cost(&h[k]) >= 0)
			values[m++] = cost(&h[k]);
	return facts_usual(values, m);
}

static void cost_note(struct finder *f, const struct history_task *t, const struct facts_usual *u,
                      bool money)
{
	struct coach_finding *note;

	if (money)
		note = find_note(f, FIND_COST_OUTLIER, COACH_WARNING, t->task,
		                 "'%s' cost %.4f USD; the middle of %zu tasks of kind '%s' is %.4f",
		                 t->task, t->cost_usd, u->n, t->kind, u->middle);
	else
		note = find_note(f, FIND_COST_OUTLIER, COACH_WARNING, t->task,
		                 "'%s' used %lld tokens; the middle of %zu tasks of kind '%s' is "
		                 "%.0f",
		                 t->task, (long long)t->tokens, u->n, t->kind, u->middle);
	find_place_task(f, note, t->task, NULL);
	if (note != NULL && t->tokens != RUNS_NONE && !money)
		note->cost_tokens = t->tokens - (int64_t)u->middle;
}

static void unusual_cost(struct finder *f, const struct facts *x, const struct history_task *h,
                         size_t n)
{
	double *values = arena_take(f->report->a, (n + 1) * sizeof *values);

	for (size_t i = 0; values != NULL && i < n; i++) {
		struct facts_usual u;

		if (strcmp(h[i].run, x->run->id) != 0)
			continue;
		u = usual_cost(&h[i], h, n, tokens_of, values);
		if (facts_is_unusual(&u, tokens_of(&h[i]))) {
			cost_note(f, &h[i], &u, false);
			continue;
		}
		u = usual_cost(&h[i], h, n, usd_of, values);
		if (facts_is_unusual(&u, usd_of(&h[i])))
			cost_note(f, &h[i], &u, true);
	}
}

void find_in_run(struct finder *f, const struct facts *x, const struct history_task *history,
                 size_t n_history)
{
	waste(f, x);
	find_conflicts(f, x);
	find_zombies(f, x);
	no_commits(f, x);
	flaky_gates(f, x);
	unusual_cost(f, x, history, n_history);
	misses(f, x);
	if (!x->ended)
		return; /* what follows measures against the whole run */
	slip(f, x);
	idle(f, x);
	false_parallel(f, x);
	find_serial_tasks(f, x);
}
