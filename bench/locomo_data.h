/*
 * locomo_data.h - the conversations of LoCoMo as projects with memories, and their questions
 * (https://github.com/snap-research/LoCoMo, CC BY-NC 4.0: not part of this project).
 *
 * A memory is one turn: its text and the caption of its picture, said by its speaker in its
 * session at the session's date. Each conversation is a project of its own. What a question's
 * `evidence` names is what recall should find. What cannot be read ends the program.
 */
#ifndef BENCH_LOCOMO_DATA_H
#define BENCH_LOCOMO_DATA_H

#include "base/arena.h"
#include "base/json.h"
#include "domain/memory.h"

#define LOCOMO_EVIDENCE_MAX 64
#define LOCOMO_CATEGORIES   6 /* [0]: categories 1 to 4 together */
#define LOCOMO_TALKS_MAX    16

struct locomo_question {
	const char *text;
	int category;
	int64_t rows[LOCOMO_EVIDENCE_MAX]; /* of the turns that should be found */
	size_t n_rows;
};

struct locomo_turn {
	const char *name, *id;
	int64_t row;
};

struct locomo_talk {
	const char *name;
	struct project *p;
	struct arena *a;
	struct locomo_turn *turns;
	size_t n_turns;
	struct locomo_question *questions;
	size_t n_questions;
	char folder[4096];
};

struct locomo {
	struct locomo_talk talks[LOCOMO_TALKS_MAX];
	size_t n_talks;
	cJSON *all;
};

/* Read a file and remember all that it tells; locomo_close removes what was stored. */
void locomo_open(struct locomo *l, const char *path);
void locomo_close(struct locomo *l);

_Noreturn void locomo_die(const char *what, const struct err *err);

/* What was found of the questions put to it. Sums until divided by n. */
struct locomo_sums {
	double r5, r10, r20, hit, mrr, ndcg;
	int n;
};

/* Count one question: rows are what was found, best first. */
void locomo_score(struct locomo_sums *to, const struct locomo_question *q, const int64_t *rows,
                  size_t n);
void locomo_add(struct locomo_sums *to, const struct locomo_sums *from);

#endif
