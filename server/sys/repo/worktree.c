/*
 * worktree.c - making worktrees. The entry under COMMON/worktrees is written by hand: a few small
 * files, detached from the start, no branch, no tracking, nothing in the user's configuration
 * that makers could fight about. A note in the root folder says what is being made, so that the
 * next maker can clear away what one that died has left.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/lock.h"
#include "sys/repo/work.h"

#define SMALL_ENTRIES 500
#define WORKERS_MOST  16
#define PLACE_TRIES   16
#define LOCK_WAIT_MS  (INT64_C(30) * 60 * 1000)

/* --- names and paths ----------------------------------------------------------------------- */

static bool name_ok(const char *name)
{
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n > 0 && n <= REPO_NAME_MAX && name[n] == '\0' && name[0] != '.' && name[0] != '-' &&
	       strstr(name, "..") == NULL && name[n - 1] != '.' &&
	       (n < 5 || strcmp(name + n - 5, ".lock") != 0);
}

enum status repo_work_paths(struct repo *r, const char *root, const char *name, struct arena *a,
                            struct work *out, struct err *err)
{
	char *top = NULL;
	enum status st;

	if (!name_ok(name))
		return err_set(err, E_INPUT, "'%s' is no name for a worktree", name);
	if (root[0] != '/')
		return err_set(err, E_INPUT, "'%s' is no absolute path", root);
	if ((st = fs_make_folders(root, 0777, err)) != OK ||
	    (st = fs_resolve(root, a, &top, err)) != OK)
		return st;
	out->root = top;
	out->name = name;
	out->path = fs_join(a, top, name);
	out->common = r->place.common;
	out->entries = fs_join(a, r->place.common, "worktrees");
	out->staged = text_printf(a, "%s/gadugi-making-%s", r->place.common, name);
	out->entry = out->entries == NULL ? NULL : fs_join(a, out->entries, name);
	out->note = text_printf(a, "%s/.making-%s", top, name);
	return arena_failed(a) ? err_nomem(err, "a path") : OK;
}

enum status repo_work_lock(struct repo *r, struct arena *a, const atomic_bool *stop,
                           struct lock **out, struct err *err)
{
	const char *path = fs_join(a, r->place.common, "gadugi.lock");

	if (path == NULL)
		return err_nomem(err, "a path");
	return lock_take(out, path, LOCK_WAIT_MS, stop, err);
}

/* --- the entry ----------------------------------------------------------------------------- */

static enum status put(struct arena *a, const char *folder, const char *name, const char *text,
                       struct err *err)
{
	const char *path = fs_join(a, folder, name);

	if (path == NULL || text == NULL)
		return err_nomem(err, "a path");
	return fs_write_quick(path, text, strlen(text), 0666, err);
}

/* The lock comes first: what is locked is left alone by `git worktree prune`. */
static enum status fill_entry(const struct work *w, const char *entry,
                              const struct repo_worktree_spec *spec, struct arena *a,
                              struct err *err)
{
	enum status st = OK;

	if (spec->reason != NULL)
		st = put(a, entry, "locked", text_printf(a, "%s\n", spec->reason), err);
	if (st == OK)
		st = put(a, entry, "gitdir", text_printf(a, "%s/.git\n", w->path), err);
	if (st == OK)
		st = put(a, entry, "commondir", "../..\n", err);
	if (st == OK)
		st = put(a, entry, "HEAD", text_printf(a, "%s\n", spec->base.hex), err);
	return st;
}

enum status repo_work_link(const struct work *w, const struct repo_worktree_spec *spec,
                           struct arena *a, struct err *err)
{
	enum status st = fill_entry(w, w->entry, spec, a, err);

	if (st == OK)
		st = put(a, w->path, ".git", text_printf(a, "gitdir: %s\n", w->entry), err);
	return st;
}

/*
 * Put the whole entry in its place at once. `git gc` prunes: it removes an entry that is not whole
 * on sight, and the folder of them all when there is none.
 */
static enum status place_entry(const struct work *w, struct err *err)
{
	enum status st = OK;

	for (int i = 0; i < PLACE_TRIES; i++) {
		if ((st = fs_make_folders(w->entries, 0777, err)) == OK &&
		    rename(w->staged, w->entry) == 0)
			return OK;
		if (st == OK && errno != ENOENT)
			break;
	}
	return st != OK ? st : err_sys(err, errno, "cannot make '%s'", w->entry);
}

enum status repo_work_undo(const struct work *w, struct err *err)
{
	enum status st = fs_remove_tree(w->root, w->path, err);

	if (st == OK && fs_kind(w->entry) != FS_NOTHING)
		st = fs_remove_tree(w->entries, w->entry, err);
	if (st == OK && fs_kind(w->staged) != FS_NOTHING)
		st = fs_remove_tree(w->common, w->staged, err);
	if (st == OK)
		(void)unlink(w->note);
	return st;
}

/* --- checking out -------------------------------------------------------------------------- */

static int needs_git(const char *root, const git_tree_entry *e, void *arg)
{
	struct repo_needs *n = arg;
	git_blob *blob = NULL;
	const char *text;

	(void)root;
	if (n->most != 0 && ++n->entries > n->most)
		return -1;
	if (n->r->lib->tree_entry_filemode(e) == GIT_FILEMODE_COMMIT)
		n->found = true;
	if (strcmp(n->r->lib->tree_entry_name(e), ".gitattributes") == 0 &&
	    n->r->lib->blob_lookup(&blob, n->r->git, n->r->lib->tree_entry_id(e)) == 0) {
		text = n->r->lib->blob_rawcontent(blob); /* libgit2 puts a NUL behind it */
		if (text != NULL && (strstr(text, "filter=") != NULL ||
		                     strstr(text, "working-tree-encoding=") != NULL))
			n->found = true;
		n->r->lib->blob_free(blob);
	}
	return n->found ? -1 : 0;
}

enum status repo_needs_git(struct repo *r, const struct oid *commit, bool *out, struct err *err)
{
	struct repo_needs n = { .r = r };
	git_tree *tree = NULL;
	enum status st = repo_get_tree(r, &tree, commit, err);
	int rc;

	if (st != OK)
		return st;
	rc = r->lib->tree_walk(tree, GIT_TREEWALK_PRE, needs_git, &n);
	r->lib->tree_free(tree);
	if (rc != 0 && !n.found)
		return git_fail(r->lib, rc, err, "cannot walk the tree of %s", commit->hex);
	*out = n.found;
	return OK;
}

static enum status check_out_by_lib(struct repo *r, const struct work *w, const struct oid *base,
                                    struct err *err)
{
	struct repo *own = NULL;
	git_checkout_options options;
	git_commit *commit = NULL;
	bool needed = true;
	enum status st = repo_needs_git(r, base, &needed, err);
	int rc;

	if (st == OK && (needed || r->sparse))
		st = err_set(err, E_ABSENT,
		             "this repository has filters, submodules or a sparse "
		             "checkout: the git program is needed on PATH");
	if (st != OK || (st = repo_open(&own, w->path, err)) != OK)
		return st;
	if ((st = repo_get_commit(own, &commit, base, err)) == OK) {
		rc = own->lib->checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
		options.checkout_strategy = GIT_CHECKOUT_FORCE | GIT_CHECKOUT_REMOVE_UNTRACKED;
		if (rc == 0)
			rc = own->lib->checkout_tree(own->git, (git_object *)commit, &options);
		if (rc != 0)
			st = git_fail(own->lib, rc, err, "cannot check out %s", base->hex);
	}
	r->lib->commit_free(commit);
	repo_free(own);
	return st;
}

/* A tree so small that to start the git program would cost more than all the rest? */
static bool is_small(struct repo *r, const struct oid *commit)
{
	struct repo_needs n = { .r = r, .most = SMALL_ENTRIES };
	git_tree *tree = NULL;

	if (r->sparse || repo_get_tree(r, &tree, commit, NULL) != OK)
		return false;
	(void)r->lib->tree_walk(tree, GIT_TREEWALK_PRE, needs_git, &n);
	r->lib->tree_free(tree);
	return !n.found && n.entries <= n.most;
}

/*
 * Have git write the files in several processes where it would use one: making a file is mostly
 * waiting for the file system. What the user has set himself stays.
 */
static const char *parallel(struct repo *r, struct arena *a)
{
	long workers = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	git_config *config = NULL;
	int32_t theirs = 0;
	bool set;

	if (r->lib->repository_config(&config, r->git) != 0)
		return NULL;
	set = r->lib->config_get_int32(&theirs, config, "checkout.workers") == 0;
	r->lib->config_free(config);
	if (set || workers <= 2)
		return NULL;
	return text_printf(a, "checkout.workers=%ld",
	                   workers < WORKERS_MOST ? workers : WORKERS_MOST);
}

enum status repo_work_check_out(struct repo *r, const struct work *w,
                                const struct repo_worktree_spec *spec, struct arena *a,
                                struct err *err)
{
	const char *args[] = { "reset", "--hard", "--quiet", "--no-recurse-submodules", NULL };
	struct repo_cli cli = {
		.cwd = w->path, .args = args, .stop = spec->stop, .bell = spec->bell
	};
	struct proc_output out;
	enum status st;

	if (is_small(r, &spec->base) && check_out_by_lib(r, w, &spec->base, NULL) == OK)
		return OK;
	cli.setting = parallel(r, a);
	st = repo_git(&cli, a, &out, err);
	return st != E_ABSENT ? st : check_out_by_lib(r, w, &spec->base, err);
}

static bool may_make_folder(const char *in, struct arena *a)
{
	const char *path = text_printf(a, "%s/.gadugi-probe-%d", in, (int)getpid());

	if (path == NULL)
		return true;
	if (mkdir(path, 0700) == 0)
		return rmdir(path) == 0;
	return errno != EACCES && errno != EPERM && errno != EROFS && errno != ENOTDIR &&
	       errno != ENOENT;
}

bool repo_worktree_possible(struct repo *r, const char *root)
{
	struct arena *a = arena_new((size_t)8 * FS_PATH_MAX);
	bool may;

	if (a == NULL)
		return true;
	(void)fs_make_folders(root, 0777, NULL);
	may = may_make_folder(root, a) && may_make_folder(r->place.common, a);
	arena_free(a);
	return may;
}

/* --- making -------------------------------------------------------------------------------- */

/* git itself takes the sparse patterns over from the checkout it is called in. */
static enum status make_by_git(struct repo *r, const struct work *w,
                               const struct repo_worktree_spec *spec, struct arena *a,
                               struct err *err)
{
	const char *args[] = { "worktree", "add",          "--quiet", "--detach",
		               w->path,    spec->base.hex, NULL };
	struct repo_cli cli = { .cwd = r->place.top,
		                .args = args,
		                .setting = parallel(r, a),
		                .stop = spec->stop,
		                .bell = spec->bell };
	struct proc_output out;
	enum status st = repo_git(&cli, a, &out, err);

	if (st == OK && spec->reason != NULL)
		st = put(a, w->entry, "locked", text_printf(a, "%s\n", spec->reason), err);
	return st;
}

static enum status make_by_hand(struct repo *r, const struct work *w,
                                const struct repo_worktree_spec *spec, struct arena *a,
                                struct err *err)
{
	enum status st = fs_make_folders(w->staged, 0777, err);

	if (st == OK)
		st = fill_entry(w, w->staged, spec, a, err);
	if (st == OK)
		st = place_entry(w, err);
	if (st == OK)
		st = fs_make_folders(w->path, 0777, err);
	if (st == OK)
		st = put(a, w->path, ".git", text_printf(a, "gitdir: %s\n", w->entry), err);
	if (st == OK)
		st = repo_work_check_out(r, w, spec, a, err);
	return st;
}

enum status repo_work_reserve(const struct work *w, struct err *err)
{
	enum status st;

	/* we hold the lock: whoever wrote the note is dead, and nothing of it was handed out */
	if (fs_kind(w->note) != FS_NOTHING && (st = repo_work_undo(w, err)) != OK)
		return st;
	if (fs_kind(w->entry) != FS_NOTHING || fs_kind(w->path) != FS_NOTHING)
		return err_set(err, E_INPUT, "there is a worktree '%s' already", w->name);
	return fs_write_quick(w->note, w->name, strlen(w->name), 0666, err);
}

enum status repo_worktree_add(struct repo *r, const struct repo_worktree_spec *spec,
                              struct arena *a, const char **path, struct err *err)
{
	struct work w = { 0 };
	struct lock *lock = NULL;
	git_commit *base = NULL;
	enum status st = repo_get_commit(r, &base, &spec->base, err);

	r->lib->commit_free(base);
	if (st != OK || (st = repo_work_paths(r, spec->root, spec->name, a, &w, err)) != OK ||
	    (st = repo_work_lock(r, a, spec->stop, &lock, err)) != OK)
		return st;
	if ((st = repo_work_reserve(&w, err)) != OK)
		goto out;
	st = r->sparse ? make_by_git(r, &w, spec, a, err) : make_by_hand(r, &w, spec, a, err);
	if (st == OK)
		st = repo_work_furnish(r, &w, spec, a, err);
	if (st != OK)
		(void)repo_work_undo(&w, NULL);
	else
		(void)unlink(w.note);
out:
	lock_free(lock);
	if (st == OK)
		*path = w.path;
	return st;
}
