#include "domain/run/lane.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/conflict.h"
#include "domain/run/ending.h"
#include "domain/run/gates.h"
#include "domain/run/halt.h"
#include "domain/run/record.h"

/* --- the queue ------------------------------------------------------------------------------ */

static void put_first(struct lane *lane, struct attempt *t)
{
	t->phase = PHASE_QUEUED;
	t->next = lane->first;
	lane->first = t;
	if (t->next == NULL)
		lane->last = &t->next;
	lane->queued++;
}

static void put_last(struct lane *lane, struct attempt *t)
{
	t->phase = PHASE_QUEUED;
	t->next = NULL;
	*lane->last = t;
	lane->last = &t->next;
	lane->queued++;
}

static struct attempt *take_first(struct lane *lane)
{
	struct attempt *t = lane->first;

	lane->first = t->next;
	if (lane->first == NULL)
		lane->last = &lane->first;
	lane->queued--;
	return t;
}

bool lane_take_out(struct runner *r, struct attempt *t)
{
	struct attempt **at = &r->lane.first;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = t->next;
	if (*at == NULL)
		r->lane.last = at;
	r->lane.queued--;
	return true;
}

bool lane_empty(const struct runner *r)
{
	return r->lane.queued == 0 && r->lane.step == NULL && !r->lane.moving && !r->held &&
	       (r->halted != NULL || !gates_want_batch(r));
}

static void done_without_merge(struct runner *r, struct attempt *t)
{
	size_t index = t->job->index, n;
	const size_t *readied;

	ending_succeed(r, t, NULL);
	n = schedule_done(r->schedule, index, &readied);
	ending_tell_ready(r, readied, n);
}

void lane_add(struct runner *r, struct attempt *t)
{
	if (r->in_git && t->row.files == 0) {
		record_note(r, "no-change", "task '%s' succeeded and changed nothing",
		            t->job->row.id);
		done_without_merge(r, t);
		return;
	}
	if (!r->in_git && gates_count(r, CONFIG_TASK) == 0) {
		done_without_merge(r, t);
		return;
	}
	put_last(&r->lane, t);
	record_task(r, t->job, r->in_git ? TASK_MERGING : TASK_GATING, NULL);
}

/* --- one merge ------------------------------------------------------------------------------ */

static void fail_all(struct runner *r, const char *cause)
{
	struct lane *lane = &r->lane;
	size_t n = lane->n_on;

	lane->n_on = 0;
	for (size_t i = 0; i < n; i++)
		ending_fail(r, lane->on[i], TASK_FAILED, true, cause);
}

static void give(struct runner *r, struct step *step)
{
	struct err err = { OK, "" };

	if (step == NULL || arena_failed(step->arena))
		(void)err_nomem(&err, "a merge");
	else if (steps_give(r->steps, step, &err) == OK) {
		r->lane.step = step;
		return;
	}
	step_free(step);
	fail_all(r, err.text);
}

static void begin_merge(struct runner *r)
{
	struct lane *lane = &r->lane;
	struct step *step = step_new(STEP_MERGE, NULL);

	while (lane->queued > 0 && lane->n_on < lane->most) {
		lane->on[lane->n_on] = take_first(lane);
		lane->on[lane->n_on++]->phase = PHASE_MERGING;
	}
	if (step != NULL) {
		step->base = r->head;
		step->items = arena_take(step->arena, lane->n_on * sizeof *step->items);
		for (size_t i = 0; step->items != NULL && i < lane->n_on; i++) {
			const struct attempt *t = lane->on[i];

			step->items[i].from = t->result;
			step->items[i].message = text_printf(step->arena, "Merge task %s: %s\n",
			                                     t->job->row.id, t->job->row.title);
		}
		step->n = lane->n_on;
	}
	give(r, step);
}

/* Outside git there is nothing to merge: the gates look at the folder as it is. */
static void begin_gate_in_place(struct runner *r)
{
	struct step *step = step_new(STEP_GATE, NULL);

	r->lane.on[0] = take_first(&r->lane);
	r->lane.on[0]->phase = PHASE_MERGING;
	r->lane.n_on = 1;
	if (step != NULL) {
		step->path = r->project->root;
		gates_fill(r, step, CONFIG_TASK);
	}
	give(r, step);
}

/* Gates of the run as a whole: what is there is looked at, nothing is merged. */
static void begin_look(struct runner *r, enum lane_look look)
{
	struct step *step = look == LOOK_BASELINE ? gates_baseline(r) : gates_batch(r);
	struct err err = { OK, "" };

	if (step == NULL || arena_failed(step->arena))
		(void)err_nomem(&err, "a gate");
	else if (steps_give(r->steps, step, &err) == OK) {
		r->lane.step = step;
		r->lane.look = look;
		return;
	}
	step_free(step);
	r->held = false;
	halt_run(r, err.text);
}

static void looked(struct runner *r, struct step *step)
{
	enum lane_look look = r->lane.look;

	r->lane.look = LOOK_NONE;
	r->held = false;
	if (r->cancelled)
		return;
	if (look == LOOK_BASELINE) {
		if (!gates_baseline_done(r, step))
			halt_run(r, text_printf(step->arena, "the base is red: %s",
			                        gates_words(step, step->arena)));
		return;
	}
	if (!gates_batch_done(r, step))
		halt_run(r, text_printf(step->arena, "batch %zu: %s", r->lane.batch,
		                        gates_words(step, step->arena)));
}

void lane_turn(struct runner *r)
{
	if (r->cancelled && r->lane.look != LOOK_NONE)
		step_stop(r->lane.step);
	if (r->cancelled)
		r->held = false;
	if (r->lane.step != NULL || r->lane.moving)
		return;
	if (r->held || (r->halted == NULL && gates_want_batch(r))) {
		begin_look(r, r->held ? LOOK_BASELINE : LOOK_BATCH);
		return;
	}
	if (r->lane.queued == 0)
		return;
	assert(r->lane.n_on == 0);
	if (r->in_git)
		begin_merge(r);
	else
		begin_gate_in_place(r);
}

static void accept(struct runner *r, const struct oid *head)
{
	struct lane *lane = &r->lane;

	r->head = *head;
	r->changed = true;
	lane->moving = true;
	if (lane->most < SIZE_MAX / 2)
		lane->most *= 2;
	for (size_t i = 0; i < lane->n_on; i++) {
		struct attempt *t = lane->on[i];
		const size_t *readied;
		size_t n = schedule_done(r->schedule, t->job->index, &readied);
		size_t *copy = arena_take(t->arena, (n + 1) * sizeof *copy);

		t->phase = PHASE_MOVING;
		record_attempt(r, t, "gated");
		ending_keep_warm(r, t);
		if (copy == NULL)
			continue; /* they start all the same; only their `ready` is not told */
		memcpy(copy, readied, n * sizeof *copy);
		t->readied = copy;
		t->n_readied = n;
	}
}

/* A gate takes its time: no worker is kept free for what waits for this task. */
static void wait_long(struct runner *r, const struct attempt *t)
{
	record_task(r, t->job, TASK_GATING, NULL);
	schedule_expect(r->schedule, t->job->index, false);
}

static void begin_gate(struct runner *r, const struct step *merged)
{
	struct lane *lane = &r->lane;
	struct step *step = step_new(STEP_GATE, NULL);
	const struct attempt *only = lane->n_on == 1 ? lane->on[0] : NULL;

	for (size_t i = 0; i < lane->n_on; i++)
		wait_long(r, lane->on[i]);
	if (step != NULL) {
		step->base = merged->oid;
		gates_fill(r, step, CONFIG_TASK);
		if (only != NULL && strcmp(only->result.hex, merged->oid.hex) == 0) {
			step->path = text_dup(step->arena, only->path);
		} else {
			gates_in_own_tree(r, step);
		}
	}
	give(r, step);
}

static void merged(struct runner *r, struct step *step)
{
	struct lane *lane = &r->lane;
	size_t kept = 0, n = lane->n_on;

	if (step->st != OK) {
		fail_all(r, step->err.text);
		return;
	}
	lane->n_on = 0;
	for (size_t i = 0; i < n; i++) {
		struct attempt *t = lane->on[i];
		const struct repo_merge *m = &step->items[i].merge;

		switch (m->kind) {
		case REPO_CONFLICTS:
			conflict_met(r, t, m);
			break;
		case REPO_NOTHING:
			record_note(r, "no-change",
			            "what task '%s' changed had been changed so already",
			            t->job->row.id);
			done_without_merge(r, t);
			break;
		case REPO_FORWARD:
		case REPO_MERGED:
			t->merged = m->oid;
			lane->on[kept++] = t;
			lane->n_on = kept;
			break;
		}
	}
	lane->n_on = kept;
	if (kept == 0)
		return;
	if (gates_count(r, CONFIG_TASK) > 0)
		begin_gate(r, step);
	else
		accept(r, &step->oid);
}

static void gated(struct runner *r, struct step *step)
{
	struct lane *lane = &r->lane;
	struct attempt *only = lane->n_on == 1 ? lane->on[0] : NULL;

	assert(lane->n_on != 1 || only != NULL);
	gates_keep(r, step, only);
	if (step->st == OK && step->passed) {
		if (r->in_git) {
			accept(r, &step->base);
		} else {
			assert(only != NULL); /* outside git they go one at a time */
			lane->n_on = 0;
			done_without_merge(r, only);
		}
		return;
	}
	if (only == NULL && step->st == OK) {
		size_t n = lane->n_on;

		lane->most = n / 2;
		lane->n_on = 0;
		for (size_t i = n; i-- > 0;) {
			lane->on[i]->merged = (struct oid){ "" };
			put_first(lane, lane->on[i]);
		}
		return;
	}
	for (size_t i = 0; i < lane->n_on; i++)
		lane->on[i]->merged = (struct oid){ "" };
	fail_all(r, gates_words(step, step->arena));
}

void lane_step_done(struct runner *r, struct step *step)
{
	assert(r->lane.step == step);
	r->lane.step = NULL;
	if (r->lane.look != LOOK_NONE)
		looked(r, step);
	else if (step->kind == STEP_MERGE)
		merged(r, step);
	else
		gated(r, step);
	step_free(step);
}

static void moved(struct runner *r)
{
	struct lane *lane = &r->lane;
	size_t n = lane->n_on;

	r->at = r->head;
	lane->moving = false;
	lane->n_on = 0;
	for (size_t i = 0; i < n; i++) {
		struct attempt *t = lane->on[i];

		t->job->files = t->files;
		t->job->n_files = t->n_files;
		ending_succeed(r, t, t->merged.hex);
		ending_tell_ready(r, t->readied, t->n_readied);
	}
}

void lane_move(struct runner *r)
{
	struct err err = { OK, "" };

	if (!r->lane.moving)
		return;
	if (repo_ref_move(r->repo, r->branch_ref, &r->at, &r->head, "gadugi: merged", &err) == OK) {
		moved(r);
		return;
	}
	r->given_up = true;
	r->row.cause = text_printf(r->arena,
	                           "cannot move branch '%s': %s; resume merges onto "
	                           "where it is now",
	                           r->row.branch, err.text);
}
