/*
 * repo_refresh.h - a worktree of ours moved on to another commit where it is, within this
 * process: for the many short steps between two commits that differ little.
 */
#ifndef SYS_REPO_REFRESH_H
#define SYS_REPO_REFRESH_H

#include "sys/repo.h"

/*
 * Have the worktree at path, all of whose work is committed, be at `to`, HEAD detached. Ignored
 * files are removed unless keep_ignored. E_DENIED, untouched, when something in it is not
 * committed; E_ABSENT, untouched, when it takes the git program (filters, submodules, sparse
 * checkouts) or that is faster (many files differ): then repo_worktree_reuse does it.
 */
enum status repo_refresh(const char *path, const struct oid *to, bool keep_ignored,
                         struct err *err);

#endif
