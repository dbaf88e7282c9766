#include "domain/run/obey.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/ending.h"
#include "domain/run/flow.h"
#include "domain/run/lane.h"
#include "domain/run/record.h"

#define WISHES_ARENA_MAX ((size_t)8 << 20)

/* Remember to take it back. */
static void obeyed(struct runner *r, struct job *job, const char *wish)
{
	if (r->n_obeyed == r->obeyed_room) {
		size_t room = r->obeyed_room == 0 ? 16 : r->obeyed_room * 2;
		struct obeyed *more = mem_grow(r->obeyed, room * sizeof *more);

		if (more == NULL)
			return; /* it stays, and is obeyed again, which changes nothing */
		r->obeyed = more;
		r->obeyed_room = room;
	}
	r->obeyed[r->n_obeyed++] = (struct obeyed){ job, wish };
	record_mark(r);
}

/* --- one task ------------------------------------------------------------------------------- */

/* A task that no attempt is at ends as it is told to. */
static void end_task(struct runner *r, struct job *job, enum task_state state, const char *cause)
{
	const size_t *told = NULL;
	size_t n = 0;

	switch (schedule_state(r->schedule, job->index)) {
	case SCHEDULE_WAITING:
	case SCHEDULE_READY:
		n = schedule_drop(r->schedule, job->index, false, &told);
		break;
	case SCHEDULE_IDLE:
		n = schedule_fail(r->schedule, job->index, &told);
		break;
	case SCHEDULE_RUNNING:
	case SCHEDULE_DONE:
	case SCHEDULE_FAILED:
	case SCHEDULE_SKIPPED:
		return;
	}
	record_retry(r, job, 0);
	record_task(r, job, state, cause);
	ending_tell_skipped(r, job, told, n);
}

static void cancel_attempt(struct runner *r, struct attempt *t, const char *cause)
{
	switch (t->phase) {
	case PHASE_NONE:
	case PHASE_MERGING:
	case PHASE_MOVING:
		return; /* too late: in a moment it is merged */
	case PHASE_QUEUED:
		(void)lane_take_out(r, t);
		break;
	case PHASE_INTENT:
	case PHASE_PREPARING:
	case PHASE_PREPARED:
	case PHASE_RUNNING:
	case PHASE_COLLECTING:
	case PHASE_WAITING:
		break;
	case PHASE_SAVING:
		t->again = false; /* it fails anyway; it is not tried again */
		return;
	}
	ending_fail(r, t, TASK_CANCELLED, false, cause);
}

static void cancel_task(struct runner *r, struct job *job, const char *cause)
{
	if (job->now != NULL)
		cancel_attempt(r, job->now, cause);
	else
		end_task(r, job, TASK_CANCELLED, cause);
}

static bool not_succeeded(const struct job *job)
{
	return job->state > TASK_SUCCEEDED && job->now == NULL;
}

static void retry_task(struct runner *r, struct job *job)
{
	const size_t *told;
	size_t n;

	if (job->retry_ms != 0) {
		record_retry(r, job, clock_mono_ms());
		return;
	}
	if (!not_succeeded(job))
		return;
	n = schedule_retry(r->schedule, job->index, &told);
	for (size_t i = 0; i < n; i++) {
		struct job *back = &r->jobs[told[i]];
		bool ready = schedule_state(r->schedule, told[i]) == SCHEDULE_READY;

		back->tries = 0;
		flow_forgive(back);
		back->cancel = false;
		back->row.wish = NULL;
		record_task(r, back, ready ? TASK_READY : TASK_PENDING, NULL);
	}
	if (n == 0)
		record_note(r, "retry-refused",
		            "task '%s' cannot be tried again before what it needs has succeeded",
		            job->row.id);
}

/* Its place in the graph counts as done; it did not succeed. */
static void skip_task(struct runner *r, struct job *job)
{
	const size_t *told = NULL;
	size_t n = 0;

	if (job->now != NULL || job->state == TASK_SUCCEEDED)
		return;
	if (job->state == TASK_SKIPPED && job->row.wish != NULL &&
	    strcmp(job->row.wish, "skip") == 0)
		return;
	if (not_succeeded(job))
		retry_task(r, job);
	switch (schedule_state(r->schedule, job->index)) {
	case SCHEDULE_WAITING:
	case SCHEDULE_READY:
		n = schedule_drop(r->schedule, job->index, true, &told);
		break;
	case SCHEDULE_IDLE:
		n = schedule_done(r->schedule, job->index, &told);
		break;
	case SCHEDULE_RUNNING:
	case SCHEDULE_DONE:
	case SCHEDULE_FAILED:
	case SCHEDULE_SKIPPED:
		return;
	}
	record_retry(r, job, 0);
	job->row.wish =
	    "skip"; /* stays in the row: it tells this from being skipped for a failure */
	record_task(r, job, TASK_SKIPPED, "skipped because somebody asked for it");
	ending_tell_ready(r, told, n);
}

static void obey_task(struct runner *r, struct job *job, const char *wish)
{
	if (strcmp(wish, "cancel") == 0)
		cancel_task(r, job, "cancelled because somebody asked for it");
	else if (strcmp(wish, "retry") == 0)
		retry_task(r, job);
	else if (strcmp(wish, "approve") == 0)
		flow_approve(r, job);
	else if (strcmp(wish, "skip") == 0)
		skip_task(r, job);
	if (strcmp(wish, "skip") != 0)
		obeyed(r, job, text_dup(r->arena, wish));
}

/* --- the run -------------------------------------------------------------------------------- */

static void cancel_run(struct runner *r)
{
	if (r->cancelled)
		return;
	r->cancelled = true;
	schedule_pause(r->schedule, true);
	for (size_t i = 0; i < r->n_jobs; i++)
		cancel_task(r, &r->jobs[i], "the run was cancelled");
}

static void pause_run(struct runner *r, bool paused)
{
	if (r->cancelled)
		return;
	schedule_pause(r->schedule, paused);
	record_run(r, paused ? RUN_PAUSED : RUN_RUNNING, NULL);
}

static void obey_run(struct runner *r, const char *wish)
{
	if (strcmp(wish, "cancel") == 0)
		cancel_run(r);
	else if (strcmp(wish, "pause") == 0)
		pause_run(r, true);
	else if (strcmp(wish, "resume") == 0)
		pause_run(r, false);
	else if (strcmp(wish, "approve") == 0)
		for (size_t i = 0; i < r->n_jobs; i++)
			flow_approve(r, &r->jobs[i]);
	/* To cancel takes its time: the wish stays, for whoever looks and for the next runner. */
	if (strcmp(wish, "cancel") != 0)
		obeyed(r, NULL, text_dup(r->arena, wish));
}

void obey_cancelled(struct runner *r)
{
	obeyed(r, NULL, "cancel");
}

bool obey_signal(struct runner *r, int signal)
{
	static const struct {
		int signal;
		const char *wish;
	} meanings[] = { { SIGINT, "cancel" }, { SIGTSTP, "pause" }, { SIGCONT, "resume" } };

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (meanings[i].signal != signal)
			continue;
		obey_run(r, meanings[i].wish);
		return true;
	}
	return false;
}

enum status obey_wishes(struct runner *r, struct err *err)
{
	struct arena *a = arena_new(WISHES_ARENA_MAX);
	struct task_row *wishes;
	size_t n = 0;
	enum status st = a == NULL ? err_nomem(err, "wishes")
	                           : runs_wishes(r->db, r->row.id, a, &wishes, &n, err);

	for (size_t i = 0; st == OK && i < n; i++) {
		size_t at;

		if (wishes[i].id == NULL) {
			obey_run(r, wishes[i].wish);
			continue;
		}
		at = names_find(r->names, r->n_jobs, wishes[i].id);
		if (at != NAMES_NONE)
			obey_task(r, &r->jobs[at], wishes[i].wish);
	}
	arena_free(a);
	return st;
}

enum status obey_put(struct runner *r, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < r->n_obeyed; i++) {
		const struct obeyed *o = &r->obeyed[i];

		st = o->wish == NULL
		         ? OK
		         : runs_obeyed(r->db, r->row.id, o->job == NULL ? NULL : o->job->row.id,
		                       o->wish, err);
	}
	return st;
}

void obey_committed(struct runner *r)
{
	r->n_obeyed = 0;
}

void obey_resume(struct runner *r)
{
	for (size_t i = 0; i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		if (job->state <= TASK_SUCCEEDED)
			continue;
		if (job->state == TASK_SKIPPED && job->row.wish != NULL &&
		    strcmp(job->row.wish, "skip") == 0)
			continue;
		record_task(r, job, TASK_PENDING, NULL);
	}
}
