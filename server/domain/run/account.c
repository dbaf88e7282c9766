#include "domain/run/account.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/run/ending.h"
#include "domain/run/halt.h"
#include "domain/run/record.h"

#define MINUTE_MS 60000.0

/* --- one attempt ---------------------------------------------------------------------------- */

/* What this attempt added to what its session had used before. */
static int64_t more(int64_t now, int64_t before, bool adds_up)
{
	return adds_up && now >= before ? now - before : now;
}

static void take_usage(struct attempt *t, const struct stream_facts *f)
{
	static const struct job_session none = { .id = NULL };
	const struct job_session *had = t->goes_on ? &t->job->session : &none;

	if (f->counted) {
		t->row.tokens_in = more(f->tokens_in, had->tokens_in, f->tokens_add_up);
		t->row.tokens_cached = more(f->tokens_cached, had->tokens_cached, f->tokens_add_up);
		t->row.tokens_out = more(f->tokens_out, had->tokens_out, f->tokens_add_up);
	}
	if (f->priced)
		t->row.cost_usd = f->usd_adds_up && f->usd >= had->usd ? f->usd - had->usd : f->usd;
}

void account_take(struct runner *r, struct attempt *t)
{
	const struct stream_facts *f = stream_facts(t->stream);

	t->row.session = text_dup(t->arena, f->session);
	t->denials = f->denials;
	take_usage(t, f);
	if (f->denials > 0)
		record_note(
		    r, "permission-denied",
		    "task '%s': agent '%s' was not permitted what it wanted %zu times (%s); "
		    "permit it in the agent's 'args', or say in the task how to do without",
		    t->job->row.id, t->agent->name, f->denials, f->denied);
	if (r->budget.usd > 0 && stream_known(t->agent->preset) && !f->priced)
		record_note(
		    r, "cost-unknown",
		    "agent '%s' does not say what it costs: the budget in usd cannot count it",
		    t->agent->name);
	account_add(r, t->job, &t->row);
}

static int64_t known(int64_t n)
{
	return n == RUNS_NONE || n < 0 ? 0 : n;
}

static void add_session(struct job *job, const struct attempt_row *row)
{
	struct job_session *s = &job->session;

	if (row->session == NULL)
		return;
	if (s->id == NULL || strcmp(s->id, row->session) != 0)
		*s = (struct job_session){ .id = row->session };
	s->tokens_in += known(row->tokens_in);
	s->tokens_cached += known(row->tokens_cached);
	s->tokens_out += known(row->tokens_out);
	s->usd += row->cost_usd > 0 ? row->cost_usd : 0;
}

void account_add(struct runner *r, struct job *job, const struct attempt_row *row)
{
	struct spent *spent = &r->spent;

	if (row->started_ms != RUNS_NONE && row->ended_ms > row->started_ms)
		spent->ms += row->ended_ms - row->started_ms;
	spent->tokens += known(row->tokens_in) - known(row->tokens_cached) + known(row->tokens_out);
	spent->usd += row->cost_usd > 0 ? row->cost_usd : 0;
	add_session(job, row);
	/* The attempt's own arena does not last as long as the job. */
	if (job->session.id == row->session)
		job->session.id = text_dup(r->arena, row->session);
}

/* --- the run -------------------------------------------------------------------------------- */

struct part { /* of a limit that is used */
	double used, limit;
	const char *unit;
};

static double running_ms(const struct runner *r)
{
	int64_t now = clock_mono_us(), sum = 0;

	for (size_t i = 0; i < r->n_alive; i++)
		if (r->alive[i]->phase == PHASE_RUNNING)
			sum += now - r->alive[i]->started_us;
	return (double)sum / 1000;
}

/* The limit that is nearest to being used up. */
static struct part nearest(const struct runner *r)
{
	const struct config_budget *b = &r->budget;
	const struct part parts[] = {
		{ b->minutes > 0 ? ((double)r->spent.ms + running_ms(r)) / MINUTE_MS : 0,
		  b->minutes, "minutes of agents' time" },
		{ (double)r->spent.tokens, (double)b->tokens, "tokens" },
		{ r->spent.usd, b->usd, "usd" },
	};
	struct part best = { 0, 0, "" };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].limit > 0 &&
		    (best.limit <= 0 || parts[i].used / parts[i].limit > best.used / best.limit))
			best = parts[i];
	return best;
}

static const char *words_of(const struct runner *r, const struct part *p)
{
	int digits = p->limit < 100 ? 2 : 0;

	return text_printf(r->arena, "%.*f of %.*f %s", digits, p->used, digits, p->limit, p->unit);
}

/* Said once in a run's life, whichever runner it is. */
static bool said(const struct runner *r, const char *code)
{
	for (size_t i = 0; i < r->n_notes; i++)
		if (strcmp(r->notes[i].code, code) == 0)
			return true;
	return false;
}

static void warn(struct runner *r, const struct part *p)
{
	const char *words;

	if (said(r, "budget-warning") || (words = words_of(r, p)) == NULL)
		return;
	record_note(r, "budget-warning", "%.0f %% of the budget is used: %s",
	            100 * p->used / p->limit, words);
	record_event(r, text_printf(r->arena, "%.0f %% of the budget is used: %s",
	                            100 * p->used / p->limit, words));
}

/* Is there anything that would be started? If not, what runs may well be all there is to do. */
static bool may_start(const struct runner *r)
{
	for (size_t i = 0; i < r->n_jobs; i++) {
		const struct attempt *t = r->jobs[i].now;

		if (t == NULL ? r->jobs[i].state < TASK_SUCCEEDED
		              : t->phase >= PHASE_INTENT && t->phase <= PHASE_PREPARED)
			return true;
	}
	return false;
}

static void stop(struct runner *r, const struct part *p)
{
	const char *words = words_of(r, p);

	words = words == NULL ? NULL
	                      : text_printf(r->arena,
	                                    "the budget is used up (%s); raise it in the "
	                                    "configuration or with resume --budget, "
	                                    "then resume",
	                                    words);
	words = words == NULL ? "the budget is used up" : words;
	record_note(r, "budget-used-up", "%s", words);
	record_event(r, words);
	halt_run(r, words);
	for (size_t i = 0; i < r->n_jobs; i++) {
		struct attempt *t = r->jobs[i].now;

		if (t != NULL && t->phase >= PHASE_INTENT && t->phase <= PHASE_PREPARED)
			ending_fail(r, t, TASK_SKIPPED, false, words);
	}
}

void account_turn(struct runner *r)
{
	struct part p;

	if (r->halted != NULL)
		return;
	p = nearest(r);
	if (p.limit <= 0 || p.used < ACCOUNT_WARN * p.limit)
		return;
	warn(r, &p);
	if (p.used >= p.limit && may_start(r))
		stop(r, &p);
}
