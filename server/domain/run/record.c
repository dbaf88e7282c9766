#include "domain/run/record.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/run/conflict.h"
#include "domain/run/cooldown.h"
#include "domain/run/gates.h"
#include "domain/run/notes.h"
#include "domain/run/obey.h"
#include "domain/run/tags.h"

#define NOTE_MAX 1000

static int64_t now(const struct runner *r)
{
	return clock_wall_ms(&r->project->clock);
}

void record_mark(struct runner *r)
{
	if (r->dirty_since_ms == 0)
		r->dirty_since_ms = clock_mono_ms();
}

/* Room for one more happening; a runner without memory gives up rather than forget. */
static struct happening *happen(struct runner *r)
{
	if (r->n_happenings == r->happenings_room) {
		size_t room = r->happenings_room == 0 ? 64 : r->happenings_room * 2;
		struct happening *more = mem_grow(r->happenings, room * sizeof *more);

		if (more == NULL) {
			r->given_up = true;
			r->row.cause = "no memory for an event";
			return NULL;
		}
		r->happenings = more;
		r->happenings_room = room;
	}
	return &r->happenings[r->n_happenings++];
}

static bool task_over(enum task_state state)
{
	return state >= TASK_SUCCEEDED;
}

void record_row(struct runner *r, struct job *job)
{
	record_mark(r);
	if (!job->changed)
		r->changed_jobs[r->n_changed++] = job->index;
	job->changed = true;
}

void record_task(struct runner *r, struct job *job, enum task_state state, const char *cause)
{
	const struct attempt *t = job->now;
	struct happening *h;

	if (job->state == state)
		return;
	if (r->open_in != NULL && task_over(job->state) != task_over(state)) {
		if (task_over(state))
			r->open_in[job->level]--;
		else
			r->open_in[job->level]++;
	}
	job->state = state;
	job->row.state = task_state_word(state);
	job->row.cause = text_dup(r->arena, cause);
	record_row(r, job);
	if (state == TASK_READY && job->row.ready_ms == RUNS_NONE)
		job->row.ready_ms = now(r);
	if (state == TASK_RUNNING && job->row.started_ms == RUNS_NONE)
		job->row.started_ms = now(r);
	job->row.ended_ms = task_over(state) ? now(r) : RUNS_NONE;
	if ((h = happen(r)) == NULL)
		return;
	*h = (struct happening){ .job = job,
		                 .state = job->row.state,
		                 .cause = job->row.cause,
		                 .attempt = job->attempts,
		                 .exit_code = -1,
		                 .at_ms = now(r) };
	if (t != NULL && t->row.ended_ms != RUNS_NONE && t->row.started_ms != RUNS_NONE)
		h->duration_ms = t->row.ended_ms - t->row.started_ms;
	if (t != NULL && t->row.exit_code != RUNS_NONE)
		h->exit_code = (int)t->row.exit_code;
}

void record_cause(struct runner *r, struct job *job, const char *cause)
{
	job->row.cause = cause;
	record_row(r, job);
}

void record_retry(struct runner *r, struct job *job, int64_t retry_ms)
{
	int64_t again_ms;

	r->n_waiting += retry_ms != 0;
	r->n_waiting -= job->retry_ms != 0;
	job->retry_ms = retry_ms;
	again_ms = retry_ms == 0 || retry_ms == INT64_MAX ? RUNS_NONE
	                                                  : now(r) + (retry_ms - clock_mono_ms());
	if (again_ms == job->row.again_ms)
		return;
	job->row.again_ms = again_ms;
	record_row(r, job);
}

void record_run(struct runner *r, enum run_state state, const char *cause)
{
	struct happening *h;

	if (r->state == state)
		return;
	record_mark(r);
	r->state = state;
	r->row.state = run_state_word(state);
	r->row.cause = text_dup(r->arena, cause);
	r->changed = true;
	if (run_state_ended(state))
		r->row.ended_ms = now(r);
	if ((h = happen(r)) != NULL)
		*h = (struct happening){ .state = r->row.state,
			                 .cause = r->row.cause,
			                 .at_ms = now(r) };
}

void record_event(struct runner *r, const char *cause)
{
	struct happening *h = happen(r);

	record_mark(r);
	if (h != NULL)
		*h = (struct happening){ .state = r->row.state, .cause = cause, .at_ms = now(r) };
}

void record_attempt(struct runner *r, struct attempt *t, const char *state)
{
	record_mark(r);
	t->row.state = state;
	t->changed = true;
}

void record_note(struct runner *r, const char *code, const char *fmt, ...)
{
	char words[NOTE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	words[text_utf8_valid(words, strlen(words))] = '\0';
	for (size_t i = 0; i < r->n_notes; i++)
		if (strcmp(r->notes[i].message, words) == 0)
			return;
	if (r->n_notes == r->notes_room) {
		size_t room = r->notes_room == 0 ? 8 : r->notes_room * 2;
		struct run_note *more = mem_grow(r->notes, room * sizeof *more);

		if (more == NULL)
			return;
		r->notes = more;
		r->notes_room = room;
	}
	r->notes[r->n_notes] = (struct run_note){ code, text_dup(r->arena, words) };
	if (r->notes[r->n_notes].message == NULL)
		return;
	r->n_notes++;
	record_mark(r);
	r->changed = true;
}

bool record_pending(const struct runner *r)
{
	return r->dirty_since_ms != 0;
}

static void sum_up(const struct runner *r, struct event_run *e)
{
	for (size_t i = 0; i < r->n_jobs; i++) {
		const struct job *job = &r->jobs[i];

		e->succeeded += job->state == TASK_SUCCEEDED;
		e->failed += task_over(job->state) && job->state != TASK_SUCCEEDED;
	}
	e->total = (int64_t)r->n_jobs;
	if (r->row.ended_ms != RUNS_NONE)
		e->wall_ms = r->row.active_ms;
}

static enum status put_event(struct runner *r, const struct happening *h, struct err *err)
{
	if (h->job == NULL) {
		struct event_run e = { .run = r->row.id,
			               .state = h->state,
			               .cause = h->cause,
			               .title = r->row.title };

		sum_up(r, &e);
		return event_put_run(r->db, h->at_ms, &e, err);
	}
	return event_put_task(r->db, h->at_ms,
	                      &(struct event_task){ .run = r->row.id,
	                                            .task = h->job->row.id,
	                                            .state = h->state,
	                                            .cause = h->cause,
	                                            .agent = h->job->row.agent,
	                                            .commit = h->job->row.commit_oid,
	                                            .attempt = h->attempt,
	                                            .duration_ms = h->duration_ms,
	                                            .exit_code = h->exit_code },
	                      err);
}

static enum status put_run(struct runner *r, struct err *err)
{
	if (!r->changed)
		return OK;
	r->row.head_oid = r->head.hex[0] == '\0' ? NULL : r->head.hex;
	if (r->n_notes > 0) {
		const char *notes = notes_write(r->notes, r->n_notes, r->arena);

		if (notes == NULL)
			return err_nomem(err, "the run's notes");
		r->row.notes = notes;
	}
	return runs_put(r->db, &r->row, err);
}

static const char *or_null(const struct oid *oid)
{
	return oid->hex[0] == '\0' ? NULL : oid->hex;
}

/* A batch is whole when its tasks and all those before them are settled, its gates passed. */
static enum status put_checkpoints(struct runner *r, struct err *err)
{
	bool gated = gates_count(r, CONFIG_BATCH) > 0;
	size_t most = gated ? r->lane.batches : r->n_levels;
	enum status st = OK;

	while (st == OK && r->open_in != NULL && r->checkpointed < most &&
	       r->open_in[r->checkpointed] == 0) {
		const struct oid *head = gated ? &r->lane.batch_head : &r->head;
		const struct checkpoint_row row = { .batch = (int64_t)++r->checkpointed,
			                            .oid = or_null(head),
			                            .tag = tags_name(r, (int64_t)r->checkpointed),
			                            .at_ms = now(r) };

		st = attempts_put_checkpoint(r->db, r->row.id, &row, err);
	}
	return st;
}

static enum status put_all(struct runner *r, struct err *err)
{
	enum status st = put_run(r, err);

	for (size_t i = 0; st == OK && i < r->n_changed; i++)
		st = runs_put_task(r->db, r->row.id, &r->jobs[r->changed_jobs[i]].row, err);
	for (size_t i = 0; st == OK && i < r->n_alive; i++) {
		struct attempt *t = r->alive[i];

		t->row.base_oid = or_null(&t->base);
		t->row.result_oid = or_null(&t->result);
		t->row.merged_oid = or_null(&t->merged);
		if (t->changed)
			st = attempts_put(r->db, r->row.id, &t->row, err);
	}
	if (st == OK)
		st = gates_put(r, err);
	if (st == OK)
		st = conflict_put(r, err);
	if (st == OK)
		st = obey_put(r, err);
	if (st == OK)
		st = cooldown_put(r, err);
	if (st == OK)
		st = put_checkpoints(r, err);
	for (size_t i = 0; st == OK && i < r->n_happenings; i++)
		st = put_event(r, &r->happenings[i], err);
	return st;
}

static void unmark(struct runner *r)
{
	r->changed = false;
	while (r->n_changed > 0)
		r->jobs[r->changed_jobs[--r->n_changed]].changed = false;
	for (size_t i = 0; i < r->n_alive; i++) {
		r->alive[i]->changed = false;
		r->alive[i]->committed = true;
	}
	for (size_t i = 0; i < r->n_warm; i++)
		r->warm[i].fresh = false;
	r->n_happenings = 0;
	r->lane.n_results = 0;
	conflict_committed(r);
	obey_committed(r);
	cooldown_written(r);
	r->dirty_since_ms = 0;
}

/* Checkpoints whose rows are durable now. */
static void tag(struct runner *r)
{
	struct checkpoint_row *rows;
	size_t n = 0;

	if (r->tagged < r->checkpointed &&
	    attempts_checkpoints(r->db, r->row.id, r->arena, &rows, &n, NULL) == OK)
		tags_mend(r, rows, n);
	r->tagged = r->checkpointed;
}

enum status record_commit(struct runner *r, struct err *err)
{
	enum status st;

	if (!record_pending(r))
		return OK;
	if ((st = db_begin(r->db, err)) != OK)
		return st;
	if ((st = put_all(r, err)) != OK || (st = project_commit(r->project, r->db, err)) != OK) {
		db_rollback(r->db);
		return st;
	}
	unmark(r);
	if (r->options.tags)
		tag(r);
	return OK;
}
