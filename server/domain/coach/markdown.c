/* markdown.c - a report as Markdown, for issues, pull requests and chats. */
#include <string.h>

#include "base/text.h"
#include "domain/coach.h"
#include "domain/coach/before.h"
#include "domain/coach/facts.h"
#include "domain/coach/price.h"

#define TOOLS_SHOWN 20

/* A text of unknown origin on one line: what would begin or end a mark is escaped. */
static void said(struct text *t, const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r' || *s == '\t')
			text_add_char(t, ' ');
		else if ((unsigned char)*s < 0x20)
			text_add_char(t, '?');
		else if (*s == '<')
			text_add(t, "&lt;");
		else {
			if (strchr("\\`*_[]|#!", *s) != NULL)
				text_add_char(t, '\\');
			text_add_char(t, *s);
		}
	}
}

static void seconds(struct text *t, int64_t ms)
{
	text_addf(t, "%.1f s", (double)ms / 1000);
}

static void run(struct text *t, const struct facts *f)
{
	text_add(t, "# Report\n\nRun ");
	said(t, f->run->id);
	text_add(t, " (");
	said(t, f->run->title);
	text_addf(t, ") %s: %zu of %zu tasks succeeded in %zu attempts.\n\n", f->run->state,
	          f->n_succeeded, f->n_tasks, f->n_attempts);
	text_add(t, "| number | value |\n|---|---|\n| work | ");
	seconds(t, f->work_ms);
	text_add(t, " |\n");
	if (f->ended && f->wall_ms > 0) {
		text_add(t, "| wall time | ");
		seconds(t, f->wall_ms);
		text_addf(t, " |\n| speedup | %.2f |\n| efficiency | %.0f %% |\n",
		          (double)f->work_ms / (double)f->wall_ms,
		          100 * (double)f->bound_ms / (double)f->wall_ms);
	}
	text_add(t, "| in attempts that came to nothing | ");
	seconds(t, f->failed_ms);
	text_add(t, " |\n\n| task | state | attempts | ran |\n|---|---|---|---|\n");
	for (size_t i = 0; i < f->n_tasks; i++) {
		text_add(t, "| ");
		said(t, f->tasks[i].row->id);
		text_addf(t, " | %s | %zu | ", f->tasks[i].row->state, f->tasks[i].n_attempts);
		seconds(t, f->tasks[i].run_ms);
		text_add(t, " |\n");
	}
}

static void sessions(struct text *t, const struct coach_metrics *m)
{
	text_addf(t, "# Report\n\n%lld session%s, %lld turns, %lld calls of which %lld failed.\n\n",
	          (long long)m->sessions, m->sessions == 1 ? "" : "s", (long long)m->turns,
	          (long long)m->tool_calls, (long long)m->tool_errors);
	text_add(t, "| number | value |\n|---|---|\n| at work | ");
	seconds(t, m->active_ms);
	text_add(t, " |\n| waiting for a person | ");
	seconds(t, m->waiting_ms);
	text_addf(t,
	          " |\n| tokens in | %lld |\n| from the cache | %lld |\n| into the cache | %lld "
	          "|\n| out, at least | %lld |\n| edits | %lld of %lld files |\n| gates passed | "
	          "%lld of %lld |\n| times the context was full | %lld |\n",
	          (long long)m->tokens[TOKENS_INPUT], (long long)m->tokens[TOKENS_CACHE_READ],
	          (long long)m->tokens[TOKENS_CACHE_WRITE], (long long)m->tokens[TOKENS_OUTPUT],
	          (long long)m->edits, (long long)m->files_edited, (long long)m->gates_passed,
	          (long long)m->gates, (long long)m->compactions);
	if (m->cost_usd >= 0)
		text_addf(t, "| cost, by %s | %.4f USD |\n", price_source(m), m->cost_usd);
	if (m->cost_unknown > 0)
		text_addf(t, "| sessions whose cost is unknown | %lld |\n",
		          (long long)m->cost_unknown);
	text_add(t, "\n| tool | calls | failed | time |\n|---|---|---|---|\n");
	for (size_t i = 0; i < m->n_tools && i < TOOLS_SHOWN; i++) {
		text_add(t, "| ");
		said(t, m->tools[i].name);
		text_addf(t, " | %lld | %lld | ", (long long)m->tools[i].calls,
		          (long long)m->tools[i].errors);
		seconds(t, m->tools[i].ms);
		text_add(t, " |\n");
	}
}

static void finding(struct text *t, const struct coach_finding *f)
{
	text_addf(t, "\n### %s: %s\n\n", coach_severity_word(f->severity), f->code);
	said(t, f->message);
	text_add(t, "\n\n");
	said(t, f->advice);
	text_add(t, "\n");
	if (f->n_places > 0)
		text_add(t, "\n");
	for (size_t i = 0; i < f->n_places; i++) {
		const struct coach_place *p = &f->places[i];

		text_add(t, "- ");
		said(t, p->file != NULL ? p->file : p->task);
		if (p->file != NULL)
			text_addf(t, ":%ld", p->line);
		if (p->event != 0)
			text_addf(t, " (event %lld)", (long long)p->event);
		text_add(t, p->words == NULL ? "" : ": ");
		said(t, p->words);
		text_add(t, "\n");
	}
	if (f->count > f->n_places)
		text_addf(t, "- and %zu more\n", f->count - f->n_places);
}

/* What memory holds stays with the project: a report is made to be shown to others. */
static void before(struct text *t, const struct coach_known *k)
{
	if (k == NULL || k->n_before == 0)
		return;
	text_add(t, "\n## Said before\n\n");
	for (size_t i = 0; i < k->n_before && i < BEFORE_SHOWN; i++) {
		text_add(t, "- ");
		said(t, k->before[i].code);
		text_add(t, ": ");
		said(t, k->before[i].words);
		text_add(t, "\n");
	}
}

enum status coach_markdown(const struct coach_report *r, struct arena *a, const char **out,
                           struct err *err)
{
	struct text t;

	text_init(&t, TEXT_LIMIT);
	if (r->run != NULL)
		run(&t, r->run);
	else
		sessions(&t, &r->metrics);
	text_addf(&t, "\n## Findings (%zu)\n", r->n_findings);
	if (r->n_findings == 0)
		text_add(&t, "\nNothing stands out.\n");
	for (size_t i = 0; i < r->n_findings; i++)
		finding(&t, &r->findings[i]);
	before(&t, r->known);
	*out = text_copy(&t, a);
	text_done(&t);
	return *out == NULL ? err_nomem(err, "the report") : OK;
}
