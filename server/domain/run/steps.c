#include "domain/run/steps.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/run/lessons.h"
#include "sys/proc.h"
#include "sys/repo_refresh.h"
#include "sys/repo_worktree.h"
#include "work/pool.h"

#define STEP_ARENA_MAX   ((size_t)64 << 20)
#define STEPS_DEPTH      4096 /* more are never away: each task has at most one or two */
#define REPOS_MAX        80
#define AGAIN_MOST       3
#define MARKED_MAX       ((size_t)16 << 20) /* larger files are not looked into for markers */
#define SETUP_OUTPUT_MAX ((size_t)16 << 10)
#define SETUP_TIMEOUT_MS (INT64_C(30) * 60 * 1000)

struct steps {
	struct pool *pool;
	struct steps_spec own;
	int fd;

	pthread_mutex_t lock;          /* guards all below */
	struct repo *repos[REPOS_MAX]; /* open and not in use */
	size_t n_repos;
	struct step *first, **last; /* came back */

	size_t away; /* the loop's */
};

struct errand { /* what the pool is given */
	struct steps *steps;
	struct step *step;
};

struct step *step_new(enum step_kind kind, void *owner)
{
	struct step *step = mem_zero(1, sizeof *step);

	if (step == NULL)
		return NULL;
	step->kind = kind;
	step->owner = owner;
	if ((step->arena = arena_new(STEP_ARENA_MAX)) == NULL) {
		mem_free(step);
		return NULL;
	}
	return step;
}

void step_free(struct step *step)
{
	if (step == NULL)
		return;
	bell_done(&step->bell);
	arena_free(step->arena);
	mem_free(step);
}

void step_stop(struct step *step)
{
	atomic_store(&step->stop, true);
	bell_ring(&step->bell);
}

static enum status borrow(struct steps *s, struct repo **out, struct err *err)
{
	struct repo *r = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->n_repos > 0)
		r = s->repos[--s->n_repos];
	pthread_mutex_unlock(&s->lock);
	if (r == NULL)
		return repo_open(out, s->own.root, err);
	*out = r;
	return OK;
}

static void give_back(struct steps *s, struct repo *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->n_repos < REPOS_MAX) {
		s->repos[s->n_repos++] = r;
		r = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	repo_free(r);
}

/* Run the set-up command; its failure is the step's, with the end of what it said. */
static enum status set_up(struct step *step)
{
	struct proc_spec spec = { .argv = step->setup.at,
		                  .env = step->env,
		                  .cwd = step->made,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_OUT };
	const struct proc_bounds bounds = { SETUP_OUTPUT_MAX, SETUP_TIMEOUT_MS, &step->stop,
		                            &step->bell };
	struct proc_output out;
	enum status st;

	if (step->setup.n == 0)
		return OK;
	st = proc_run(&spec, &bounds, step->arena, &out, &step->err);
	if (st != OK || out.result.outcome == PROC_CLEAN)
		return st;
	return err_set(&step->err, E_IO, "the set-up command '%s' %s (exit code %d): %s",
	               step->setup.at[0], proc_outcome_words(out.result.outcome),
	               out.result.exit_code,
	               out.out + (out.out_size > 200 ? out.out_size - 200 : 0));
}

/*
 * The folders of git's objects are removed by `git gc` when they are empty, perhaps just when
 * something is being put into one. What failed so is done once more; twice is harmless.
 */
static enum status persist(struct repo *r, struct step *step,
                           enum status (*work)(struct repo *r, struct step *step))
{
	enum status st = work(r, step);

	for (int i = 0;
	     i < AGAIN_MOST && (st == E_IO || st == E_ABSENT) && !atomic_load(&step->stop); i++)
		st = work(r, step);
	return st;
}

/* Where the worktree is to begin: at base, or at its merge with theirs, conflicts marked. */
static enum status mix(struct repo *r, struct step *step)
{
	const struct oid parents[2] = { step->base, step->theirs };
	const struct repo_merge_spec spec = { .onto = step->base,
		                              .from = step->theirs,
		                              .onto_name = "merged before",
		                              .from_name = "this task" };
	struct repo_merge merge;
	enum status st;

	step->begin = step->base;
	if (step->theirs.hex[0] == '\0')
		return OK;
	if ((st = repo_merge_marked(r, &spec, step->arena, &merge, &step->err)) != OK)
		return st;
	return repo_commit_tree(r, &merge.tree, parents, "conflicts to be resolved", &step->begin,
	                        &step->err);
}

static enum status prepare(struct steps *s, struct repo *r, struct step *step)
{
	struct repo_worktree_spec spec = { .root = s->own.worktrees,
		                           .name = step->name,
		                           .reason = step->message,
		                           .stop = &step->stop,
		                           .bell = &step->bell,
		                           .keep_ignored = step->keep_ignored };
	enum status st;

	if ((st = persist(r, step, mix)) != OK)
		return st;
	spec.base = step->begin;
	if (step->old_path != NULL && !step->throw_away &&
	    repo_refresh(step->old_path, &spec.base, step->keep_ignored, NULL) == OK) {
		step->made = step->old_path;
		return OK;
	}
	if (step->old_path != NULL) {
		st = repo_worktree_reuse(r, step->old_path, &spec, step->arena, &step->made,
		                         &step->err);
		if (st == OK || st == E_NOMEM || st == E_STOP)
			return st;
		step->err = (struct err){ OK, "" };
		if (step->throw_away)
			(void)repo_worktree_discard(r, s->own.worktrees, step->old_path, NULL);
	}
	st = repo_worktree_add(r, &spec, step->arena, &step->made, &step->err);
	return st == OK ? set_up(step) : st;
}

static enum status changed(struct repo *r, struct step *step)
{
	struct repo_changes found;
	enum status st;

	step->files = 0;
	if (strcmp(step->base.hex, step->oid.hex) == 0)
		return OK;
	if ((st = repo_diff(r, &step->base, &step->oid, step->arena, &found, &step->err)) != OK)
		return st;
	step->changes = found.list;
	step->files = found.n;
	return OK;
}

static enum status collect(struct repo *r, struct step *step)
{
	struct repo_commit commit;
	enum status st = repo_commit_all(step->path, step->message, &commit, &step->err);

	if (st != OK)
		return st;
	step->oid = commit.oid;
	step->nested = commit.nested;
	return changed(r, step);
}

/* Does a line of the file begin a conflict? */
static bool is_marked(struct repo *r, const struct oid *commit, const char *path, struct arena *a)
{
	struct repo_file file = { .path = path, .max = MARKED_MAX };

	return repo_blob(r, commit, &file, a, NULL) == OK &&
	       (strncmp(file.bytes, "<<<<<<< ", 8) == 0 ||
	        strstr(file.bytes, "\n<<<<<<< ") != NULL);
}

/* What was left of a merge with conflicts, as the one merge it was to become. */
static enum status unite(struct repo *r, struct step *step)
{
	const struct oid parents[2] = { step->base, step->theirs };
	const struct repo_merge_spec spec = { .onto = step->base, .from = step->theirs };
	struct repo_merge merge;
	struct oid tree;
	enum status st;

	if (step->theirs.hex[0] == '\0')
		return OK;
	if ((st = repo_merge(r, &spec, step->arena, &merge, &step->err)) != OK)
		return st;
	for (size_t i = 0; merge.kind == REPO_CONFLICTS && i < merge.n; i++)
		if (is_marked(r, &step->oid, merge.conflicts[i].path, step->arena))
			return err_set(&step->err, E_INPUT, "conflict markers are left in '%s'",
			               merge.conflicts[i].path);
	if ((st = repo_tree_of(r, &step->oid, &tree, &step->err)) != OK ||
	    (st = repo_commit_tree(r, &tree, parents, step->message, &step->oid, &step->err)) != OK)
		return st;
	/* The worktree has the same files; at the merge nothing in it is missing from the refs. */
	(void)repo_refresh(step->path, &step->oid, true, NULL);
	return changed(r, step);
}

/* Agents that nothing confines are looked after: is the user's checkout as it was? */
static enum status look_at_user(struct repo *r, struct step *step)
{
	struct repo_state *now = NULL;
	enum status st;

	if (step->user == NULL)
		return OK;
	if ((st = repo_state_take(r, true, step->arena, &now, &step->err)) == OK)
		step->touched = repo_state_differs(step->user, now, step->arena);
	return st;
}

/* In a ref of ours, if there is anything beyond base. */
static enum status keep(struct repo *r, struct step *step)
{
	const struct repo_keep keep = { step->run, step->task, step->attempt, step->oid };

	return strcmp(step->oid.hex, step->base.hex) == 0
	           ? OK
	           : repo_save(r, &keep, step->arena, &step->made, &step->err);
}

static enum status save(struct repo *r, struct step *step)
{
	enum status st = collect(r, step);

	return st == OK ? keep(r, step) : st;
}

static enum status merge(struct repo *r, struct step *step)
{
	enum status st = OK;

	step->oid = step->base;
	for (size_t i = 0; st == OK && i < step->n; i++) {
		struct step_item *item = &step->items[i];

		const struct repo_merge_spec spec = { .onto = step->oid,
			                              .from = item->from,
			                              .message = item->message };

		st = repo_merge(r, &spec, step->arena, &item->merge, &step->err);
		if (st == OK && item->merge.kind != REPO_CONFLICTS)
			step->oid = item->merge.oid;
	}
	return st;
}

static enum status one_gate(struct step *step, struct step_gate *gate)
{
	struct proc_spec spec = { .argv = gate->gate->command.at,
		                  .env = step->env,
		                  .cwd = step->made,
		                  .out = PROC_TO_PIPE,
		                  .err = PROC_TO_OUT };
	const struct proc_bounds bounds = { STEP_GATE_OUTPUT_MAX, gate->gate->timeout_ms,
		                            &step->stop, &step->bell };
	struct proc_output out;
	enum status st;

	gate->started_ms = clock_wall_ms(NULL);
	st = proc_run(&spec, &bounds, step->arena, &out, &step->err);
	gate->ended_ms = clock_wall_ms(NULL);
	gate->exit_code = -1;
	if (st != OK && st != E_NOMEM) {
		/* A gate that cannot be started does not pass, and says why. */
		gate->output = text_dup(step->arena, step->err.text);
		return gate->output == NULL ? err_nomem(&step->err, "a gate") : OK;
	}
	if (st != OK)
		return st;
	gate->exit_code = out.result.exit_code;
	gate->passed = out.result.outcome == PROC_CLEAN;
	gate->output = out.out;
	return OK;
}

/* One that failed by itself is run again on the same tree: does it fail for what is in it? */
static enum status gate(struct step *step, struct step_gate *gate)
{
	enum status st = one_gate(step, gate);
	struct step_gate *first;

	for (long i = 0; st == OK && !gate->passed && gate->exit_code > 0 &&
	                 !atomic_load(&step->stop) && i < gate->gate->reruns;
	     i++) {
		if ((first = arena_take(step->arena, sizeof *first)) == NULL)
			return err_nomem(&step->err, "a gate");
		*first = *gate;
		*gate = (struct step_gate){ .gate = first->gate, .first = first };
		st = one_gate(step, gate);
	}
	return st;
}

/* Outside a repository r is NULL, and the gates run in the folder as it is. */
static enum status run_gates(struct steps *s, struct repo *r, struct step *step)
{
	enum status st = OK;

	step->made = step->path;
	if (step->name != NULL && (st = prepare(s, r, step)) != OK)
		return st;
	if (r != NULL && (st = repo_tree_of(r, &step->base, &step->tree, &step->err)) != OK)
		return st;
	step->passed = true;
	for (size_t i = 0; st == OK && step->passed && i < step->n; i++) {
		st = gate(step, &step->gates[i]);
		step->passed = st == OK && step->gates[i].passed;
	}
	return st;
}

/*
 * What an agent left, whole: committed, and one with what it was to be merged with. Commits that
 * change nothing are not merged: they are kept as what failed is, so that its worktree can go.
 */
static enum status gather(struct repo *r, struct step *step)
{
	enum status st = collect(r, step);

	if (st != OK || (st = unite(r, step)) != OK)
		return st;
	return step->files == 0 ? keep(r, step) : OK;
}

static enum status act(struct steps *s, struct step *step)
{
	struct repo *r = NULL;
	enum status st;

	if (step->kind == STEP_GATE && step->base.hex[0] == '\0')
		return run_gates(s, NULL, step);
	if (step->about != NULL)
		step->remembered =
		    lessons_for(s->own.project, step->about, &step->stop, step->arena);
	if (step->kind == STEP_RECALL)
		return OK;
	if ((st = borrow(s, &r, &step->err)) != OK)
		return st;
	switch (step->kind) {
	case STEP_RECALL:
		break;
	case STEP_PREPARE:
		st = prepare(s, r, step);
		break;
	case STEP_COLLECT:
		if ((st = look_at_user(r, step)) == OK)
			st = persist(r, step, gather);
		break;
	case STEP_SAVE:
		st = persist(r, step, save);
		break;
	case STEP_MERGE:
		st = persist(r, step, merge);
		break;
	case STEP_GATE:
		st = run_gates(s, r, step);
		break;
	case STEP_REMOVE:
		st = step->throw_away
		         ? repo_worktree_discard(r, s->own.worktrees, step->path, &step->err)
		         : repo_worktree_remove(r, s->own.worktrees, step->path, &step->err);
		break;
	}
	give_back(s, r);
	return st;
}

static void on_thread(void *arg)
{
	struct errand *e = arg;
	struct steps *s = e->steps;
	struct step *step = e->step;
	uint64_t one = 1;

	mem_free(e);
	step->st = act(s, step);
	pthread_mutex_lock(&s->lock);
	step->next = NULL;
	*s->last = step;
	s->last = &step->next;
	pthread_mutex_unlock(&s->lock);
	while (write(s->fd, &one, sizeof one) == -1 && errno == EINTR)
		continue;
}

enum status steps_new(struct steps **out, const struct steps_spec *spec, struct err *err)
{
	struct steps *s = mem_zero(1, sizeof *s);
	enum status st;

	if (s == NULL)
		return err_nomem(err, "the runner");
	s->own = *spec;
	s->last = &s->first;
	s->fd = -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	if ((s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		st = err_sys(err, errno, "cannot make an event descriptor");
		goto out;
	}
	if ((st = pool_new(&s->pool, spec->threads, STEPS_DEPTH, err)) != OK)
		goto out;
	*out = s;
	return OK;
out:
	steps_free(s);
	return st;
}

void steps_free(struct steps *s)
{
	struct step *step;

	if (s == NULL)
		return;
	pool_free(s->pool); /* waits */
	while ((step = steps_take(s)) != NULL)
		step_free(step);
	while (s->n_repos > 0)
		repo_free(s->repos[--s->n_repos]);
	if (s->fd != -1)
		(void)close(s->fd);
	(void)pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

enum status steps_give(struct steps *s, struct step *step, struct err *err)
{
	struct errand *e = mem_take(sizeof *e);
	enum status st;

	if (e == NULL)
		return err_nomem(err, "a step of the run");
	*e = (struct errand){ s, step };
	if ((st = pool_give(s->pool, on_thread, e)) != OK) {
		mem_free(e);
		return err_set(err, st, "too many steps of the run are under way");
	}
	s->away++;
	return OK;
}

int steps_fd(const struct steps *s)
{
	return s->fd;
}

void steps_clear(struct steps *s)
{
	uint64_t n;

	(void)!read(s->fd, &n, sizeof n);
}

struct step *steps_take(struct steps *s)
{
	struct step *step;

	pthread_mutex_lock(&s->lock);
	step = s->first;
	if (step != NULL && (s->first = step->next) == NULL)
		s->last = &s->first;
	pthread_mutex_unlock(&s->lock);
	if (step != NULL)
		s->away--;
	return step;
}

size_t steps_away(const struct steps *s)
{
	return s->away;
}
