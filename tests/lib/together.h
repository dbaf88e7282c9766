/*
 * together.h - changes of several threads that are sure to share one commit: the turn to write is
 * held until all of them wait.
 */
#ifndef TESTS_LIB_TOGETHER_H
#define TESTS_LIB_TOGETHER_H

#include <pthread.h>

#include "domain/project.h"

#define TOGETHER_MAX 32

struct together_one {
	struct project *project;
	struct project_change change;
	struct err err;
	enum status st;
	pthread_t thread;
	bool joined;
};

struct together {
	struct together_one at[TOGETHER_MAX];
	size_t n;
	int turn; /* the lock that is held */
};

/*
 * Begin with n changes, in this order; all wait when it returns. The database is there already.
 * Fails the process, not the test: exit 1.
 */
void together_begin(struct together *t, struct project *p, const struct project_change *changes,
                    size_t n);

/* Wait until that one has ended, while the turn is still held. */
void together_join(struct together *t, size_t at);

/* Give up the turn, and wait until all have ended. */
void together_end(struct together *t);

#endif
