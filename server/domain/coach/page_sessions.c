/* page_sessions.c - sessions as sections of the report. */
#include <string.h>

#include "domain/coach/page.h"
#include "domain/coach/price.h"

#define SESSIONS_SHOWN 200 /* the newest; all are counted */
#define TOOLS_SHOWN    30

static void cards(struct text *t, const struct coach_metrics *m)
{
	text_add(t, "<div class=\"cards\">\n");
	page_card(t, "at work");
	page_ms(t, m->active_ms);
	page_below(t);
	text_add(t, "hosts and tools");
	page_card_end(t);
	page_card(t, "waiting");
	page_ms(t, m->waiting_ms);
	page_below(t);
	text_add(t, "for a person");
	page_card_end(t);
	page_card(t, "turns");
	page_count(t, m->turns);
	page_below(t);
	text_addf(t, "%lld interruptions, %lld denials", (long long)m->interrupts,
	          (long long)m->denials);
	page_card_end(t);
	page_card(t, "calls");
	page_count(t, m->tool_calls);
	page_below(t);
	text_addf(t, "%lld failed", (long long)m->tool_errors);
	page_card_end(t);
	page_card(t, "edits");
	page_count(t, m->edits);
	page_below(t);
	text_addf(t, "%lld files, +%lld &minus;%lld lines, %lld commits",
	          (long long)m->files_edited, (long long)m->lines_added,
	          (long long)m->lines_removed, (long long)m->commits);
	page_card_end(t);
	page_card(t, "gates");
	text_addf(t, "%lld of %lld", (long long)m->gates_passed, (long long)m->gates);
	page_below(t);
	text_addf(t, "passed; %lld of %lld at their first run", (long long)m->gate_kinds_first,
	          (long long)m->gate_kinds);
	page_card_end(t);
	page_card(t, "compactions");
	page_count(t, m->compactions);
	page_below(t);
	text_add(t, "times the context was full");
	page_card_end(t);
	if (m->cost_usd >= 0) {
		page_card(t, "cost");
		text_addf(t, "%.2f USD", m->cost_usd);
		page_below(t);
		text_addf(t, "by %s", price_source(m));
		if (m->cost_unknown > 0)
			text_addf(t, "; of %lld sessions unknown", (long long)m->cost_unknown);
		page_card_end(t);
	}
	text_add(t, "</div>\n");
}

static void tokens(struct text *t, const int64_t sums[TOKENS_N])
{
	static const struct {
		const char *words;
		int colour;
	} kinds[TOKENS_N] = {
		[TOKENS_INPUT] = { "input", 1 },
		[TOKENS_CACHE_READ] = { "from the cache", 0 },
		[TOKENS_CACHE_WRITE] = { "into the cache", 2 },
		[TOKENS_OUTPUT] = { "output, at least", 4 },
	};
	int64_t all = 0;

	for (int k = 0; k < TOKENS_N; k++)
		all += sums[k];
	if (all == 0)
		return;
	text_add(t, "<h2>Tokens</h2>\n<div class=\"stack\">");
	for (int k = 0; k < TOKENS_N; k++)
		text_addf(t, "<i class=\"k%d\" style=\"width:%.2f%%\"></i>", kinds[k].colour,
		          100 * (double)sums[k] / (double)all);
	text_add(t, "</div>\n<p class=\"key\">");
	for (int k = 0; k < TOKENS_N; k++) {
		text_addf(t, "<span><i class=\"k%d\"></i>%s: ", kinds[k].colour, kinds[k].words);
		page_count(t, sums[k]);
		text_add(t, "</span>");
	}
	text_add(t, "</p>\n");
}

static void tools(struct text *t, const struct coach_metrics *m)
{
	if (m->n_tools == 0)
		return;
	text_add(t, "<h2>Tools</h2>\n<div class=\"scroll\"><table>\n<tr><th>tool</th>"
	            "<th class=\"n\">calls</th><th class=\"n\">failed</th><th>share</th>"
	            "<th class=\"n\">time</th></tr>\n");
	for (size_t i = 0; i < m->n_tools && i < TOOLS_SHOWN; i++) {
		const struct coach_tool *tool = &m->tools[i];

		text_add(t, "<tr><td>");
		page_text(t, tool->name);
		text_add(t, "</td><td class=\"n\">");
		page_count(t, tool->calls);
		text_add(t, "</td><td class=\"n\">");
		page_count(t, tool->errors);
		text_add(t, "</td><td>");
		page_share(t, tool->calls > 0 ? (double)tool->errors / (double)tool->calls : 0,
		           true);
		text_add(t, "</td><td class=\"n\">");
		page_ms(t, tool->ms);
		text_add(t, "</td></tr>\n");
	}
	text_add(t, "</table></div>\n");
}

static void session(struct text *t, const struct coach_session *s)
{
	int64_t all = 0;

	for (int k = 0; k < TOKENS_N; k++)
		all += s->tokens[k];
	text_add(t, "<tr><td class=\"w\"><code>");
	page_text(t, s->name);
	text_add(t, "</code></td><td>");
	page_text(t, s->host);
	text_add(t, "</td><td>");
	page_text(t, s->model);
	text_add(t, "</td><td class=\"n\">");
	if (s->first_ms > 0)
		page_time(t, s->first_ms);
	text_add(t, "</td><td class=\"n\">");
	page_ms(t, s->wall_ms);
	text_addf(t, "</td><td class=\"n\">%lld</td><td class=\"n\">%lld</td><td class=\"n\">",
	          (long long)s->turns, (long long)s->calls);
	page_count(t, s->errors);
	text_add(t, "</td><td class=\"n\">");
	page_count(t, all);
	text_add(t, "</td></tr>\n");
}

static void each(struct text *t, const struct coach_report *r)
{
	size_t from = r->n_sessions > SESSIONS_SHOWN ? r->n_sessions - SESSIONS_SHOWN : 0;

	text_add(t,
	         "<h2>Sessions</h2>\n<div class=\"scroll\"><table>\n<tr><th>session</th>"
	         "<th>host</th><th>model</th><th class=\"n\">begun</th><th class=\"n\">lasted</th>"
	         "<th class=\"n\">turns</th><th class=\"n\">calls</th><th class=\"n\">failed</th>"
	         "<th class=\"n\">tokens</th></tr>\n");
	for (size_t i = from; i < r->n_sessions; i++)
		session(t, &r->sessions[i]);
	text_add(t, "</table></div>\n");
	if (from > 0)
		text_addf(t, "<p class=\"dim\">and %zu older ones</p>\n", from);
}

void page_sessions(struct text *t, const struct coach_report *r)
{
	cards(t, &r->metrics);
	tokens(t, r->metrics.tokens);
	page_findings(t, r);
	page_trends(t, r);
	tools(t, &r->metrics);
	each(t, r);
}
