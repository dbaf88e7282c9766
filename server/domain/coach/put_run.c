/* put_run.c - a run's numbers as JSON, each with what it was computed from. */
#include <string.h>

#include "domain/coach/facts.h"
#include "domain/coach/report.h"

#define TASKS_SHOWN 60

static double share(int64_t part, int64_t whole)
{
	return (double)part / (double)whole;
}

static void put_whole(struct json_build *b, cJSON *to, const struct facts *f)
{
	json_put_text(b, to, "runId", f->run->id);
	json_put_text(b, to, "state", f->run->state);
	json_put_int(b, to, "workers", f->run->jobs);
	json_put_int(b, to, "tasks", (int64_t)f->n_tasks);
	json_put_int(b, to, "succeeded", (int64_t)f->n_succeeded);
	json_put_int(b, to, "attempts", (int64_t)f->n_attempts);
	json_put_int(b, to, "retries", (int64_t)f->n_retries);
	json_put_int(b, to, "conflicts", (int64_t)f->n_conflicts);
	json_put_int(b, to, "workMs", f->work_ms);
	json_put_int(b, to, "criticalPathMs", f->path_ms);
	json_put_int(b, to, "lowerBoundMs", f->bound_ms);
	json_put_int(b, to, "width", (int64_t)f->width);
	json_put_int(b, to, "failedAttemptMs", f->failed_ms);
	if (!f->ended || f->wall_ms <= 0)
		return;
	json_put_int(b, to, "wallMs", f->wall_ms);
	json_put_number(b, to, "speedup", share(f->work_ms, f->wall_ms));
	json_put_number(b, to, "concurrency", share(f->busy_ms, f->wall_ms));
	if (f->bound_ms > 0)
		json_put_number(b, to, "efficiency", share(f->bound_ms, f->wall_ms));
	if (f->run->jobs > 0) {
		cJSON *idle;

		json_put_number(b, to, "utilisation", share(f->busy_ms, f->wall_ms * f->run->jobs));
		if (f->broken)
			return;
		idle = json_put_object(b, to, "idleWorkerMs");
		json_put_int(b, idle, "whileReady", f->idle_ready_ms);
		json_put_int(b, idle, "noneReady", f->idle_narrow_ms);
	}
}

static void put_gates(struct json_build *b, cJSON *to, const struct facts *f)
{
	cJSON *gates = json_put_object(b, to, "gates");
	int64_t passed = 0, firsts = 0, first_passed = 0, ms = 0;

	for (size_t i = 0; i < f->n_gates; i++) {
		const struct gate_row *g = &f->gates[i];

		passed += g->passed != 0;
		ms += g->ended_ms > g->started_ms ? g->ended_ms - g->started_ms : 0;
		firsts += g->attempt == 1;
		first_passed += g->attempt == 1 && g->passed != 0;
	}
	json_put_int(b, gates, "runs", (int64_t)f->n_gates);
	json_put_int(b, gates, "passed", passed);
	json_put_int(b, gates, "firstRuns", firsts);
	json_put_int(b, gates, "firstPassed", first_passed);
	json_put_int(b, gates, "ms", ms);
}

static void put_cost(struct json_build *b, cJSON *to, const struct facts *f)
{
	int64_t in = 0, out = 0, n = 0, n_usd = 0;
	double usd = 0;
	cJSON *cost;

	for (size_t i = 0; i < f->n_attempts; i++) {
		const struct attempt_row *x = &f->attempts[i];

		if (x->tokens_in != RUNS_NONE || x->tokens_out != RUNS_NONE) {
			n++;
			in += x->tokens_in == RUNS_NONE ? 0 : x->tokens_in;
			out += x->tokens_out == RUNS_NONE ? 0 : x->tokens_out;
		}
		if (x->cost_usd >= 0) {
			n_usd++;
			usd += x->cost_usd;
		}
	}
	if (n == 0 && n_usd == 0)
		return; /* no agent said */
	cost = json_put_object(b, to, "agentCost");
	json_put_int(b, cost, "attemptsWithTokens", n);
	json_put_int(b, cost, "tokensIn", in);
	json_put_int(b, cost, "tokensOut", out);
	if (n_usd > 0) {
		json_put_number(b, cost, "usd", usd);
		json_put_int(b, cost, "attemptsWithUsd", n_usd);
	}
}

static void put_chain(struct json_build *b, cJSON *to, const struct facts *f)
{
	static const char *const words[] = { "start", "dependency", "worker" };
	cJSON *list = json_put_array(b, to, "criticalChain");
	size_t first = f->n_chain > TASKS_SHOWN ? f->n_chain - TASKS_SHOWN : 0;

	for (size_t i = first; i < f->n_chain; i++) {
		const struct fact_task *t = &f->tasks[f->chain[i]];
		cJSON *link = json_add_object(b, list);

		json_put_text(b, link, "task", t->row->id);
		json_put_text(b, link, "after", words[f->links[i]]);
		json_put_int(b, link, "ms", t->place_ms);
		if (t->expected_ms > 0)
			json_put_int(b, link, "expectedMs", t->expected_ms);
	}
}

static void put_estimates(struct json_build *b, cJSON *to, const struct facts *f)
{
	cJSON *estimates = json_put_object(b, to, "estimates"), *list;
	size_t shown = 0;

	json_put_int(b, estimates, "n", (int64_t)f->n_factor);
	if (f->factor > 0)
		json_put_number(b, estimates, "factor", f->factor);
	else
		json_put_text(b, estimates, "factor", "not enough data");
	list = json_put_array(b, estimates, "tasks");
	for (size_t i = 0; i < f->n_tasks && shown < TASKS_SHOWN; i++) {
		const struct fact_task *t = &f->tasks[i];
		cJSON *task;

		if (!t->succeeded || !t->estimated || t->run_ms == 0)
			continue;
		task = json_add_object(b, list);
		json_put_text(b, task, "task", t->row->id);
		json_put_int(b, task, "estimateMinutes", t->row->estimate_min);
		json_put_int(b, task, "actualMs", t->run_ms);
		json_put_number(b, task, "ratio", share(t->run_ms, t->row->estimate_min * 60000));
		shown++;
	}
}

static void put_factors(struct json_build *b, cJSON *to, const struct coach_report *r)
{
	cJSON *list = json_put_array(b, to, "calibration");

	for (size_t i = 0; i < r->n_factors; i++) {
		cJSON *factor = json_add_object(b, list);

		json_put_text(b, factor, "kind", r->factors[i].kind);
		json_put_number(b, factor, "factor", r->factors[i].factor);
		json_put_number(b, factor, "low", r->factors[i].low);
		json_put_number(b, factor, "high", r->factors[i].high);
		json_put_int(b, factor, "n", (int64_t)r->factors[i].n);
	}
}

/* What could not be said, and for want of what. */
static void put_lacking(struct json_build *b, cJSON *to, const struct coach_report *r)
{
	cJSON *list = json_put_array(b, to, "notEnoughData");
	const struct facts *f = r->run;

	if (!f->ended)
		json_add_text(b, list, "speedup, idle workers: the run has not ended");
	if (f->broken)
		json_add_text(b, list, "idle workers: the run was interrupted in between");
	if (f->factor <= 0)
		json_add_text(b, list, "estimates: fewer than 3 succeeded tasks with a stated one");
	if (r->n_factors == 0)
		json_add_text(b, list, "calibration: fewer than 3 such tasks in all runs");
	if (f->n_gates == 0)
		json_add_text(b, list, "gates: none was run");
}

void report_put_run(struct json_build *b, cJSON *metrics, const struct coach_report *r)
{
	put_whole(b, metrics, r->run);
	put_gates(b, metrics, r->run);
	put_cost(b, metrics, r->run);
	put_chain(b, metrics, r->run);
	put_estimates(b, metrics, r->run);
	put_factors(b, metrics, r);
	put_lacking(b, metrics, r);
}
