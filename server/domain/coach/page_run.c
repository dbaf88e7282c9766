/* page_run.c - a run as sections of the report. */
#include <string.h>

#include "domain/coach/facts.h"
#include "domain/coach/page.h"

#define AGENTS_MAX 32

static const char *colour_of(const char *state)
{
	static const struct {
		const char *state, *colour;
	} colours[] = {
		{ "succeeded", "good" },   { "failed", "bad" },       { "conflicted", "warn" },
		{ "timed_out", "violet" }, { "interrupted", "warn" },
	};

	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return "dim";
}

static void state(struct text *t, const char *word)
{
	text_addf(t, "<span class=\"tag %s\">", colour_of(word));
	page_text(t, word);
	text_add(t, "</span>");
}

static void head(struct text *t, const struct facts *f)
{
	text_add(t, "<p class=\"dim\">");
	state(t, f->run->state);
	text_add(t, " run <code>");
	page_text(t, f->run->id);
	text_add(t, "</code>");
	if (f->run->started_ms != RUNS_NONE) {
		text_add(t, ", begun ");
		page_time(t, f->run->started_ms);
	}
	if (f->run->branch != NULL) {
		text_add(t, ", on <code>");
		page_text(t, f->run->branch);
		text_add(t, "</code>");
	}
	text_add(t, "</p>\n");
	if (f->run->cause != NULL) {
		text_add(t, "<p class=\"bad\">");
		page_text(t, f->run->cause);
		text_add(t, "</p>\n");
	}
}

/* What the agents said that they used; false when none said anything. */
static bool sum_cost(const struct facts *f, int64_t *tokens, double *usd)
{
	bool told = false;

	*tokens = 0;
	*usd = -1;
	for (size_t i = 0; i < f->n_attempts; i++) {
		const struct attempt_row *x = &f->attempts[i];

		told = told || x->tokens_in != RUNS_NONE || x->tokens_out != RUNS_NONE ||
		       x->cost_usd >= 0;
		*tokens += (x->tokens_in == RUNS_NONE ? 0 : x->tokens_in) +
		           (x->tokens_out == RUNS_NONE ? 0 : x->tokens_out);
		if (x->cost_usd >= 0)
			*usd = (*usd < 0 ? 0 : *usd) + x->cost_usd;
	}
	return told;
}

static void cost_card(struct text *t, const struct facts *f)
{
	int64_t tokens;
	double usd;

	if (!sum_cost(f, &tokens, &usd))
		return;
	page_card(t, "tokens");
	page_count(t, tokens);
	page_below(t);
	text_add(t, "as the agents say");
	page_card_end(t);
	if (usd < 0)
		return;
	page_card(t, "cost");
	text_addf(t, "%.2f USD", usd);
	page_below(t);
	text_add(t, "as the agents say");
	page_card_end(t);
}

static void cards(struct text *t, const struct facts *f)
{
	text_add(t, "<div class=\"cards\">\n");
	page_card(t, "tasks");
	text_addf(t, "%zu of %zu", f->n_succeeded, f->n_tasks);
	page_below(t);
	text_addf(t, "succeeded, in %zu attempts", f->n_attempts);
	page_card_end(t);
	if (f->ended && f->wall_ms > 0) {
		page_card(t, "wall time");
		page_ms(t, f->wall_ms);
		page_below(t);
		text_addf(t, "with %lld workers", (long long)f->run->jobs);
		page_card_end(t);
		page_card(t, "speedup");
		text_addf(t, "%.2f&times;", (double)f->work_ms / (double)f->wall_ms);
		page_below(t);
		text_add(t, "work of succeeded tasks by wall time");
		page_card_end(t);
		page_card(t, "efficiency");
		text_addf(t, "%.0f&#8239;%%", 100 * (double)f->bound_ms / (double)f->wall_ms);
		page_below(t);
		text_add(t, "of the least time that was possible");
		page_card_end(t);
		page_card(t, "utilisation");
		text_addf(t, "%.0f&#8239;%%",
		          f->run->jobs > 0
		              ? 100 * (double)f->busy_ms / (double)(f->wall_ms * f->run->jobs)
		              : 0);
		page_below(t);
		text_add(t, "of the workers' time");
		page_card_end(t);
	}
	page_card(t, "work");
	page_ms(t, f->work_ms);
	page_below(t);
	text_add(t, "of agents whose task succeeded");
	page_card_end(t);
	page_card(t, "wasted");
	page_ms(t, f->failed_ms);
	page_below(t);
	text_addf(t, "%zu retr%s, %zu conflict%s", f->n_retries, f->n_retries == 1 ? "y" : "ies",
	          f->n_conflicts, f->n_conflicts == 1 ? "" : "s");
	page_card_end(t);
	cost_card(t, f);
	text_add(t, "</div>\n");
}

static const char *agent_of(const struct facts *f, const struct fact_task *task)
{
	return task->n_attempts == 0 ? task->row->agent
	                             : f->attempts[task->first + task->n_attempts - 1].agent;
}

static void task_row(struct text *t, const struct facts *f, const struct fact_task *task)
{
	text_add(t, "<tr><td><code>");
	page_text(t, task->row->id);
	text_add(t, "</code></td><td class=\"w\">");
	page_text(t, task->row->title);
	if (task->row->cause != NULL) {
		text_add(t, "<br><span class=\"dim\">");
		page_text(t, task->row->cause);
		text_add(t, "</span>");
	}
	text_add(t, "</td><td>");
	state(t, task->row->state);
	text_add(t, "</td><td>");
	page_text(t, agent_of(f, task));
	text_addf(t, "</td><td class=\"n\">%zu</td><td class=\"n\">", task->n_attempts);
	if (task->run_ms > 0)
		page_ms(t, task->run_ms);
	text_add(t, "</td><td class=\"n\">");
	if (task->waited_ms > 0)
		page_ms(t, task->waited_ms);
	text_add(t, "</td><td class=\"n\">");
	if (task->estimated)
		text_addf(t, "%lld min", (long long)task->row->estimate_min);
	text_add(t, "</td></tr>\n");
}

static void tasks(struct text *t, const struct facts *f)
{
	text_add(t, "<h2>Tasks</h2>\n<div class=\"scroll\"><table>\n<tr><th>id</th><th>title</th>"
	            "<th>state</th><th>agent</th><th class=\"n\">attempts</th>"
	            "<th class=\"n\">ran</th><th class=\"n\">waited</th>"
	            "<th class=\"n\">estimate</th></tr>\n");
	for (size_t i = 0; i < f->n_tasks; i++)
		task_row(t, f, &f->tasks[i]);
	text_add(t, "</table></div>\n");
}

struct agent_sum {
	const char *name;
	size_t attempts, merged;
	int64_t ms, tokens_in, tokens_out;
	double usd;
	bool told; /* tokens */
};

static struct agent_sum *sum_of(struct agent_sum *sums, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(sums[i].name, name) == 0)
			return &sums[i];
	if (*n == AGENTS_MAX)
		return NULL;
	sums[*n] = (struct agent_sum){ .name = name, .usd = -1 };
	return &sums[(*n)++];
}

static void add_attempt(struct agent_sum *s, const struct attempt_row *x)
{
	s->attempts++;
	s->merged += strcmp(x->state, "merged") == 0;
	s->ms += facts_run_ms(x);
	s->told = s->told || x->tokens_in != RUNS_NONE || x->tokens_out != RUNS_NONE;
	s->tokens_in += x->tokens_in == RUNS_NONE ? 0 : x->tokens_in;
	s->tokens_out += x->tokens_out == RUNS_NONE ? 0 : x->tokens_out;
	if (x->cost_usd >= 0)
		s->usd = (s->usd < 0 ? 0 : s->usd) + x->cost_usd;
}

static void agent_row(struct text *t, const struct agent_sum *s)
{
	text_add(t, "<tr><td>");
	page_text(t, s->name);
	text_addf(t, "</td><td class=\"n\">%zu</td><td>", s->attempts);
	page_share(t, (double)s->merged / (double)s->attempts, false);
	text_add(t, "</td><td class=\"n\">");
	page_ms(t, s->ms);
	text_add(t, "</td><td class=\"n\">");
	if (s->told)
		page_count(t, s->tokens_in);
	text_add(t, "</td><td class=\"n\">");
	if (s->told)
		page_count(t, s->tokens_out);
	text_add(t, "</td><td class=\"n\">");
	if (s->usd >= 0)
		text_addf(t, "%.4f USD", s->usd);
	text_add(t, "</td></tr>\n");
}

static void agents(struct text *t, const struct facts *f)
{
	struct agent_sum sums[AGENTS_MAX], *s;
	size_t n = 0;

	for (size_t i = 0; i < f->n_attempts; i++)
		if ((s = sum_of(sums, &n, f->attempts[i].agent)) != NULL)
			add_attempt(s, &f->attempts[i]);
	if (n == 0)
		return;
	text_add(t, "<h2>Agents</h2>\n<div class=\"scroll\"><table>\n<tr><th>agent</th>"
	            "<th class=\"n\">attempts</th><th>merged</th><th class=\"n\">ran</th>"
	            "<th class=\"n\">tokens in</th><th class=\"n\">tokens out</th>"
	            "<th class=\"n\">cost</th></tr>\n");
	for (size_t i = 0; i < n; i++)
		agent_row(t, &sums[i]);
	text_add(t, "</table></div>\n");
}

void page_run(struct text *t, const struct coach_report *r)
{
	head(t, r->run);
	cards(t, r->run);
	page_timeline(t, r->run);
	page_findings(t, r);
	agents(t, r->run);
	page_trends(t, r);
	tasks(t, r->run);
}
