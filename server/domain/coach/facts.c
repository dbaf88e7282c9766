#include "domain/coach/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define MINUTE_MS 60000
#define BREAK_MS  1000 /* a pause between two runners that is longer shows in the idle time */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double facts_middle(double *values, size_t n)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof *values, by_value);
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#define SPREADS 3
#define ALIKE   1.5 /* times the middle, where nothing is spread */

struct facts_usual facts_usual(double *values, size_t n)
{
	struct facts_usual u = { 0 };

	if (n < FACTS_COMPARED)
		return u;
	u.n = n;
	u.middle = facts_middle(values, n);
	for (size_t i = 0; i < n; i++)
		values[i] = values[i] > u.middle ? values[i] - u.middle : u.middle - values[i];
	u.spread = facts_middle(values, n);
	return u;
}

bool facts_is_unusual(const struct facts_usual *u, double value)
{
	if (u->n == 0 || value < 0)
		return false;
	return u->spread > 0 ? value > u->middle + SPREADS * u->spread : value > ALIKE * u->middle;
}

static bool known(int64_t ms)
{
	return ms != RUNS_NONE;
}

int64_t facts_place_end(const struct attempt_row *x)
{
	return known(x->done_ms) ? x->done_ms : x->ended_ms;
}

int64_t facts_run_ms(const struct attempt_row *x)
{
	return known(x->started_ms) && known(x->ended_ms) && x->ended_ms > x->started_ms
	           ? x->ended_ms - x->started_ms
	           : 0;
}

static bool came_to_nothing(const struct attempt_row *x)
{
	static const char *const states[] = { "failed", "timed_out", "cancelled", "conflicted",
		                              "lost" };

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(x->state, states[i]) == 0)
			return true;
	return false;
}

static size_t task_of(const struct facts *f, const char *id)
{
	size_t low = 0, high = f->n_tasks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, f->tasks[f->by_id[middle]].row->id);

		if (order == 0)
			return f->by_id[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return FACTS_NONE;
}

/* Did somebody state the estimate? An assumed one is marked so in the task's JSON. */
static enum status read_estimated(struct fact_task *t, struct err *err)
{
	cJSON *spec = NULL;
	enum status st = json_read(t->row->spec, strlen(t->row->spec), &spec, err);
	const char *source;

	if (st == E_NOMEM)
		return st;
	source = st == OK ? json_text(spec, "estimateSource") : NULL;
	t->estimated =
	    t->row->estimate_min > 0 && (source == NULL || strcmp(source, "stated") == 0);
	cJSON_Delete(spec);
	return OK;
}

/* Attempts come by task and number, so those of a task stand in a row. */
static void give_attempts(struct facts *f)
{
	for (size_t i = 0; i < f->n_tasks; i++)
		f->tasks[i].begin_ms = f->tasks[i].end_ms = RUNS_NONE;
	for (size_t i = 0; i < f->n_attempts; i++) {
		const struct attempt_row *x = &f->attempts[i];
		size_t at = task_of(f, x->task);
		struct fact_task *t = at == FACTS_NONE ? NULL : &f->tasks[at];

		if (t == NULL)
			continue;
		if (t->n_attempts++ == 0) {
			t->first = i;
			t->begin_ms = x->intent_ms;
		}
		t->run_ms = facts_run_ms(x);
		if (known(facts_place_end(x))) {
			t->end_ms = facts_place_end(x);
			if (facts_place_end(x) > x->intent_ms)
				t->place_ms += facts_place_end(x) - x->intent_ms;
		}
	}
}

static void measure_task(struct facts *f, struct fact_task *t)
{
	t->succeeded = strcmp(t->row->state, "succeeded") == 0;
	if (known(t->begin_ms) && known(t->row->ready_ms) && t->begin_ms > t->row->ready_ms)
		t->waited_ms = t->begin_ms - t->row->ready_ms;
	if (t->n_attempts > 1)
		f->n_retries += t->n_attempts - 1;
	f->place_ms += t->place_ms;
	if (t->succeeded) {
		f->n_succeeded++;
		f->work_ms += t->run_ms;
	}
}

static void measure_attempts(struct facts *f)
{
	for (size_t i = 0; i < f->n_attempts; i++) {
		const struct attempt_row *x = &f->attempts[i];

		f->busy_ms += facts_run_ms(x);
		f->n_conflicts += strcmp(x->state, "conflicted") == 0;
		if (!came_to_nothing(x))
			continue;
		f->failed_ms += facts_run_ms(x);
		f->failed_tokens += (known(x->tokens_in) ? x->tokens_in : 0) +
		                    (known(x->tokens_out) ? x->tokens_out : 0);
	}
}

/* What is known of each task on the way through the graph. */
struct way {
	int64_t *end;  /* the longest path to it, later with it */
	size_t *level; /* below how many others */
	size_t *left;  /* needs that were not passed */
	size_t *queue; /* tasks with none left, n of them */
	size_t n;
};

/* The task's end and level are known: hand them on to those that need it. */
static void pass_task(const struct facts *f, struct way *w, size_t i)
{
	for (size_t e = f->needed_by.first[i]; e < f->needed_by.first[i + 1]; e++) {
		size_t to = f->needed_by.tasks[e];

		w->end[to] = w->end[i] > w->end[to] ? w->end[i] : w->end[to];
		w->level[to] = w->level[i] + 1 > w->level[to] ? w->level[i] + 1 : w->level[to];
		if (--w->left[to] == 0)
			w->queue[w->n++] = to;
	}
}

/* Levels and the longest path of run times: each task after all that it needs. */
static enum status measure_graph(struct facts *f, struct arena *a, struct err *err)
{
	size_t *on = arena_take(a, (f->n_tasks + 1) * sizeof *on); /* tasks on each level */
	struct way w = { .end = arena_take(a, (f->n_tasks + 1) * sizeof *w.end),
		         .level = arena_take(a, (f->n_tasks + 1) * sizeof *w.level),
		         .left = arena_take(a, (f->n_tasks + 1) * sizeof *w.left),
		         .queue = arena_take(a, (f->n_tasks + 1) * sizeof *w.queue) };

	if (on == NULL || w.end == NULL || w.level == NULL || w.left == NULL || w.queue == NULL)
		return err_nomem(err, "a run's graph");
	for (size_t i = 0; i < f->n_tasks; i++) {
		w.left[i] = f->needs.first[i + 1] - f->needs.first[i];
		if (w.left[i] == 0)
			w.queue[w.n++] = i;
	}
	for (size_t k = 0; k < w.n; k++) {
		size_t i = w.queue[k];

		/* as the scheduler that makes the bound: no task takes no time at all */
		w.end[i] +=
		    f->tasks[i].succeeded && f->tasks[i].run_ms > 0 ? f->tasks[i].run_ms : 1;
		f->path_ms = w.end[i] > f->path_ms ? w.end[i] : f->path_ms;
		if (++on[w.level[i]] > f->width)
			f->width = on[w.level[i]];
		pass_task(f, &w, i);
	}
	return OK;
}

/* ---- free places ---- */

struct step {
	int64_t ms;
	int taken, ready; /* how the numbers change */
};

static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->ms < y->ms ? -1 : x->ms > y->ms;
}

static enum status measure_idle(struct facts *f, struct arena *a, struct err *err)
{
	struct step *steps = arena_take(a, (2 * (f->n_attempts + f->n_tasks) + 1) * sizeof *steps);
	int64_t taken = 0, ready = 0, at = f->run->started_ms;
	size_t n = 0;

	if (steps == NULL)
		return err_nomem(err, "a run's steps");
	if (!f->ended || f->broken)
		return OK;
	for (size_t i = 0; i < f->n_attempts; i++) {
		int64_t end = facts_place_end(&f->attempts[i]);

		if (!known(end) || end < f->attempts[i].intent_ms)
			continue;
		steps[n++] = (struct step){ f->attempts[i].intent_ms, 1, 0 };
		steps[n++] = (struct step){ end, -1, 0 };
	}
	for (size_t i = 0; i < f->n_tasks; i++)
		if (f->tasks[i].waited_ms > 0) {
			steps[n++] = (struct step){ f->tasks[i].row->ready_ms, 0, 1 };
			steps[n++] = (struct step){ f->tasks[i].begin_ms, 0, -1 };
		}
	qsort(steps, n, sizeof *steps, by_time);
	steps[n++] = (struct step){ f->run->ended_ms, 0, 0 };
	for (size_t i = 0; i < n; i++) {
		int64_t to = steps[i].ms < f->run->ended_ms ? steps[i].ms : f->run->ended_ms;
		int64_t free = f->run->jobs > taken ? f->run->jobs - taken : 0;
		int64_t use = free < ready ? free : ready;

		if (to > at) {
			f->idle_ready_ms += use * (to - at);
			f->idle_narrow_ms += (free - use) * (to - at);
			at = to;
		}
		taken += steps[i].taken;
		ready += steps[i].ready;
	}
	return OK;
}

/* ---- estimates ---- */

static enum status measure_estimates(struct facts *f, struct arena *a, struct err *err)
{
	double *ratios = arena_take(a, (f->n_tasks + 1) * sizeof *ratios);

	if (ratios == NULL)
		return err_nomem(err, "a run's estimates");
	for (size_t i = 0; i < f->n_tasks; i++) {
		const struct fact_task *t = &f->tasks[i];

		if (t->succeeded && t->estimated && t->run_ms > 0)
			ratios[f->n_factor++] =
			    (double)t->run_ms / (double)(t->row->estimate_min * MINUTE_MS);
	}
	if (f->n_factor < FACTS_LEAST)
		return OK;
	f->factor = facts_middle(ratios, f->n_factor);
	for (size_t i = 0; i < f->n_tasks; i++)
		if (f->tasks[i].estimated)
			f->tasks[i].expected_ms = (int64_t)((double)f->tasks[i].row->estimate_min *
			                                    MINUTE_MS * f->factor);
	return OK;
}

/* ---- the chain that made the run as long as it was ---- */

/*
 * What the task had to wait for: the last thing it needs to be merged, or, when its worker
 * came free later than that, who held the worker. A place may be taken and made ready before
 * the last need is merged, so it is the agent's start that counts.
 */
static size_t before(const struct facts *f, size_t task, enum fact_link *link)
{
	const struct attempt_row *mine = &f->attempts[f->tasks[task].first];
	int64_t latest = RUNS_NONE,
		began = known(mine->started_ms) ? mine->started_ms : mine->intent_ms;
	size_t best = FACTS_NONE;

	*link = LINK_START;
	for (size_t e = f->needs.first[task]; e < f->needs.first[task + 1]; e++) {
		const struct fact_task *from = &f->tasks[f->needs.tasks[e]];

		if (!known(from->end_ms) || from->end_ms <= latest)
			continue;
		best = f->needs.tasks[e];
		latest = from->end_ms;
		*link = LINK_NEED;
	}
	for (size_t i = 0; i < f->n_attempts; i++) {
		const struct attempt_row *x = &f->attempts[i];
		int64_t end = facts_place_end(x);

		if (x->slot != mine->slot || !known(end) || end <= latest || end > began ||
		    strcmp(x->task, mine->task) == 0)
			continue;
		best = task_of(f, x->task);
		latest = end;
		*link = LINK_WORKER;
	}
	return best;
}

static enum status find_chain(struct facts *f, struct arena *a, struct err *err)
{
	size_t last = FACTS_NONE;

	f->chain = arena_take(a, (f->n_tasks + 1) * sizeof *f->chain);
	f->links = arena_take(a, (f->n_tasks + 1) * sizeof *f->links);
	if (f->chain == NULL || f->links == NULL)
		return err_nomem(err, "a run's chain");
	for (size_t i = 0; i < f->n_tasks; i++)
		if (known(f->tasks[i].end_ms) &&
		    (last == FACTS_NONE || f->tasks[i].end_ms > f->tasks[last].end_ms))
			last = i;
	while (last != FACTS_NONE && f->n_chain < f->n_tasks) {
		f->chain[f->n_chain] = last;
		f->tasks[last].on_chain = true;
		last = before(f, last, &f->links[f->n_chain]);
		f->n_chain++;
	}
	for (size_t i = 0; i < f->n_chain / 2; i++) {
		size_t other = f->n_chain - 1 - i, task = f->chain[i];
		enum fact_link link = f->links[i];

		f->chain[i] = f->chain[other];
		f->links[i] = f->links[other];
		f->chain[other] = task;
		f->links[other] = link;
	}
	return OK;
}

/* ---- reading ---- */

/* The edges between tasks of the run: from[i] leads to to[i]. */
struct pairs {
	size_t *from, *to;
	size_t n;
};

/* Sort pairs by their first half: counts, then places. */
static enum status make_lists(struct fact_lists *to, size_t n_tasks, const struct pairs *p,
                              struct arena *a, struct err *err)
{
	size_t *next = arena_take(a, (n_tasks + 1) * sizeof *next);

	to->first = arena_take(a, (n_tasks + 2) * sizeof *to->first);
	to->tasks = arena_take(a, (p->n + 1) * sizeof *to->tasks);
	if (next == NULL || to->first == NULL || to->tasks == NULL)
		return err_nomem(err, "a run's edges");
	for (size_t i = 0; i < p->n; i++)
		to->first[p->from[i] + 1]++;
	for (size_t i = 0; i < n_tasks; i++) {
		to->first[i + 1] += to->first[i];
		next[i] = to->first[i];
	}
	for (size_t i = 0; i < p->n; i++)
		to->tasks[next[p->from[i]]++] = p->to[i];
	return OK;
}

static enum status read_edges(struct facts *f, struct db *db, struct arena *a, struct err *err)
{
	struct edge_row *edges = NULL;
	struct pairs p = { 0 }, turned;
	size_t n = 0;
	enum status st = runs_edges(db, f->run->id, a, &edges, &n, err);

	if (st != OK)
		return st;
	p.from = arena_take(a, (n + 1) * sizeof *p.from);
	p.to = arena_take(a, (n + 1) * sizeof *p.to);
	if (p.from == NULL || p.to == NULL)
		return err_nomem(err, "a run's edges");
	for (size_t i = 0; i < n; i++) {
		p.from[p.n] = task_of(f, edges[i].from);
		p.to[p.n] = task_of(f, edges[i].to);
		p.n += p.from[p.n] != FACTS_NONE && p.to[p.n] != FACTS_NONE;
	}
	turned = (struct pairs){ p.to, p.from, p.n };
	st = make_lists(&f->needs, f->n_tasks, &turned, a, err);
	return st != OK ? st : make_lists(&f->needed_by, f->n_tasks, &p, a, err);
}

struct named {
	const char *id;
	size_t task;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static enum status sort_ids(struct facts *f, struct arena *a, struct err *err)
{
	struct named *names = arena_take(a, (f->n_tasks + 1) * sizeof *names);

	f->by_id = arena_take(a, (f->n_tasks + 1) * sizeof *f->by_id);
	if (names == NULL || f->by_id == NULL)
		return err_nomem(err, "a run's tasks");
	for (size_t i = 0; i < f->n_tasks; i++)
		names[i] = (struct named){ f->tasks[i].row->id, i };
	if (f->n_tasks > 0)
		qsort(names, f->n_tasks, sizeof *names, by_name);
	for (size_t i = 0; i < f->n_tasks; i++)
		f->by_id[i] = names[i].task;
	return OK;
}

static enum status read_rows(struct facts *f, struct db *db, const char *id, struct arena *a,
                             struct err *err)
{
	struct run_row *run = arena_take(a, sizeof *run);
	struct task_row *tasks = NULL;
	struct attempt_row *attempts = NULL;
	struct gate_row *gates = NULL;
	enum status st;

	if (run == NULL)
		return err_nomem(err, "a run");
	st = runs_get(db, id, a, run, err);
	if (st == OK)
		st = runs_tasks(db, id, a, &tasks, &f->n_tasks, err);
	if (st == OK)
		st = attempts_read(db, &(struct attempts_want){ id, NULL }, a, &attempts,
		                   &f->n_attempts, err);
	if (st == OK)
		st = attempts_gates(db, id, a, &gates, &f->n_gates, err);
	if (st != OK)
		return st;
	f->run = run;
	f->attempts = attempts;
	f->gates = gates;
	if ((f->tasks = arena_take(a, (f->n_tasks + 1) * sizeof *f->tasks)) == NULL)
		return err_nomem(err, "a run's tasks");
	for (size_t i = 0; i < f->n_tasks; i++)
		f->tasks[i].row = &tasks[i];
	st = sort_ids(f, a, err);
	return st != OK ? st : read_edges(f, db, a, err);
}

enum status facts_read(struct db *db, const char *run, struct arena *a, struct facts **out,
                       struct err *err)
{
	struct facts *f = arena_take(a, sizeof *f);
	enum status st;

	if (f == NULL)
		return err_nomem(err, "a run");
	if ((st = read_rows(f, db, run, a, err)) == OK)
		give_attempts(f);
	for (size_t i = 0; st == OK && i < f->n_tasks; i++) {
		measure_task(f, &f->tasks[i]);
		st = read_estimated(&f->tasks[i], err);
	}
	if (st != OK)
		return st;
	f->ended = known(f->run->started_ms) && known(f->run->ended_ms);
	if (f->ended)
		f->wall_ms = f->run->ended_ms - f->run->started_ms;
	if (f->ended && f->run->active_ms > 0) {
		f->broken = f->run->active_ms + BREAK_MS < f->wall_ms;
		f->wall_ms = f->run->active_ms;
	}
	measure_attempts(f);
	if ((st = measure_graph(f, a, err)) != OK || (st = measure_idle(f, a, err)) != OK ||
	    (st = measure_estimates(f, a, err)) != OK || (st = find_chain(f, a, err)) != OK)
		return st;
	f->bound_ms = f->run->jobs > 0 ? f->work_ms / f->run->jobs : f->work_ms;
	f->bound_ms = f->path_ms > f->bound_ms ? f->path_ms : f->bound_ms;
	*out = f;
	return OK;
}
