/* remove.c - worktrees: what they hold, removing them when nothing would be lost, using them again.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/work.h"

#define LINE_MAX_SIZE ((size_t)FS_PATH_MAX)
#define NAMED_MAX     3 /* dirty files named to a person */

const char *repo_admin_folder(const struct repo *r, const char *name, struct arena *a)
{
	const char *path = text_printf(a, "%s/worktrees/%s/gitdir", r->place.common, name);
	char *text = NULL, *end;
	size_t n = 0;

	if (path == NULL || fs_read(path, LINE_MAX_SIZE, a, &text, &n, NULL) != OK)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	if (text[0] != '/') { /* relative to the entry, as newer versions of git write it */
		path = text_printf(a, "%s/worktrees/%s/%s", r->place.common, name, text);
		text = text_dup(a, path);
	}
	if (text == NULL || (end = strrchr(text, '/')) == NULL || strcmp(end, "/.git") != 0)
		return NULL;
	*end = '\0';
	return text;
}

/* --- what it holds ------------------------------------------------------------------------- */

static const char *name_dirty(const char *const *paths, size_t n, struct arena *a)
{
	struct text t;
	char *out;

	text_init(&t, (size_t)64 << 10);
	for (size_t i = 0; i < n && i < NAMED_MAX; i++)
		text_addf(&t, "%s'%.200s'", i > 0 ? ", " : "", paths[i]);
	if (n > NAMED_MAX)
		text_addf(&t, " and %zu more", n - NAMED_MAX);
	text_addf(&t, " %s not committed", n == 1 ? "is" : "are");
	out = text_copy(&t, a);
	text_done(&t);
	return out;
}

enum status repo_work_class(struct repo *r, const char *path, struct arena *a,
                            struct work_class *out, struct err *err)
{
	struct repo *own = NULL;
	struct repo_head head;
	struct repo_dirt dirt = { .most = NAMED_MAX };
	bool kept = false, lost = false;
	enum status st;

	*out = (struct work_class){ .class = REPO_BROKEN, .words = "its git data cannot be read" };
	if (repo_open(&own, path, err) != OK)
		return OK; /* which is what broken means */
	if (own->place.top == NULL || strcmp(own->place.top, path) != 0 ||
	    strcmp(own->place.common, r->place.common) != 0 ||
	    strcmp(own->place.git_dir, own->place.common) == 0) {
		out->words = "it is no worktree of this repository";
		st = OK;
		goto out;
	}
	if ((st = repo_head(own, a, &head, err)) != OK ||
	    (st = repo_look_for_dirt(own, a, &dirt, err)) != OK)
		goto out;
	out->ignored = dirt.ignored;
	out->head = head.oid;
	if (dirt.n > 0) {
		out->class = REPO_DIRTY;
		out->words = name_dirty(dirt.paths, dirt.n, a);
		goto out;
	}
	if ((st = repo_modules(own, false, a, &lost, err)) != OK || lost) {
		out->class = REPO_DIRTY;
		out->words = "a submodule has commits that are nowhere else";
		goto out;
	}
	if (head.oid.hex[0] != '\0')
		st = repo_reachable(r, &head.oid, NULL, &kept, err);
	out->class = kept ? REPO_CLEAN : REPO_UNMERGED;
	out->words = kept ? "" : "its last commit is in no ref";
out:
	repo_free(own);
	return st;
}

enum status repo_worktree_list(struct repo *r, const char *root, struct arena *a,
                               struct repo_worktree **out, size_t *n, struct err *err)
{
	struct repo_worktree *list;
	const char **names = NULL;
	struct work_class class;
	size_t all = 0, found = 0;
	char *top = NULL;
	enum status st;

	*n = 0;
	*out = NULL;
	if (root[0] != '/')
		return err_set(err, E_INPUT, "'%s' is no absolute path", root);
	if (fs_kind(root) == FS_NOTHING)
		return OK;
	if ((st = fs_resolve(root, a, &top, err)) != OK ||
	    (st = repo_admin_names(r, a, &names, &all, err)) != OK)
		return st;
	if ((list = arena_take(a, (all + 1) * sizeof *list)) == NULL)
		return err_nomem(err, "a list of worktrees");
	for (size_t i = 0; i < all; i++) {
		const char *folder = repo_admin_folder(r, names[i], a);
		size_t len = strlen(top);

		if (folder == NULL || strncmp(folder, top, len) != 0 || folder[len] != '/')
			continue;
		list[found].name = names[i];
		list[found].path = folder;
		list[found].locked = fs_kind(text_printf(a, "%s/worktrees/%s/locked",
		                                         r->place.common, names[i])) == FS_FILE;
		if ((st = repo_work_class(r, folder, a, &class, err)) != OK)
			return st;
		list[found].class = class.class;
		list[found++].head = class.head;
	}
	*out = list;
	*n = found;
	return arena_failed(a) ? err_nomem(err, "a list of worktrees") : OK;
}

/* --- removing ------------------------------------------------------------------------------ */

/* Name, folder and entry of the worktree at path, which must lie directly in root. */
static enum status find_work(struct repo *r, const char *root, const char *path, struct arena *a,
                             struct work *w, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? NULL : arena_copy(a, path, (size_t)(slash - path));
	const char *there;
	enum status st;

	if (slash == NULL || slash == path)
		return err_set(err, E_INPUT, "'%s' is no path of a worktree", path);
	if (folder == NULL)
		return err_nomem(err, "a path");
	if ((st = repo_work_paths(r, root, slash + 1, a, w, err)) != OK)
		return st;
	if ((st = fs_inside(w->root, folder, a, &folder, err)) != OK)
		return st == E_ABSENT ? err_set(err, E_DENIED, "'%s' lies outside '%s'", path, root)
		                      : st;
	if (strcmp(folder, w->root) != 0)
		return err_set(err, E_DENIED, "'%s' does not lie in '%s'", path, root);
	there = repo_admin_folder(r, w->name, a);
	if (there != NULL && strcmp(there, w->path) != 0)
		return err_set(err, E_DENIED, "git has a worktree '%s' elsewhere, in '%s'", w->name,
		               there);
	return OK;
}

/* The folder is gone: is the commit that the entry holds kept by a ref? */
static enum status check_entry(struct repo *r, const struct work *w, struct arena *a,
                               struct err *err)
{
	const char *path = fs_join(a, w->entry, "HEAD");
	char *text = NULL;
	struct oid head;
	size_t n = 0;
	bool kept = true;
	enum status st;

	if (path == NULL)
		return err_nomem(err, "a path");
	if (fs_read(path, LINE_MAX_SIZE, a, &text, &n, NULL) != OK || n < sizeof head.hex - 1 ||
	    strncmp(text, "ref: ", 5) == 0)
		return OK; /* on a branch, or nothing was ever there */
	memcpy(head.hex, text, sizeof head.hex - 1);
	head.hex[sizeof head.hex - 1] = '\0';
	if ((st = repo_reachable(r, &head, NULL, &kept, err)) != OK)
		return st == E_ABSENT ? OK : st;
	return kept ? OK
	            : err_set(err, E_DENIED,
	                      "the folder of '%s' is gone, but its last commit %s is "
	                      "in no ref",
	                      w->name, head.hex);
}

/* Would anything be lost? E_DENIED says what. */
static enum status check_safe(struct repo *r, struct work *w, struct arena *a, struct err *err)
{
	struct work_class found = { 0 };
	enum status st;
	int pid = 0;

	if (fs_kind(w->path) == FS_NOTHING)
		return check_entry(r, w, a, err);
	if ((st = repo_work_class(r, w->path, a, &found, err)) != OK)
		return st;
	w->ignored = found.ignored;
	if (found.class != REPO_CLEAN)
		return err_set(err, E_DENIED, "the worktree '%s' is kept: %s", w->name,
		               found.words != NULL ? found.words : "");
	if ((pid = proc_using(w->path)) > 0)
		return err_set(err, E_DENIED, "the worktree '%s' is kept: process %d works in it",
		               w->name, pid);
	return pid == 0 ? OK
	                : err_set(err, E_IO, "cannot see whether anybody works in '%s'", w->path);
}

static enum status take_away(struct repo *r, const char *root, const char *path, bool only_safe,
                             struct err *err)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct lock *lock = NULL;
	struct work w = { 0 };
	enum status st;

	if (a == NULL)
		return err_nomem(err, "a path");
	if ((st = find_work(r, root, path, a, &w, err)) != OK ||
	    (st = repo_work_lock(r, a, NULL, &lock, err)) != OK)
		goto out;
	if (only_safe && (st = check_safe(r, &w, a, err)) != OK)
		goto out;
	st = repo_work_undo(&w, err);
out:
	lock_free(lock);
	arena_free(a);
	return st;
}

enum status repo_worktree_remove(struct repo *r, const char *root, const char *path,
                                 struct err *err)
{
	return take_away(r, root, path, true, err);
}

enum status repo_worktree_discard(struct repo *r, const char *root, const char *path,
                                  struct err *err)
{
	return take_away(r, root, path, false, err);
}

/* --- using one again ----------------------------------------------------------------------- */

static enum status clean_ignored(const struct work *w, const struct repo_worktree_spec *spec,
                                 struct arena *a, struct err *err)
{
	const char *args[] = { "clean", "-ffdxq", NULL };
	struct repo_cli cli = {
		.cwd = w->path, .args = args, .stop = spec->stop, .bell = spec->bell
	};
	struct proc_output out;

	return repo_git(&cli, a, &out, err);
}

/*
 * Give the folder and the entry their new name, and HEAD its new place. The folder comes first: if
 * we die in between, the note clears it, and an entry without a folder goes like any other.
 */
static enum status rename_work(const struct work *old, const struct work *new,
                               const struct repo_worktree_spec *spec, struct arena *a,
                               struct err *err)
{
	if (rename(old->path, new->path) != 0 || rename(old->entry, new->entry) != 0)
		return err_set(err, E_IO, "cannot rename the worktree '%s' to '%s'", old->name,
		               new->name);
	return repo_work_link(new, spec, a, err);
}

static enum status reuse(struct repo *r, const struct work *old, const struct work *new,
                         const struct repo_worktree_spec *spec, struct arena *a, struct err *err)
{
	enum status st = rename_work(old, new, spec, a, err);

	if (st == OK)
		st = repo_work_check_out(r, new, spec, a, err);
	if (st == OK && old->ignored && !spec->keep_ignored)
		st = clean_ignored(new, spec, a, err);
	if (st == OK)
		st = repo_work_furnish(r, new, spec, a, err);
	if (st == OK) {
		(void)unlink(new->note);
		return OK;
	}
	/* it was safe to remove before, and still is: what it holds can be made again */
	(void)repo_work_undo(new, NULL);
	(void)repo_work_undo(old, NULL);
	return st;
}

enum status repo_worktree_reuse(struct repo *r, const char *old_path,
                                const struct repo_worktree_spec *spec, struct arena *a,
                                const char **path, struct err *err)
{
	struct work old = { 0 }, new = { 0 };
	struct lock *lock = NULL;
	git_commit *base = NULL;
	enum status st = repo_get_commit(r, &base, &spec->base, err);

	r->lib->commit_free(base);
	if (st != OK || (st = find_work(r, spec->root, old_path, a, &old, err)) != OK ||
	    (st = repo_work_paths(r, spec->root, spec->name, a, &new, err)) != OK ||
	    (st = repo_work_lock(r, a, spec->stop, &lock, err)) != OK)
		return st;
	if (fs_kind(text_printf(a, "%s/modules", old.entry)) == FS_FOLDER)
		st =
		    err_set(err, E_DENIED, "the submodules of '%s' are tied to its name", old.name);
	else if (fs_kind(old.path) != FS_FOLDER)
		st = err_set(err, E_ABSENT, "there is no worktree '%s'", old.path);
	else if ((st = check_safe(r, &old, a, err)) == OK &&
	         (st = repo_work_reserve(&new, err)) == OK)
		st = reuse(r, &old, &new, spec, a, err);
	lock_free(lock);
	if (st == OK)
		*path = new.path;
	return st;
}

/* --- the user's own checkout --------------------------------------------------------------- */

enum status repo_fast_forward(struct repo *r, const char *branch, const struct oid *to,
                              struct err *err)
{
	/* what git ignores it would write over without a word, and that is in no commit */
	const char *args[] = {
		"merge", "--ff-only", "--quiet", "--no-autostash", "--no-overwrite-ignore",
		to->hex, NULL
	};
	struct repo_cli cli = { .cwd = r->place.top, .args = args };
	struct arena *a = arena_new((size_t)64 << 20);
	const char *const *paths = NULL;
	struct proc_output out;
	struct repo_head head;
	size_t n = 0;
	bool ahead = false;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "a merge");
	if ((st = repo_head(r, a, &head, err)) != OK ||
	    (st = repo_dirty(r, a, NAMED_MAX, &paths, &n, err)) != OK)
		goto out;
	if (head.branch == NULL)
		st = err_set(err, E_DENIED, "HEAD is detached: no branch to move forward");
	else if (strcmp(head.branch, branch) != 0)
		st = err_set(err, E_DENIED, "'%s' is checked out, not '%s'", head.branch, branch);
	else if (n > 0)
		st = err_set(err, E_DENIED, "the checkout is not clean: %s",
		             name_dirty(paths, n, a));
	else if (head.oid.hex[0] != '\0' &&
	         (st = repo_descends(r, to, &head.oid, &ahead, err)) == OK && !ahead)
		st = err_set(err, E_DENIED, "'%s' has commits that %s has not", head.branch,
		             to->hex);
	if (st == OK)
		st = repo_git(&cli, a, &out, err);
out:
	arena_free(a);
	return st;
}
