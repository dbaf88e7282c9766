/*
 * check.h - running the gates that requirements are judged by, in a process of its own.
 *
 * A check is this same program in its own session (`gadugi checker ID`); it holds the lock
 * STATE/checks/ID/lock for as long as it lives, runs one gate after the other in the project's root
 * and writes what they say to STATE/checks/ID/output. Whoever wants to know looks at its rows; each
 * gate that ends wakes those who wait. It goes on when its caller dies, and ends with all that
 * it started when it is cancelled. A check whose row says that it runs and whose lock nobody holds
 * was interrupted: whoever finds it ends what it left. All functions but check_run may be called
 * from any thread.
 */
#ifndef DOMAIN_RECIPE_CHECK_H
#define DOMAIN_RECIPE_CHECK_H

#include "domain/project.h"
#include "domain/recipe.h"
#include "store/checks.h"

struct check_begun {
	const char *id;
	bool joined; /* somebody else had started it */
};

/*
 * Start a check of the chosen recipe (RECIPE_NONE: all), or join one of the same that goes on.
 * The id is in the set's arena. E_INPUT when there is no gate to run, E_DENIED without trust,
 * E_BUSY when a check of something else goes on.
 */
enum status check_start(struct project *p, const struct recipe_set *set, size_t chosen,
                        const atomic_bool *stop, struct check_begun *out, struct err *err);

struct check_view {
	struct check_row row;
	bool goes_on;
	int pid; /* of the process that runs it, 0: none */
	struct check_gate_row *gates;
	size_t n_gates, n_ended;
};

/*
 * E_ABSENT when there is no such check. One that was interrupted is failed from then on, and what
 * its gates left running is ended.
 */
enum status check_look(struct project *p, const char *id, const atomic_bool *stop, struct arena *a,
                       struct check_view *out, struct err *err);

/* The lock that its process holds; NULL when the arena is full. */
const char *check_lock(const struct project *p, const char *id, struct arena *a);

/*
 * Have the check end, with all it started: pid, as check_look told it, provided that it holds the
 * lock at that path right now. Reads one small file; any thread.
 */
void check_cancel(const char *lock, int pid);

/* Where what the gates said is written; NULL when the arena is full. */
const char *check_output(const struct project *p, const char *id, struct arena *a);

/* Run a stored check to its end. For the main thread of a process of its own. */
enum status check_run(struct project *p, const char *id, void (*ready)(void *arg), void *arg,
                      struct err *err);

#endif
