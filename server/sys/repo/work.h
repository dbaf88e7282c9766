/* work.h - what the files on worktrees share. */
#ifndef SYS_REPO_WORK_H
#define SYS_REPO_WORK_H

#include "sys/lock.h"
#include "sys/repo/own.h"
#include "sys/repo_worktree.h"

struct work {
	const char *root; /* resolved */
	const char *name;
	const char *path;    /* ROOT/NAME */
	const char *common;  /* the repository's, of its owner */
	const char *entries; /* COMMON/worktrees */
	const char *entry;   /* COMMON/worktrees/NAME */
	const char *staged;  /* COMMON/gadugi-making-NAME: becomes the entry once it is whole */
	const char *note;    /* there while it is being made */
	bool ignored;        /* it may hold files that git ignores; known after a look */
};

struct repo_needs {
	struct repo *r;
	bool found;
	size_t entries; /* files and folders seen */
	size_t most;    /* stop looking after so many; 0: never */
};

/* Fill the paths, in the arena; makes the root. E_INPUT when the name is none. */
enum status repo_work_paths(struct repo *r, const char *root, const char *name, struct arena *a,
                            struct work *out, struct err *err);

/* The lock of all who make or remove worktrees of this repository. */
enum status repo_work_lock(struct repo *r, struct arena *a, const atomic_bool *stop,
                           struct lock **out, struct err *err);

/* Under the lock: clear what a dead maker left, see that the name is free, leave the note. */
enum status repo_work_reserve(const struct work *w, struct err *err);

/* Write the files that tie folder and entry together; both folders are there. */
enum status repo_work_link(const struct work *w, const struct repo_worktree_spec *spec,
                           struct arena *a, struct err *err);

/* Have index and files be those of HEAD. */
enum status repo_work_check_out(struct repo *r, const struct work *w,
                                const struct repo_worktree_spec *spec, struct arena *a,
                                struct err *err);

/* Submodules, and what .worktreeinclude names. */
enum status repo_work_furnish(struct repo *r, const struct work *w,
                              const struct repo_worktree_spec *spec, struct arena *a,
                              struct err *err);

/* Remove folder, entry and note. */
enum status repo_work_undo(const struct work *w, struct err *err);

struct work_class {
	enum repo_class class;
	struct oid head;   /* "" when broken */
	const char *words; /* for a person, in the arena */
	bool ignored;      /* it may hold files that git ignores */
};

/* What the worktree whose folder is path holds. */
enum status repo_work_class(struct repo *r, const char *path, struct arena *a,
                            struct work_class *out, struct err *err);

#endif
