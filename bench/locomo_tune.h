/*
 * locomo_tune.h - sets the weights of ranking by search, and says what they are worth on
 * conversations that the search never saw.
 *
 * The search begins with plain values, never with those recall uses: these were set with all
 * conversations in sight. It is an evolution strategy with a fixed seed: the same data gives the
 * same weights. What it is after is the mean of R@10 and MRR over categories 1 to 4. BM25's own
 * values, and what conversations say nothing about (entities, use, importance), are left alone.
 */
#ifndef BENCH_LOCOMO_TUNE_H
#define BENCH_LOCOMO_TUNE_H

#include "bench/locomo_data.h"

/*
 * Held out: for each conversation weights are set on all others and asked on it; by gets the sums
 * over all. Else weights are set and asked on all. The weights go to stdout as they are found,
 * and what each of the rules is worth: what is lost without it.
 */
void locomo_tune(const struct locomo *l, bool generic, bool held_out,
                 struct locomo_sums by[LOCOMO_CATEGORIES]);

#endif
