/* json.c - runs in the contract's JSON. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "domain/plan.h"
#include "domain/run.h"
#include "domain/run/notes.h"
#include "domain/run/stages.h"

#define GATE_OUTPUT_SHOWN 1000 /* bytes of its end; all that is kept: action 'log' with 'gate' */

static void put_time(struct json_build *b, cJSON *object, const char *key, int64_t ms)
{
	char words[CLOCK_TEXT_SIZE];

	if (ms == RUNS_NONE)
		return;
	clock_text(ms, words);
	json_put_text(b, object, key, words);
}

static void put_count(struct json_build *b, cJSON *object, const char *key, int64_t n)
{
	if (n != RUNS_NONE)
		json_put_int(b, object, key, n);
}

static void put_text_or_null(struct json_build *b, cJSON *object, const char *key, const char *text)
{
	if (text == NULL)
		json_put_null(b, object, key);
	else
		json_put_text(b, object, key, text);
}

static void put_ratio(struct json_build *b, cJSON *object, const char *key, double value)
{
	json_put_number(b, object, key, round(value * 1000) / 1000);
}

static void put_counts(struct json_build *b, cJSON *object, const struct run_view *v)
{
	cJSON *counts = json_put_object(b, object, "counts");

	for (int i = 0; i < TASK_STATES; i++)
		json_put_int(b, counts, task_state_word((enum task_state)i), (int64_t)v->counts[i]);
	json_put_int(b, object, "total", (int64_t)v->n_tasks);
}

static bool asked(const struct run_view *v, const char *wish)
{
	return v->row.wish != NULL && strcmp(v->row.wish, wish) == 0 && !run_state_ended(v->state);
}

/* What a person or model may want to do now. */
static const char *next_step(const struct run_view *v)
{
	if (asked(v, "cancel"))
		return v->state == RUN_INTERRUPTED
		           ? "its runner was gone before it could cancel; ask again, or 'resume'"
		           : "it was asked to cancel and ends soon";
	if (asked(v, "pause") && v->state == RUN_RUNNING)
		return "it was asked to pause and starts nothing more";
	switch (v->state) {
	case RUN_QUEUED:
	case RUN_RUNNING:
		return "wait with action 'wait'";
	case RUN_PAUSED:
		return "go on with action 'resume'";
	case RUN_INTERRUPTED:
		return "its runner is gone; go on with action 'resume'";
	case RUN_FAILED:
		return "look at the causes and logs; try the rest again with action 'resume'";
	case RUN_CANCELLED:
		return "take it up again with action 'resume'";
	case RUN_SUCCEEDED:
		return v->row.branch == NULL ? "nothing is left to do"
		                             : "look at the branch and merge it";
	case RUN_STATES:
		break;
	}
	return "";
}

cJSON *run_brief_json(struct json_build *b, const struct run_view *v)
{
	cJSON *run = json_object(b);

	json_put_text(b, run, "runId", v->row.id);
	json_put_text(b, run, "title", v->row.title);
	json_put_text(b, run, "state", run_state_word(v->state));
	put_counts(b, run, v);
	put_text_or_null(b, run, "branch", v->row.branch);
	json_put_text(b, run, "mode", v->row.mode);
	json_put_int(b, run, "jobs", v->row.jobs);
	json_put_text(b, run, "cause", v->row.cause);
	if (v->state == RUN_RUNNING || v->state == RUN_PAUSED)
		put_count(b, run, "runnerPid", v->row.runner_pid);
	put_time(b, run, "madeAt", v->row.made_ms);
	put_time(b, run, "startedAt", v->row.started_ms);
	put_time(b, run, "endedAt", v->row.ended_ms);
	if (v->wall_ms > 0)
		json_put_int(b, run, "wallMs", v->wall_ms);
	return run;
}

static void put_attempt(struct json_build *b, cJSON *list, const struct attempt_row *t)
{
	cJSON *attempt = json_add_object(b, list);

	json_put_int(b, attempt, "number", t->number);
	json_put_text(b, attempt, "state", t->state);
	json_put_text(b, attempt, "agent", t->agent);
	json_put_int(b, attempt, "slot", t->slot);
	put_time(b, attempt, "startedAt", t->started_ms);
	put_time(b, attempt, "endedAt", t->ended_ms);
	if (t->started_ms != RUNS_NONE && t->ended_ms != RUNS_NONE)
		json_put_int(b, attempt, "runMs", t->ended_ms - t->started_ms);
	put_count(b, attempt, "exitCode", t->exit_code);
	json_put_text(b, attempt, "cause", t->cause);
	json_put_text(b, attempt, "commit", t->merged_oid);
	json_put_text(b, attempt, "savedRef", t->saved_ref);
	json_put_text(b, attempt, "worktree", t->worktree);
	json_put_text(b, attempt, "log", t->log);
	json_put_int(b, attempt, "outputBytes", t->output_size);
	put_count(b, attempt, "filesChanged", t->files);
	put_count(b, attempt, "resolves", t->resolves);
	json_put_text(b, attempt, "stage", t->stage);
	json_put_text(b, attempt, "note", t->note);
	put_time(b, attempt, "approvedAt", t->approved_ms);
	put_count(b, attempt, "pid", t->pid);
	put_count(b, attempt, "tokensIn", t->tokens_in);
	put_count(b, attempt, "tokensOut", t->tokens_out);
	put_count(b, attempt, "tokensCached", t->tokens_cached);
	json_put_text(b, attempt, "session", t->session);
	if (t->cost_usd >= 0)
		json_put_number(b, attempt, "costUsd", t->cost_usd);
}

/* Attempts are sorted by task: the first of this one, or n_attempts. */
static size_t first_attempt(const struct run_view *v, const char *task)
{
	size_t low = 0, high = v->n_attempts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(v->attempts[mid].task, task) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* At most `most` bytes of the end, from the beginning of a character. */
static const char *end_of(const char *text, size_t most)
{
	size_t n = strlen(text);

	text += n > most ? n - most : 0;
	while ((*text & 0xc0) == 0x80)
		text++;
	return text;
}

/* Had it two outcomes on one tree? */
static bool is_flaky(const struct run_view *v, const struct gate_row *g)
{
	for (size_t i = 0; g->tree_oid != NULL && i < v->n_gates; i++) {
		const struct gate_row *other = &v->gates[i];

		if (other->passed != g->passed && other->tree_oid != NULL &&
		    strcmp(other->name, g->name) == 0 && strcmp(other->tree_oid, g->tree_oid) == 0)
			return true;
	}
	return false;
}

static void put_gates(struct json_build *b, cJSON *object, const struct run_view *v,
                      const char *task)
{
	cJSON *list = NULL;

	for (size_t i = 0; i < v->n_gates; i++) {
		const struct gate_row *g = &v->gates[i];
		bool mine =
		    task == NULL ? g->task == NULL : g->task != NULL && strcmp(g->task, task) == 0;
		cJSON *gate;

		if (!mine)
			continue;
		if (list == NULL)
			list = json_put_array(b, object, "gates");
		gate = json_add_object(b, list);
		json_put_text(b, gate, "name", g->name);
		json_put_flag(b, gate, "passed", g->passed != 0);
		if (is_flaky(v, g))
			json_put_flag(b, gate, "flaky", true);
		json_put_int(b, gate, "exitCode", g->exit_code);
		put_count(b, gate, "attempt", g->attempt);
		json_put_text(b, gate, "tree", g->tree_oid);
		json_put_int(b, gate, "runMs", g->ended_ms - g->started_ms);
		if (!g->passed)
			json_put_text(b, gate, "output", end_of(g->output, GATE_OUTPUT_SHOWN));
	}
}

static void put_conflicts(struct json_build *b, cJSON *object, const struct run_view *v,
                          const char *task)
{
	cJSON *list = NULL;

	for (size_t i = 0; i < v->n_conflicts; i++) {
		const struct conflict_row *c = &v->conflicts[i];
		cJSON *one;

		if (strcmp(c->task, task) != 0)
			continue;
		if (list == NULL)
			list = json_put_array(b, object, "conflicts");
		one = json_add_object(b, list);
		json_put_text(b, one, "path", c->path);
		json_put_text(b, one, "how", c->how);
		json_put_text(b, one, "task", c->other);
		json_put_int(b, one, "attempt", c->attempt);
	}
}

cJSON *run_task_json(struct json_build *b, const struct run_view *v, size_t task)
{
	const struct task_row *t = &v->tasks[task];
	cJSON *json = json_object(b), *needs, *attempts;
	int64_t exit_code = RUNS_NONE;

	json_put_text(b, json, "id", t->id);
	json_put_text(b, json, "title", t->title);
	json_put_text(b, json, "state", t->state);
	json_put_text(b, json, "agent", t->agent);
	json_put_text(b, json, "cause", t->cause);
	json_put_text(b, json, "waitsFor", t->waits_for);
	if (v->options != NULL)
		stages_put(b, json, v, task);
	needs = json_put_array(b, json, "dependsOn");
	for (size_t i = 0; i < v->n_edges; i++)
		if (strcmp(v->edges[i].to, t->id) == 0)
			json_add_text(b, needs, v->edges[i].from);
	json_put_int(b, json, "estimateMinutes", t->estimate_min);
	put_time(b, json, "readyAt", t->ready_ms);
	put_time(b, json, "startedAt", t->started_ms);
	put_time(b, json, "endedAt", t->ended_ms);
	if (t->again_ms > 0)
		put_time(b, json, "retryAt", t->again_ms);
	put_text_or_null(b, json, "branch", t->branch);
	put_text_or_null(b, json, "commit", t->commit_oid);
	put_gates(b, json, v, t->id);
	put_conflicts(b, json, v, t->id);
	attempts = json_put_array(b, json, "attempts");
	for (size_t i = first_attempt(v, t->id);
	     i < v->n_attempts && strcmp(v->attempts[i].task, t->id) == 0; i++) {
		put_attempt(b, attempts, &v->attempts[i]);
		exit_code = v->attempts[i].exit_code;
	}
	if (exit_code == RUNS_NONE)
		json_put_null(b, json, "exitCode");
	else
		json_put_int(b, json, "exitCode", exit_code);
	return json;
}

static void put_checkpoints(struct json_build *b, cJSON *run, const struct run_view *v)
{
	cJSON *list = json_put_array(b, run, "checkpoints");

	for (size_t i = 0; i < v->n_checkpoints; i++) {
		cJSON *point = json_add_object(b, list);

		json_put_int(b, point, "batch", v->checkpoints[i].batch);
		json_put_text(b, point, "commit", v->checkpoints[i].oid);
		json_put_text(b, point, "tag", v->checkpoints[i].tag);
		put_time(b, point, "at", v->checkpoints[i].at_ms);
	}
}

cJSON *run_json(struct json_build *b, const struct run_view *v, size_t from, size_t limit)
{
	cJSON *run = run_brief_json(b, v), *tasks;

	put_text_or_null(b, run, "planId", v->row.plan_id);
	put_text_or_null(b, run, "base", v->row.base_oid);
	put_text_or_null(b, run, "head", v->row.head_oid);
	json_put_int(b, run, "workMs", v->work_ms);
	if (v->wall_ms > 0 && run_state_ended(v->state)) {
		put_ratio(b, run, "speedup", v->speedup);
		put_ratio(b, run, "efficiency", v->efficiency);
		put_ratio(b, run, "utilisation", v->utilisation);
		put_ratio(b, run, "concurrency", v->concurrency);
		json_put_int(b, run, "lowerBoundMs", v->lower_bound_ms);
	}
	notes_put(b, run, v->row.notes);
	json_put_text(b, run, "pullRequest", notes_find(json_get(run, "findings"), "pull-request"));
	put_gates(b, run, v, NULL);
	put_checkpoints(b, run, v);
	tasks = json_put_array(b, run, "tasks");
	for (size_t i = from; i < v->n_tasks && i - from < limit; i++)
		json_add(b, tasks, run_task_json(b, v, i));
	json_put_text(b, run, "next", next_step(v));
	return run;
}
