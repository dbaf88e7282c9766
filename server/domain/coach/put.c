/* put.c - a report as JSON. */
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/coach/before.h"
#include "domain/coach/price.h"
#include "domain/coach/report.h"
#include "domain/coach/trend.h"

#define SHORT_PLACES 3  /* of a finding, in an answer that may not be long */
#define SHORT_TOOLS  15 /* those with most calls */

static const char *const severity_words[] = { "info", "warning", "error" };

/* What all findings with one code cost together. */
struct sum {
	const struct coach_finding *first;
	int64_t n, cost_ms, cost_tokens;
};

const char *coach_severity_word(enum coach_severity severity)
{
	return severity_words[severity];
}

static void put_tokens(struct json_build *b, cJSON *to, const char *key,
                       const int64_t tokens[TOKENS_N])
{
	cJSON *t = json_put_object(b, to, key);

	json_put_int(b, t, "input", tokens[TOKENS_INPUT]);
	json_put_int(b, t, "cacheRead", tokens[TOKENS_CACHE_READ]);
	json_put_int(b, t, "cacheWrite", tokens[TOKENS_CACHE_WRITE]);
	json_put_int(b, t, "output", tokens[TOKENS_OUTPUT]);
}

static void put_tools(struct json_build *b, cJSON *to, const struct coach_metrics *m, size_t most)
{
	cJSON *list = json_put_array(b, to, "byTool");

	for (size_t i = 0; i < m->n_tools && i < most; i++) {
		cJSON *tool = json_add_object(b, list);

		json_put_text(b, tool, "tool", m->tools[i].name);
		json_put_int(b, tool, "calls", m->tools[i].calls);
		json_put_int(b, tool, "errors", m->tools[i].errors);
		json_put_int(b, tool, "ms", m->tools[i].ms);
	}
	if (m->n_tools > most)
		json_put_int(b, to, "toolsTotal", (int64_t)m->n_tools);
}

static void put_errors(struct json_build *b, cJSON *to, const struct coach_metrics *m)
{
	static const char *const words[ERROR_KINDS] = {
		"denied",         "interrupted", "tooLarge", "staleEdit",
		"missingProgram", "gate",        "shell",    "other",
	};
	cJSON *errors = json_put_object(b, to, "errorsByKind");

	for (int i = 0; i < ERROR_KINDS; i++)
		if (m->errors[i] > 0)
			json_put_int(b, errors, words[i], m->errors[i]);
}

static void put_gates(struct json_build *b, cJSON *to, const struct coach_metrics *m)
{
	cJSON *gates = json_put_object(b, to, "gates");

	json_put_int(b, gates, "runs", m->gates);
	json_put_int(b, gates, "passed", m->gates_passed);
	json_put_int(b, gates, "different", m->gate_kinds);
	json_put_int(b, gates, "passedFirst", m->gate_kinds_first);
}

static void put_cost(struct json_build *b, cJSON *to, const struct coach_metrics *m)
{
	if (m->cost_usd >= 0) {
		json_put_number(b, to, "costUsd", m->cost_usd);
		json_put_text(b, to, "costSource", price_source(m));
	}
	if (m->cost_stated > 0)
		json_put_int(b, to, "costStated", m->cost_stated);
	if (m->cost_priced > 0)
		json_put_int(b, to, "costPriced", m->cost_priced);
	if (m->cost_unknown > 0)
		json_put_int(b, to, "costUnknown", m->cost_unknown);
}

static void put_session_metrics(struct json_build *b, cJSON *to, const struct coach_metrics *m,
                                size_t most_tools)
{
	json_put_int(b, to, "sessions", m->sessions);
	json_put_int(b, to, "wallMs", m->wall_ms);
	json_put_int(b, to, "activeMs", m->active_ms);
	json_put_int(b, to, "waitingMs", m->waiting_ms);
	json_put_int(b, to, "toolMs", m->tool_ms);
	json_put_int(b, to, "turns", m->turns);
	json_put_int(b, to, "toolCalls", m->tool_calls);
	json_put_int(b, to, "toolErrors", m->tool_errors);
	json_put_int(b, to, "compactions", m->compactions);
	put_tokens(b, to, "tokens", m->tokens);
	json_put_flag(b, to, "outputIsLowerBound", true);
	json_put_int(b, to, "usageRecords", m->usages);
	json_put_int(b, to, "messages", m->messages);
	json_put_int(b, to, "subagents", m->subagents);
	if (m->subagents > 0)
		put_tokens(b, to, "subagentTokens", m->subagent_tokens);
	json_put_int(b, to, "denials", m->denials);
	json_put_int(b, to, "interrupts", m->interrupts);
	json_put_int(b, to, "edits", m->edits);
	json_put_int(b, to, "filesEdited", m->files_edited);
	json_put_int(b, to, "linesAdded", m->lines_added);
	json_put_int(b, to, "linesRemoved", m->lines_removed);
	json_put_int(b, to, "commits", m->commits);
	if (m->rate_limits > 0)
		json_put_int(b, to, "rateLimits", m->rate_limits);
	if (m->tool_errors > 0)
		put_errors(b, to, m);
	put_gates(b, to, m);
	if (m->compaction_tokens > 0)
		json_put_int(b, to, "compactionTokens", m->compaction_tokens);
	put_cost(b, to, m);
	if (m->own_sessions > 0)
		json_put_int(b, to, "ownSessions", m->own_sessions);
	json_put_int(b, to, "files", m->files);
	json_put_int(b, to, "lines", m->lines);
	json_put_int(b, to, "unknownLines", m->unknown_lines);
	json_put_int(b, to, "badLines", m->bad_lines);
	put_tools(b, to, m, most_tools);
}

static void put_places(struct json_build *b, cJSON *to, const struct coach_finding *f, size_t most)
{
	cJSON *list = json_put_array(b, to, "evidence");

	for (size_t i = 0; i < f->n_places && i < most; i++) {
		cJSON *place = json_add_object(b, list);

		if (f->places[i].file != NULL) {
			json_put_text(b, place, "file", f->places[i].file);
			json_put_int(b, place, "line", f->places[i].line);
		}
		json_put_text(b, place, "task", f->places[i].task);
		if (f->places[i].event != 0)
			json_put_int(b, place, "event", f->places[i].event);
		json_put_text(b, place, "text", f->places[i].words);
	}
	json_put_int(b, to, "evidenceCount", (int64_t)f->count);
}

static bool is_first_of_task(const struct coach_finding *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (f->places[k].task != NULL && strcmp(f->places[k].task, f->places[i].task) == 0)
			return false;
	return true;
}

static cJSON *finding_json(struct json_build *b, const struct coach_finding *f, size_t places)
{
	cJSON *to = json_object(b), *tasks;

	json_put_text(b, to, "code", f->code);
	json_put_text(b, to, "severity", severity_words[f->severity]);
	json_put_text(b, to, "message", f->message);
	tasks = json_put_array(b, to, "tasks");
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].task != NULL && is_first_of_task(f, i))
			json_add_text(b, tasks, f->places[i].task);
	if (f->n_places > 0 && f->places[0].file != NULL)
		json_put_int(b, to, "line", f->places[0].line);
	json_put_text(b, to, "session", f->session);
	json_put_text(b, to, "runId", f->run);
	put_places(b, to, f, places);
	if (f->cost_ms >= 0 || f->cost_tokens >= 0) {
		cJSON *cost = json_put_object(b, to, "cost");

		if (f->cost_ms >= 0)
			json_put_int(b, cost, "ms", f->cost_ms);
		if (f->cost_tokens >= 0)
			json_put_int(b, cost, "tokens", f->cost_tokens);
	}
	json_put_text(b, to, "advice", f->advice);
	json_put_text(b, to, "fingerprint", f->fingerprint);
	return to;
}

/* The most serious come first, so what does not fit is the least serious. */
static void put_findings(struct json_build *b, cJSON *answer, const struct coach_report *r,
                         size_t most)
{
	cJSON *list = json_put_array(b, answer, "findings");
	size_t shown = 0, size = 0;

	for (; shown < r->n_findings; shown++) {
		cJSON *f = finding_json(b, &r->findings[shown],
		                        most == SIZE_MAX ? SIZE_MAX : SHORT_PLACES);
		char *text = f == NULL || most == SIZE_MAX ? NULL : json_print(f);

		if (text != NULL)
			size += strlen(text);
		mem_free(text);
		if (size > most && shown > 0) {
			cJSON_Delete(f);
			break;
		}
		json_add(b, list, f);
	}
	json_put_int(b, answer, "findingsTotal", (int64_t)r->n_findings);
	if (shown < r->n_findings)
		json_put_int(b, answer, "findingsShown", (int64_t)shown);
}

/* One recommendation for each code that was found, in the order of the findings. */
static cJSON *recommendations(struct json_build *b, const struct coach_report *r)
{
	cJSON *list = json_array(b);
	struct sum *sums = arena_take(r->a, (r->n_findings + 1) * sizeof *sums);
	size_t n = 0;

	for (size_t i = 0; sums != NULL && i < r->n_findings; i++) {
		const struct coach_finding *f = &r->findings[i];
		size_t k = 0;

		while (k < n && strcmp(sums[k].first->code, f->code) != 0)
			k++;
		if (k == n)
			sums[n++] = (struct sum){ .first = f };
		sums[k].n++;
		sums[k].cost_ms += f->cost_ms > 0 ? f->cost_ms : 0;
		sums[k].cost_tokens += f->cost_tokens > 0 ? f->cost_tokens : 0;
	}
	for (size_t i = 0; i < n; i++) {
		const struct coach_before *before = before_of(r, sums[i].first->code);
		cJSON *to = json_add_object(b, list);

		json_put_text(b, to, "code", sums[i].first->code);
		json_put_text(b, to, "message", sums[i].first->advice);
		json_put_text(b, to, "before", before == NULL ? NULL : before->words);
		json_put_int(b, to, "findings", sums[i].n);
		if (sums[i].cost_ms > 0)
			json_put_int(b, to, "costMs", sums[i].cost_ms);
		if (sums[i].cost_tokens > 0)
			json_put_int(b, to, "costTokens", sums[i].cost_tokens);
	}
	return list;
}

/* Who is best at a kind of work is a recommendation, too. */
static void put_choices(struct json_build *b, cJSON *list, const cJSON *compare, struct arena *a)
{
	const cJSON *kind;

	cJSON_ArrayForEach(kind, json_get(compare, "kinds")) {
		const char *best = json_text(kind, "best");
		cJSON *to;

		if (best == NULL)
			continue;
		to = json_add_object(b, list);
		json_put_text(b, to, "code", "agent-choice");
		json_put_text(b, to, "message",
		              text_printf(a,
		                          "For work of kind '%s' choose '%s': better than each of "
		                          "the others, by %s (see `compare`).",
		                          json_text(kind, "kind"), best,
		                          json_text(kind, "because")));
	}
}

/* Bytes that it takes when it is printed. */
static size_t size_of(const cJSON *value)
{
	char *text = value == NULL ? NULL : json_print(value);
	size_t n = text == NULL ? 0 : strlen(text);

	mem_free(text);
	return n;
}

void coach_put(struct json_build *b, cJSON *answer, const struct coach_report *r, size_t most)
{
	cJSON *metrics = json_put_object(b, answer, "metrics"), *change;
	size_t taken;

	if (r->run != NULL) {
		report_put_run(b, metrics, r);
		compare_put_tasks(b, metrics, r);
	} else {
		put_session_metrics(b, metrics, &r->metrics,
		                    most == SIZE_MAX ? SIZE_MAX : SHORT_TOOLS);
		compare_put_sessions(b, metrics, r);
		trend_put(b, metrics, r);
	}
	before_put(b, answer, r);
	change = recommendations(b, r);
	put_choices(b, change, json_get(metrics, "compare"), r->a);
	if (most != SIZE_MAX) {
		taken = size_of(metrics) + size_of(change) + size_of(json_get(answer, "context"));
		most = most > taken ? most - taken : 0;
	}
	put_findings(b, answer, r, most);
	json_put(b, answer, "recommendations", change);
}
