/*
 * project.h - the project a call works on: its root folder, its state folder
 * ROOT/.gadugi, its connections to the database and its configuration.
 *
 * Opening a project only looks; nothing is created until something is stored
 * (project_write). One project is shared by all threads; each connection that
 * project_read or project_write lends belongs to the borrower until it is given back.
 */
#ifndef DOMAIN_PROJECT_H
#define DOMAIN_PROJECT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/call.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "store/db.h"

struct config; /* domain/config.h */
struct memory; /* domain/memory.h */

struct project {
	const char *root;        /* absolute, resolved; worktrees share their main repository's */
	const char *state;       /* ROOT/.gadugi */
	const char *git_dir;     /* the common git folder, or NULL outside a repository */
	struct clock clock;      /* a test may fix it */
	struct memory *memory;   /* what all threads share of the project's memory */
	struct project_own *own; /* project.c's: connections, configuration, lock */
};

/*
 * Find the project: the folder root_option (from --root) as it is named, else the top of the
 * git repository around CLAUDE_PROJECT_DIR or around the working folder, else that folder
 * itself. A linked worktree stands for its main repository.
 * E_INPUT when the folder named is not there. On OK *out is the caller's.
 */
enum status project_open(struct project **out, const char *root_option, struct err *err);
void project_free(struct project *p);

/*
 * What belongs to no single project: a store of the user's own, in the folder of this path,
 * used as a project's is. Nothing is made before something is stored.
 */
enum status project_open_shared(struct project **out, const char *folder, struct err *err);

/* Borrow a connection for reading. Nothing stored yet is an empty database, not a failure. */
enum status project_read(struct project *p, const atomic_bool *stop, struct db **out,
                         struct err *err);

/* Borrow one for writing; makes .gadugi and hides it through .git/info/exclude. */
enum status project_write(struct project *p, const atomic_bool *stop, struct db **out,
                          struct err *err);

/* Give a connection back; a transaction left open is rolled back. NULL is fine. */
void project_done(struct project *p, struct db *db);

/* db_commit, then wake whoever waits for events (bus/wake.h). */
enum status project_commit(struct project *p, struct db *db, struct err *err);

/* Of one shared transaction; a larger change is alone in its own. */
#define PROJECT_GROUP_ROWS ((size_t)4000)

/*
 * A change of the database for project_change. make only runs statements: it neither begins nor
 * ends a transaction nor waits for anything. It runs on another caller's thread at times, and
 * again when the transaction of the first time was lost through somebody else's change.
 */
struct project_change {
	enum status (*make)(void *arg, struct db *db, struct err *err);
	void *arg;
	size_t rows;             /* about as many are written; 0: one */
	const atomic_bool *stop; /* may be NULL */
};

/*
 * Make a change durable. Threads that do this at the same time share a commit, in the order they
 * came. Who comes while nobody is at it leads: he takes the turn to write, makes the changes of
 * all who have come by then, commits once, and wakes them. He waits for nobody to come, so who is
 * alone is as quick as with a transaction of his own; who comes during a commit waits for the
 * rest of it and then for his own, if PROJECT_GROUP_ROWS are not before him. Then one of
 * those who wait leads.
 *
 * OK: it is on disk. A change that fails is undone alone and has its status; should its failure
 * have cost the whole transaction, the others are made again without it. When the turn does not
 * come or the commit fails, every change of the group has that status, and nothing is kept (see
 * db_commit).
 * E_STOP: *stop was true before it was made.
 */
enum status project_change(struct project *p, const struct project_change *change, struct err *err);

/*
 * The configuration (user's and project's, merged), read when its files have changed.
 * Owned by the project and good until it is freed. E_INPUT with file and line on mistakes.
 */
enum status project_config(struct project *p, const struct config **out, struct err *err);

/* Have the project's configuration, as it is now, define commands: `gadugi trust`. */
struct project_trust {
	const char *path, *hash; /* of the file; in the arena */
	bool anew;               /* it was not trusted before */
};

/*
 * Record in the user's configuration folder that these bytes at this path are trusted.
 * E_ABSENT without a configuration, E_INPUT when it has mistakes.
 */
enum status project_trust(struct project *p, struct arena *a, struct project_trust *out,
                          struct err *err);

/* The same, told as {path, hash, anew, commands[]}: what may be run from now on. */
enum status project_trust_json(struct project *p, cJSON **out, struct err *err);

/*
 * Stable identity for memory scopes: the first root commit's id, or, before there is
 * one, a provisional id kept in the state folder. Copied into the arena.
 */
enum status project_identity(struct project *p, struct arena *a, const char **out, struct err *err);

#endif
