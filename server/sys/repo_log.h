/*
 * repo_log.h - the history as it was committed: which files changed together, when and in which
 * words. Read only; the promises of sys/repo.h hold.
 */
#ifndef SYS_REPO_LOG_H
#define SYS_REPO_LOG_H

#include "sys/repo.h"

/* A commit; all of it is good until the taker returns. */
struct repo_logged {
	struct oid oid;
	int64_t at_ms;
	const char *message; /* as it was written: perhaps not UTF-8 */
	const char *const *files;
	size_t n_files; /* those that are there afterwards; 0: none, or over files_max */
};

struct repo_log {
	struct oid from;  /* the newest */
	struct oid hide;  /* this one and all before it are left out; "": none */
	size_t files_max; /* a commit with more says little about each: it comes without files */
	const atomic_bool *stop; /* may be NULL */
	void *arg;

	/* Not to be read, told by its id alone; may be NULL. */
	bool (*known)(void *arg, const struct oid *oid);

	/* *enough set to true ends the walk. */
	enum status (*take)(void *arg, const struct repo_logged *c, bool *enough, struct err *err);
};

/*
 * Walk the history, newest first by time, merges left out. E_ABSENT when `from` or `hide` is no
 * commit here, E_STOP when it was stopped, else what the taker says.
 */
enum status repo_log(struct repo *r, const struct repo_log *log, struct err *err);

struct repo_paths {
	size_t most; /* given */
	const char *const *at;
	size_t n;
};
/* Paths of the files in a commit's tree, the first `most` in git's order. */
enum status repo_files(struct repo *r, const struct oid *commit, struct repo_paths *paths,
                       struct arena *a, struct err *err);

#endif
