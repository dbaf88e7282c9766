#include "domain/run/tidy.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "domain/run/record.h"
#include "sys/folder.h"
#include "sys/fs.h"
#include "sys/repo_worktree.h"

#define ARENA_MAX ((size_t)64 << 20)
#define KEPT_TOLD 10
#define NOTE      ".making-" /* sys/repo names a worktree that is being made so */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static void remove_file(const char *root, const char *path)
{
	struct err err = { OK, "" };

	if (path != NULL && fs_remove_tree(root, path, &err) != OK)
		log_line(LOG_WARN, "%s", err.text);
}

/* refs/gadugi/RUN/TASK/N.lock and the branch's: only runners of this run take these. */
static void drop_ref_locks(struct runner *r, struct arena *a)
{
	const char *git = r->project->git_dir;
	const char *saved = text_printf(a, "%s/refs/gadugi/%s", git, r->row.id);
	const char *branch = text_printf(a, "%s/%s.lock", git, r->branch_ref);
	struct folder_entry *tasks = NULL, *refs;
	size_t n = 0, m;

	if (branch != NULL && fs_kind(branch) == FS_FILE)
		remove_file(git, branch);
	if (saved == NULL || folder_list(saved, a, &tasks, &n, NULL) != OK)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *folder = fs_join(a, saved, tasks[i].name);

		if (folder == NULL || !tasks[i].is_folder ||
		    folder_list(folder, a, &refs, &m, NULL) != OK)
			continue;
		for (size_t k = 0; k < m; k++)
			if (ends_with(refs[k].name, ".lock"))
				remove_file(git, fs_join(a, folder, refs[k].name));
	}
}

/* Nothing of this attempt is in its worktree alone: merged, saved, never begun, or nothing done. */
static bool is_safe(const struct attempt_row *t)
{
	if (strcmp(t->state, "intent") == 0 || strcmp(t->state, "merged") == 0 ||
	    strcmp(t->state, "gated") == 0) /* what was merged is a commit, and known */
		return true;
	if (strcmp(t->state, "started") == 0 || strcmp(t->state, "result") == 0)
		return false;
	return t->result_oid != NULL && (t->saved_ref != NULL || t->files == 0);
}

/* A note that a power cut brought back, or that came before a look, must not cost any work. */
static bool may_hold_work(const struct attempt_row *rows, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].worktree != NULL && strcmp(rows[i].worktree, path) == 0 &&
		    !is_safe(&rows[i]))
			return true;
	return false;
}

static void drop_half_made(struct runner *r, struct arena *a)
{
	struct folder_entry *list = NULL;
	struct attempt_row *rows = NULL;
	struct err err = { OK, "" };
	size_t n = 0, m = 0, len = strlen(NOTE);

	if (folder_list(r->worktrees, a, &list, &n, NULL) != OK ||
	    attempts_read(r->db, &(struct attempts_want){ r->row.id, NULL }, a, &rows, &m, NULL) !=
	        OK)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *name = list[i].name, *path;

		if (strncmp(name, NOTE, len) != 0 ||
		    strncmp(name + len, r->prefix, strlen(r->prefix)) != 0)
			continue;
		path = fs_join(a, r->worktrees, name + len);
		if (path != NULL && !ends_with(name, "~") && !may_hold_work(rows, m, path) &&
		    repo_worktree_discard(r->repo, r->worktrees, path, &err) != OK)
			log_line(LOG_WARN, "%s", err.text);
		remove_file(r->worktrees, fs_join(a, r->worktrees, name));
	}
}

void tidy_after_crash(struct runner *r)
{
	struct arena *a;

	if (!r->in_git || (a = arena_new(ARENA_MAX)) == NULL)
		return;
	drop_ref_locks(r, a);
	drop_half_made(r, a);
	arena_free(a);
}

/* With a note while it lasts: a removal that is cut short is made good by the next runner. */
static enum status remove_one(struct runner *r, const struct repo_worktree *tree, struct arena *a,
                              struct err *err)
{
	const char *note = text_printf(a, "%s/" NOTE "%s", r->worktrees, tree->name);
	enum status st;

	if (note == NULL)
		return err_nomem(err, "a path");
	(void)fs_write_quick(note, tree->name, strlen(tree->name), 0600, NULL);
	st = repo_worktree_remove(r->repo, r->worktrees, tree->path, err);
	remove_file(r->worktrees, note);
	return st;
}

void tidy_at_end(struct runner *r)
{
	struct repo_worktree *trees;
	struct err err = { OK, "" };
	struct arena *a;
	size_t n = 0, kept = 0;

	if (!r->in_git || (a = arena_new(ARENA_MAX)) == NULL)
		return;
	if (r->lane.gate_tree != NULL)
		(void)repo_worktree_discard(r->repo, r->worktrees, r->lane.gate_tree, NULL);
	if (repo_worktree_list(r->repo, r->worktrees, a, &trees, &n, &err) != OK)
		log_line(LOG_WARN, "%s", err.text);
	for (size_t i = 0; i < n; i++) {
		if (strncmp(trees[i].name, r->prefix, strlen(r->prefix)) != 0 ||
		    remove_one(r, &trees[i], a, &err) == OK)
			continue;
		if (kept++ < KEPT_TOLD)
			record_note(r, "worktree-kept", "%s", err.text);
	}
	arena_free(a);
}
