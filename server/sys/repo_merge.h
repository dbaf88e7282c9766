/*
 * repo_merge.h - commits, merges in memory, and what changed. The promises of
 * sys/repo.h hold; no ref moves here.
 */
#ifndef SYS_REPO_MERGE_H
#define SYS_REPO_MERGE_H

#include "sys/repo.h"

struct repo_commit {
	struct oid oid; /* HEAD afterwards: the new commit, or the old when nothing was left */
	size_t files;   /* paths in the new commit; 0: nothing was left to commit */
	size_t nested;  /* repositories inside it that no commit can hold; they keep it dirty */
};
/*
 * Commit everything that is left in the worktree at path (not ignored; sparse entries kept)
 * on its HEAD, which ends up detached there: no branch moves. Identity as configured, else
 * gadugi <gadugi@localhost>. An unfinished merge ends as it stands, markers and all.
 */
enum status repo_commit_all(const char *path, const char *message, struct repo_commit *out,
                            struct err *err);

/* Commit a tree with up to two parents ("" is none), no ref moved. */
enum status repo_commit_tree(struct repo *r, const struct oid *tree, const struct oid parents[2],
                             const char *message, struct oid *out, struct err *err);

enum repo_merged {
	REPO_NOTHING,   /* all of it is there already: oid is onto */
	REPO_FORWARD,   /* onto is an ancestor: oid is from */
	REPO_MERGED,    /* a new commit with both parents */
	REPO_CONFLICTS, /* nothing made */
};
struct repo_conflict {
	const char *path;
	const char
	    *words; /* `both changed`, `both added`, `deleted by us`, `deleted by them`, ... */
};
struct repo_merge {
	enum repo_merged kind;
	struct oid oid, tree;
	const struct repo_conflict *conflicts;
	size_t n;
};
/*
 * Merge commit `from` onto commit `onto` in memory: no work tree, index or ref is touched; the
 * commit made is reachable from nothing until a ref is moved to it. message is used for a
 * merge commit; always_commit: also where a fast-forward would do.
 */
struct repo_merge_spec {
	struct oid onto, from;
	const char *message;
	bool always_commit;
	const char *onto_name, *from_name; /* for repo_merge_marked */
};
enum status repo_merge(struct repo *r, const struct repo_merge_spec *spec, struct arena *a,
                       struct repo_merge *out, struct err *err);

/*
 * A file of a commit's tree with conflicts left in as markers, for an agent or a person: as
 * repo_merge, but conflicting files hold both sides (names in the markers), and tree is always
 * made. A file whose name is a folder on the other side is put beside it, NAME~ours or
 * NAME~theirs. No commit.
 */
enum status repo_merge_marked(struct repo *r, const struct repo_merge_spec *spec, struct arena *a,
                              struct repo_merge *out, struct err *err);

struct repo_change {
	const char *path;
	const char *old_path;  /* of a rename, else NULL */
	char how;              /* A D M R T */
	size_t added, removed; /* lines; 0 in binary files */
	bool binary;
};
struct repo_changes {
	struct repo_change *list;
	size_t n;
};
/* What changed between two commits (or trees), by path. from "": everything is added. */
enum status repo_diff(struct repo *r, const struct oid *from, const struct oid *to, struct arena *a,
                      struct repo_changes *out, struct err *err);

struct repo_patch {
	size_t max; /* given: most bytes of it */
	char *text;
	bool cut; /* at the end of a line */
};
/* The same as a patch. */
enum status repo_patch(struct repo *r, const struct oid *from, const struct oid *to,
                       struct arena *a, struct repo_patch *out, struct err *err);

struct repo_file {
	const char *path; /* given */
	size_t max;       /* given: most bytes of it */
	char *bytes;      /* with a NUL behind them */
	size_t size;
};
/* A file of a commit. E_ABSENT when it has none, E_INPUT when larger than max. */
enum status repo_blob(struct repo *r, const struct oid *commit, struct repo_file *file,
                      struct arena *a, struct err *err);

#endif
