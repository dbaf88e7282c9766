#include "domain/run/ending.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/account.h"
#include "domain/run/cooldown.h"
#include "domain/run/did.h"
#include "domain/run/flow.h"
#include "domain/run/lane.h"
#include "domain/run/limit.h"
#include "domain/run/record.h"

#define CAUSE_LINE_MAX   300
#define BACKOFF_FIRST_MS 250
#define BACKOFF_MOST_MS  60000
#define REFUSALS_MOST    20 /* in a row, before they count as failures of the task */

static int64_t wall(const struct runner *r)
{
	return clock_wall_ms(&r->project->clock);
}

int64_t ending_backoff_ms(int64_t tries, uint64_t chance)
{
	int64_t ms = BACKOFF_FIRST_MS;

	for (int64_t i = 1; i < tries && ms < BACKOFF_MOST_MS; i++)
		ms *= 4;
	if (ms > BACKOFF_MOST_MS)
		ms = BACKOFF_MOST_MS;
	return ms - ms / 5 + (int64_t)(chance % (uint64_t)(ms / 5 * 2 + 1));
}

static void leave_slot(struct runner *r, struct attempt *t)
{
	size_t slot = (size_t)t->row.slot;

	if (slot >= r->n_slots || r->slots[slot] != t)
		return;
	r->slots[slot] = NULL;
	if (schedule_state(r->schedule, t->job->index) == SCHEDULE_RUNNING)
		schedule_idle(r->schedule, t->job->index);
}

/* --- ending --------------------------------------------------------------------------------- */

static const char *words_of_failure(struct attempt *t)
{
	const struct proc_result *res = &t->proc->result;
	const char *error = stream_facts(t->stream)->error;
	const char *last = error == NULL ? output_last_line(t->log) : error;
	size_t cut = text_utf8_cut(last, strlen(last), CAUSE_LINE_MAX);
	const char *said = cut == 0 ? "" : text_printf(t->arena, ": %.*s", (int)cut, last);

	if (res->exit_code < 0)
		return text_printf(t->arena, "agent '%s' was ended by signal %d%s", t->agent->name,
		                   res->signal, said);
	if (res->exit_code == 0)
		return text_printf(t->arena, "agent '%s' says that it failed%s", t->agent->name,
		                   said);
	return text_printf(t->arena, "agent '%s' ended with exit code %d%s", t->agent->name,
	                   res->exit_code, said);
}

/* Was it refused work for now, rather than failing at it? A task's own command never is. */
static bool refused(const struct attempt *t)
{
	const struct stream_facts *f = stream_facts(t->stream);

	if (t->agent->shell)
		return false;
	return f->limited || (f->error == NULL && limit_met(output_last_line(t->log)));
}

/* Until when, if it was said. */
static int64_t refused_until(const struct runner *r, const struct attempt *t)
{
	int64_t until_ms = stream_facts(t->stream)->until_ms, wait_ms;

	if (until_ms > 0)
		return until_ms;
	wait_ms = limit_wait_ms(output_last_line(t->log), wall(r));
	return wait_ms > 0 ? wall(r) + wait_ms : 0;
}

static void fail_for_limit(struct runner *r, struct attempt *t, int64_t until_ms, const char *cause)
{
	cooldown_met(r, t, until_ms);
	t->why = WHY_LIMIT;
	t->no_count = ++t->job->refusals <= REFUSALS_MOST;
	ending_fail(r, t, t->no_count ? TASK_READY : TASK_FAILED, true, cause);
}

void ending_agent_over(struct runner *r, struct attempt *t)
{
	const struct proc_result *res = &t->proc->result;
	struct err err = { OK, "" };
	bool clean = res->outcome == PROC_CLEAN && !stream_facts(t->stream)->failed &&
	             t->verdict == TASK_STATES;
	bool limited = !clean && t->verdict == TASK_STATES && refused(t);
	int64_t until_ms = limited ? refused_until(r, t) : 0;
	const char *why = clean ? NULL : words_of_failure(t);

	t->row.ended_ms = wall(r);
	t->row.exit_code = res->exit_code < 0 ? RUNS_NONE : res->exit_code;
	t->row.output_size = (int64_t)output_size(t->log);
	t->row.left_over = res->left;
	t->last_said = text_dup(t->arena, output_last_line(t->log));
	r->n_over++;
	r->over_us += res->wall_us;
	if (res->left > 0)
		output_note(t->log, t->row.ended_ms,
		            "%d processes outlived the agent and were ended", res->left);
	if (output_close(t->log, &err) != OK)
		record_note(r, "log-incomplete", "task '%s': %s", t->job->row.id, err.text);
	t->log = NULL;
	account_take(r, t);
	proc_free(t->proc);
	t->proc = NULL;
	leave_slot(r, t);
	if (t->verdict != TASK_STATES) {
		ending_fail(r, t, t->verdict, t->again, t->cause);
	} else if (limited) {
		fail_for_limit(r, t, until_ms, why);
	} else if (!clean) {
		ending_fail(r, t, TASK_FAILED, true, why);
	} else {
		t->job->refusals = 0;
		cooldown_over(r, t);
		record_attempt(r, t, "result");
		schedule_expect(r->schedule, t->job->index, r->in_git);
		ending_collect(r, t);
	}
}

/* By what it is kept in a ref. */
static void name_work(const struct runner *r, const struct attempt *t, struct step *step)
{
	step->run = r->row.id;
	step->task = t->job->row.id;
	step->attempt = (int)t->row.number;
}

void ending_collect(struct runner *r, struct attempt *t)
{
	struct step *step;

	if (!r->in_git) {
		flow_collected(r, t);
		return;
	}
	t->phase = PHASE_COLLECTING;
	if ((step = step_new(STEP_COLLECT, t)) != NULL) {
		step->path = text_dup(step->arena, t->path);
		step->base = t->base;
		step->theirs = t->theirs;
		step->user = r->user;
		name_work(r, t, step);
		step->message = text_printf(step->arena, "%s\n\nTask %s of run %s, attempt %lld\n",
		                            t->job->row.title, t->job->row.id, r->row.id,
		                            (long long)t->row.number);
	}
	(void)ending_give(r, t, step);
}

static void save(struct runner *r, struct attempt *t)
{
	struct step *step = step_new(STEP_SAVE, t);

	t->phase = PHASE_SAVING;
	if (step != NULL) {
		step->path = text_dup(step->arena, t->path);
		step->base = t->base;
		name_work(r, t, step);
		step->message = text_printf(
		    step->arena, "%s (unfinished)\n\nTask %s of run %s, attempt %lld\n",
		    t->job->row.title, t->job->row.id, r->row.id, (long long)t->row.number);
	}
	(void)ending_give(r, t, step);
}

void ending_add_warm(struct runner *r, const char *path, bool fresh)
{
	size_t n = strlen(path) + 1;
	char *copy;

	if (r->n_warm == r->warm_room) {
		size_t room = r->warm_room == 0 ? 16 : r->warm_room * 2;
		struct warm *more = mem_grow(r->warm, room * sizeof *more);

		if (more == NULL)
			return; /* it is found and removed at the end */
		r->warm = more;
		r->warm_room = room;
	}
	if ((copy = mem_take(n)) == NULL)
		return;
	memcpy(copy, path, n);
	r->warm[r->n_warm++] = (struct warm){ .path = copy, .fresh = fresh };
}

void ending_keep_warm(struct runner *r, struct attempt *t)
{
	if (!t->own_worktree || t->keep_dirty)
		return;
	t->own_worktree = false;
	ending_add_warm(r, t->path, true);
}

static const char *state_of(enum task_state verdict)
{
	switch (verdict) {
	case TASK_TIMED_OUT:
		return "timed_out";
	case TASK_CANCELLED:
		return "cancelled";
	case TASK_CONFLICTED:
		return "conflicted";
	case TASK_PENDING:
		return "lost";
	case TASK_READY:
		return "limited";
	case TASK_RUNNING:
	case TASK_GATING:
	case TASK_MERGING:
	case TASK_SUCCEEDED:
	case TASK_FAILED:
		break;
	case TASK_SKIPPED: /* it had not begun, and nothing more may */
		return "cancelled";
	case TASK_STATES:
		break;
	}
	return "failed";
}

void ending_tell_ready(struct runner *r, const size_t *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		record_task(r, &r->jobs[tasks[i]], TASK_READY, NULL);
}

void ending_tell_skipped(struct runner *r, const struct job *why, const size_t *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct job *job = &r->jobs[tasks[i]];
		const char *cause = text_printf(r->arena, "needs '%s', which %s", why->row.id,
		                                why->state == TASK_CANCELLED    ? "was cancelled"
		                                : why->state == TASK_CONFLICTED ? "has conflicts"
		                                : why->state == TASK_TIMED_OUT  ? "ran out of time"
		                                                                : "failed");

		record_task(r, job,
		            why->state == TASK_CANCELLED && r->cancelled ? TASK_CANCELLED
		                                                         : TASK_SKIPPED,
		            cause);
	}
}

static int64_t wait_before_next(const struct runner *r, const struct attempt *t)
{
	int64_t until_ms = cooldown_until(r, t->agent);
	uint64_t chance = (uint64_t)clock_mono_us() * 2654435761u;

	switch (t->why) {
	case WHY_LIMIT:
		return until_ms > wall(r) ? until_ms - wall(r) : 0;
	case WHY_GATE: /* what failed is known and told; nothing gets better by waiting */
	case WHY_LOST:
		return 0;
	case WHY_FAILED:
	case WHY_TIME:
		break;
	}
	return t->no_count ? 0 : ending_backoff_ms(t->job->tries, chance);
}

static struct warm *find_warm(const struct runner *r, const char *path)
{
	for (size_t i = 0; i < r->n_warm; i++)
		if (strcmp(r->warm[i].path, path) == 0)
			return &r->warm[i];
	return NULL;
}

/* The next attempt can go on with the session of this one, in its folder, with what it left there.
 */
static void keep_session(struct runner *r, struct attempt *t)
{
	struct job_session *s = &t->job->session;
	struct warm *warm;

	if (s->id == NULL)
		return;
	s->path = NULL;
	if (t->agent->resume.n == 0 || t->row.session == NULL || (r->in_git && !t->kept))
		return;
	s->path = text_dup(r->arena, t->path);
	s->left = t->result;
	s->base = t->base;
	if (r->in_git && s->path != NULL && (warm = find_warm(r, s->path)) != NULL)
		warm->kept_for = t->job;
}

/* One that could not even begin to go on is tried anew, which takes nothing from its tries. */
static void forget_session(struct attempt *t)
{
	if (!t->goes_on || t->why != WHY_FAILED || t->row.tokens_out > 0)
		return;
	t->job->session = (struct job_session){ .id = NULL };
	t->no_count = true;
}

/* The attempt is over for good; what of the task? */
static void settle(struct runner *r, struct attempt *t)
{
	struct job *job = t->job;
	bool again = t->again && !job->cancel && !r->cancelled && !r->given_up && r->halted == NULL;
	const size_t *skipped;
	size_t n;

	forget_session(t);
	t->row.done_ms = wall(r);
	t->row.cause = t->cause;
	t->phase = PHASE_NONE;
	record_attempt(r, t, t->ends != NULL ? t->ends : state_of(t->verdict));
	leave_slot(r, t);
	if (t->ends != NULL && again) {
		flow_over(r, t);
		return;
	}
	again = again && t->ends == NULL;
	if (again && !t->no_count)
		again = job->tries++ < r->options.retries;
	if (again) {
		keep_session(r, t);
		record_retry(r, job, clock_mono_ms() + wait_before_next(r, t));
		record_task(r, job, TASK_READY, t->cause);
		job->now = NULL;
		return;
	}
	if (t->verdict == TASK_PENDING || t->verdict == TASK_READY)
		t->verdict = job->cancel || r->cancelled ? TASK_CANCELLED
		             : r->halted != NULL         ? TASK_SKIPPED
		                                         : TASK_FAILED;
	record_task(r, job, t->verdict, t->cause);
	job->now = NULL;
	n = schedule_fail(r->schedule, job->index, &skipped);
	ending_tell_skipped(r, job, skipped, n);
}

/* Note why; false when the attempt is still held and comes back once it is let go. */
static bool note_failure(struct runner *r, struct attempt *t, enum task_state verdict, bool again,
                         const char *cause)
{
	schedule_expect(r->schedule, t->job->index, false);
	if (t->phase == PHASE_MERGING && verdict == TASK_FAILED)
		t->why = WHY_GATE;
	else if (verdict == TASK_TIMED_OUT)
		t->why = WHY_TIME;
	else if (verdict == TASK_PENDING)
		t->why = WHY_LOST;
	t->verdict = verdict;
	t->again = again;
	t->cause = text_dup(t->arena, cause);
	if (t->step != NULL) { /* it comes back, and then this is done */
		step_stop(t->step);
		return false;
	}
	if (t->proc != NULL) {
		proc_end(t->proc, PROC_KILLED, PROC_GRACE_MS);
		t->again_ms = 0;
		return false;
	}
	return true;
}

/* Give a step away for the attempt; when that fails the step is gone and the attempt has failed. */
bool ending_give(struct runner *r, struct attempt *t, struct step *step)
{
	struct err err = { OK, "" };

	if (step == NULL || arena_failed(step->arena))
		(void)err_nomem(&err, "a step of the run");
	else if (steps_give(r->steps, step, &err) == OK) {
		t->step = step;
		return true;
	}
	step_free(step);
	t->own_worktree = false; /* nothing more is done with it now */
	if (note_failure(r, t, TASK_FAILED, true, err.text))
		settle(r, t);
	return false;
}

void ending_fail(struct runner *r, struct attempt *t, enum task_state verdict, bool again,
                 const char *cause)
{
	if (!note_failure(r, t, verdict, again, cause))
		return;
	if (t->own_worktree && t->phase != PHASE_SAVING)
		save(r, t);
	else
		settle(r, t);
}

void ending_hand_over(struct runner *r, struct attempt *t, const char *ends, const char *cause)
{
	t->ends = ends;
	t->no_count = true;
	ending_fail(r, t, TASK_PENDING, true, cause);
}

void ending_succeed(struct runner *r, struct attempt *t, const char *commit)
{
	struct job *job = t->job;

	t->row.done_ms = wall(r);
	t->phase = PHASE_NONE;
	record_attempt(r, t, "merged");
	job->row.commit_oid = text_dup(r->arena, commit);
	job->row.branch = commit == NULL ? NULL : r->row.branch;
	if (t->row.started_ms != RUNS_NONE && t->row.ended_ms >= t->row.started_ms)
		job->worked_ms = t->row.ended_ms - t->row.started_ms;
	job->did = t->did;
	record_task(r, job, TASK_SUCCEEDED, NULL);
	job->now = NULL;
	ending_keep_warm(r, t);
}

/* What one task has done to the user's checkout is not held against the next. */
static void take_user_state(struct runner *r)
{
	struct repo_state *now = NULL;

	if (repo_state_take(r->repo, true, r->arena, &now, NULL) == OK)
		r->user = now;
}

static void collected(struct runner *r, struct attempt *t, struct step *step)
{
	if (step->st == OK) {
		t->result = step->oid;
		t->row.files = (int64_t)step->files;
		t->row.saved_ref = text_dup(t->arena, step->made);
		record_attempt(r, t, "result");
	}
	if (step->nested > 0)
		record_note(r, "nested-repository",
		            "task '%s' left %zu git repositories inside its worktree; they cannot "
		            "be committed and stay in '%s'",
		            t->job->row.id, step->nested, t->path);
	if (t->verdict != TASK_STATES) {
		ending_fail(r, t, t->verdict, t->again, t->cause);
		return;
	}
	if (step->st != OK) {
		bool marked = t->theirs.hex[0] != '\0' && step->st == E_INPUT;

		ending_fail(r, t, marked ? TASK_CONFLICTED : TASK_FAILED, true, step->err.text);
		return;
	}
	if (step->touched != NULL) {
		take_user_state(r);
		ending_fail(
		    r, t, TASK_FAILED, false,
		    text_printf(t->arena, "the agent went beyond its worktree: %s", step->touched));
		return;
	}
	t->keep_dirty = step->nested > 0;
	if (step->files == 0 && t->denials > 0) {
		ending_fail(r, t, TASK_FAILED, false,
		            text_printf(t->arena,
		                        "agent '%s' changed nothing, and %zu times was not "
		                        "permitted what it wanted; permit it in the agent's 'args'",
		                        t->agent->name, t->denials));
		return;
	}
	did_note(r, t, step->changes, step->files);
	flow_collected(r, t);
}

static void saved(struct runner *r, struct attempt *t, struct step *step)
{
	if (step->st == OK) {
		t->result = step->oid;
		t->row.files = (int64_t)step->files;
		t->row.saved_ref = text_dup(t->arena, step->made);
		if (step->nested == 0) {
			ending_keep_warm(r, t);
			t->kept = true;
		}
		t->own_worktree = false;
	} else {
		log_line(LOG_WARN, "%s", step->err.text);
		record_note(r, "work-not-saved",
		            "what attempt %lld of task '%s' left stays in '%s': %s",
		            (long long)t->row.number, t->job->row.id, t->path, step->err.text);
	}
	settle(r, t);
}

void ending_step_done(struct runner *r, struct attempt *t, struct step *step)
{
	assert(step->kind == STEP_COLLECT || step->kind == STEP_SAVE || step->kind == STEP_GATE);
	if (step->kind == STEP_COLLECT)
		collected(r, t, step);
	else if (step->kind == STEP_GATE)
		flow_gated(r, t, step);
	else
		saved(r, t, step);
}
