/* left.c - worktrees that lie about after their runs, and throwing one away by its name. */
#include <string.h>

#include "base/text.h"
#include "domain/run/left.h"
#include "domain/run/spawn.h"
#include "sys/folder.h"
#include "sys/repo.h"
#include "sys/repo_worktree.h"

static const char *class_word(enum repo_class class)
{
	switch (class) {
	case REPO_CLEAN:
		return "clean";
	case REPO_DIRTY:
		return "dirty";
	case REPO_UNMERGED:
		return "unmerged";
	case REPO_BROKEN:
		break;
	}
	return "broken";
}

/* Is there any folder? Else git need not be asked. */
static bool any(const char *root, struct arena *a)
{
	struct folder_entry *list = NULL;
	size_t n = 0;

	if (folder_list(root, a, &list, &n, NULL) != OK)
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i].is_folder)
			return true;
	return false;
}

static enum status tell(struct project *p, struct db *db, const struct repo_worktree *tree,
                        struct arena *a, struct run_left *out, struct err *err)
{
	enum status st = attempts_of_worktree(db, tree->path, a, &out->run, &out->task, err);

	if (st != OK && st != E_ABSENT)
		return st;
	out->name = tree->name;
	out->path = tree->path;
	out->class = class_word(tree->class);
	out->live = out->run != NULL && spawn_alive(p, out->run, a);
	return OK;
}

enum status run_left(struct project *p, const atomic_bool *stop, struct arena *a,
                     struct run_lefts *out, struct err *err)
{
	const char *root = text_printf(a, "%s/worktrees", p->state);
	struct repo_worktree *trees = NULL;
	struct repo *repo = NULL;
	struct db *db = NULL;
	size_t n = 0;
	enum status st;

	*out = (struct run_lefts){ NULL, 0 };
	if (root == NULL)
		return err_nomem(err, "the worktrees");
	if (p->git_dir == NULL || !any(root, a))
		return OK;
	if ((st = repo_open(&repo, p->root, err)) != OK)
		return st;
	if ((st = repo_worktree_list(repo, root, a, &trees, &n, err)) != OK ||
	    (st = project_read(p, stop, &db, err)) != OK)
		goto out;
	if ((out->at = arena_take(a, (n + 1) * sizeof *out->at)) == NULL)
		st = err_nomem(err, "the worktrees");
	for (size_t i = 0; st == OK && i < n; i++)
		st = tell(p, db, &trees[i], a, &out->at[out->n++], err);
	project_done(p, db);
out:
	repo_free(repo);
	return st;
}

static enum status no_such(const struct run_lefts *all, const char *name, struct arena *a,
                           struct err *err)
{
	const char **names = arena_take(a, (all->n + 1) * sizeof(const char *));
	const char *near;

	for (size_t i = 0; names != NULL && i < all->n; i++)
		names[i] = all->at[i].name;
	near = names == NULL ? NULL : text_nearest(name, names, all->n);
	return err_set(err, E_ABSENT,
	               "there is no worktree '%s'%s%s%s; 'runs' lists those that lie about", name,
	               near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
	               near == NULL ? "" : "'?");
}

static enum status throw_away(struct project *p, const struct run_left *left, struct arena *a,
                              struct err *err)
{
	const char *root = text_printf(a, "%s/worktrees", p->state);
	struct repo *repo = NULL;
	enum status st = root == NULL ? err_nomem(err, "a path") : repo_open(&repo, p->root, err);

	if (st == OK)
		st = repo_worktree_discard(repo, root, left->path, err);
	repo_free(repo);
	return st;
}

enum status run_discard_named(struct project *p, const struct run_discard_want *want,
                              struct arena *a, const char **words, struct err *err)
{
	const struct run_left *left = NULL;
	struct run_lefts all;
	enum status st = run_left(p, NULL, a, &all, err);

	if (st != OK)
		return st;
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.at[i].name, want->name) == 0)
			left = &all.at[i];
	if (left == NULL)
		return no_such(&all, want->name, a, err);
	if (left->live)
		return err_set(err, E_DENIED,
		               "worktree '%s' belongs to run '%s', which goes on; cancel it first",
		               left->name, left->run);
	if (want->confirm && (st = throw_away(p, left, a, err)) != OK)
		return st;
	*words = text_printf(a, "%s: worktree '%s' (%s)",
	                     want->confirm ? "thrown away" : "this would be lost for good",
	                     left->path, left->class);
	return *words == NULL ? err_nomem(err, "an answer") : OK;
}
