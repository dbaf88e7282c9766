#include "domain/run/load.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/account.h"
#include "domain/run/agent.h"
#include "domain/run/attempt.h"
#include "domain/run/conflict.h"
#include "domain/run/ending.h"
#include "domain/run/flow.h"
#include "domain/run/lane.h"
#include "domain/run/notes.h"
#include "domain/run/obey.h"
#include "domain/run/record.h"
#include "domain/run/tidy.h"
#include "domain/run/who.h"
#include "sys/fs.h"
#include "sys/sandbox.h"

/* --- rows to jobs --------------------------------------------------------------------------- */

static enum status read_spec(struct job *job, struct err *err)
{
	enum status st = json_read(job->row.spec, strlen(job->row.spec), &job->spec_own, err);

	job->spec = job->spec_own;
	return st == OK || st == E_NOMEM
	           ? st
	           : err_set(err, E_BUG, "task '%s' is stored damaged", job->row.id);
}

static enum status load_jobs(struct runner *r, struct err *err)
{
	struct task_row *rows;
	enum status st = runs_tasks(r->db, r->row.id, r->arena, &rows, &r->n_jobs, err);

	if (st != OK)
		return st;
	r->jobs = mem_zero(r->n_jobs + 1, sizeof *r->jobs);
	r->lane.on = mem_zero(r->n_jobs + 1, sizeof(struct attempt *));
	r->changed_jobs = mem_zero(r->n_jobs + 1, sizeof *r->changed_jobs);
	if (r->jobs == NULL || r->lane.on == NULL || r->changed_jobs == NULL)
		return err_nomem(err, "the run");
	for (size_t i = 0; st == OK && i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		job->row = rows[i];
		job->index = i;
		job->state = task_state_read(rows[i].state);
		if ((st = read_spec(job, err)) == OK &&
		    (st = config_agent_find(r->config, rows[i].agent, &job->agent, err)) == OK)
			st = flow_load(r, job, err);
	}
	return st;
}

static enum status name_jobs(struct runner *r, struct err *err)
{
	if ((r->names = mem_zero(r->n_jobs + 1, sizeof *r->names)) == NULL)
		return err_nomem(err, "the run");
	for (size_t k = 0; k < r->n_jobs; k++)
		r->names[k] = (struct name){ r->jobs[k].row.id, k };
	names_sort(r->names, r->n_jobs);
	return OK;
}

static enum status link_needs(struct runner *r, const struct edge_row *edges, size_t n,
                              struct err *err)
{
	size_t *all = arena_take(r->arena, (n + 1) * sizeof *all);
	size_t *from = arena_take(r->arena, (n + 1) * sizeof *from);
	size_t *to = arena_take(r->arena, (n + 1) * sizeof *to);
	size_t used = 0;

	if (all == NULL || from == NULL || to == NULL)
		return err_nomem(err, "the run");
	for (size_t i = 0; i < n; i++) {
		from[i] = names_find(r->names, r->n_jobs, edges[i].from);
		to[i] = names_find(r->names, r->n_jobs, edges[i].to);
		if (from[i] == NAMES_NONE || to[i] == NAMES_NONE)
			return err_set(err, E_BUG, "a dependency of the run names no task");
		r->jobs[to[i]].n_needs++;
	}
	for (size_t i = 0; i < r->n_jobs; i++) {
		r->jobs[i].needs = all + used;
		used += r->jobs[i].n_needs;
		r->jobs[i].n_needs = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct job *job = &r->jobs[to[i]];

		all[(size_t)(job->needs - all) + job->n_needs++] = from[i];
	}
	return OK;
}

/* One level below the deepest need; *more becomes true when that moved the task. */
static enum status sink(struct runner *r, struct job *job, bool *more, struct err *err)
{
	for (size_t k = 0; k < job->n_needs; k++) {
		size_t level = r->jobs[job->needs[k]].level + 1;

		if (level > r->n_jobs)
			return err_set(err, E_BUG, "the run's tasks go in a circle");
		*more |= level > job->level;
		job->level = level > job->level ? level : job->level;
	}
	return OK;
}

/* Levels by depth, and how many tasks of each are not settled. Needs name no later level. */
static enum status find_levels(struct runner *r, struct err *err)
{
	struct checkpoint_row *points;
	size_t deepest = 0, n = 0;
	enum status st;

	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < r->n_jobs; i++) {
			struct job *job = &r->jobs[i];

			if ((st = sink(r, job, &more, err)) != OK)
				return st;
			deepest = job->level > deepest ? job->level : deepest;
		}
	}
	if ((r->open_in = mem_zero(deepest + 1, sizeof *r->open_in)) == NULL)
		return err_nomem(err, "the run");
	r->n_levels = r->n_jobs == 0 ? 0 : deepest + 1;
	if ((st = attempts_checkpoints(r->db, r->row.id, r->arena, &points, &n, err)) != OK)
		return st;
	for (size_t i = 0; i < r->n_jobs; i++)
		r->open_in[r->jobs[i].level] += r->jobs[i].state < TASK_SUCCEEDED;
	/* What was taken up again since is checkpointed, and gated, anew. */
	while (r->checkpointed < n && r->checkpointed < r->n_levels &&
	       r->open_in[r->checkpointed] == 0)
		r->checkpointed++;
	r->lane.batches = r->checkpointed;
	return OK;
}

/* Does the wish of a task that was skipped say that somebody asked for it? */
static bool skipped_by_wish(const struct job *job)
{
	return job->state == TASK_SKIPPED && job->row.wish != NULL &&
	       strcmp(job->row.wish, "skip") == 0;
}

static enum schedule_state to_schedule(const struct job *job)
{
	switch (job->state) {
	case TASK_SUCCEEDED:
		return SCHEDULE_DONE;
	case TASK_SKIPPED:
		return skipped_by_wish(job) ? SCHEDULE_DONE : SCHEDULE_SKIPPED;
	case TASK_FAILED:
	case TASK_CANCELLED:
	case TASK_CONFLICTED:
	case TASK_TIMED_OUT:
		return SCHEDULE_FAILED;
	case TASK_PENDING:
	case TASK_READY:
	case TASK_RUNNING:
	case TASK_GATING:
	case TASK_MERGING:
	case TASK_STATES:
		break;
	}
	return SCHEDULE_WAITING;
}

/* Tasks that name the same file do not overlap: each such file is a resource that one can hold. */
struct resources {
	size_t *uses; /* all tasks' one after the other */
	size_t *capacity;
	size_t n;
};

static size_t list_texts(const struct runner *r, const char *key, const char *mark,
                         struct name *pairs)
{
	size_t n = 0;
	const cJSON *item;

	for (size_t i = 0; i < r->n_jobs; i++) {
		cJSON_ArrayForEach(item, json_get(r->jobs[i].spec, key)) {
			if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
				continue;
			if (pairs != NULL)
				pairs[n] = (struct name){ mark[0] == '\0'
					                      ? item->valuestring
					                      : text_printf(r->arena, "%s%s", mark,
					                                    item->valuestring),
					                  i };
			n++;
		}
	}
	return n;
}

/* Files, and what else a task says that it uses; the mark keeps the two apart. */
static size_t list_files(const struct runner *r, struct name *pairs)
{
	size_t n = list_texts(r, "files", "", pairs);

	return n + list_texts(r, "uses", "\n", pairs == NULL ? NULL : pairs + n);
}

/* Number the files that several tasks name; pairs that do not matter are dropped. */
static size_t number_files(struct name *pairs, size_t n, size_t *file_of, size_t *n_files)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < n; i = end) {
		bool shared = false;

		for (end = i + 1; end < n && strcmp(pairs[end].text, pairs[i].text) == 0; end++)
			shared |= pairs[end].index != pairs[i].index;
		if (!shared)
			continue;
		for (size_t k = i; k < end; k++) {
			if (k > i && pairs[k].index == pairs[k - 1].index)
				continue; /* named twice by one task */
			file_of[kept] = *n_files;
			pairs[kept++] = pairs[k];
		}
		(*n_files)++;
	}
	return kept;
}

static enum status load_resources(struct runner *r, struct schedule_task *tasks,
                                  struct resources *out)
{
	size_t n = list_files(r, NULL), used = 0;
	struct name *pairs = arena_take(r->arena, (n + 1) * sizeof *pairs);
	size_t *file_of = arena_take(r->arena, (n + 1) * sizeof *file_of);

	out->uses = arena_take(r->arena, (n + 1) * sizeof *out->uses);
	out->capacity = arena_take(r->arena, (n + 1) * sizeof *out->capacity);
	if (arena_failed(r->arena))
		return E_NOMEM;
	(void)list_files(r, pairs);
	if (arena_failed(r->arena))
		return E_NOMEM;
	names_sort(pairs, n);
	n = number_files(pairs, n, file_of, &out->n);
	for (size_t i = 0; i < out->n; i++)
		out->capacity[i] = 1;
	for (size_t i = 0; i < n; i++)
		tasks[pairs[i].index].n_uses++;
	for (size_t i = 0; i < r->n_jobs; i++) {
		tasks[i].uses = out->uses + used;
		used += tasks[i].n_uses;
		tasks[i].n_uses = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct schedule_task *t = &tasks[pairs[i].index];

		out->uses[(size_t)(t->uses - out->uses) + t->n_uses++] = file_of[i];
	}
	return OK;
}

static enum status load_schedule(struct runner *r, struct err *err)
{
	struct schedule_task *tasks = mem_zero(r->n_jobs + 1, sizeof *tasks);
	struct resources shared = { NULL, NULL, 0 };
	struct schedule_plan plan = { .tasks = tasks, .n = r->n_jobs, .workers = r->n_slots };
	enum status st;

	if (tasks == NULL)
		return err_nomem(err, "the run");
	for (size_t i = 0; i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		tasks[i] =
		    (struct schedule_task){ .cost = job->row.estimate_min,
			                    .priority = (int)json_int(job->spec, "priority", 0),
			                    .needs = job->needs,
			                    .n_needs = job->n_needs,
			                    .state = to_schedule(job) };
	}
	if (load_resources(r, tasks, &shared) != OK) {
		st = err_nomem(err, "the run");
	} else {
		plan.capacity = shared.capacity;
		plan.n_resources = shared.n;
		st = schedule_new(&r->schedule, &plan, err);
	}
	mem_free(tasks);
	return st;
}

/* --- where the branch is -------------------------------------------------------------------- */

static enum status load_branch(struct runner *r, struct err *err)
{
	struct oid intended = { "" }, none = { "" };
	bool behind = false;
	char *resolved;
	enum status st;
	size_t n;

	r->branch_ref = text_printf(r->arena, "refs/heads/%s", r->row.branch);
	r->worktrees = text_printf(r->arena, "%s/worktrees", r->project->state);
	n = strlen(r->row.id);
	r->prefix = text_printf(r->arena, "gadugi-%s-", r->row.id + (n > 8 ? n - 8 : 0));
	if (r->branch_ref == NULL || r->worktrees == NULL || r->prefix == NULL)
		return err_nomem(err, "the run");
	if (fs_resolve(r->worktrees, r->arena, &resolved, NULL) == OK)
		r->worktrees = resolved; /* as the rows have it; it may be a link to another disk */
	if ((st = repo_open(&r->repo, r->project->root, err)) != OK)
		return st;
	if (r->row.session_ms != RUNS_NONE)
		tidy_after_crash(r);
	memcpy(intended.hex, r->row.head_oid, strnlen(r->row.head_oid, sizeof intended.hex - 1));
	st = repo_ref_read(r->repo, r->branch_ref, &r->at, NULL);
	if (st == E_ABSENT) {
		st = repo_ref_move(r->repo, r->branch_ref, &none, &intended, "gadugi: begun", err);
		r->at = intended;
	}
	if (st != OK)
		return st;
	/* The move that was intended when the runner died is made now, if it still can be. */
	if (strcmp(r->at.hex, intended.hex) != 0 &&
	    repo_descends(r->repo, &intended, &r->at, &behind, NULL) == OK && behind) {
		st =
		    repo_ref_move(r->repo, r->branch_ref, &r->at, &intended, "gadugi: merged", err);
		if (st != OK)
			return st;
		r->at = intended;
	}
	r->head = r->at;
	return OK;
}

enum status load_run(struct runner *r, const char *run, struct err *err)
{
	const struct config *configured;
	struct edge_row *edges;
	struct run_note *notes;
	size_t n, n_notes;
	enum status st;

	if ((st = runs_get(r->db, run, r->arena, &r->row, err)) != OK ||
	    (st = project_config(r->project, &configured, err)) != OK ||
	    (st = config_trusted(configured, err)) != OK ||
	    (st = who_join(r->project, configured, r->arena, &r->config, err)) != OK ||
	    (st = run_options_read(r->row.options, r->arena, &r->options, err)) != OK)
		return st;
	r->budget = config_budget_both(&r->config->budget, &r->options.budget);
	r->state = run_state_read(r->row.state);
	r->in_git = r->row.branch != NULL;
	r->n_slots = (size_t)r->row.jobs;
	r->slots = mem_zero(r->n_slots, sizeof(struct attempt *));
	r->env = agent_plain_env(r->arena, r->project->state, run);
	r->lane.last = &r->lane.first;
	r->lane.most = SIZE_MAX;
	if (r->slots == NULL || r->env == NULL ||
	    notes_read(r->row.notes, r->arena, &notes, &n_notes))
		return err_nomem(err, "the run");
	for (size_t i = 0; i < n_notes; i++)
		record_note(r, notes[i].code, "%s", notes[i].message);
	if ((st = load_jobs(r, err)) != OK || (st = name_jobs(r, err)) != OK)
		return st;
	if (run_state_ended(r->state) && r->row.wish != NULL && strcmp(r->row.wish, "resume") == 0)
		obey_resume(r);
	if ((st = runs_edges(r->db, run, r->arena, &edges, &n, err)) != OK ||
	    (st = link_needs(r, edges, n, err)) != OK || (st = find_levels(r, err)) != OK ||
	    (st = load_schedule(r, err)) != OK)
		return st;
	return r->in_git ? load_branch(r, err) : OK;
}

/* --- attempts that were under way ----------------------------------------------------------- */

static bool over(const char *state)
{
	static const char *const words[] = { "merged",    "failed",     "timed_out",
		                             "cancelled", "conflicted", "lost",
		                             "limited",   "staged",     "returned" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], state) == 0)
			return true;
	return false;
}

static void copy_oid(struct oid *to, const char *from)
{
	*to = (struct oid){ "" };
	if (from != NULL)
		memcpy(to->hex, from, strnlen(from, sizeof to->hex - 1));
}

/* Its merge had been decided: is it in the branch? */
static bool is_in_branch(struct runner *r, const struct attempt *t)
{
	bool in = false;

	return t->merged.hex[0] != '\0' &&
	       repo_descends(r->repo, &r->at, &t->merged, &in, NULL) == OK && in;
}

/*
 * Is there a whole one of ours? One that was being made has no link to its data yet, and holds
 * nothing. One elsewhere is that of another project, which this one was copied from.
 */
static bool is_worktree(const struct runner *r, const char *path, struct arena *a)
{
	size_t n = strlen(r->worktrees);
	const char *link = path == NULL ? NULL : fs_join(a, path, ".git");

	return link != NULL && strncmp(path, r->worktrees, n) == 0 && path[n] == '/' &&
	       fs_kind(link) == FS_FILE;
}

static void go_on(struct runner *r, struct job *job, const struct attempt_row *row)
{
	struct attempt *t = attempt_new(r, job);
	const size_t *readied;
	size_t n;

	if (t == NULL) {
		r->given_up = true;
		r->row.cause = "no memory to go on with the run";
		return;
	}
	t->row = *row;
	t->row.slot = (int64_t)r->n_slots; /* it holds none */
	copy_oid(&t->base, row->base_oid);
	t->from = t->base;
	copy_oid(&t->result, row->result_oid);
	copy_oid(&t->merged, row->merged_oid);
	flow_take_up(r, t);
	if (row->resolves != RUNS_NONE)
		t->theirs = job->theirs;
	t->path = row->worktree == NULL ? r->project->root : row->worktree;
	t->own_worktree = r->in_git && is_worktree(r, row->worktree, t->arena);
	job->attempts = row->number;
	t->committed = true;
	if (r->in_git && strcmp(row->state, "gated") == 0)
		t->own_worktree = false; /* it may have been handed on; its commit is known */
	if (strcmp(row->state, "gated") == 0 && is_in_branch(r, t)) {
		ending_succeed(r, t, t->merged.hex);
		n = schedule_drop(r->schedule, job->index, true, &readied);
		ending_tell_ready(r, readied, n);
		return;
	}
	t->merged = (struct oid){ "" };
	/* Hold the task back, without a worker, while its leftovers are looked after. */
	schedule_hold(r->schedule, job->index);
	if (strcmp(row->state, "gated") == 0 && r->in_git) {
		lane_add(r, t);
		return;
	}
	if ((strcmp(row->state, "result") == 0 || strcmp(row->state, "gated") == 0) &&
	    (t->own_worktree || !r->in_git)) {
		ending_collect(r, t);
		return;
	}
	t->no_count = true;
	if (t->row.ended_ms == RUNS_NONE && t->row.started_ms != RUNS_NONE)
		/* When it died nobody saw; what is counted as its time is counted as the run's. */
		t->row.ended_ms =
		    r->last_sign_ms > t->row.started_ms ? r->last_sign_ms : t->row.started_ms;
	ending_fail(r, t, TASK_PENDING, true, "its runner ended before it did");
}

/* Tasks that nobody is at are what the schedule says they are. */
static void bring_in_line(struct runner *r)
{
	for (size_t i = 0; i < r->n_jobs; i++) {
		struct job *job = &r->jobs[i];

		switch (schedule_state(r->schedule, i)) {
		case SCHEDULE_WAITING:
			record_task(r, job, TASK_PENDING, NULL);
			break;
		case SCHEDULE_READY:
			record_task(r, job, TASK_READY, NULL);
			break;
		case SCHEDULE_SKIPPED:
			record_task(r, job, TASK_SKIPPED, "needs a task that did not succeed");
			break;
		case SCHEDULE_RUNNING:
		case SCHEDULE_IDLE:
		case SCHEDULE_DONE:
		case SCHEDULE_FAILED:
			break;
		}
	}
}

/* What the next attempt can go on with, as ending.c keeps it while a runner lives. */
static void take_session(struct runner *r, struct job *job, const struct attempt_row *row)
{
	struct job_session *s = &job->session;

	s->path = NULL;
	if (s->id == NULL || row->session == NULL || strcmp(s->id, row->session) != 0 ||
	    !over(row->state) || (r->in_git && (row->result_oid == NULL || row->worktree == NULL)))
		return;
	copy_oid(&s->left, row->result_oid);
	copy_oid(&s->base, row->base_oid);
	s->path = r->in_git ? row->worktree : r->project->root;
	if (r->in_git && !is_worktree(r, s->path, r->arena))
		s->path = NULL;
}

enum status load_attempts(struct runner *r, struct err *err)
{
	struct attempt_row *rows;
	size_t n;
	enum status st = attempts_read(r->db, &(struct attempts_want){ r->row.id, NULL }, r->arena,
	                               &rows, &n, err);

	if (st == OK)
		st = conflict_load_rows(r, err);
	for (size_t i = 0; st == OK && i < n; i++) {
		size_t at = names_find(r->names, r->n_jobs, rows[i].task);
		struct job *job = at == NAMES_NONE ? NULL : &r->jobs[at];

		if (job == NULL)
			continue;
		job->attempts = rows[i].number;
		account_add(r, job, &rows[i]);
		take_session(r, job, &rows[i]);
		r->tree_made |= rows[i].started_ms != RUNS_NONE;
		if (strcmp(rows[i].state, "merged") == 0 && rows[i].started_ms != RUNS_NONE)
			job->worked_ms = rows[i].ended_ms - rows[i].started_ms;
		if (strcmp(rows[i].state, "merged") == 0) {
			copy_oid(&job->from, rows[i].base_oid);
			copy_oid(&job->to, rows[i].result_oid);
		}
		conflict_load(r, job, &rows[i]);
		if (job->flow != NULL)
			flow_replay(job->flow, &rows[i]);
		if (!over(rows[i].state))
			go_on(r, job, &rows[i]);
	}
	if (st == OK)
		bring_in_line(r);
	return st;
}

void load_done(struct runner *r)
{
	for (size_t i = 0; r->jobs != NULL && i < r->n_jobs; i++)
		cJSON_Delete(r->jobs[i].spec_own);
	for (size_t i = 0; i < r->n_alive; i++)
		attempt_free(r->alive[i]);
	while (r->n_warm > 0)
		mem_free(r->warm[--r->n_warm].path);
	mem_free(r->warm);
	mem_free(r->cooling);
	mem_free(r->alive);
	mem_free(r->slots);
	mem_free(r->happenings);
	mem_free(r->obeyed);
	mem_free(r->notes);
	mem_free(r->changed_jobs);
	mem_free(r->open_in);
	mem_free(r->names);
	mem_free(r->conflicts);
	mem_free(r->lane.on);
	mem_free(r->lane.gate_tree);
	mem_free(r->lane.results);
	mem_free(r->jobs);
	schedule_free(r->schedule);
	repo_free(r->repo);
	sandbox_free(r->shared);
}
