/* commit.c - commits, and committing what an agent left. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"
#include "sys/repo_merge.h"

#define ROOM_MAX   ((size_t)256 << 20)
#define STATUS_MAX ((size_t)64 << 20)

enum status repo_author(struct repo *r, git_signature **out, struct err *err)
{
	int rc = r->lib->signature_default(out, r->git);

	if (rc != 0) /* nobody is configured */
		rc = r->lib->signature_now(out, "gadugi", "gadugi@localhost");
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot tell who commits");
}

/*
 * Is the commit there that was just made? libgit2 (1.5) says that all went well when the commit
 * could not be written: a full disk, or a folder that `git gc` removed just then.
 */
static enum status check_commit(struct repo *r, const git_oid *id, struct err *err)
{
	const git_error *e = r->lib->error_last();
	git_commit *made = NULL;
	char why[200];

	(void)snprintf(why, sizeof why, "%s",
	               e != NULL && e->message != NULL ? e->message : "it is not there");
	if (r->lib->commit_lookup(&made, r->git, id) != 0)
		return err_set(err, E_IO, "cannot write a commit: %s", why);
	r->lib->commit_free(made);
	return OK;
}

enum status repo_commit_tree(struct repo *r, const struct oid *tree, const struct oid parents[2],
                             const char *message, struct oid *out, struct err *err)
{
	git_commit *list[2] = { NULL, NULL };
	const git_commit *given[2];
	git_signature *who = NULL;
	git_tree *t = NULL;
	git_oid id;
	size_t n = 0;
	enum status st = repo_get_tree(r, &t, tree, err);
	int rc;

	for (size_t i = 0; i < 2 && st == OK; i++)
		if (parents[i].hex[0] != '\0' &&
		    (st = repo_get_commit(r, &list[n], &parents[i], err)) == OK)
			n++;
	if (st == OK)
		st = repo_author(r, &who, err);
	if (st == OK) {
		given[0] = list[0];
		given[1] = list[1];
		rc = r->lib->commit_create(&id, r->git, NULL, who, who, NULL, message, t, n, given);
		if (rc != 0)
			st = git_fail(r->lib, rc, err, "cannot make a commit");
		else if ((st = check_commit(r, &id, err)) == OK)
			oid_out(r, out, &id);
	}
	r->lib->signature_free(who);
	r->lib->commit_free(list[0]);
	r->lib->commit_free(list[1]);
	r->lib->tree_free(t);
	return st;
}

/* --- what is left in a worktree ------------------------------------------------------------ */

struct left {
	struct repo *r;
	struct arena *a;
	git_index *index;
	size_t nested;
	bool filtered; /* a file has a filter or an encoding that only git knows */
};

/* Does the file go into the repository otherwise than it lies there, by means libgit2 lacks? */
static bool is_filtered(struct repo *r, const char *path)
{
	static const char *const names[] = { "filter", "working-tree-encoding" };
	const char *value = NULL;

	for (size_t i = 0; i < 2; i++)
		if (r->lib->attr_get(&value, r->git, GIT_ATTR_CHECK_FILE_THEN_INDEX, path,
		                     names[i]) == 0 &&
		    value != NULL)
			return true;
	return false;
}

/* Is path a submodule that the repository knows of? */
static bool is_submodule(const struct left *l, const char *path)
{
	const git_index_entry *e = l->r->lib->index_get_bypath(l->index, path, 0);

	return e != NULL && e->mode == GIT_FILEMODE_COMMIT;
}

/* Does the submodule hold what is not committed in it? Then it cannot be committed here. */
static bool is_dirty(struct left *l, const char *full)
{
	const char *const *paths = NULL;
	struct repo *r = NULL;
	size_t n = 0;
	bool clean = repo_open(&r, full, NULL) == OK &&
	             repo_dirty(r, l->a, 0, &paths, &n, NULL) == OK && n == 0;

	repo_free(r);
	return !clean;
}

/* Bring one path of the work tree into the index. */
static int stage(struct left *l, const char *path)
{
	const char *full = fs_join(l->a, l->r->place.top, path);
	size_t n = strlen(path);
	enum fs_kind kind;

	if (full == NULL)
		return GIT_ERROR;
	kind = fs_kind(full);
	if (kind == FS_FOLDER && is_submodule(l, path)) {
		l->nested += is_dirty(l, full);
		return l->r->lib->index_add_bypath(l->index, path);
	}
	if (path[n - 1] == '/' || kind == FS_FOLDER || kind == FS_OTHER) {
		l->nested++;
		return 0;
	}
	if (kind == FS_NOTHING)
		return l->r->lib->index_remove_bypath(l->index, path);
	if (kind == FS_FILE && is_filtered(l->r, path)) {
		l->filtered = true;
		return 0;
	}
	return l->r->lib->index_add_bypath(l->index, path);
}

static enum status stage_all(struct left *l, struct err *err)
{
	const unsigned work = GIT_STATUS_WT_NEW | GIT_STATUS_WT_MODIFIED | GIT_STATUS_WT_DELETED |
	                      GIT_STATUS_WT_TYPECHANGE | GIT_STATUS_WT_RENAMED |
	                      GIT_STATUS_WT_UNREADABLE | GIT_STATUS_CONFLICTED;
	git_status_list *list = NULL;
	enum status st = repo_status(l->r, &list, err);
	int rc = 0;

	if (st != OK)
		return st;
	for (size_t i = 0; i < l->r->lib->status_list_entrycount(list) && !l->filtered; i++) {
		const git_status_entry *e = l->r->lib->status_byindex(list, i);
		const git_diff_delta *d =
		    e->index_to_workdir != NULL ? e->index_to_workdir : e->head_to_index;
		const char *path = d->new_file.path != NULL ? d->new_file.path : d->old_file.path;

		if (e->status == GIT_STATUS_IGNORED && repo_is_nested(l->r, path, l->a))
			l->nested++;
		if ((e->status & work) == 0)
			continue;
		if ((rc = stage(l, path)) != 0) {
			st = git_fail(l->r->lib, rc, err, "cannot commit '%s'", path);
			break;
		}
	}
	l->r->lib->status_list_free(list);
	return st;
}

static enum status tree_by_lib(struct left *l, git_oid *tree, struct err *err)
{
	const struct git *g = l->r->lib;
	int rc = g->repository_index(&l->index, l->r->git);
	enum status st;

	if (rc != 0)
		return git_fail(g, rc, err, "cannot read the index of '%s'", l->r->place.top);
	st = stage_all(l, err);
	if (st == OK && !l->filtered) {
		if ((rc = g->index_write(l->index)) == 0)
			rc = g->index_write_tree(tree, l->index);
		if (rc != 0)
			st = git_fail(g, rc, err, "cannot commit what is in '%s'", l->r->place.top);
	}
	g->index_free(l->index);
	l->index = NULL;
	return st;
}

/* The paths that git status calls changed or new, each with a NUL; nested repositories are counted.
 */
static enum status list_by_git(struct left *l, struct text *paths, struct err *err)
{
	const char *args[] = { "status", "--porcelain=v1", "-z", "-uall", "--no-renames", NULL };
	struct repo_cli cli = { .cwd = l->r->place.top, .args = args, .max = STATUS_MAX };
	struct proc_output out;
	enum status st = repo_git(&cli, l->a, &out, err);

	if (st != OK)
		return st;
	for (const char *at = out.out; at + 3 < out.out + out.out_size; at += strlen(at) + 1) {
		const char *path = at + 3, *full = fs_join(l->a, l->r->place.top, path);
		enum fs_kind kind = full == NULL ? FS_NOTHING : fs_kind(full);

		if (kind == FS_FOLDER || kind == FS_OTHER)
			l->nested++;
		else if (at[1] != ' ')
			text_add_n(paths, path, strlen(path) + 1);
	}
	return arena_failed(l->a) ? err_nomem(err, "a list of files") : OK;
}

static enum status tree_by_git(struct left *l, git_oid *tree, struct err *err)
{
	const char *add[] = {
		"--literal-pathspecs", "add", "-A", "--sparse", "--pathspec-from-file=-",
		"--pathspec-file-nul", NULL
	};
	const char *write[] = { "write-tree", NULL };
	struct repo_cli cli = { .cwd = l->r->place.top, .args = add };
	struct proc_output out;
	struct text paths;
	enum status st;

	text_init(&paths, STATUS_MAX);
	l->nested = 0;
	st = list_by_git(l, &paths, err);
	if (st == OK && paths.failed)
		st = err_nomem(err, "a list of files");
	if (st == OK && paths.len > 0) {
		cli.input = paths.bytes;
		cli.input_size = paths.len;
		st = repo_git(&cli, l->a, &out, err);
	}
	text_done(&paths);
	cli = (struct repo_cli){ .cwd = l->r->place.top, .args = write };
	if (st != OK || (st = repo_git(&cli, l->a, &out, err)) != OK)
		return st;
	out.out[strcspn(out.out, "\n")] = '\0';
	if (l->r->lib->oid_fromstr(tree, out.out) != 0)
		return err_set(err, E_IO, "git write-tree says '%.60s'", out.out);
	return OK;
}

/* A git that was killed leaves its locks; whoever could hold them is gone by now. */
static void drop_locks(struct left *l)
{
	static const char *const names[] = { "index.lock", "HEAD.lock" };

	for (size_t i = 0; i < 2; i++) {
		const char *path = fs_join(l->a, l->r->place.git_dir, names[i]);

		if (path != NULL && fs_kind(path) == FS_FILE && proc_using(l->r->place.top) == 0)
			(void)unlink(path);
	}
}

/* How many files differ between two commits' trees. */
static enum status count_files(struct left *l, git_tree *old, const git_oid *tree, size_t *n,
                               struct err *err)
{
	git_tree *new = NULL;
	git_diff *diff = NULL;
	git_diff_options options;
	int rc = l->r->lib->diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);

	options.flags |= GIT_DIFF_INCLUDE_TYPECHANGE; /* a file that became a link is one change */
	if (rc == 0)
		rc = l->r->lib->tree_lookup(&new, l->r->git, tree);
	if (rc == 0)
		rc = l->r->lib->diff_tree_to_tree(&diff, l->r->git, old, new, &options);
	if (rc == 0)
		*n = l->r->lib->diff_num_deltas(diff);
	l->r->lib->diff_free(diff);
	l->r->lib->tree_free(new);
	return rc == 0 ? OK : git_fail(l->r->lib, rc, err, "cannot see what changed");
}

/* A commit of the tree on HEAD, or HEAD itself when it is the same; HEAD is detached there. */
static enum status commit_left(struct left *l, const git_oid *tree, const char *message,
                               struct repo_commit *out, struct err *err)
{
	const struct git *g = l->r->lib;
	struct oid parents[2] = { { "" }, { "" } }, tree_oid;
	struct repo_head head;
	git_tree *old = NULL;
	git_oid id;
	enum status st = repo_head(l->r, l->a, &head, err);
	int rc;

	if (st != OK)
		return st;
	parents[0] = out->oid = head.oid;
	/* on a branch without commits, which an agent may have begun, there is no tree yet */
	if (head.oid.hex[0] != '\0' && (st = repo_get_tree(l->r, &old, &head.oid, err)) != OK)
		return st;
	st = count_files(l, old, tree, &out->files, err);
	g->tree_free(old);
	oid_out(l->r, &tree_oid, tree);
	if (st == OK && out->files > 0)
		st = repo_commit_tree(l->r, &tree_oid, parents, message, &out->oid, err);
	if (st == OK && out->oid.hex[0] == '\0')
		return err_set(err, E_DENIED, "'%s' is on a branch without commits, and empty",
		               l->r->place.top);
	if (st != OK || (st = oid_in(l->r, &id, &out->oid, err)) != OK)
		return st;
	if (out->files > 0 || head.branch != NULL) {
		if ((rc = repo_detach_head(l->r, &id)) != 0)
			return git_fail(g, rc, err, "cannot set HEAD of '%s'", l->r->place.top);
	}
	(void)g->repository_state_cleanup(l->r->git);
	return OK;
}

enum status repo_commit_all(const char *path, const char *message, struct repo_commit *out,
                            struct err *err)
{
	struct left l = { .a = arena_new(ROOM_MAX) };
	bool lost = false;
	git_oid tree;
	enum status st;

	*out = (struct repo_commit){ .files = 0 };
	if (l.a == NULL)
		return err_nomem(err, "a commit");
	if ((st = repo_open(&l.r, path, err)) != OK)
		goto out;
	if (l.r->place.top == NULL || strcmp(l.r->place.git_dir, l.r->place.common) == 0) {
		st = err_set(err, E_DENIED,
		             "'%s' is the user's own checkout: nothing is committed there", path);
		goto out;
	}
	drop_locks(&l);
	if (!l.r->sparse)
		st = tree_by_lib(&l, &tree, err);
	if (l.r->sparse || (st == OK && l.filtered))
		st = tree_by_git(&l, &tree, err);
	if (st == OK)
		st = commit_left(&l, &tree, message, out, err);
	if (st == OK)
		st = repo_modules(l.r, true, l.a, &lost, err);
	out->nested = l.nested + lost;
out:
	repo_free(l.r);
	arena_free(l.a);
	return st;
}
