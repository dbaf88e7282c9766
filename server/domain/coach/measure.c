#include "domain/coach/measure.h"
#include "domain/coach/price.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"

/*
 * Waiting is the time between the last thing the assistant or a tool did and the next
 * prompt, while no call was open: an open call is waiting for itself.
 */
int64_t measure_waiting(const struct session *s, int64_t over_ms)
{
	int64_t last = SESSION_NO_TIME, sum = 0;
	size_t open = 0;

	for (size_t i = 0; i < s->n_marks; i++) {
		const struct session_mark *m = &s->marks[i];

		switch (m->kind) {
		case MARK_PROMPT:
			if (open == 0 && last != SESSION_NO_TIME && m->ms - last > over_ms)
				sum += m->ms - last;
			open = 0; /* what was not answered by now never will be */
			last = m->ms;
			continue;
		case MARK_CALL:
			open += s->calls[m->call].answered && !s->calls[m->call].background;
			break;
		case MARK_RESULT:
			open -= open > 0 && !s->calls[m->call].background;
			break;
		case MARK_ASSISTANT:
		case MARK_COMPACTION:
		case MARK_INTERRUPT:
			break;
		}
		if (m->ms != SESSION_NO_TIME)
			last = m->ms;
	}
	return sum;
}

/* Marks are in order of time, so the union of the calls' times is one walk. */
int64_t measure_tool_time(const struct session *s)
{
	int64_t sum = 0, until = SESSION_NO_TIME;

	for (size_t i = 0; i < s->n_marks; i++) {
		const struct session_call *c;
		int64_t from;

		if (s->marks[i].kind != MARK_CALL)
			continue;
		c = &s->calls[s->marks[i].call];
		if (c->start_ms == SESSION_NO_TIME || c->end_ms == SESSION_NO_TIME)
			continue;
		from = until != SESSION_NO_TIME && c->start_ms < until ? until : c->start_ms;
		if (c->end_ms > from) {
			sum += c->end_ms - from;
			until = c->end_ms;
		}
	}
	return sum;
}

static struct coach_tool *tool_of(struct coach_report *r, const char *name)
{
	struct coach_metrics *m = &r->metrics;
	struct coach_tool *items;

	for (size_t i = 0; i < m->n_tools; i++)
		if (strcmp(m->tools[i].name, name) == 0)
			return &m->tools[i];
	items = list_room(r->a, m->tools, m->n_tools, &m->tools_room, sizeof *items);
	if (items == NULL)
		return NULL;
	m->tools = items;
	items[m->n_tools] = (struct coach_tool){ .name = text_dup(r->a, name) };
	return items[m->n_tools].name == NULL ? NULL : &items[m->n_tools++];
}

static enum error_kind kind_of(const struct session_call *c)
{
	if (c->failure == FAIL_DENIED)
		return ERROR_DENIED;
	if (c->failure == FAIL_INTERRUPTED)
		return ERROR_INTERRUPTED;
	if (c->too_large)
		return ERROR_TOO_LARGE;
	if (c->stale)
		return ERROR_STALE_EDIT;
	if (c->missing_program)
		return ERROR_MISSING_PROGRAM;
	if (c->gate != 0)
		return ERROR_GATE;
	return c->command != NULL ? ERROR_SHELL : ERROR_OTHER;
}

static void count_edit(struct coach_metrics *m, const struct session_call *c)
{
	m->edits++;
	m->lines_added += c->added;
	m->lines_removed += c->removed;
}

static void count_call(struct coach_report *r, const struct session_call *c)
{
	struct coach_metrics *m = &r->metrics;
	struct coach_tool *tool = tool_of(r, c->tool);

	m->tool_calls++;
	m->tool_errors += c->failure != FAIL_NONE;
	m->denials += c->failure == FAIL_DENIED;
	if (c->failure != FAIL_NONE)
		m->errors[kind_of(c)]++;
	if (c->answered && c->failure == FAIL_NONE) {
		if (c->act == ACT_EDIT)
			count_edit(m, c);
		m->commits += c->commits;
	}
	if (c->gate != 0 && c->answered) {
		m->gates++;
		m->gates_passed += c->failure == FAIL_NONE;
	}
	if (tool == NULL)
		return;
	tool->calls++;
	tool->errors += c->failure != FAIL_NONE;
	if (c->start_ms != SESSION_NO_TIME && c->end_ms > c->start_ms)
		tool->ms += c->end_ms - c->start_ms;
}

/* Is call i the first of its gate, or the first edit of its file, in this session? */
static bool is_first(const struct session *s, size_t i)
{
	const struct session_call *c = &s->calls[i];

	for (size_t k = 0; k < i; k++) {
		const struct session_call *before = &s->calls[k];

		if (c->gate != 0 && before->gate == c->gate && before->answered)
			return false;
		if (c->act == ACT_EDIT && before->act == ACT_EDIT && before->answered &&
		    before->failure == FAIL_NONE && c->target != NULL && before->target != NULL &&
		    strcmp(c->target, before->target) == 0)
			return false;
	}
	return true;
}

static void count_firsts(struct coach_metrics *m, const struct session *s)
{
	for (size_t i = 0; i < s->n_calls; i++) {
		const struct session_call *c = &s->calls[i];

		if (!c->answered || (c->gate == 0 && c->act != ACT_EDIT) || !is_first(s, i))
			continue;
		if (c->gate != 0) {
			m->gate_kinds++;
			m->gate_kinds_first += c->failure == FAIL_NONE;
		} else if (c->failure == FAIL_NONE && c->target != NULL) {
			m->files_edited++;
		}
	}
}

static void count_marks(struct coach_metrics *m, const struct session *s)
{
	for (size_t i = 0; i < s->n_marks; i++) {
		const struct session_mark *mark = &s->marks[i];

		m->turns += mark->kind == MARK_PROMPT;
		m->interrupts += mark->kind == MARK_INTERRUPT;
		if (mark->kind == MARK_COMPACTION) {
			m->compactions++;
			m->compaction_tokens += mark->tokens > 0 ? mark->tokens : 0;
		}
	}
}

/* What a session cost: as its host states it, else by the user's prices; below 0: not known. */
static double cost_of(const struct session *s)
{
	double sum = 0;
	bool used = false;

	if (s->cost_usd >= 0)
		return s->cost_usd;
	for (size_t i = 0; i < s->usage.n; i++) {
		double usd = price_usd(s->prices, &s->usage.items[i]);

		if (usd < 0)
			return -1;
		used = used || s->usage.items[i].price != 0;
		sum += usd;
	}
	return used ? sum : -1;
}

/* Tokens, and what they cost; an answer that an earlier session has too is not paid twice. */
static void count_usage(struct coach_report *r, const struct session *s)
{
	struct coach_metrics *m = &r->metrics;
	double cost = cost_of(s), added = 0;
	bool stated = s->cost_usd >= 0;

	for (size_t i = 0; i < s->usage.n; i++)
		if (usage_add(&r->usage, &s->usage.items[i]) && cost >= 0 && !stated)
			added += price_usd(s->prices, &s->usage.items[i]);
	m->cost_stated += stated;
	m->cost_priced += !stated && cost >= 0;
	m->cost_unknown += cost < 0 && s->usage.n > 0;
	if (cost >= 0)
		m->cost_usd = (m->cost_usd < 0 ? 0 : m->cost_usd) + (stated ? cost : added);
}

void measure_session(struct coach_report *r, const struct session *s)
{
	struct coach_metrics *m = &r->metrics;
	int64_t waiting = measure_waiting(s, 0);

	m->sessions++;
	m->files += (int64_t)s->n_files;
	m->subagents += s->n_agents;
	m->lines += (int64_t)s->lines;
	m->unknown_lines += (int64_t)s->unknown_lines;
	m->bad_lines += (int64_t)(s->bad_lines + s->long_lines);
	if (s->first_ms != SESSION_NO_TIME) {
		m->wall_ms += s->last_ms - s->first_ms;
		m->active_ms += s->last_ms - s->first_ms - waiting;
	}
	m->waiting_ms += waiting;
	m->rate_limits += (int64_t)s->rate_limits;
	m->tool_ms += measure_tool_time(s);
	m->messages += s->n_messages;
	for (size_t i = 0; i < s->n_calls; i++)
		count_call(r, &s->calls[i]);
	count_firsts(m, s);
	count_marks(m, s);
	count_usage(r, s);
}

static struct coach_session *new_session(struct coach_report *r)
{
	struct coach_session *items =
	    list_room(r->a, r->sessions, r->n_sessions, &r->sessions_room, sizeof *items);

	if (items == NULL)
		return NULL;
	r->sessions = items;
	return &items[r->n_sessions++];
}

void measure_one(struct coach_report *r, const struct session *s, const char *path,
                 const struct coach_metrics *before)
{
	const struct coach_metrics *m = &r->metrics;
	struct coach_session *one = new_session(r);

	if (one == NULL)
		return;
	*one = (struct coach_session){
		.name = text_dup(r->a, s->name),
		.host = s->host,
		.path = text_dup(r->a, path),
		.model = text_dup(r->a, s->model),
		.first_ms = s->first_ms == SESSION_NO_TIME ? 0 : s->first_ms,
		.last_ms = s->last_ms == SESSION_NO_TIME ? 0 : s->last_ms,
		.turns = m->turns - before->turns,
		.calls = m->tool_calls - before->tool_calls,
		.errors = m->tool_errors - before->tool_errors,
		.denials = m->denials - before->denials,
		.interrupts = m->interrupts - before->interrupts,
		.compactions = m->compactions - before->compactions,
		.gate_kinds = m->gate_kinds - before->gate_kinds,
		.gate_kinds_first = m->gate_kinds_first - before->gate_kinds_first,
		.edits = m->edits - before->edits,
		.wall_ms = m->wall_ms - before->wall_ms,
		.waiting_ms = m->waiting_ms - before->waiting_ms,
		.cost_usd = cost_of(s),
	};
	for (size_t i = 0; i < s->usage.n; i++)
		for (int k = 0; k < TOKENS_N; k++)
			one->tokens[k] += s->usage.items[i].tokens[k];
}

static int by_start(const void *a, const void *b)
{
	const struct coach_session *x = a, *y = b;

	if (x->first_ms != y->first_ms)
		return x->first_ms < y->first_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_calls(const void *a, const void *b)
{
	const struct coach_tool *x = a, *y = b;

	if (x->calls != y->calls)
		return x->calls > y->calls ? -1 : 1;
	return strcmp(x->name, y->name);
}

void measure_end(struct coach_report *r)
{
	struct coach_metrics *m = &r->metrics;

	m->usages = (int64_t)r->usage.n;
	for (size_t i = 0; i < r->usage.n; i++)
		for (int k = 0; k < TOKENS_N; k++) {
			m->tokens[k] += r->usage.items[i].tokens[k];
			if (r->usage.items[i].agent != 0)
				m->subagent_tokens[k] += r->usage.items[i].tokens[k];
		}
	if (m->n_tools > 0)
		qsort(m->tools, m->n_tools, sizeof *m->tools, by_calls);
	if (r->n_sessions > 1)
		qsort(r->sessions, r->n_sessions, sizeof *r->sessions, by_start);
}
