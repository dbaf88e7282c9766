/*
 * learned.h - what a task will take, told from finished tasks like it.
 *
 * The middle of what finished tasks took, each weighed by how much it is like the one in
 * question: words that the titles share, the same kind, how lately it was done. Half of the
 * weight lies between low and high. How good that is, is measured by replaying the history:
 * each task guessed from those before it. The learned live in the arena; pure.
 */
#ifndef DOMAIN_PLAN_LEARNED_H
#define DOMAIN_PLAN_LEARNED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "domain/plan/model.h"

#define LEARNED_MAX   300 /* finished tasks that are asked; older ones say little about today */
#define LEARNED_LEAST 3   /* fewer teach nothing */

struct learned_task {
	const char *title, *kind; /* kind may be NULL */
	double minutes;           /* what it took; above 0 */
	long estimate_min;        /* what was stated before; 0: nothing */
};

struct learned;

/* From tasks, newest first. NULL when the arena is full. */
struct learned *learned_new(struct arena *a, const struct learned_task *tasks, size_t n);

size_t learned_n(const struct learned *l);

struct learned_guess {
	double minutes, low, high;
};

/* False when there are too few to guess from. */
bool learned_guess(const struct learned *l, const char *title, const char *kind,
                   struct learned_guess *out);

/* How far guesses were off: a typical factor, 1 is exact. n guesses; 0: too few to say. */
struct learned_replay {
	double before; /* saying always the middle of all */
	double after;  /* guessing as learned_guess does */
	size_t n;
};
struct learned_replay learned_replay(const struct learned *l);

/* How far stated estimates were off, by kind, `*` first; false when the arena is full. */
bool learned_factors(const struct learned *l, struct arena *a, struct plan_factor **out, size_t *n);

#endif
