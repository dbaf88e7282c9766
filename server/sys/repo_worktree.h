/*
 * repo_worktree.h - git worktrees for tasks: made detached, used again, listed and, when
 * nothing would be lost, removed. The promises of sys/repo.h hold.
 */
#ifndef SYS_REPO_WORKTREE_H
#define SYS_REPO_WORKTREE_H

#include "sys/repo.h"

struct repo_worktree_spec {
	const char *root;        /* folder that holds ours, made when missing (.gadugi/worktrees) */
	const char *name;        /* new folder in root and name in git: gadugi-RUN8-TASK-ATTEMPT */
	struct oid base;         /* HEAD is detached there */
	const char *reason;      /* for the lock of the worktree in git's eyes; NULL: not locked */
	const atomic_bool *stop; /* may be NULL */
	struct bell *bell;       /* rung after it was set; not NULL where stop is not */
	bool keep_ignored;       /* of one used again: ignored files stay */
	bool no_include;         /* do not copy what .worktreeinclude names */
};

/*
 * Make a worktree. Serialised with all other makers of this repository, in this process or another.
 * A failed one leaves nothing behind, and left-overs of a maker that died under the same name
 * are cleared. *path in the arena. E_INPUT when the name is in use. Submodules are set up from
 * the main checkout's where they are there; files that the main checkout's `.worktreeinclude`
 * names and git ignores are copied.
 */
enum status repo_worktree_add(struct repo *r, const struct repo_worktree_spec *spec,
                              struct arena *a, const char **path, struct err *err);

/*
 * May worktrees be made at all: folders in root, entries in the repository? False where something
 * else is in the way, or nothing may be written; true on a disk that is full for now.
 */
bool repo_worktree_possible(struct repo *r, const char *root);

/*
 * Make a finished worktree a new one: old_path, which must be clean and safe as for removal, gets
 * the name and base of spec. Ignored files are removed unless spec->keep_ignored. A fraction of the
 * cost of a new one. E_DENIED, untouched, when it is not clean; after another failure it is gone or
 * still safe to remove, and the caller makes a new one.
 */
enum status repo_worktree_reuse(struct repo *r, const char *old_path,
                                const struct repo_worktree_spec *spec, struct arena *a,
                                const char **path, struct err *err);

enum repo_class {
	REPO_CLEAN,    /* nothing would be lost */
	REPO_DIRTY,    /* something is not committed, or cannot be */
	REPO_UNMERGED, /* HEAD is in no ref */
	REPO_BROKEN,   /* folder or its git data is gone or unreadable; nothing is assumed */
};
struct repo_worktree {
	const char *name, *path;
	struct oid head;       /* "" when broken */
	enum repo_class class; /* dirty comes before unmerged */
	bool locked;
};
/* All whose folder lies in root, by name. E_INPUT when root is no absolute path. */
enum status repo_worktree_list(struct repo *r, const char *root, struct arena *a,
                               struct repo_worktree **out, size_t *n, struct err *err);

/*
 * Remove one under root: only when it is clean (untracked files, nested repositories and
 * unfinished merges count as dirty), its HEAD is in a ref, and no living process works in it.
 * E_DENIED says which of these it was. Not there: OK. A broken one is E_DENIED too
 * unless its folder is gone.
 */
enum status repo_worktree_remove(struct repo *r, const char *root, const char *path,
                                 struct err *err);

/* Remove it with all that is in it, for a person who was told what will be lost. Still only under
 * root. */
enum status repo_worktree_discard(struct repo *r, const char *root, const char *path,
                                  struct err *err);

#endif
