/* refresh.c - see repo_refresh.h. */
#include "sys/repo_refresh.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fs.h"
#include "sys/repo/own.h"

#define ROOM_MAX   ((size_t)64 << 20)
#define FILES_MOST 64 /* that differ: more of them the git program writes faster */

/* Do so few files differ that to start the git program would cost more? */
static enum status is_little(struct repo *r, const struct oid *to, struct arena *a, bool *out,
                             struct err *err)
{
	git_diff_options options;
	git_diff *diff = NULL;
	git_tree *from_tree = NULL, *to_tree = NULL;
	struct repo_head head;
	enum status st = repo_head(r, a, &head, err);
	int rc;

	if (st != OK || (st = repo_get_tree(r, &from_tree, &head.oid, err)) != OK ||
	    (st = repo_get_tree(r, &to_tree, to, err)) != OK)
		goto out;
	rc = r->lib->diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	if (rc == 0)
		rc = r->lib->diff_tree_to_tree(&diff, r->git, from_tree, to_tree, &options);
	if (rc != 0)
		st = git_fail(r->lib, rc, err, "cannot compare with %s", to->hex);
	else
		*out = r->lib->diff_num_deltas(diff) <= FILES_MOST;
out:
	r->lib->diff_free(diff);
	r->lib->tree_free(from_tree);
	r->lib->tree_free(to_tree);
	return st;
}

/*
 * Can it be checked out without the git program, and is all of it committed? The files are looked
 * at last: it takes longest, and whoever has git do it looks at them again.
 */
static enum status check(struct repo *r, const struct oid *to, struct arena *a, struct err *err)
{
	const char *const *paths;
	bool needed = false, little = false;
	size_t n = 0;
	enum status st;

	if (r->place.top == NULL || strcmp(r->place.git_dir, r->place.common) == 0)
		return err_set(err, E_DENIED, "'%s' is no worktree of ours", r->place.git_dir);
	if (!r->sparse && (st = repo_needs_git(r, to, &needed, err)) != OK)
		return st;
	if (r->sparse || needed)
		return err_set(err, E_ABSENT, "'%s' takes the git program", r->place.top);
	if ((st = is_little(r, to, a, &little, err)) != OK)
		return st;
	if (!little)
		return err_set(err, E_ABSENT, "more than %d files differ in '%s'", FILES_MOST,
		               r->place.top);
	if ((st = repo_dirty(r, a, 1, &paths, &n, err)) != OK)
		return st;
	if (n > 0)
		return err_set(err, E_DENIED, "'%s' in '%s' is not committed", paths[0],
		               r->place.top);
	return OK;
}

/* The same note that is there while one is made: if we die, what is half done may be thrown away.
 */
static enum status begin(const char *path, struct arena *a, const char **note, struct err *err)
{
	const char *slash = strrchr(path, '/');

	*note = slash == NULL
	            ? NULL
	            : text_printf(a, "%.*s/.making-%s", (int)(slash - path), path, slash + 1);
	if (*note == NULL)
		return err_nomem(err, "a path");
	return fs_write_quick(*note, slash + 1, strlen(slash + 1), 0666, err);
}

static enum status check_out(struct repo *r, const struct oid *to, bool keep_ignored,
                             struct err *err)
{
	git_checkout_options options;
	git_commit *commit = NULL;
	git_oid id;
	enum status st = repo_get_commit(r, &commit, to, err);
	int rc;

	if (st != OK)
		return st;
	rc = r->lib->checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
	options.checkout_strategy = GIT_CHECKOUT_FORCE | GIT_CHECKOUT_REMOVE_UNTRACKED;
	if (!keep_ignored)
		options.checkout_strategy |= GIT_CHECKOUT_REMOVE_IGNORED;
	if (rc == 0)
		rc = r->lib->checkout_tree(r->git, (git_object *)commit, &options);
	r->lib->commit_free(commit);
	if (rc != 0)
		return git_fail(r->lib, rc, err, "cannot check out %s", to->hex);
	if ((st = oid_in(r, &id, to, err)) != OK)
		return st;
	rc = repo_detach_head(r, &id);
	return rc == 0 ? OK : git_fail(r->lib, rc, err, "cannot set HEAD of '%s'", r->place.top);
}

enum status repo_refresh(const char *path, const struct oid *to, bool keep_ignored, struct err *err)
{
	struct arena *a = arena_new(ROOM_MAX);
	struct repo *r = NULL;
	const char *note = NULL;
	enum status st;

	if (a == NULL)
		return err_nomem(err, "a worktree");
	if ((st = repo_open(&r, path, err)) == OK && (st = check(r, to, a, err)) == OK &&
	    (st = begin(path, a, &note, err)) == OK &&
	    (st = check_out(r, to, keep_ignored, err)) == OK)
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): begin set it */
		(void)unlink(note);
	repo_free(r);
	arena_free(a);
	return st;
}
