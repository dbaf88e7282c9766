#include "domain/run/attempt.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/mailbox.h"
#include "domain/run/account.h"
#include "domain/run/agent.h"
#include "domain/run/conflict.h"
#include "domain/run/cooldown.h"
#include "domain/run/did.h"
#include "domain/run/ending.h"
#include "domain/run/flow.h"
#include "domain/run/lessons.h"
#include "domain/run/prompt.h"
#include "domain/run/record.h"
#include "domain/run/stall.h"
#include "sys/repo_worktree.h"
#include "sys/sandbox.h"

#define ATTEMPT_ARENA_MAX ((size_t)16 << 20)
#define READ_SIZE         ((size_t)64 << 10)
#define READS_A_TURN      16 /* of one agent, so that none keeps the others waiting */
#define NAME_PART_MAX     60
#define DIRTY_MOST        16

static int64_t wall(const struct runner *r)
{
	return clock_wall_ms(&r->project->clock);
}

/* --- beginning ------------------------------------------------------------------------------ */

static bool keep_alive(struct runner *r, struct attempt *t)
{
	if (r->n_alive == r->alive_room) {
		size_t room = r->alive_room == 0 ? 32 : r->alive_room * 2;
		struct attempt **more = mem_grow(r->alive, room * sizeof(struct attempt *));

		if (more == NULL)
			return false;
		r->alive = more;
		r->alive_room = room;
	}
	r->alive[r->n_alive++] = t;
	return true;
}

struct attempt *attempt_new(struct runner *r, struct job *job)
{
	struct attempt *t = mem_zero(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->job = job;
	t->agent = job->agent;
	t->verdict = TASK_STATES;
	t->row = (struct attempt_row){ .task = job->row.id,
		                       .agent = job->agent == NULL ? "" : job->agent->name,
		                       .pid = RUNS_NONE,
		                       .pid_start = RUNS_NONE,
		                       .exit_code = RUNS_NONE,
		                       .files = RUNS_NONE,
		                       .started_ms = RUNS_NONE,
		                       .ended_ms = RUNS_NONE,
		                       .done_ms = RUNS_NONE,
		                       .tokens_in = RUNS_NONE,
		                       .tokens_out = RUNS_NONE,
		                       .resolves = RUNS_NONE,
		                       .approved_ms = RUNS_NONE,
		                       .tokens_cached = RUNS_NONE,
		                       .cost_usd = -1 };
	if ((t->arena = arena_new(ATTEMPT_ARENA_MAX)) == NULL || !keep_alive(r, t)) {
		attempt_free(t);
		return NULL;
	}
	job->now = t;
	return t;
}

void attempt_free(struct attempt *t)
{
	if (t == NULL)
		return;
	assert(t->step == NULL);
	proc_free(t->proc);
	(void)output_close(t->log, NULL);
	stream_free(t->stream);
	arena_free(t->arena);
	mem_free(t->old_path);
	mem_free(t);
}

static size_t free_slot(const struct runner *r)
{
	size_t slot = 0;

	while (slot < r->n_slots && r->slots[slot] != NULL)
		slot++;
	return slot;
}

bool attempt_may_start(const struct runner *r, const struct attempt *t)
{
	return t->phase == PHASE_PREPARED && t->committed && t->verdict == TASK_STATES &&
	       free_slot(r) < r->n_slots && cooldown_until(r, t->agent) == 0;
}

/* STATE/runs/RUN/TASK/attempt-N.log; the row keeps it from STATE on. */
static const char *place_log(struct runner *r, struct attempt *t)
{
	const char *part = repo_name_part(t->arena, t->job->row.id, 80);

	if (part == NULL)
		return NULL;
	t->row.log = text_printf(t->arena, "runs/%s/%s/attempt-%lld.log", r->row.id, part,
	                         (long long)t->row.number);
	return t->row.log == NULL ? NULL
	                          : text_printf(t->arena, "%s/%s", r->project->state, t->row.log);
}

static const char *worktree_name(struct runner *r, struct attempt *t)
{
	const char *part = repo_name_part(t->arena, t->job->row.id, NAME_PART_MAX);

	return part == NULL
	           ? NULL
	           : text_printf(t->arena, "%s%s-%lld", r->prefix, part, (long long)t->row.number);
}

/* A task's own command is told nothing. */
static bool recalls(const struct runner *r, const struct attempt *t)
{
	return r->config->flags[CONFIG_MEMORY] && !t->agent->shell;
}

/* Outside a repository there is nothing to prepare but what is remembered. */
static void recall(struct runner *r, struct attempt *t)
{
	struct step *step = step_new(STEP_RECALL, t);

	t->phase = PHASE_PREPARING;
	if (step != NULL)
		step->about = lessons_about(t->job->spec, step->arena);
	(void)ending_give(r, t, step);
}

void attempt_prepare(struct runner *r, struct attempt *t)
{
	struct step *step = step_new(STEP_PREPARE, t);

	t->phase = PHASE_PREPARING;
	if (step != NULL) {
		step->base = t->from;
		step->theirs = t->theirs;
		step->name = text_dup(step->arena, worktree_name(r, t));
		step->message =
		    text_printf(step->arena, "gadugi run %s, pid %ld", r->row.id, (long)getpid());
		step->setup = r->config->setup;
		step->keep_ignored = r->config->setup.n > 0;
		step->env = r->env;
		if (recalls(r, t))
			step->about = lessons_about(t->job->spec, step->arena);
		step->old_path = text_dup(step->arena, t->old_path);
	}
	(void)ending_give(r, t, step);
}

/* Which warm worktree: one that is durable, else one that soon is; none that is kept for a task. */
static size_t choose_warm(const struct runner *r)
{
	size_t best = r->n_warm;

	for (size_t i = r->n_warm; i-- > 0;) {
		const struct warm *w = &r->warm[i];

		if (w->kept_for == NULL &&
		    (best == r->n_warm || (r->warm[best].fresh && !w->fresh)))
			best = i;
	}
	return best;
}

/* Take it over; true when what was done in it is not durable yet. */
static bool take_warm(struct runner *r, struct attempt *t)
{
	size_t at = choose_warm(r);
	bool fresh;

	if (at == r->n_warm)
		return false;
	fresh = r->warm[at].fresh;
	t->old_path = r->warm[at].path;
	r->warm[at] = r->warm[--r->n_warm];
	return fresh;
}

/* Does another attempt work in that folder, or is it about to? */
static bool in_use(const struct runner *r, const char *path)
{
	for (size_t i = 0; i < r->n_alive; i++) {
		const struct attempt *t = r->alive[i];

		if ((t->path != NULL && strcmp(t->path, path) == 0) ||
		    (t->old_path != NULL && strcmp(t->old_path, path) == 0))
			return true;
	}
	return false;
}

/* The folder of its session, out of the warm ones; of an earlier runner's it is not among them. */
static bool take_own_folder(struct runner *r, struct attempt *t, bool *fresh)
{
	const char *path = t->job->session.path;
	size_t n = strlen(path) + 1;

	for (size_t i = 0; i < r->n_warm; i++) {
		if (strcmp(r->warm[i].path, path) != 0)
			continue;
		*fresh = r->warm[i].fresh;
		t->old_path = r->warm[i].path;
		r->warm[i] = r->warm[--r->n_warm];
		return true;
	}
	if (in_use(r, path) || (t->old_path = mem_take(n)) == NULL)
		return false;
	memcpy(t->old_path, path, n);
	return true;
}

/*
 * Go on where the attempt before it stood, if it can: the same session, its work in its folder.
 * *fresh: what is in that folder is not durable yet.
 */
static void go_on(struct runner *r, struct attempt *t, bool *fresh)
{
	const struct job_session *s = &t->job->session;

	if (s->id == NULL || s->path == NULL || t->agent->resume.n == 0 || t->theirs.hex[0] != '\0')
		return;
	if (r->in_git && !take_own_folder(r, t, fresh))
		return;
	t->goes_on = true;
	if (r->in_git) {
		t->base = s->base;
		t->from = s->left;
	}
}

void attempt_begin(struct runner *r, struct job *job)
{
	struct attempt *t = attempt_new(r, job);
	const size_t *skipped;
	bool fresh = false;
	size_t n;

	record_retry(r, job, 0);
	if (t == NULL) {
		record_task(r, job, TASK_FAILED, "no memory for an attempt");
		n = schedule_fail(r->schedule, job->index, &skipped);
		ending_tell_skipped(r, job, skipped, n);
		return;
	}
	t->row.number = ++job->attempts;
	t->row.slot =
	    (int64_t)(free_slot(r) % r->n_slots); /* where it stands now; settled at its start */
	t->row.intent_ms = wall(r);
	t->theirs = job->theirs;
	if (t->theirs.hex[0] != '\0')
		t->row.resolves = job->resolves;
	t->base = t->from = r->head;
	flow_begin(r, t);
	record_attempt(r, t, "intent");
	go_on(r, t, &fresh);
	if (!r->in_git) {
		t->path = r->project->root;
		t->phase = PHASE_PREPARED;
		if (recalls(r, t))
			recall(r, t);
		return;
	}
	if (t->old_path == NULL)
		fresh = take_warm(r, t);
	if (fresh) {
		t->phase = PHASE_INTENT;
		t->row.worktree = text_dup(t->arena, t->old_path);
		return;
	}
	t->row.worktree = t->old_path != NULL
	                      ? text_dup(t->arena, t->old_path)
	                      : text_printf(t->arena, "%s/%s", r->worktrees, worktree_name(r, t));
	attempt_prepare(r, t);
}

/* --- running -------------------------------------------------------------------------------- */

static const char *write_prompt(struct runner *r, struct attempt *t)
{
	const struct job *job = t->job;
	struct prompt_before *before = arena_take(t->arena, (job->n_needs + 1) * sizeof *before);
	struct prompt p = { .task = job->spec,
		            .plan = r->row.title,
		            .role = t->agent->role,
		            .before = before,
		            .n_before = job->n_needs,
		            .remembered = t->remembered,
		            .special = t->stage == NULL ? conflict_words(r, t) : flow_words(r, t),
		            .last_time = job->tries > 0 || t->goes_on ? job->row.cause : NULL,
		            .goes_on = t->goes_on,
		            .worktree = r->in_git };

	if (before == NULL)
		return NULL;
	for (size_t i = 0; i < job->n_needs; i++) {
		struct job *need = &r->jobs[job->needs[i]];

		did_fetch(r, need);
		before[i] = (struct prompt_before){ need->row.id, need->row.title, need->did };
	}
	return prompt_write(&p, t->arena);
}

static enum status start_agent(struct runner *r, struct attempt *t, struct err *err)
{
	struct agent_start start = { .agent = t->agent,
		                     .task = t->job->spec,
		                     .prompt = write_prompt(r, t),
		                     .folder = t->path,
		                     .git_dir = r->in_git ? r->project->git_dir : NULL,
		                     .state = r->project->state,
		                     .run = r->row.id,
		                     .task_id = t->job->row.id,
		                     .session = t->goes_on ? t->job->session.id : NULL,
		                     .attempt = t->row.number,
		                     .stage = t->row.stage,
		                     .slot = (size_t)t->row.slot,
		                     .mail = mailbox_folder(r->mailbox, t->agent->name, t->arena),
		                     .confine = r->config->flags[CONFIG_CONFINE] };
	struct sandbox *sandbox = NULL;
	struct proc_spec spec;
	const char *log;
	enum status st;

	if ((st = flow_make_folder(r, t, &start.stage_folder, err)) != OK)
		return st;
	if (start.prompt == NULL || (log = place_log(r, t)) == NULL)
		return err_nomem(err, "a prompt");
	if ((st = output_new(&t->log, log, err)) != OK)
		return st;
	t->stream = stream_new(t->agent->preset);
	start.confine = start.confine && (r->in_git || r->shared_by != t->agent);
	if ((st = agent_prepare(&start, t->arena, &spec, &sandbox, err)) != OK)
		return st;
	if (!r->in_git && sandbox != NULL) { /* one for all tasks: the folder is the same */
		sandbox_free(r->shared);
		r->shared = sandbox;
		r->shared_by = t->agent;
		sandbox = NULL;
	}
	if (!r->in_git && r->shared_by == t->agent)
		spec.sandbox = r->shared;
	st = proc_start(&t->proc, r->keeper, &spec, err);
	sandbox_free(sandbox);
	return st;
}

void attempt_start(struct runner *r, struct attempt *t)
{
	struct err err = { OK, "" };
	int64_t now = clock_mono_ms(), start_ticks;
	int64_t limit_ms = t->agent->timeout_ms > 0 ? t->agent->timeout_ms : r->options.timeout_ms;
	size_t slot = free_slot(r);

	assert(slot < r->n_slots);
	r->slots[slot] = t;
	t->row.slot = (int64_t)slot;
	if (start_agent(r, t, &err) != OK) {
		const char *cause = text_printf(t->arena, "agent '%s' could not be started: %s",
		                                t->agent->name, err.text);

		ending_fail(r, t, TASK_FAILED, false, cause);
		return;
	}
	t->job->session.path =
	    NULL; /* it is used now; its end says whether there is more to go on with */
	t->phase = PHASE_RUNNING;
	t->row.started_ms = wall(r);
	t->started_us = clock_mono_us();
	t->row.pid = t->proc->pid;
	start_ticks = proc_started(t->proc->pid);
	if (start_ticks >= 0 && r->row.boot_id != NULL) {
		t->row.pid_start = start_ticks;
		t->row.boot_id = r->row.boot_id; /* the runner's own: it started the agent */
	}
	stall_begin(t, now);
	t->again_ms = INT64_MAX;
	t->deadline_ms = limit_ms > 0 ? now + limit_ms : INT64_MAX;
	record_attempt(r, t, "started");
	record_task(r, t->job, TASK_RUNNING, NULL);
}

void attempt_hear(struct runner *r, struct attempt *t)
{
	char bytes[READ_SIZE];

	for (int i = 0; i < READS_A_TURN && t->proc->out_fd != -1; i++) {
		ssize_t n = read(t->proc->out_fd, bytes, sizeof bytes);

		if (n < 0)
			return;
		if (n == 0) {
			proc_close_out(t->proc);
			return;
		}
		t->heard_ms = clock_mono_ms();
		output_add(t->log, bytes, (size_t)n, wall(r));
		stream_add(t->stream, bytes, (size_t)n, wall(r));
		if ((size_t)n < sizeof bytes)
			return;
	}
}

static void end_for_time(struct runner *r, struct attempt *t, const char *cause)
{
	t->verdict = TASK_TIMED_OUT;
	t->again = true;
	t->cause = cause;
	output_note(t->log, wall(r), "%s", cause == NULL ? "out of time" : cause);
	proc_end(t->proc, PROC_HUNG, PROC_GRACE_MS);
}

void attempt_watch(struct runner *r, struct attempt *t)
{
	int64_t now = clock_mono_ms();

	if (t->verdict == TASK_STATES && now >= t->deadline_ms)
		end_for_time(
		    r, t,
		    text_printf(t->arena, "ended after its time limit of %lld s",
		                (long long)((t->deadline_ms - t->started_us / 1000) / 1000)));
	else if (t->verdict == TASK_STATES && stall_found(r, t, now))
		end_for_time(
		    r, t,
		    text_printf(t->arena,
		                "stalled: no output, no work and no file changed for %lld s",
		                (long long)(r->options.stall_ms / 1000)));
	if (!proc_ended(t->proc, &t->again_ms))
		return;
	while (t->proc->out_fd != -1) {
		int before = t->proc->out_fd;
		uint64_t had = output_size(t->log);

		attempt_hear(r, t);
		if (t->proc->out_fd == before && output_size(t->log) == had)
			break; /* somebody outside still holds the pipe */
	}
	ending_agent_over(r, t);
}

int64_t attempt_due(const struct runner *r, const struct attempt *t)
{
	int64_t due = t->again_ms;

	if (t->phase != PHASE_RUNNING)
		return INT64_MAX;
	if (t->verdict != TASK_STATES)
		return due;
	if (t->deadline_ms < due)
		due = t->deadline_ms;
	return stall_due(r, t) < due ? stall_due(r, t) : due;
}

/* --- ends ------------------------------------------------------------------------------------- */

/*
 * The very first worktree could not be made, and not because making one failed this time: none can.
 * Go on without, one task after the other in the checkout itself, if nothing of the user's is in
 * the way there.
 */
static bool fall_back(struct runner *r, const struct step *step)
{
	const char *const *paths;
	size_t n = 0, ours = 0;

	if (r->tree_made ||
	    (step->st != E_ABSENT && repo_worktree_possible(r->repo, r->worktrees)) ||
	    repo_dirty(r->repo, r->arena, DIRTY_MOST, &paths, &n, NULL) != OK)
		return false;
	for (size_t i = 0; i < n && i < DIRTY_MOST; i++)
		ours += strncmp(paths[i], ".gadugi/", 8) == 0;
	if (n > ours)
		return false;
	record_note(r, "fell-back",
	            "worktrees cannot be made (%s): the tasks run one after the other in the "
	            "checkout itself, and nothing is merged",
	            step->err.text);
	r->in_git = false;
	r->head = (struct oid){ "" };
	r->row.mode = config_mode_word(CONFIG_SEQUENTIAL);
	r->row.branch = NULL;
	schedule_workers(r->schedule, 1);
	return true;
}

static void not_prepared(struct runner *r, struct attempt *t, const struct step *step)
{
	if (step->made == NULL && (!r->in_git || fall_back(r, step))) {
		t->no_count = true; /* nothing was tried yet */
		ending_fail(r, t, TASK_PENDING, true, "no worktree could be made");
		return;
	}
	ending_fail(r, t, TASK_FAILED, true, step->err.text);
}

static void prepared(struct runner *r, struct attempt *t, struct step *step)
{
	t->remembered = text_dup(t->arena, step->remembered);
	if (step->made != NULL) {
		t->path = text_dup(t->arena, step->made);
		if (t->goes_on && strcmp(step->made, t->job->session.path) != 0)
			t->goes_on = false; /* sessions belong to their folder; its work is here all
			                       the same */
		if (t->row.worktree == NULL || strcmp(t->row.worktree, step->made) != 0) {
			t->row.worktree = t->path;
			t->committed = false;
			record_attempt(r, t, "intent");
		}
		t->own_worktree = true;
		r->tree_made = true;
	}
	if (t->verdict != TASK_STATES) {
		ending_fail(r, t, t->verdict, t->again, t->cause);
	} else if (step->st != OK) {
		not_prepared(r, t, step);
	} else {
		t->phase = PHASE_PREPARED;
	}
}

void attempt_step_done(struct runner *r, struct attempt *t, struct step *step)
{
	assert(t->step == step);
	t->step = NULL;
	if (step->kind == STEP_PREPARE || step->kind == STEP_RECALL)
		prepared(r, t, step);
	else
		ending_step_done(r, t, step);
	step_free(step);
}

void attempt_sweep(struct runner *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n_alive; i++) {
		struct attempt *t = r->alive[i];

		if (t->job->now != t && !t->changed && t->step == NULL)
			attempt_free(t);
		else
			r->alive[kept++] = t;
	}
	r->n_alive = kept;
}
