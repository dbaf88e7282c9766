/*
 * witness.h - the repository as a witness: which files a task will touch, told from its words,
 * from the names of files and from the history.
 *
 * Three things speak for a file: words of the task in its path (BM25); commits whose messages
 * have words of the task and that changed it (BM25, newer ones more); files that changed
 * together with those. The two rankings, by path and by history, are joined, each measured by its
 * best; places alone, and other weights, did worse (bench/witness.c). How much of what the most
 * similar commits weigh touched a file is its share: near 1 it is sure to be touched.
 *
 * A witness belongs to one thread at a time. What it was given is copied.
 */
#ifndef DOMAIN_WITNESS_H
#define DOMAIN_WITNESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define WITNESS_COMMITS_MAX 8000  /* of the history: older ones say little */
#define WITNESS_FILES_MAX   10    /* of a commit: one with more says little about each */
#define WITNESS_PATHS_MAX   20000 /* of the tree */
#define WITNESS_HITS_MAX    100
#define WITNESS_COMMITS_MIN 20 /* fewer are no history to learn from */

struct witness;
struct project;

enum status witness_new(struct witness **out, struct err *err);
void witness_free(struct witness *w);

/* A file that is there. */
enum status witness_add_path(struct witness *w, const char *path, struct err *err);

struct witness_commit {
	int64_t at_ms;
	const void *terms; /* of witness_words */
	size_t terms_size;
	const char *files; /* one path a line, at most WITNESS_FILES_MAX; others are passed over */
};
enum status witness_add_commit(struct witness *w, const struct witness_commit *c, struct err *err);

/* The words of a commit's message, for witness_commit; good until the next call on w. */
enum status witness_words(struct witness *w, const char *message, const void **terms, size_t *size,
                          struct err *err);

/* Can it still read words that were kept? Not those of another version of the program. */
bool witness_reads(const void *terms, size_t size);

/* How many commits with files it was given. */
size_t witness_commits(const struct witness *w);

/* Paths of files, there or gone, the first `most`; how many were written. */
size_t witness_paths(const struct witness *w, const char **out, size_t most);

enum witness_by { WITNESS_PATHS = 1, WITNESS_HISTORY = 2, WITNESS_BOTH = 3 };

struct witness_question {
	const char *title;
	const char *more;   /* a description, of less weight; NULL: none */
	enum witness_by by; /* what may speak */
	bool gone;          /* also files that are only in the history */
	size_t most;        /* hits wanted, at most WITNESS_HITS_MAX */
};
struct witness_hit {
	const char *path; /* the witness's */
	double score;     /* for comparing within one answer */
	double share; /* 0 to 1: of the most similar commits, by weight, those that changed it */
};

/* Best first; *n of them in hits, which has room for q->most. */
enum status witness_rank(struct witness *w, const struct witness_question *q,
                         struct witness_hit *hits, size_t *n, struct err *err);

/*
 * The witness of a project's repository at its HEAD. What it reads of the history is kept in the
 * database when `keep`, so that the next time only new commits are read; reading a long
 * history for the first time ends after some seconds and goes on the next time. *out is NULL
 * where there is no repository that can be read. Whatever else goes wrong costs the history,
 * not the call: only E_NOMEM and E_STOP come back.
 */
enum status witness_open(struct project *p, bool keep, const atomic_bool *stop,
                         struct witness **out, struct err *err);

#endif
