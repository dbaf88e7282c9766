/* discard.c - throwing away, by name, what a task that was not merged has left. */
#include <string.h>

#include "base/text.h"
#include "domain/run/left.h"
#include "sys/fs.h"
#include "sys/repo.h"
#include "sys/repo_merge.h"
#include "sys/repo_worktree.h"

#define WORDS_MAX ((size_t)16 << 10)

/* A worktree of an attempt that still exists: say or do. */
static enum status one_tree(struct project *p, struct repo *r, const struct attempt_row *t,
                            bool confirm, struct text *words, struct err *err)
{
	struct text root;
	enum status st = OK;

	if (t->worktree == NULL || fs_kind(t->worktree) != FS_FOLDER)
		return OK;
	text_addf(words, "%sworktree '%s'", words->len == 0 ? "" : ", ", t->worktree);
	if (!confirm)
		return OK;
	text_init(&root, FS_PATH_MAX);
	text_addf(&root, "%s/worktrees", p->state);
	if (root.failed)
		st = err_nomem(err, "a path");
	else
		st = repo_worktree_discard(r, text_string(&root), t->worktree, err);
	text_done(&root);
	return st;
}

static enum status one_ref(struct repo *r, const struct attempt_row *t, bool confirm,
                           struct text *words, struct err *err)
{
	struct oid at, none = { "" };

	if (t->saved_ref == NULL || repo_ref_read(r, t->saved_ref, &at, NULL) != OK)
		return OK;
	text_addf(words, "%s%lld changed files saved as '%s'", words->len == 0 ? "" : ", ",
	          (long long)(t->files == RUNS_NONE ? 0 : t->files), t->saved_ref);
	return confirm ? repo_ref_move(r, t->saved_ref, &at, &none, "gadugi: discarded", err) : OK;
}

static enum status look_through(struct project *p, const struct run_view *v, const char *task,
                                bool confirm, struct text *words, struct err *err)
{
	struct repo *r = NULL;
	enum status st = repo_open(&r, p->root, err);

	for (size_t i = 0; st == OK && i < v->n_attempts; i++) {
		if (strcmp(v->attempts[i].task, task) != 0)
			continue;
		if ((st = one_tree(p, r, &v->attempts[i], confirm, words, err)) == OK)
			st = one_ref(r, &v->attempts[i], confirm, words, err);
	}
	repo_free(r);
	return st;
}

static enum status may(const struct run_view *v, const char *task, struct err *err)
{
	size_t at = run_find_task(v, task);

	if (at == PLAN_NONE)
		return err_set(err, E_ABSENT, "run '%s' has no task '%s'", v->row.id, task);
	if (task_state_read(v->tasks[at].state) < TASK_SUCCEEDED && v->state != RUN_INTERRUPTED)
		return err_set(err, E_INPUT,
		               "task '%s' is %s; cancel it before you discard its work", task,
		               v->tasks[at].state);
	return OK;
}

enum status run_discard(struct project *p, const struct run_discard_want *want, struct arena *a,
                        const char **words, struct err *err)
{
	struct run_view v;
	struct text list;
	enum status st = run_look(p, want->run, NULL, a, &v, err);

	if (st != OK || (st = may(&v, want->task, err)) != OK)
		return st;
	if (v.row.branch == NULL)
		return err_set(err, E_ABSENT,
		               "run '%s' used no worktrees; there is nothing to discard",
		               want->run);
	text_init(&list, WORDS_MAX);
	st = look_through(p, &v, want->task, want->confirm, &list, err);
	if (st == OK && list.len == 0)
		st = err_set(err, E_ABSENT, "task '%s' has left nothing to discard", want->task);
	if (st == OK) {
		*words = want->confirm ? text_printf(a, "thrown away: %s", text_string(&list))
		                       : text_printf(a, "this would be lost for good: %s",
		                                     text_string(&list));
		if (*words == NULL)
			st = err_nomem(err, "an answer");
	}
	text_done(&list);
	return st;
}
