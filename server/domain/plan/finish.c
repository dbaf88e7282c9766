/* From a draft to a plan: names to edges, edges to times, times to findings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/plan/advice.h"
#include "domain/plan/check.h"
#include "domain/plan/forecast.h"
#include "domain/plan/learned.h"
#include "domain/plan/likely.h"
#include "domain/plan/measure.h"
#include "domain/plan/read.h"
#include "domain/plan/resolve.h"
#include "domain/plan/schedule.h"
#include "domain/plan/score.h"
#include "domain/plan/unite.h"

/* Slugs for tasks without an id of their own. */
static void slugs(struct draft *d)
{
	for (size_t i = 0; i < d->n_tasks; i++)
		if (d->tasks[i]->t.id[0] == '\0') {
			const struct draft_task *t = d->tasks[i];

			d->tasks[i]->t.id = name_slug(
			    t->head > 0 ? draft_copy(d->a, t->t.title, t->head) : t->t.title, d->a);
		}
}

/* Cancelled tasks go, and with them their edges. */
static void dropped_remove(struct draft *d)
{
	size_t *now = arena_take(d->a, (d->n_tasks + 1) * sizeof *now), n = 0, m = 0;

	if (now == NULL)
		return;
	for (size_t i = 0; i < d->n_tasks; i++) {
		now[i] = d->tasks[i]->dropped ? PLAN_NONE : n;
		if (d->tasks[i]->dropped)
			continue;
		d->tasks[i]->index = n;
		d->tasks[n++] = d->tasks[i];
	}
	for (size_t i = 0; i < d->n_edges; i++) {
		struct plan_edge e = d->edges[i];

		if (now[e.from] == PLAN_NONE || now[e.to] == PLAN_NONE)
			continue;
		e.from = now[e.from];
		e.to = now[e.to];
		d->edges[m++] = e;
	}
	d->dropped = d->n_tasks - n;
	d->n_tasks = n;
	d->n_edges = m;
}

/* The graph without the edges that close cycles; *edges is what is left. */
static bool graph_whole(struct check *c, struct draft *d)
{
	struct graph_edge *edges = arena_take(d->a, (d->n_edges + 1) * sizeof *edges);
	bool *dropped = arena_take(d->a, d->n_edges + 1);
	struct graph g;
	size_t m = 0;

	if (edges == NULL || dropped == NULL)
		return false;
	for (size_t i = 0; i < d->n_edges; i++)
		edges[i] = (struct graph_edge){ d->edges[i].from, d->edges[i].to };
	if (!graph_build(&g, d->n_tasks, edges, d->n_edges, d->a) ||
	    !graph_drop_cycles(&g, dropped, d->a))
		return false;
	for (size_t i = 0; i < d->n_edges; i++) {
		c->cyclic = c->cyclic || dropped[i];
		if (!dropped[i])
			edges[m++] = edges[i];
	}
	if (c->cyclic) {
		for (size_t i = 0; i < d->n_edges; i++)
			edges[i] = (struct graph_edge){ d->edges[i].from, d->edges[i].to };
		check_cycle(d, &g);
		m = 0;
		for (size_t i = 0; i < d->n_edges; i++)
			if (!dropped[i])
				edges[m++] = edges[i];
	}
	c->edges = edges;
	return graph_build(&c->whole, d->n_tasks, edges, m, d->a);
}

bool plan_assumes(const struct plan *p)
{
	for (size_t i = 0; i < p->n_tasks; i++)
		if (p->tasks[i].estimate_source != PLAN_DEFAULT)
			return false;
	return true;
}

bool plan_lacks_files(const struct plan *p)
{
	for (size_t i = 0; i < p->n_tasks; i++)
		if (!p->tasks[i].done && p->tasks[i].files.n == 0)
			return true;
	return false;
}

static long whole(double minutes)
{
	return minutes < 1 ? 1 : minutes > (double)MEASURE_MAX ? MEASURE_MAX : lround(minutes);
}

/*
 * Where nobody stated an estimate, what tasks like these took is better than the same for all.
 * Beside stated ones it is not used: people's hours and agents' minutes do not mix.
 */
static void estimates_learn(struct plan *p, const struct learned *learned)
{
	struct learned_replay replay;

	if (learned == NULL || !plan_assumes(p))
		return;
	for (size_t i = 0; i < p->n_tasks; i++) {
		struct plan_task *t = &p->tasks[i];
		struct learned_guess guess;

		if (!learned_guess(learned, t->title, t->kind, &guess))
			return;
		t->estimate_min = whole(guess.minutes);
		t->estimate_source = PLAN_LEARNED;
		t->low_min = whole(guess.low);
		t->high_min = whole(guess.high);
	}
	replay = learned_replay(learned);
	p->lesson = (struct plan_lesson){ learned_n(learned), replay.before, replay.after };
}

static enum status tasks_copy(struct draft *d, struct plan *p, const struct graph *g,
                              struct err *err)
{
	const struct score_words *words = score_words_new(d->a);

	p->tasks = arena_take(d->a, (d->n_tasks + 1) * sizeof *p->tasks);
	enum status st = OK;

	if (p->tasks == NULL || words == NULL)
		return err_nomem(err, "a plan");
	for (size_t i = 0; i < d->n_tasks; i++) {
		struct draft_task *t = d->tasks[i];

		score_files(d->a, t->t.title, &t->t.files);
		score_files(d->a, t->t.description, &t->t.files);
		if (t->marked_parallel)
			draft_text(d->a, &t->t.labels, "P");
		score_task(words, t, g->in_at[i + 1] - g->in_at[i],
		           g->out_at[i + 1] - g->out_at[i]);
	}
	if (d->options->witness != NULL)
		st = likely_fill(d, d->options->witness, err);
	for (size_t i = 0; i < d->n_tasks; i++)
		p->tasks[i] = d->tasks[i]->t;
	p->n_tasks = d->n_tasks;
	p->edges = d->edges;
	p->n_edges = d->n_edges;
	estimates_learn(p, d->options->learned);
	return st;
}

/* Times and schedule of what is still to do, in their own graph of the open tasks. */
static bool open_measure(struct check *c, struct plan *p, struct arena *a)
{
	size_t *now = arena_take(a, (p->n_tasks + 1) * sizeof *now);
	size_t *was = arena_take(a, (p->n_tasks + 1) * sizeof *was), n = 0, m = 0;
	long *weights = arena_take(a, (p->n_tasks + 1) * sizeof *weights);
	struct graph_edge *edges = arena_take(a, (c->whole.m + 1) * sizeof *edges);
	struct graph_times times;
	struct schedule schedule;
	struct graph g;

	if (arena_failed(a))
		return false;
	for (size_t i = 0; i < p->n_tasks; i++) {
		now[i] = p->tasks[i].done ? PLAN_NONE : n;
		if (p->tasks[i].done)
			continue;
		was[n] = i;
		weights[n++] = p->tasks[i].estimate_min;
		p->work_min += p->tasks[i].estimate_min;
	}
	for (size_t i = 0; i < c->whole.m; i++)
		if (now[c->edges[i].from] != PLAN_NONE && now[c->edges[i].to] != PLAN_NONE)
			edges[m++] =
			    (struct graph_edge){ now[c->edges[i].from], now[c->edges[i].to] };
	if (!graph_build(&g, n, edges, m, a) || !graph_measure(&g, weights, a, &times) ||
	    !schedule_make(&g, weights, times.rank, p->workers, a, &schedule))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct plan_task *t = &p->tasks[was[i]];

		t->level = times.level[i];
		t->earliest_min = times.earliest[i];
		t->rank_min = times.rank[i];
		t->slack_min = times.length - times.earliest[i] - times.rank[i];
		t->planned_start_min = schedule.start[i];
		t->worker = schedule.worker[i];
	}
	p->path = times.path;
	p->n_path = times.n_path;
	for (size_t i = 0; i < p->n_path; i++)
		p->path[i] = was[p->path[i]];
	p->n_levels = n == 0 ? 0 : times.n_levels;
	p->path_min = times.length;
	p->makespan_min = schedule.makespan;
	p->speedup = p->makespan_min > 0 ? (double)p->work_min / (double)p->makespan_min : 1;
	p->ceiling = p->path_min > 0 ? (double)p->work_min / (double)p->path_min : 1;
	return true;
}

/* Worst first, then by line; the rest only so that the order is always the same. */
static int finding_order(const void *a, const void *b)
{
	const struct plan_finding *x = a, *y = b;
	int code;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	code = strcmp(x->code, y->code);
	return code != 0 ? code : strcmp(x->message, y->message);
}

static enum status nothing_found(const struct draft *d, struct err *err)
{
	if (d->dropped > 0)
		return err_set(err, E_INPUT, "all %zu tasks of the plan are cancelled", d->dropped);
	return err_set(
	    err, E_INPUT,
	    "no task found: looked for tables with a task column, headings such as 'Task 1: "
	    "...', check boxes, numbered lists, bullets, Mermaid graphs and the JSON of "
	    "known tools");
}

enum status plan_finish(struct draft *d, struct plan **out, struct err *err)
{
	struct plan *p = arena_take(d->a, sizeof *p);
	struct check c = { .d = d, .p = p };
	enum status st;

	if (p == NULL)
		return err_nomem(err, "a plan");
	slugs(d);
	check_ids(d);
	if ((c.names = names_build(d)) != NULL)
		resolve_refs(d, c.names);
	unite_edges(d);
	dropped_remove(d);
	if (d->over > 0)
		return err_set(err, E_INPUT, "the plan has more than %d tasks or %d edges",
		               PLAN_TASKS_MAX, PLAN_EDGES_MAX);
	if (!arena_failed(d->a) && d->n_tasks == 0)
		return nothing_found(d, err);
	p->title = d->title[0] == '\0' ? "Plan" : d->title;
	p->origin = d->options->origin == NULL ? "text" : d->options->origin;
	p->workers = d->options->workers == 0 ? 4 : d->options->workers;
	p->gates = d->gates;
	if (arena_failed(d->a) || !graph_whole(&c, d))
		return err_nomem(err, "a plan");
	if ((st = tasks_copy(d, p, &c.whole, err)) != OK)
		return st;
	if (!open_measure(&c, p, d->a))
		return err_nomem(err, "a plan");
	/* places of tasks have moved when some were dropped */
	if (d->dropped > 0)
		c.names = names_build(d);
	if (c.names != NULL)
		check_all(&c);
	if (d->n_findings > 0)
		qsort(d->findings, d->n_findings, sizeof *d->findings, finding_order);
	p->findings = d->findings;
	p->n_findings = d->n_findings;
	p->sound = true;
	for (size_t i = 0; i < p->n_findings; i++)
		p->sound = p->sound && p->findings[i].severity != PLAN_ERROR;
	if (!forecast(p, &c.whole, d->options, d->a) || !advice_give(p, &c.whole, d->a) ||
	    arena_failed(d->a))
		return err_nomem(err, "a plan");
	*out = p;
	return OK;
}
