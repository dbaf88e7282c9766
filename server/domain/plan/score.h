/*
 * score.h - complexity, risk, kind and estimate of a task where they are not stated, from
 * its words, its files and its place in the graph. What is stated is never changed.
 */
#ifndef DOMAIN_PLAN_SCORE_H
#define DOMAIN_PLAN_SCORE_H

#include "domain/plan/draft.h"

/* The words that say something, made ready for looking up. NULL: arena full. */
struct score_words;
const struct score_words *score_words_new(struct arena *a);

/* feature, fix, refactor, docs, test, migration, performance, upgrade, setup, design, chore. */
const char *score_kind(const struct score_words *w, const char *title);

/* n_in and n_out: edges to and from it. */
void score_task(const struct score_words *w, struct draft_task *d, size_t n_in, size_t n_out);

/* Paths named in a text, added to a list, each once. */
void score_files(struct arena *a, const char *words, struct plan_texts *files);

#endif
