/*
 * locomo_tune.h - sets the weights of ranking by search, and says what they are worth on
 * conversations that the search never saw.
 *
 * The search begins with values from textbooks, never with those recall uses: these were set with
 * all conversations in sight. It tries a fixed number of random vectors (seed fixed), then changes
 * one weight after the other as long as that helps. The same data gives the same weights.
 */
#ifndef BENCH_LOCOMO_TUNE_H
#define BENCH_LOCOMO_TUNE_H

#include "bench/locomo_data.h"

/*
 * Held out: for each conversation weights are set on all others and asked on it; by gets the sums
 * over all. Else weights are set and asked on all. The weights go to stdout as they are found.
 */
void locomo_tune(const struct locomo *l, bool generic, bool held_out,
                 struct locomo_sums by[LOCOMO_CATEGORIES]);

#endif
