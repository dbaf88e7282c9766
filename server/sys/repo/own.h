/* own.h - what the files of sys/repo share. */
#ifndef SYS_REPO_OWN_H
#define SYS_REPO_OWN_H

#include "sys/proc.h"
#include "sys/repo.h"
#include "sys/repo/lib.h"

#define REPO_DEPTH_MAX 256 /* of folders in a tree that is walked */

struct repo {
	git_repository *git;
	const struct git *lib;
	struct arena *arena; /* for place */
	struct repo_place place;
	bool sparse;  /* not all of a tree is in the work tree */
	bool shallow; /* its history ends before its beginning */
};

void oid_out(const struct repo *r, struct oid *to, const git_oid *from);
/* E_INPUT when it is none. */
enum status oid_in(const struct repo *r, git_oid *to, const struct oid *from, struct err *err);

/* Look up a commit, or its tree. The caller frees it. */
enum status repo_get_commit(struct repo *r, git_commit **out, const struct oid *oid,
                            struct err *err);
enum status repo_get_tree(struct repo *r, git_tree **out, const struct oid *oid, struct err *err);

/* The git program in folder cwd. args after `git`, NULL-terminated. E_ABSENT: there is no git. E_IO
 * with what it said when it fails; 0, and allowed (or 0), are the exit codes that are no failure.
 */
struct repo_cli {
	const char *cwd;
	const char *const *args;
	const char *setting; /* one more for `git -c`, NAME=VALUE, or NULL */
	const void *input;
	size_t input_size;
	size_t max; /* bytes of output kept; more is E_INPUT */
	int allowed;
	const atomic_bool *stop;
	struct bell *bell; /* not NULL where stop is not */
};
enum status repo_git(const struct repo_cli *cli, struct arena *a, struct proc_output *out,
                     struct err *err);

/* Author for commits of ours: the one configured, else gadugi. The caller frees it. */
enum status repo_author(struct repo *r, git_signature **out, struct err *err);

/* The status list of the work tree: untracked files one by one, ignored folders as one; among the
 * ignored is any repository inside it, which repo_is_nested tells. */
enum status repo_status(struct repo *r, git_status_list **out, struct err *err);
bool repo_is_nested(struct repo *r, const char *path, struct arena *a);

/* As repo_dirty, and whether there may be files that git ignores. */
struct repo_dirt {
	const char **paths;
	size_t most, n; /* listed at most; all together */
	bool ignored;
};
enum status repo_look_for_dirt(struct repo *r, struct arena *a, struct repo_dirt *out,
                               struct err *err);

/*
 * Is there a commit in a submodule of the worktree that is nowhere else? keep: those that are not
 * are brought into the submodules of the main checkout first, as refs/gadugi/submodule/OID.
 */
enum status repo_modules(struct repo *own, bool keep, struct arena *a, bool *lost, struct err *err);

/* Name of a branch (`refs/heads/x`) that HEAD of git_dir is on, in the arena; NULL: none. */
const char *repo_branch_at(const char *git_dir, struct arena *a);

/* Have HEAD detached at a commit. As libgit2 does it, but waits for whoever has it locked. */
int repo_detach_head(struct repo *r, const git_oid *id);

/* shallow.c: what libgit2 cannot tell of a shallow clone. As the functions of like names. */
#define REPO_BASES_MOST 16
struct repo_bases {
	git_oid ids[REPO_BASES_MOST];
	size_t n;
};
bool repo_is_shallow(struct repo *r);
enum status repo_shallow_bases(struct repo *r, const struct oid *one, const struct oid *other,
                               struct repo_bases *out, struct err *err);
enum status repo_shallow_descends(struct repo *r, const struct oid *new, const struct oid *old,
                                  bool *out, struct err *err);
enum status repo_shallow_reachable(struct repo *r, const struct oid *commit,
                                   const char *const *skip, bool *out, struct err *err);

/* Names in COMMON/worktrees. */
enum status repo_admin_names(const struct repo *r, struct arena *a, const char ***out, size_t *n,
                             struct err *err);

/* Work tree folder of an entry of COMMON/worktrees; NULL when it cannot be told. */
const char *repo_admin_folder(const struct repo *r, const char *name, struct arena *a);

#endif
