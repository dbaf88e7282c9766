/* find_graph.c - tasks of a run side by side: those that met, and those that could have and did
 * not. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "domain/coach/facts.h"
#include "domain/coach/find.h"

#define WAIT_SHARE 5 /* percent of the run that a ready task waited beside a free worker */

/* ---- conflicts: with whom, and was it to be foreseen? ---- */

static const struct fact_task *task_named(const struct facts *x, const char *id)
{
	for (size_t i = 0; i < x->n_tasks; i++)
		if (strcmp(x->tasks[i].row->id, id) == 0)
			return &x->tasks[i];
	return NULL;
}

static cJSON *files_of(const struct fact_task *t)
{
	cJSON *spec = NULL, *files;
	struct err err = { 0 };

	if (t == NULL || json_read(t->row->spec, strlen(t->row->spec), &spec, &err) != OK)
		return NULL;
	files = cJSON_DetachItemFromObjectCaseSensitive(spec, "files");
	cJSON_Delete(spec);
	return files;
}

/* Did the plan say that both change the same file? */
static bool was_foreseen(const struct facts *x, const char *a, const char *b)
{
	cJSON *mine = files_of(task_named(x, a)), *theirs = files_of(task_named(x, b));
	const cJSON *p, *q;
	bool found = false;

	cJSON_ArrayForEach(p, mine) {
		cJSON_ArrayForEach(q, theirs) {
			found = found || (cJSON_IsString(p) && cJSON_IsString(q) &&
			                  strcmp(p->valuestring, q->valuestring) == 0);
		}
	}
	cJSON_Delete(mine);
	cJSON_Delete(theirs);
	return found;
}

/* The cause names who else changed the files, as the lane writes it: `by task 'x' too`. */
static bool is_named(const struct attempt_row *c, const char *task)
{
	size_t n = strlen(task);

	for (const char *at = c->cause; at != NULL && (at = strstr(at, "task '")) != NULL;) {
		at += strlen("task '");
		if (strncmp(at, task, n) == 0 && at[n] == '\'')
			return true;
	}
	return false;
}

static bool was_merged_meanwhile(const struct attempt_row *c, const struct attempt_row *m)
{
	return strcmp(m->state, "merged") == 0 && m->done_ms != RUNS_NONE &&
	       m->done_ms >= c->intent_ms && (c->done_ms == RUNS_NONE || m->done_ms <= c->done_ms);
}

/* `; it met 'a', 'b', as the plan's files foretold`, or an empty text when nobody is named. */
static const char *met_whom(struct finder *f, const struct facts *x, const struct attempt_row *c)
{
	const char *with = "";
	bool foreseen = false;

	for (size_t k = 0; k < x->n_attempts && with != NULL; k++) {
		const struct attempt_row *m = &x->attempts[k];

		if (!was_merged_meanwhile(c, m) || !is_named(c, m->task))
			continue;
		with = text_printf(f->report->a, "%s%s'%s'", with, with[0] == '\0' ? "" : ", ",
		                   m->task);
		foreseen = foreseen || was_foreseen(x, c->task, m->task);
	}
	if (with == NULL || with[0] == '\0')
		return "";
	with = text_printf(f->report->a, "; it met %s, %s", with,
	                   foreseen ? "as the plan's files foretold"
	                            : "which the plan's files did not foretell");
	return with == NULL ? "" : with;
}

static void one_conflict(struct finder *f, const struct facts *x, const struct attempt_row *c)
{
	struct coach_finding *note = find_note(f, FIND_MERGE_CONFLICT, COACH_WARNING, c->task,
	                                       "what '%s' did could not be merged%s%s%s", c->task,
	                                       c->cause == NULL ? "" : ": ",
	                                       c->cause == NULL ? "" : c->cause, met_whom(f, x, c));

	find_place_task(f, note, c->task, c->cause);
	for (size_t k = 0; k < x->n_attempts; k++)
		if (was_merged_meanwhile(c, &x->attempts[k]))
			find_place_task(f, note, x->attempts[k].task,
			                is_named(c, x->attempts[k].task)
			                    ? "changed the same, merged meanwhile"
			                    : "merged meanwhile");
	if (note != NULL)
		note->cost_ms = facts_run_ms(c);
}

void find_conflicts(struct finder *f, const struct facts *x)
{
	for (size_t i = 0; i < x->n_attempts; i++)
		if (strcmp(x->attempts[i].state, "conflicted") == 0)
			one_conflict(f, x, &x->attempts[i]);
}

/* ---- processes that outlived their agent ---- */

void find_zombies(struct finder *f, const struct facts *x)
{
	for (size_t i = 0; i < x->n_tasks; i++) {
		const struct fact_task *t = &x->tasks[i];
		struct coach_finding *note;
		int64_t left = 0;

		for (size_t k = t->first; k < t->first + t->n_attempts; k++)
			left += x->attempts[k].left_over;
		if (left == 0)
			continue;
		note = find_note(f, FIND_ZOMBIE, COACH_WARNING, t->row->title,
		                 "'%s' left %lld process%s behind, which outlived its agent and "
		                 "had to be ended",
		                 t->row->id, (long long)left, left == 1 ? "" : "es");
		find_place_task(f, note, t->row->id, t->row->title);
	}
}

/* ---- ready, a worker free, and yet one after the other ---- */

/* Time with a free place until ms, by steps in order of time. */
struct free_step {
	int64_t ms, before; /* before: free time until ms */
	int change;         /* of places taken */
	bool free;          /* from ms on */
};

static int by_time(const void *a, const void *b)
{
	const struct free_step *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return x->change - y->change;
}

static size_t free_steps(const struct facts *x, struct free_step *steps)
{
	int64_t taken = 0;
	size_t n = 0;

	steps[n++] = (struct free_step){ .ms = x->run->started_ms };
	for (size_t i = 0; i < x->n_attempts; i++) {
		int64_t end = facts_place_end(&x->attempts[i]);

		if (end == RUNS_NONE || end < x->attempts[i].intent_ms)
			continue;
		steps[n++] = (struct free_step){ .ms = x->attempts[i].intent_ms, .change = 1 };
		steps[n++] = (struct free_step){ .ms = end, .change = -1 };
	}
	qsort(steps, n, sizeof *steps, by_time);
	for (size_t i = 0; i < n; i++) {
		taken += steps[i].change;
		steps[i].free = taken < x->run->jobs;
		if (i > 0)
			steps[i].before = steps[i - 1].before +
			                  (steps[i - 1].free ? steps[i].ms - steps[i - 1].ms : 0);
	}
	return n;
}

static int64_t free_until(const struct free_step *steps, size_t n, int64_t ms)
{
	size_t low = 0, high = n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (steps[middle].ms <= ms)
			low = middle;
		else
			high = middle;
	}
	return steps[low].before + (steps[low].free && ms > steps[low].ms ? ms - steps[low].ms : 0);
}

/*
 * Who ran while it stood ready: between a ready task and a running one there is no path. The
 * longest of them; NULL when none did.
 */
static const struct attempt_row *ran_beside(const struct facts *x, const struct fact_task *t)
{
	const struct attempt_row *found = NULL;
	int64_t most = 0;

	for (size_t i = 0; i < x->n_attempts; i++) {
		const struct attempt_row *a = &x->attempts[i];
		int64_t end = facts_place_end(a), from = a->intent_ms;

		if (end == RUNS_NONE || strcmp(a->task, t->row->id) == 0)
			continue;
		from = from < t->row->ready_ms ? t->row->ready_ms : from;
		end = end > t->begin_ms ? t->begin_ms : end;
		if (end - from > most) {
			most = end - from;
			found = a;
		}
	}
	return found;
}

/* For each task, how long it stood ready beside a free worker; 0 for what is too little to tell. */
static int64_t *idle_waits(const struct finder *f, const struct facts *x)
{
	struct free_step *steps = arena_take(f->report->a, (2 * x->n_attempts + 1) * sizeof *steps);
	int64_t *waits = arena_take(f->report->a, (x->n_tasks + 1) * sizeof *waits);
	size_t n;

	if (steps == NULL || waits == NULL)
		return NULL;
	n = free_steps(x, steps);
	for (size_t i = 0; i < x->n_tasks; i++) {
		const struct fact_task *t = &x->tasks[i];

		if (t->waited_ms > 0)
			waits[i] = free_until(steps, n, t->begin_ms) -
			           free_until(steps, n, t->row->ready_ms);
		if (waits[i] * 100 < x->wall_ms * WAIT_SHARE)
			waits[i] = 0;
	}
	return waits;
}

static void place_wait(struct finder *f, struct coach_finding *note, const struct facts *x,
                       const struct fact_task *t, int64_t ms)
{
	const struct attempt_row *beside = ran_beside(x, t);

	find_place_task(f, note, t->row->id,
	                text_printf(f->report->a, "ready for %.2f s with a worker free%s%s",
	                            (double)ms / 1000, beside == NULL ? "" : ", while this ran: ",
	                            beside == NULL ? "" : beside->task));
}

void find_serial_tasks(struct finder *f, const struct facts *x)
{
	const int64_t *waits = x->broken || x->run->jobs < 2 ? NULL : idle_waits(f, x);
	struct coach_finding *note;
	int64_t sum = 0;
	size_t tasks = 0;

	for (size_t i = 0; waits != NULL && i < x->n_tasks; i++) {
		tasks += waits[i] > 0;
		sum += waits[i];
	}
	if (tasks == 0)
		return;
	note = find_note(f, FIND_SERIAL, COACH_WARNING, "run",
	                 "%zu task%s stood ready with a worker free, and did not run beside "
	                 "others between which and them there is no path (%.2f s in all)",
	                 tasks, tasks == 1 ? "" : "s", (double)sum / 1000);
	for (size_t i = 0; i < x->n_tasks; i++)
		if (waits[i] > 0 && note != NULL && note->count < COACH_EVIDENCE_MAX)
			place_wait(f, note, x, &x->tasks[i], waits[i]);
	if (note != NULL) {
		note->count = tasks;
		note->cost_ms = sum;
	}
}
