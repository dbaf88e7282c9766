/*
 * repo.h - git: state, worktrees, commits, merges in memory, refs.
 *
 * The promise of all of it: the user's HEAD, index, stash, branches and files are never
 * touched (repo_fast_forward, asked for by name, is the one exception), and work is
 * never lost: worktrees are removed only when nothing would be.
 *
 * libgit2 is loaded when the first repository is opened, never before; the functions in the
 * first part need none of it. Checkouts go through the git program where there is one: it
 * is twice as fast and alone knows filters, LFS and sparse trees. No hook of the user runs.
 *
 * A struct repo is used by one thread at a time; open one for each thread. Results live in
 * the arena given. Oids are 40 hexadecimal digits.
 */
#ifndef SYS_REPO_H
#define SYS_REPO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct repo;

struct oid {
	char hex[41]; /* "" is none */
};

#define REPO_NAME_MAX 200                 /* bytes of a worktree's name */
#define REPO_OURS     ".gadugi/worktrees" /* where ours lie, in the folder of a project */

/* --- without libgit2 ----------------------------------------------------------------------- */

struct repo_place {
	const char *top;     /* of the work tree, resolved; NULL in a bare repository */
	const char *git_dir; /* TOP/.git, or COMMON/worktrees/NAME in a linked worktree */
	const char *common;  /* the git folder that all worktrees share */
	const char *main;    /* top of the main work tree; NULL when the repository is bare */
};

/* The repository around folder. E_ABSENT when there is none. Microseconds. */
enum status repo_find(const char *folder, struct arena *a, struct repo_place *out, struct err *err);

/* Have COMMON/info/exclude hold the line pattern, once. */
enum status repo_exclude(const char *common, const char *pattern, struct err *err);

/* Is it a name git accepts for a ref, in whole (`refs/heads/x`)? */
bool repo_ref_name_ok(const char *ref);

/*
 * A part of a ref or folder name out of any id: letters, digits, `-` and `_` stay, everything else
 * becomes `-`, and an id that was changed or cut (most bytes, at least 24) gets `-` and 8 digits of
 * its hash, so that different ids stay different.
 */
char *repo_name_part(struct arena *a, const char *id, size_t most);

/* --- opening and looking ------------------------------------------------------------------- */

/*
 * Open the repository around folder. E_ABSENT when there is none or libgit2 is not installed,
 * E_INPUT when it is of a kind we cannot read (SHA-256), E_DENIED when its owner is not trusted.
 */
enum status repo_open(struct repo **out, const char *folder, struct err *err);
void repo_free(struct repo *r);

/* Where it is; owned by r. */
const struct repo_place *repo_place(const struct repo *r);

struct repo_head {
	struct oid oid;     /* "" before the first commit */
	const char *branch; /* `refs/heads/x`; NULL when detached */
};
enum status repo_head(struct repo *r, struct arena *a, struct repo_head *out, struct err *err);

/* The commit that a name, tag, oid or expression (`main~2`) stands for. E_ABSENT when none. */
enum status repo_commit_of(struct repo *r, const char *name, struct oid *out, struct err *err);

/* The tree of a commit. */
enum status repo_tree_of(struct repo *r, const struct oid *commit, struct oid *out,
                         struct err *err);

/* The oldest root commit reachable from HEAD (by time, then oid). E_ABSENT before the first commit.
 */
enum status repo_root(struct repo *r, struct oid *out, struct err *err);

/* Is `old` an ancestor of `new`, or the same? */
enum status repo_descends(struct repo *r, const struct oid *new, const struct oid *old, bool *out,
                          struct err *err);

/* Is the commit reachable from any ref but those in skip (NULL-terminated, may be NULL)? HEADs of
 * worktrees do not count. */
enum status repo_reachable(struct repo *r, const struct oid *commit, const char *const *skip,
                           bool *out, struct err *err);

/*
 * Paths of the work tree that differ from HEAD: staged, changed, deleted, untracked, conflicted. At
 * most `most` are listed, *n counts all; ignored files do not count. An unfinished merge or
 * rebase is listed as `.git/STATE`. Right in sparse trees. E_INPUT in a bare repository.
 */
enum status repo_dirty(struct repo *r, struct arena *a, size_t most, const char *const **paths,
                       size_t *n, struct err *err);

/* Is path (from the top of the work tree) in the index: would it come with a clone? */
enum status repo_tracks(struct repo *r, const char *path, bool *out, struct err *err);

/* Does any path in the tree of commit need the git program to be checked out (filter, LFS,
 * submodule)? */
enum status repo_needs_git(struct repo *r, const struct oid *commit, bool *out, struct err *err);

/* --- what must stay as it was -------------------------------------------------------------- */

struct repo_state; /* in an arena */

/* HEAD, index, stash, every ref that is not ours (refs/gadugi, refs/heads/gadugi) of the user's
 * checkout, and with files also the names, sizes and times of its dirty files. */
enum status repo_state_take(struct repo *r, bool files, struct arena *a, struct repo_state **out,
                            struct err *err);

/* What differs, in words (`branch 'main' moved from ... to ...`); NULL when nothing does or the
 * arena is full. */
const char *repo_state_differs(const struct repo_state *before, const struct repo_state *after,
                               struct arena *a);

/* --- refs ---------------------------------------------------------------------------------- */

/* E_ABSENT when there is no such ref; a tag is followed to its commit. */
enum status repo_ref_read(struct repo *r, const char *ref, struct oid *out, struct err *err);

/*
 * Have ref point to `new`, provided it points to `old` now (old "": does not exist yet; new "":
 * delete it). In one step, against all others. E_BUSY when it does not (the text says where it is)
 * or is locked. Refuses (E_DENIED) a branch that is checked out in any worktree.
 */
enum status repo_ref_move(struct repo *r, const char *ref, const struct oid *old,
                          const struct oid *new, const char *why, struct err *err);

/* refs/gadugi/RUN/TASK/ATTEMPT (parts through repo_name_part) at commit, replacing what was there.
 * *ref in the arena. */
struct repo_keep {
	const char *run, *task;
	int attempt;
	struct oid commit;
};
enum status repo_save(struct repo *r, const struct repo_keep *keep, struct arena *a,
                      const char **ref, struct err *err);

/* An annotated tag. E_BUSY when the name is taken by another object. */
enum status repo_tag(struct repo *r, const char *name, const struct oid *commit,
                     const char *message, struct err *err);

/* Remove the tag, provided it stands for that commit. E_BUSY when it stands for another. */
enum status repo_tag_drop(struct repo *r, const char *name, const struct oid *commit,
                          struct err *err);

/* Names of refs that start with prefix, sorted. */
enum status repo_refs(struct repo *r, const char *prefix, struct arena *a, const char *const **out,
                      size_t *n, struct err *err);

/*
 * Move the branch (`refs/heads/x`), which must be checked out in the user's work tree, and its
 * files forward to `to`. E_DENIED, untouched, when another branch or none is checked out there, the
 * checkout is not clean or `to` is no descendant. A file that git ignores is never written over:
 * E_IO, untouched.
 */
enum status repo_fast_forward(struct repo *r, const char *branch, const struct oid *to,
                              struct err *err);

#endif
