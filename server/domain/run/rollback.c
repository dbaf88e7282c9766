/* rollback.c - a run's branch back to one of its checkpoints; what is left behind stays in a ref.
 */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/event.h"
#include "domain/run/left.h"
#include "sys/fs.h"
#include "sys/lock.h"
#include "sys/repo.h"

#define KEPT_MOST 10000 /* rollbacks of one run */

struct back {
	struct project *project;
	struct repo *repo;
	struct run_view view;
	const struct checkpoint_row *point;
	const char *branch, *kept; /* refs */
	struct oid from, to;
	size_t undone; /* tasks */
	struct arena *arena;
};

static struct oid oid_of(const char *hex)
{
	struct oid oid = { "" };

	if (hex != NULL)
		memcpy(oid.hex, hex, strnlen(hex, sizeof oid.hex - 1));
	return oid;
}

static enum status find_point(struct back *b, int64_t batch, struct err *err)
{
	const struct run_view *v = &b->view;

	if (v->row.branch == NULL)
		return err_set(err, E_INPUT,
		               "run '%s' has no branch, so there is nothing to take back",
		               v->row.id);
	for (size_t i = 0; i < v->n_checkpoints; i++)
		if (v->checkpoints[i].batch == batch && v->checkpoints[i].oid != NULL)
			b->point = &v->checkpoints[i];
	if (b->point == NULL)
		return err_set(
		    err, E_ABSENT,
		    "run '%s' has no checkpoint of batch %lld; it has %zu, and 'runs %s' "
		    "shows them",
		    v->row.id, (long long)batch, v->n_checkpoints, v->row.id);
	b->to = oid_of(b->point->oid);
	return OK;
}

/* Is the branch where this run, and nobody else, has brought it? And a free name for the rest. */
static enum status look_at_branch(struct back *b, struct err *err)
{
	bool follows = false;
	struct oid at;
	enum status st;

	b->branch = text_printf(b->arena, "refs/heads/%s", b->view.row.branch);
	if (b->branch == NULL)
		return err_nomem(err, "a ref");
	if ((st = repo_ref_read(b->repo, b->branch, &b->from, err)) != OK ||
	    (st = repo_descends(b->repo, &b->from, &b->to, &follows, err)) != OK)
		return st;
	if (!follows)
		return err_set(err, E_DENIED,
		               "branch '%s' is at %.12s, which does not come after batch %lld "
		               "(%.12s); it was moved by somebody else and is left alone",
		               b->view.row.branch, b->from.hex, (long long)b->point->batch,
		               b->to.hex);
	for (int n = 1; n < KEPT_MOST; n++) {
		b->kept =
		    text_printf(b->arena, "refs/gadugi/%s/+left-behind/%d", b->view.row.id, n);
		if (b->kept == NULL)
			return err_nomem(err, "a ref");
		if (repo_ref_read(b->repo, b->kept, &at, NULL) != OK ||
		    strcmp(at.hex, b->from.hex) == 0)
			return OK;
	}
	return err_set(err, E_INPUT, "too many rollbacks of run '%s'", b->view.row.id);
}

/* Its work is in no commit up to the checkpoint. */
static bool is_undone(struct back *b, const struct task_row *t)
{
	const struct oid commit = oid_of(t->commit_oid);
	bool in = true;

	return commit.hex[0] != '\0' && repo_descends(b->repo, &b->to, &commit, &in, NULL) == OK &&
	       !in;
}

/* Attempts that count as steps on its way no longer do. */
static enum status undo_attempts(struct back *b, struct db *db, const char *task, struct err *err)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < b->view.n_attempts; i++) {
		struct attempt_row row = b->view.attempts[i];

		if (strcmp(row.task, task) != 0 ||
		    (strcmp(row.state, "merged") != 0 && strcmp(row.state, "staged") != 0 &&
		     strcmp(row.state, "returned") != 0))
			continue;
		row.state = "lost";
		row.cause = "rolled back";
		row.saved_ref = b->kept;
		st = attempts_put(db, b->view.row.id, &row, err);
	}
	return st;
}

static enum status undo_task(struct back *b, struct db *db, struct task_row row, struct err *err)
{
	int64_t now = clock_wall_ms(&b->project->clock);
	enum status st;

	b->undone++;
	row.state = task_state_word(TASK_CANCELLED);
	row.cause = text_printf(b->arena, "rolled back to batch %lld; its work is in '%s'",
	                        (long long)b->point->batch, b->kept);
	row.commit_oid = row.branch = NULL;
	row.ended_ms = now;
	if ((st = runs_put_task(db, b->view.row.id, &row, err)) != OK ||
	    (st = undo_attempts(b, db, row.id, err)) != OK)
		return st;
	return event_put_task(db, now,
	                      &(struct event_task){ .run = b->view.row.id,
	                                            .task = row.id,
	                                            .state = row.state,
	                                            .cause = row.cause,
	                                            .agent = row.agent,
	                                            .exit_code = -1 },
	                      err);
}

static enum status undo_run(struct back *b, struct db *db, struct err *err)
{
	struct run_row row = b->view.row;
	int64_t now = clock_wall_ms(&b->project->clock);
	enum status st;

	row.state = run_state_word(RUN_CANCELLED);
	row.cause = text_printf(
	    b->arena, "rolled back to batch %lld; resume does the %zu tasks after it anew",
	    (long long)b->point->batch, b->undone);
	row.head_oid = b->to.hex;
	row.ended_ms = now;
	row.session_ms = RUNS_NONE;
	if ((st = runs_put(db, &row, err)) != OK ||
	    (st = attempts_drop_checkpoints(db, row.id, b->point->batch, err)) != OK)
		return st;
	return event_put_run(db, now,
	                     &(struct event_run){ .run = row.id,
	                                          .state = row.state,
	                                          .cause = row.cause,
	                                          .title = row.title,
	                                          .total = (int64_t)b->view.n_tasks },
	                     err);
}

/* Rows, then the ref, then the commit: whichever fails, all is as it was. */
static enum status carry_out(struct back *b, struct err *err)
{
	struct db *db = NULL;
	enum status st = project_write(b->project, NULL, &db, err);

	if (st != OK)
		return st;
	if ((st = db_begin(db, err)) != OK)
		goto out;
	for (size_t i = 0; st == OK && i < b->view.n_tasks; i++)
		if (is_undone(b, &b->view.tasks[i]))
			st = undo_task(b, db, b->view.tasks[i], err);
	if (st != OK || (st = undo_run(b, db, err)) != OK ||
	    (st = repo_ref_move(b->repo, b->branch, &b->from, &b->to, "gadugi: rolled back",
	                        err)) != OK)
		goto out;
	if ((st = project_commit(b->project, db, err)) != OK)
		(void)repo_ref_move(b->repo, b->branch, &b->to, &b->from, "gadugi: not rolled back",
		                    NULL);
out:
	project_done(b->project, db); /* rolls back what was not committed */
	return st;
}

/* Tags of the batches that are no longer there; only ours, where we put them. */
static void drop_tags(struct back *b)
{
	for (size_t i = 0; i < b->view.n_checkpoints; i++) {
		const struct checkpoint_row *c = &b->view.checkpoints[i];
		const struct oid commit = oid_of(c->oid);

		if (c->tag != NULL && c->batch > b->point->batch)
			(void)repo_tag_drop(b->repo, c->tag, &commit, NULL);
	}
}

static enum status keep_and_move(struct back *b, struct err *err)
{
	const struct oid none = { "" };
	struct oid at;
	enum status st = OK;

	if (repo_ref_read(b->repo, b->kept, &at, NULL) != OK)
		st = repo_ref_move(b->repo, b->kept, &none, &b->from, "gadugi: left behind", err);
	if (st == OK && (st = carry_out(b, err)) == OK)
		drop_tags(b);
	return st;
}

static enum status locked(struct back *b, const struct run_rollback_want *want, const char **words,
                          struct err *err)
{
	enum status st = run_look(b->project, want->run, NULL, b->arena, &b->view, err);

	if (st != OK || (st = find_point(b, want->batch, err)) != OK ||
	    (st = repo_open(&b->repo, b->project->root, err)) != OK)
		return st;
	if ((st = look_at_branch(b, err)) == OK && (st = keep_and_move(b, err)) == OK) {
		*words = text_printf(
		    b->arena,
		    "branch '%s' is at batch %lld again (%.12s); the %zu tasks merged after it are "
		    "in "
		    "'%s'; your checkout was not touched; 'gadugi resume %s' does them anew",
		    b->view.row.branch, (long long)want->batch, b->to.hex, b->undone, b->kept,
		    want->run);
		st = *words == NULL ? err_nomem(err, "an answer") : OK;
	}
	repo_free(b->repo);
	return st;
}

enum status run_rollback(struct project *p, const struct run_rollback_want *want, struct arena *a,
                         const char **words, struct err *err)
{
	struct back b = { .project = p, .arena = a };
	const char *folder = text_printf(a, "%s/runs/%s", p->state, want->run);
	const char *path = text_printf(a, "%s/runs/%s/lock", p->state, want->run);
	struct run_view known;
	struct lock *lock = NULL;
	enum status st = run_glance(p, want->run, NULL, a, &known, err);

	if (st != OK)
		return st;
	if (folder == NULL || path == NULL)
		return err_nomem(err, "the run");
	if ((st = fs_make_folders(folder, 0700, err)) != OK)
		return st;
	if ((st = lock_take(&lock, path, 0, NULL, NULL)) == E_BUSY)
		return err_set(err, E_INPUT,
		               "run '%s' goes on; cancel it or wait for its end, then roll it back",
		               want->run);
	st = st == OK ? locked(&b, want, words, err)
	              : err_set(err, st, "cannot take the lock of run '%s'", want->run);
	lock_free(lock);
	return st;
}
