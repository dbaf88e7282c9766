/* page_timeline.c - the attempts of a run over time, a lane for each worker, as SVG. */
#include <string.h>

#include "domain/coach/facts.h"
#include "domain/coach/page.h"

#define LEFT       74  /* pixels for the names of the lanes */
#define WIDTH      940 /* of the time */
#define LANE       28
#define BAR        20
#define TOP        24
#define CHAR_WIDTH 6.3 /* of the font, for what fits into a bar */
#define TICKS      8   /* at most */
#define LANES_MAX  256

struct axis {
	int64_t from, to;
};

static double x_of(const struct axis *axis, int64_t ms)
{
	int64_t span = axis->to > axis->from ? axis->to - axis->from : 1;

	return LEFT + (double)(ms - axis->from) / (double)span * WIDTH;
}

/* Colours by what came of an attempt; the legend names them. */
static const struct {
	const char *state, *words;
	int colour;
} colours[] = {
	{ "merged", "merged", 0 },       { "failed", "failed", 3 },
	{ "conflicted", "conflict", 2 }, { "timed_out", "timed out", 4 },
	{ "cancelled", "cancelled", 5 }, { "lost", "lost with its runner", 5 },
	{ "", "under way", 1 },
};

static size_t colour_of(const char *state)
{
	size_t i = 0;

	while (colours[i].state[0] != '\0' && strcmp(colours[i].state, state) != 0)
		i++;
	return i;
}

static struct axis axis_of(const struct facts *f)
{
	struct axis axis = { f->run->started_ms == RUNS_NONE ? f->run->made_ms : f->run->started_ms,
		             f->run->ended_ms == RUNS_NONE ? 0 : f->run->ended_ms };

	for (size_t i = 0; i < f->n_attempts; i++) {
		int64_t end = facts_place_end(&f->attempts[i]);

		if (f->attempts[i].intent_ms < axis.from)
			axis.from = f->attempts[i].intent_ms;
		if (end != RUNS_NONE && end > axis.to)
			axis.to = end;
		if (f->attempts[i].intent_ms > axis.to)
			axis.to = f->attempts[i].intent_ms;
	}
	return axis;
}

static void ticks(struct text *t, const struct axis *axis, int height)
{
	static const int64_t steps[] = { 10,      20,      50,       100,      200,     500,
		                         1000,    2000,    5000,     10000,    15000,   30000,
		                         60000,   120000,  300000,   600000,   900000,  1800000,
		                         3600000, 7200000, 14400000, 28800000, 86400000 };
	size_t i = 0;
	int64_t span = axis->to - axis->from, step;

	while (i + 1 < sizeof steps / sizeof *steps && span / steps[i] > TICKS)
		i++;
	step = steps[i];
	while (span / step > TICKS)
		step *= 2;
	for (int64_t at = 0; at <= span; at += step) {
		double x = x_of(axis, axis->from + at);

		text_addf(t, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", x, TOP - 4, x,
		          height);
		text_addf(t, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", x, TOP - 10);
		if (step < 1000)
			text_addf(t, "%lld ms", (long long)at);
		else if (step < 60000)
			text_addf(t, "%lld s", (long long)(at / 1000));
		else if (step < 3600000)
			text_addf(t, "%lld min", (long long)(at / 60000));
		else
			text_addf(t, "%lld h", (long long)(at / 3600000));
		text_add(t, "</text>\n");
	}
}

static void tip(struct text *t, const struct attempt_row *x)
{
	text_add(t, "<title>");
	page_text(t, x->task);
	text_addf(t, ", attempt %lld, ", (long long)x->number);
	page_text(t, x->agent);
	text_addf(t, ": %s", colours[colour_of(x->state)].words);
	if (facts_run_ms(x) > 0) {
		text_add(t, ", ran ");
		page_ms(t, facts_run_ms(x));
	}
	if (x->cause != NULL) {
		text_add(t, "; ");
		page_text(t, x->cause);
	}
	text_add(t, "</title>");
}

/* The agent's time in full colour; what came before and after it, gates and merge, pale. */
static void bar(struct text *t, const struct axis *axis, const struct attempt_row *x, bool on_chain)
{
	int64_t end = facts_place_end(x) == RUNS_NONE ? axis->to : facts_place_end(x);
	int64_t began = x->started_ms == RUNS_NONE ? end : x->started_ms;
	int64_t ended = x->ended_ms == RUNS_NONE ? end : x->ended_ms;
	double left = x_of(axis, x->intent_ms), right = x_of(axis, end);
	double from = x_of(axis, began), to = x_of(axis, ended);
	int y = TOP + (int)x->slot * LANE + (LANE - BAR) / 2;
	int colour = colours[colour_of(x->state)].colour;

	if (right - left < 1.5)
		right = left + 1.5;
	if (to - from < 1.5)
		to = from + 1.5 > right ? right : from + 1.5;
	text_add(t, "<g>");
	tip(t, x);
	text_addf(t,
	          "<rect class=\"f%d after\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
	          "rx=\"3\"/>",
	          colour, left, y, right - left, BAR);
	if (to > from)
		text_addf(t,
		          "<rect class=\"f%d%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
		          "rx=\"3\"/>",
		          colour, on_chain ? " chain" : "", from, y, to - from, BAR);
	if ((double)strlen(x->task) * CHAR_WIDTH + 8 < to - from) {
		text_addf(t, "<text class=\"on\" x=\"%.1f\" y=\"%d\">", from + 5, y + BAR - 6);
		page_text(t, x->task);
		text_add(t, "</text>");
	}
	text_add(t, "</g>\n");
}

static void legend(struct text *t, const struct facts *f)
{
	text_add(t, "<p class=\"key\">");
	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
		bool used = false;

		for (size_t k = 0; k < f->n_attempts; k++)
			used = used || colour_of(f->attempts[k].state) == i;
		if (used)
			text_addf(t, "<span><i class=\"k%d\"></i>%s</span>", colours[i].colour,
			          colours[i].words);
	}
	text_add(t, "<span>pale: set-up, gates and merge</span>"
	            "<span>outlined: what the run waited for</span></p>\n");
}

void page_timeline(struct text *t, const struct facts *f)
{
	struct axis axis = axis_of(f);
	int64_t lanes = 0;
	int height;

	for (size_t i = 0; i < f->n_attempts; i++)
		if (f->attempts[i].slot >= lanes)
			lanes = f->attempts[i].slot + 1;
	if (lanes == 0)
		return;
	lanes = lanes > LANES_MAX ? LANES_MAX : lanes;
	height = TOP + (int)lanes * LANE + 6;
	text_addf(
	    t,
	    "<h2>Timeline</h2>\n<div class=\"scroll\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-label=\"attempts by worker over time\">\n",
	    LEFT + WIDTH + 26, height);
	ticks(t, &axis, height);
	for (int64_t i = 0; i < lanes; i++)
		text_addf(t, "<text x=\"10\" y=\"%d\">worker %lld</text>\n",
		          TOP + (int)i * LANE + LANE - 10, (long long)i + 1);
	for (size_t i = 0; i < f->n_tasks; i++) {
		const struct fact_task *task = &f->tasks[i];

		for (size_t k = task->first; k < task->first + task->n_attempts; k++)
			if (f->attempts[k].slot < lanes)
				bar(t, &axis, &f->attempts[k], task->on_chain);
	}
	text_add(t, "</svg></div>\n");
	legend(t, f);
}
